import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readLines } from "./read-lines.ts";
import { replayVectors } from "./replay.ts";
import { main } from "./vectors.ts";

const FIXTURES = path.join(import.meta.dirname, "..", "fixtures", "vectors");
const files = readdirSync(FIXTURES, { recursive: true, encoding: "utf8" })
  .filter((f) => f.endsWith(".ndjson.gz"))
  .sort();

describe("recorded vectors", () => {
  it("are there for every version whose page code differs", () => {
    const versions = new Set(files.map((f) => f.split(path.sep)[0]));
    expect([...versions]).toEqual(
      expect.arrayContaining(["1.14", "1.15", "1.16", "1.18", "1.19", "1.20", "1.21", "1.23", "1.25", "1.27"]),
    );
  });

  it.each(files)("%s", async (file) => {
    const { divergence, operations } = await replayVectors(readLines(path.join(FIXTURES, file)));
    expect(divergence).toBeNull();
    expect(operations).toBeGreaterThan(100);
  });
});

type Line = Record<string, unknown>;

async function linesOf(file: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readLines(path.join(FIXTURES, file))) lines.push(line);
  return lines;
}

/** Changes the first line that `pick` takes, and returns its number and what replay says of the file. */
async function tampered(lines: readonly string[], pick: (line: Line) => boolean, change: (line: Line) => void) {
  const i = lines.findIndex((l) => pick(JSON.parse(l)));
  const line = JSON.parse(lines[i]!) as Line;
  change(line);
  const { divergence } = await replayVectors(lines.with(i, JSON.stringify(line)));
  return { number: i + 1, divergence };
}

describe("a result that is wrong", () => {
  let cached: string[];
  let chunk: string[];
  beforeAll(async () => {
    cached = await linesOf("1.27/pagealloc/few-cache-32.ndjson.gz");
    chunk = [
      ...(await linesOf("1.27/chunk/pallocbits.ndjson.gz")),
      ...(await linesOf("1.27/chunk/findscavengecandidate.ndjson.gz")),
    ];
  });

  it.each([
    ["alloc", "p"],
    ["alloc", "scav"],
    ["tocache", "p"],
    ["tocache", "cache"],
    ["tocache", "scav"],
    ["calloc", "p"],
    ["calloc", "scav"],
    ["scavenge", "released"],
    ["hash", "alloc"],
    ["hash", "scav"],
    ["hash", "sum"],
    ["hash", "used"],
    ["hash", "scavenged"],
    ["hash", "search"],
    ["hash", "scavState"],
    ["hash", "scavChunks"],
    ["dump", "inUse"],
    ["dump", "chunks"],
    ["dump", "sums"],
  ])("of %s in %s is found, at its line", async (op, field) => {
    const { number, divergence } = await tampered(
      cached,
      (l) => l.op === op && l[field] !== undefined && l[field] !== null,
      (l) => {
        const v = l[field];
        l[field] =
          typeof v === "number"
            ? v + 1
            : typeof v === "string"
              ? flipped(v)
              : Array.isArray(v)
                ? v.slice(1)
                : { gen: -1 };
      },
    );
    expect(divergence).toMatchObject({ line: number, op });
    expect(divergence?.what).toContain(field);
  });

  it.each([
    ["summarize", "sum"],
    ["find", "i"],
    ["find", "newSearchIdx"],
    ["findBitRange64", "i"],
    ["fillAligned", "out"],
    ["mergeSummaries", "out"],
    ["mergeSummaries", "packed"],
    ["findScavengeCandidate", "start"],
    ["findScavengeCandidate", "size"],
  ])("of %s in %s is found, at its line", async (op, field) => {
    const { number, divergence } = await tampered(
      chunk,
      (l) => l.op === op && l[field] !== undefined && l[field] !== null,
      (l) => {
        const v = l[field];
        l[field] = typeof v === "number" ? v + 1 : typeof v === "string" ? flipped(v) : [0, 1, 2];
      },
    );
    expect(divergence).toMatchObject({ line: number, op });
  });

  it("of asked in a scavenger's batch is found, at its line", async () => {
    const { number, divergence } = await tampered(
      await linesOf("1.27/scavenger/pace.ndjson.gz"),
      (l) => l.op === "batch",
      (l) => {
        l.asked = (l.asked as number) + 1;
      },
    );
    expect(divergence).toMatchObject({ line: number, op: "batch" });
  });

  it("is found where the vectors say that nothing fits", async () => {
    const { number, divergence } = await tampered(
      cached,
      (l) => l.op === "alloc" && l.p !== null,
      (l) => {
        l.p = null;
        delete l.scav;
      },
    );
    expect(divergence?.line).toBe(number);
  });
});

