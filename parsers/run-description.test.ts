import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openInputs } from "./open.ts";
import { parseRunDescription } from "./run-description.ts";

describe("a run's description", () => {
  test("tells version, environment and machine", () => {
    const meta = {
      go: "1.26.4",
      env: { GOGC: "200", GOMEMLIMIT: "512MiB", GOMAXPROCS: "2", GODEBUG: "gctrace=1" },
      machine: { os: "linux/amd64", physPageSize: 65536 },
    };
    expect(parseRunDescription("meta.json", JSON.stringify(meta))).toEqual({
      path: "meta.json",
      goVersion: "1.26.4",
      hasEnv: true,
      gogc: 200,
      memoryLimit: 512 << 20,
      gomaxprocs: 2,
      godebug: "gctrace=1",
      os: "linux",
      physPageSize: 65536,
    });
  });

  test.each(["", "[]", "{", '{"a":1}', '{"Alloc": 5, "HeapInuse": 7}', "null"])("%s is none", (text) => {
    expect(parseRunDescription("x.json", text)).toBeNull();
  });

  test.each([
    ["off", "off"],
    ["0", 0],
    ["rubbish", null],
    ["-5", null],
  ])("GOGC=%s", (value, gogc) => {
    expect(parseRunDescription("m", JSON.stringify({ env: { GOGC: value } }))!.gogc).toBe(gogc);
  });

  test("is read out of a folder by its content, and is no source", async () => {
    const folder = mkdtempSync(join(tmpdir(), "gopages-"));
    writeFileSync(join(folder, "how.json"), JSON.stringify({ go: "go1.25.1 linux/amd64", env: {} }));
    writeFileSync(join(folder, "other.json"), "{}");
    writeFileSync(join(folder, "samples.csv"), "t_ns,rss\n0,1\n");
    const { sources, ignored, description } = await openInputs([folder]);
    await Promise.all(sources.map((source) => source.close()));
    expect(sources.map(({ format }) => format)).toEqual(["samples-csv"]);
    expect(ignored.map(({ path }) => path)).toEqual([join(folder, "other.json")]);
    expect(description).toMatchObject({ goVersion: "1.25.1", hasEnv: true, gogc: null, memoryLimit: null });
  });
});
