import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TouchedPages } from "./touched.ts";

const REGION = 64 * 2 ** 20;

describe("TouchedPages", () => {
  it("agrees with a plain set of granules, across region borders", () => {
    const base = 0xc000000000 + REGION - 40 * 4096;
    const operation = fc.record({
      touch: fc.boolean(),
      offset: fc.integer({ min: 0, max: 80 * 4096 }),
      size: fc.integer({ min: 1, max: 20 * 4096 }),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(4096, 16384, 65536),
        fc.array(operation, { maxLength: 40 }),
        (physPageSize, operations) => {
          const pages = new TouchedPages(physPageSize);
          const naive = new Set<number>();
          for (const { touch, offset, size } of operations) {
            const addr = base + offset;
            const end = addr + size;
            if (touch) {
              pages.touch(addr, size);
              for (let g = Math.floor(addr / physPageSize); g * physPageSize < end; g++) naive.add(g);
            } else {
              pages.release(addr, size);
              for (let g = Math.ceil(addr / physPageSize); (g + 1) * physPageSize <= end; g++) naive.delete(g);
            }
            expect(pages.bytes).toBe(naive.size * physPageSize);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
