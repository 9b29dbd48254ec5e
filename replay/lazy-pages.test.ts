import fc from "fast-check";
import { expect, test } from "vitest";
import { LazyPages, lazyFrees } from "./lazy-pages.ts";

const PAGE = 8192;

test("counts pages that were used, returned and not used since, like a set of them", () => {
  const step = fc.tuple(fc.boolean(), fc.integer({ min: 8100, max: 8300 }), fc.integer({ min: 1, max: 300 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const lazy = new LazyPages();
      const used = new Set<number>();
      const set = new Set<number>();
      for (const [free, first, pages] of steps) {
        if (free) lazy.released(first * PAGE, pages);
        else lazy.used(first * PAGE, pages);
        for (let p = first; p < first + pages; p++) {
          if (!free) used.add(p);
          if (free && used.has(p)) set.add(p);
          else if (!free) set.delete(p);
        }
        expect(lazy.bytes).toBe(set.size * PAGE);
      }
    }),
  );
});

test("a return that runs over blocks never used changes nothing", () => {
  const lazy = new LazyPages();
  lazy.used(3 * 8192 * PAGE, 2);
  lazy.released(0, 3 * 8192 + 1);
  expect(lazy.bytes).toBe(PAGE);
});

test("MADV_FREE was linux's, from 1.12 to 1.15", () => {
  expect([11, 12, 15, 16].map((minor) => lazyFrees(minor, "linux"))).toEqual([false, true, true, false]);
  expect(lazyFrees(14, "windows")).toBe(false);
});
