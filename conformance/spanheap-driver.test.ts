import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { VectorDriver, VectorLine } from "./driver.ts";
import { kindFor } from "./registry.ts";

const root = path.join(import.meta.dirname, "..", "fixtures", "vectors");

function filesOf(version: string): string[] {
  return readdirSync(path.join(root, version), { recursive: true, encoding: "utf8" })
    .filter((f) => f.endsWith(".ndjson.gz"))
    .map((f) => path.join(version, f));
}

function linesOf(file: string): VectorLine[] {
  const text = gunzipSync(readFileSync(path.join(root, file))).toString();
  return text
    .trimEnd()
    .split("\n")
    .map((l) => JSON.parse(l));
}

/** The first divergence as "line: field: ...", null if there is none. */
function replay(lines: readonly VectorLine[]): string | null {
  let driver: VectorDriver | undefined;
  for (const [i, line] of lines.entries()) {
    if (line.op === "init") {
      driver = kindFor(line).create(line);
      continue;
    }
    const difference = driver!.line(line);
    if (difference !== null) return `${i + 1}: ${line.op}: ${difference}`;
  }
  return null;
}

describe("span heaps agree with the runtime's vectors", () => {
  const files = ["1.11", "1.12.4", "1.12", "1.13"].flatMap(filesOf);
  test("there are some of each version", () => expect(files.length).toBeGreaterThanOrEqual(11));
  test.each(files)("%s", (file) => expect(replay(linesOf(file))).toBeNull());
});

describe("a wrong result is found", () => {
  const lines = linesOf("1.12.4/spanheap/mixed-2.ndjson.gz");
  const at = (op: string) => lines.findIndex((l) => l.op === op);
  const changed = (op: string, change: (l: VectorLine) => Record<string, unknown>) =>
    replay(lines.map((l, i) => (i === at(op) ? { ...l, ...change(l) } : l)));

  test("place", () => {
    expect(changed("alloc", (l) => ({ p: Number(l.p) + 1 }))).toMatch(/^\d+: alloc: p: expected/);
  });
  test("released bytes", () => {
    expect(changed("free", (l) => ({ released: Number(l.released) + 8192 }))).toMatch(/^\d+: free: released: expected/);
  });
  test("time of a free span", () => {
    const spans = (l: VectorLine) =>
      (l.spans as number[][]).map((s, i) => (i === 3 ? [...s.slice(0, 3), s[3]! + 1] : s));
    expect(changed("dump", (l) => ({ spans: spans(l) }))).toMatch(/^\d+: dump: spans\[3\]: expected/);
  });
  test("a priority drawn too many", () => {
    expect(changed("dump", (l) => ({ fastrand: [0, (l.fastrand as number[])[1]] }))).toMatch(/dump: fastrand\[0\]/);
  });
  test("the search of another version", () => {
    expect(replay(lines.map((l) => (l.op === "init" ? { ...l, go: "1.12" } : l)))).not.toBeNull();
  });
  test("a span freed that is not in use", () => {
    expect(changed("free", (l) => ({ n: Number(l.n) + 1 }))).toMatch(/no span of/);
  });
});

test("files of later versions are not for these drivers", () => {
  expect(() => kindFor({ op: "init", go: "1.14", phys: 4096 })).toThrow(/no kind of vectors/);
});
