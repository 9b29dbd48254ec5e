import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { eraFor } from "./eras/index.ts";

/** Real runs of conformance/growth: where 40 objects of 4 to 100 MiB lie, and how much was mapped by then. */
function recorded(file: string): number[][] {
  const text = readFileSync(new URL(`../fixtures/growth/${file}.csv`, import.meta.url), "utf8");
  return text
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",").map(Number));
}

describe.each([
  ["go1.11.13", "go1.11"],
  ["go1.12.17", "go1.12"],
  ["go1.13.15", "go1.13"],
  ["go1.14.15", "go1.14"],
  ["go1.14.15", "go1.15"],
  ["go1.14.15", "go1.16"],
  ["go1.17.13", "go1.17"],
  ["go1.17.13", "go1.18"],
  ["go1.17.13", "go1.19"],
  ["go1.17.13", "go1.20"],
  ["go1.17.13", "go1.21"],
  ["go1.17.13", "go1.22"],
  ["go1.17.13", "go1.25"],
])("a run of %s: growth of %s", (file, policy) => {
  const rows = recorded(file);
  const base = 0xc000000000;
  const heap = eraFor(policy).create({ physPageSize: 4096, physHugePageSize: 2 << 20, goos: "linux", procs: 1 });
  // What the runtime had in use below the first object.
  heap.allocSpan(rows[0]![1]!, -1, true);

  test("puts each object on its page and maps as much, across arenas", () => {
    expect(rows.length).toBe(40);
    const got = rows.map(([pages]) => {
      const page = (heap.allocSpan(pages!, 0, false) - base) / 8192;
      return [pages, page, heap.stats.mapped];
    });
    expect(got).toEqual(rows);
    expect(new Set(rows.map(([, page]) => Math.floor(page! / 8192))).size).toBeGreaterThan(10);
  });
});
