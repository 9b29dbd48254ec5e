import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Series } from "./diagnose/series.ts";
import { alike, clearlyApart, luckOfPeak, noiseOfCount, spreadOf, stretchPeaks } from "./noise.ts";

const series = (of: (i: number) => number, length = 200) =>
  new Series(
    Array.from({ length }, (_, i) => i * 1e9),
    Array.from({ length }, (_, i) => of(i)),
    "",
  );

describe("luck of a peak", () => {
  it("is small where many draws come near it, and large where one stands out", () => {
    expect(luckOfPeak([40, 40, 39, 39, 12, 11])).toBe(1);
    expect(luckOfPeak([250, 180, 170, 160, 130])).toBe(90);
    expect(luckOfPeak([7])).toBe(0);
    expect(luckOfPeak([])).toBe(0);
  });

  it("of n equal draws covers the peak of another n in 19 of 20 cases", () => {
    let state = 1;
    const uniform = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    let covered = 0;
    for (let run = 0; run < 1000; run++) {
      const a = Array.from({ length: 40 }, uniform);
      const b = Array.from({ length: 40 }, uniform);
      if (Math.abs(Math.max(...a) - Math.max(...b)) <= luckOfPeak(a) + luckOfPeak(b)) covered++;
    }
    expect(covered).toBeGreaterThan(950);
  });
});

describe("two series are clearly apart", () => {
  it("if one is above the other all along", () => {
    expect(
      clearlyApart(
        series((i) => 100 + (i % 7)),
        series((i) => 120 + (i % 5)),
      ),
    ).toBe(true);
  });

  it("not if they cross now and then, by however much", () => {
    expect(
      clearlyApart(
        series((i) => (i % 40 < 20 ? 50 : 200)),
        series((i) => (i % 60 < 20 ? 60 : 180)),
      ),
    ).toBe(false);
  });

  it("nobody can tell of a few samples", () => {
    expect(
      clearlyApart(
        series(() => 1, 5),
        series(() => 2, 5),
      ),
    ).toBeNull();
    expect(
      clearlyApart(
        null,
        series(() => 2),
      ),
    ).toBeNull();
  });
});

it("peaks of stretches hold the peak", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 40, maxLength: 300 }), (v) => {
      const peaks = stretchPeaks(series((i) => v[i]!, v.length));
      expect(Math.max(...peaks)).toBe(Math.max(...v));
      expect(peaks.length).toBeLessThanOrEqual(20);
    }),
  );
});

it("stretches are alike where they overlap; with other settings their means must be close", () => {
  const a = spreadOf([0, 50, 100]);
  const b = spreadOf([90, 95, 100]);
  expect(alike(a, b, true)).toBe(true);
  expect(alike(spreadOf([0, 1]), b, true)).toBe(false);
  expect(alike(spreadOf([10, 11, 12]), spreadOf([12, 20, 30]), false)).toBe(false);
  expect(alike(a, null, true)).toBe(false);
});

it("few counts tell less than many", () => {
  expect(noiseOfCount(16)).toBe(0.5);
  expect(noiseOfCount(10_000)).toBe(0.11);
});
