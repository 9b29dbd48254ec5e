import { describe, expect, it } from "vitest";
import { eraFor } from "../allocator/eras/index.ts";
import type { HeapConfig } from "../allocator/types.ts";
import { PlacementCheck } from "./placement.ts";

const PAGE = 8192;
const BASE = 0xc000000000;
const config: HeapConfig = { physPageSize: 4096, physHugePageSize: 2 << 20, goos: "linux", procs: 2, heapBase: BASE };
const page = (n: number) => BASE + n * PAGE;

/** A check over a heap of one chunk whose first `used` pages are in use, and the runtime that it has to follow. */
function setUp({ used = 0, losesSpans = false } = {}) {
  const heap = eraFor("go1.25").create(config);
  const check = new PlacementCheck(heap, eraFor("go1.25").create(config), true, losesSpans);
  const real = eraFor("go1.25").create(config);
  check.mapRange(BASE, 512, false, false);
  real.mapRange(BASE, 512, false);
  if (used > 0) {
    check.place(BASE, used, false);
    real.placeSpan(BASE, used, -1, false);
  }
  check.begin(2);
  let t = 0;
  const alloc = (pages: number, p: number, manual = false) => {
    const recorded = real.allocSpan(pages, p, manual);
    expect(check.alloc(t++, recorded, pages, p, manual)).toBe(recorded);
    return recorded;
  };
  return { check, real, alloc };
}

describe("PlacementCheck", () => {
  it("predicts every span of one P, corrected or not, whatever its cache held before", () => {
    const { check, real, alloc } = setUp({ used: 10 });
    // The P took pages 10 to 63 into its cache before the recording; 12 was used and freed since, so it is not in it.
    const first = real.allocSpan(1, 0, false);
    const second = real.allocSpan(2, 0, false);
    real.freeSpan(first, 1, false);
    check.place(second, 2, false);
    const live: number[] = [];
    for (let i = 0; i < 300; i++) {
      live.push(alloc(1 + (i % 3), 0));
      if (i % 4 === 3) {
        const base = live.splice((i * 7) % live.length, 1)[0]!;
        const pages = 1 + 0;
        real.freeSpan(base, pages, false);
        check.free(base, pages, false, 0);
      }
    }
    expect(check.result()).toMatchObject({ spans: 299, exact: 1, exactUncorrected: 1 });
  });

  it("learns from one miss that another P's cache holds the pages passed over", () => {
    const { check, real, alloc } = setUp();
    const before = real.allocSpan(1, 1, false);
    check.place(before, 1, false);
    for (let i = 0; i < 100; i++) alloc(1, 0);
    for (let i = 0; i < 30; i++) alloc(1, 1);
    const { spans, exact } = check.result()!;
    expect(Math.round((1 - exact) * spans)).toBeLessThanOrEqual(1);
  });

  it("gives a P its cache back that was flushed as idle and was not", () => {
    const { check, alloc } = setUp();
    for (let i = 0; i < 10; i++) alloc(1, 0);
    for (let i = 0; i < 10; i++) alloc(1, 1);
    check.flush(1);
    for (let i = 0; i < 20; i++) alloc(2, 0);
    for (let i = 0; i < 40; i++) alloc(1, 1);
    const { spans, exact } = check.result()!;
    expect(Math.round((1 - exact) * spans)).toBeLessThanOrEqual(2);
  });

  it("finds spans that the recording lost", () => {
    const { check, real, alloc } = setUp({ losesSpans: true });
    for (let i = 0; i < 5; i++) alloc(1, 0);
    const lost = real.allocSpan(4, 0, true);
    for (let i = 0; i < 20; i++) alloc(1, 0);
    expect(check.lostSpans).toBe(1);
    expect(check.freeLost(lost)).toBe(true);
    expect(check.freeLost(lost)).toBe(false);
    const { spans, exact } = check.result()!;
    expect(Math.round((1 - exact) * spans)).toBe(1);
  });

  it("finds lost spans that were taken past the page cache, by one miss for all of them", () => {
    const { check, real, alloc } = setUp({ losesSpans: true });
    for (let i = 0; i < 3; i++) alloc(20, 0, true);
    const lost = [real.allocSpan(20, 1, true), real.allocSpan(20, 1, true)];
    for (let i = 0; i < 10; i++) alloc(20, 0, true);
    expect(check.lostSpans).toBe(2);
    const { spans, exact } = check.result()!;
    expect(Math.round((1 - exact) * spans)).toBe(1);
    expect(lost.map((base) => check.freeLost(base))).toEqual([true, true]);
  });

  it("asks for what stands in the way to be freed, when a span is taken before the one there is", () => {
    const { check } = setUp({ used: 20 });
    const asked: number[] = [];
    check.evict = (addr, pages) => {
      asked.push(addr, pages);
      check.heap.freeSpan(BASE, 20, false);
      return true;
    };
    check.alloc(0, page(30), 1, 0, false);
    expect(check.alloc(1, page(3), 2, 0, false)).toBe(page(3));
    expect(asked).toEqual([page(3), 2]);
  });

  it("does not follow the recording when another policy is asked for", () => {
    const heap = eraFor("go1.14").create(config);
    const check = new PlacementCheck(heap, null, false);
    check.mapRange(BASE, 512, false, false);
    const base = check.alloc(0, page(300), 1, 0, false);
    expect(base).toBe(page(0));
    expect(check.baseOf(page(300))).toBe(base);
    check.free(page(300), 1, false, 0);
    expect(check.heap.stats.inUse).toBe(0);
    expect(check.result()).toBeNull();
  });
});