/** Another string of the same hex digits' length. */
function flipped(hex: string): string {
  return (hex[0] === "0" ? "1" : "0") + hex.slice(1);
}

describe("the command", () => {
  const temp = mkdtempSync(path.join(tmpdir(), "gopages-vectors-"));
  afterAll(() => rmSync(temp, { recursive: true, force: true }));
  const init = '{"op":"init","go":"1.27","caches":0}';

  async function run(...args: string[]) {
    const out: string[] = [];
    const err: string[] = [];
    const code = await main(
      args,
      (l) => out.push(l),
      (l) => err.push(l),
    );
    return { code, out, err };
  }

  function file(name: string, content: string | Uint8Array): string {
    const p = path.join(temp, name);
    writeFileSync(p, content);
    return p;
  }

  it("prints a line a file and exits 0 when all agree", async () => {
    const folder = path.join(FIXTURES, "1.27", "chunk");
    const { code, out } = await run(folder);
    expect(code).toBe(0);
    expect(out).toHaveLength(3);
    for (const line of out.slice(0, 2)) expect(line).toMatch(/operations, ok$/);
    const [a, b] = out.map((line) => Number(/(\d+) operations/.exec(line)![1])) as [number, number];
    expect(out[2]).toBe(`2 of 2 files agree, ${a + b} operations`);
  });

  it("counts the files that do not agree, or can't be read", async () => {
    const good = file("good.ndjson", `${init}\n{"op":"grow","p":0,"n":512}\n`);
    const bad = file("bad.ndjson", `${init}\n{"op":"grow","p":0,"n":512}\n{"op":"alloc","n":3,"p":7,"scav":0}\n`);
    const { code, out } = await run(good, bad, file("none.ndjson", "hello\n"));
    expect(code).toBe(3);
    expect(out.at(-1)).toBe("1 of 3 files agree, 3 operations");
  });

  it("reads plain files too, and names the first divergence with exit code 1", async () => {
    const p = file("a.ndjson", `${init}\n{"op":"grow","p":0,"n":512}\n{"op":"alloc","n":3,"p":7,"scav":0}\n`);
    const { code, out } = await run(p);
    expect(code).toBe(1);
    expect(out[0]).toBe(`${p}:3: 2 operations, diverges at alloc: p: expected 7, got 0`);
  });

  it("exits 2 without files", async () => {
    const { code, err } = await run();
    expect(code).toBe(2);
    expect(err[0]).toContain("usage");
    expect((await run("--fast")).code).toBe(2);
  });

  it.each([
    ["what is not JSON", "b.ndjson", "hello\n"],
    ["an empty file", "c.ndjson", ""],
    ["an array", "d.ndjson", "[1]\n"],
    ["no init line", "e.ndjson", '{"op":"alloc","n":1}\n'],
    ["an unknown operation", "f.ndjson", `${init}\n{"op":"defrag"}\n`],
    ["a field that is missing", "g.ndjson", `${init}\n{"op":"alloc"}\n`],
    ["an absurd size", "h.ndjson", `${init}\n{"op":"grow","p":0,"n":9007199254740991}\n`],
    ["an unknown version", "i.ndjson", '{"op":"init","go":"1.99","caches":0}\n'],
    ["damaged gzip", "j.ndjson.gz", gzipSync(`${init}\n`).subarray(0, 20)],
  ])("exits 3 with one line for %s", async (_what, name, content) => {
    const p = file(name, content);
    const { code, out, err } = await run(p);
    expect(code).toBe(3);
    expect(out).toEqual([]);
    expect(err).toHaveLength(1);
    expect(err[0]).toContain(p);
    expect(err[0]).not.toContain("\n");
  });

  it("exits 3 for a path that is not there", async () => {
    const { code, err } = await run(path.join(temp, "missing"));
    expect(code).toBe(3);
    expect(err).toHaveLength(1);
  });
});
