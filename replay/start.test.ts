import { describe, expect, it } from "vitest";
import { startingRanges } from "./start.ts";

const PAGE = 8192;
const CHUNK = 512 * PAGE;
const BASE = 0xc000000000;
const span = (page: number, pages: number) => ({ base: BASE + page * PAGE, pages, aux: 10 });

describe("startingRanges", () => {
  it("backs what lies below the highest span, and takes the rest of its chunk for never used", () => {
    expect(startingRanges([span(3, 2), span(600, 4)], BASE, false)).toEqual([
      { base: BASE, pages: 604, released: false, padding: false },
      { base: BASE + 604 * PAGE, pages: 1024 - 604, released: true, padding: false },
    ]);
  });

  it("leaves out the padding of a randomized base", () => {
    const [padding, used] = startingRanges([span(100, 1)], BASE, true);
    expect(padding).toEqual({ base: BASE, pages: 100, released: true, padding: true });
    expect(used).toEqual({ base: BASE + 100 * PAGE, pages: 1, released: false, padding: false });
  });

  it("begins where the recording says the heap begins", () => {
    expect(startingRanges([span(1024, 1)], BASE, false)[0]).toMatchObject({ base: BASE, pages: 1025 });
    expect(startingRanges([span(1024, 1)], null, false)[0]).toMatchObject({ base: BASE + 2 * CHUNK, pages: 1 });
  });

  it("keeps ranges of different arena hints apart", () => {
    const far = { base: BASE + 2 ** 40, pages: 1, aux: 10 };
    const ranges = startingRanges([far, span(0, 1)], BASE, false);
    expect(ranges.map(({ base }) => base)).toEqual([BASE, BASE + PAGE, far.base, far.base + PAGE]);
  });

  it("is empty without spans", () => {
    expect(startingRanges([], BASE, true)).toEqual([]);
  });
});
