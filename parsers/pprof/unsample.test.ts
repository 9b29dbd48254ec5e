import { describe, expect, it } from "vitest";
import { sampleScale, slotSize } from "./unsample.ts";

describe("sampleScale", () => {
  // Of Go: 1 / (1 - math.Exp(-size/rate)).
  it.each([
    [8, 524288, 65536.50001],
    [524288, 524288, 1.5819767],
    [10 * 524288, 524288, 1.0000454],
    [4096, 4096, 1.5819767],
  ])("an object of %i bytes at rate %i stands for %f", (size, rate, scale) => {
    expect(sampleScale(size, rate) / scale).toBeCloseTo(1, 6);
  });

  it("is 1 where everything is sampled or the rate is unknown", () => {
    expect(sampleScale(48, 1)).toBe(1);
    expect(sampleScale(48, 0)).toBe(1);
    expect(sampleScale(0, 524288)).toBe(1);
  });
});

describe("slotSize", () => {
  /** What Go 1.11 wrote for `n` sampled objects of a size. */
  const written = (size: number, n: number, rate: number) => {
    const objects = Math.floor(n * sampleScale(size, rate));
    const bytes = Math.floor(n * size * sampleScale(size, rate));
    return [Math.floor(bytes / objects), objects, bytes, rate] as const;
  };

  it.each([8, 16, 48, 208, 4096, 32768, 40960, 483328, 1 << 20, 9601024, 64 << 20, 1 << 30])(
    "%i bytes come back, however few were sampled",
    (size) => {
      for (const rate of [512 << 10, 4096, 128]) {
        for (const n of [1, 2, 3, 10, 1000]) expect(slotSize(...written(size, n, rate)), `${n} at ${rate}`).toBe(size);
      }
    },
  );

  it("leaves labels that are a size as they are, and those that fit none", () => {
    expect(slotSize(48, 100, 4800, 524288)).toBe(48);
    expect(slotSize(1 << 20, 0, 0, 524288)).toBe(1 << 20);
    expect(slotSize(100, 10, 1000, 1)).toBe(100);
    expect(slotSize(0, 10, 1000, 524288)).toBe(0);
    expect(slotSize(100, 0, 0, 524288)).toBe(100);
  });
});
