import { expect, test } from "vitest";
import { eraFor } from "./eras/index.ts";

test("1.13 asked for less than a byte returns a page, and comes to an end", () => {
  const heap = eraFor("go1.13").create({ physPageSize: 4096, physHugePageSize: 0, goos: "linux", procs: 1 });
  const base = heap.allocSpan(7, 0, false);
  heap.allocSpan(1, 0, false);
  heap.freeSpan(base, 7, false);
  const released: [number, number][] = [];
  heap.onReleased = (addr, pages) => released.push([addr, pages]);
  // Simulated time asks for fractions. So small a part of a page vanishes beside the page's number.
  expect(heap.scavenge(1e-7)).toBe(8192);
  expect(released).toEqual([[base + 6 * 8192, 1]]);
});
