import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TouchedPages } from "./touched.ts";

const REGION = 64 * 2 ** 20;

describe("TouchedPages", () => {
  it("agrees with a plain map of granules, across region borders", () => {
    const base = 0xc000000000 + REGION - 40 * 4096;
    const operation = fc.record({
      kind: fc.constantFrom("touch", "assume", "release"),
      offset: fc.integer({ min: 0, max: 80 * 4096 }),
      size: fc.integer({ min: 1, max: 20 * 4096 }),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(4096, 16384, 65536),
        fc.array(operation, { maxLength: 40 }),
        (granule, operations) => {
          const pages = new TouchedPages(granule);
          const naive = new Map<number, string>();
          for (const { kind, offset, size } of operations) {
            const addr = base + offset;
            const end = addr + size;
            const first = Math.floor(addr / granule);
            if (kind === "release") {
              pages.release(addr, size);
              for (let g = Math.ceil(addr / granule); (g + 1) * granule <= end; g++) naive.delete(g);
            } else if (kind === "assume") {
              pages.assume(addr, size);
              for (let g = first; g * granule < end; g++) naive.set(g, "assume");
            } else {
              pages.touch(addr, size);
              for (let g = first; g * granule < end; g++) naive.set(g, "touch");
            }
            expect(pages.bytes).toBe(naive.size * granule);
            const assumed = [...naive.values()].filter((value) => value === "assume").length;
            expect(pages.assumed).toBe(assumed * granule);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
