import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { detect } from "./detect.ts";
import { openInput, openInputs } from "./open.ts";
import { FORMATS } from "./registry.ts";

const fixtures = join(import.meta.dirname, "../fixtures");
const folder = mkdtempSync(join(tmpdir(), "gopages-open-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a folder", () => {
  it("is a bundle: what is known is opened, the rest is listed", async () => {
    const bundle = join(folder, "bundle");
    mkdirSync(join(bundle, "deeper"), { recursive: true });
    copyFileSync(join(fixtures, "bursts-1.22-plain/trace.out.gz"), join(bundle, "b-has-no-telling-name"));
    copyFileSync(join(fixtures, "bursts-1.27/samples.csv"), join(bundle, "a.txt"));
    writeFileSync(join(bundle, "noise.bin"), Buffer.from([1, 2, 3, 0, 255, 254]));
    writeFileSync(join(bundle, "nothing"), "");
    writeFileSync(join(bundle, ".hidden"), "x");
    const { sources, ignored } = await openInputs([bundle]);
    expect(sources.map(({ format }) => format)).toEqual(["samples-csv", "go-trace-v2"]);
    expect(ignored).toEqual([
      { path: join(bundle, "noise.bin"), reason: "of no known format" },
      { path: join(bundle, "nothing"), reason: "is empty; nothing was recorded" },
    ]);
    for (const source of sources) await source.close();
  });

  it("without anything known is an error", async () => {
    const empty = join(folder, "empty");
    mkdirSync(empty);
    await expect(openInputs([empty])).rejects.toThrow(`${empty}: no file in this folder is of a known format`);
    await expect(openInputs([join(folder, "missing")])).rejects.toThrow(/missing: no such file/);
  });
});

describe("a file", () => {
  it("of no known format is an error that names the known ones", async () => {
    const path = join(folder, "noise");
    writeFileSync(path, Buffer.from([1, 2, 3, 0, 255, 254]));
    await expect(openInput(path)).rejects.toThrow(/noise: of no known format; gopages reads .*Go execution trace/);
  });

  it("can be read as what the user says it is", async () => {
    const path = join(fixtures, "bursts-1.27/samples.csv");
    await expect(openInput(path, { format: "go-trace-v2" })).rejects.toThrow(/samples.csv: is no Go execution trace/);
  });
});

describe("formats", () => {
  it("have names of their own, and know neither emptiness nor noise", () => {
    expect(new Set(FORMATS.map(({ id }) => id)).size).toBe(FORMATS.length);
    const noise = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) >> 3);
    for (const format of FORMATS) {
      expect(format.detect(new Uint8Array(0)), format.id).toBe(0);
      expect(format.detect(noise), format.id).toBe(0);
    }
  });

  it("are told by content", () => {
    const head = (name: string) => new Uint8Array(readFileSync(join(fixtures, name)));
    expect(detect(head("bursts-1.27/trace.out"), FORMATS)?.id).toBe("go-trace-v2");
    expect(detect(head("bursts-1.27/samples.csv"), FORMATS)?.id).toBe("samples-csv");
  });
});
