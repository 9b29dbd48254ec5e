import { expect, test } from "vitest";
import { goalAccuracy } from "./goal-accuracy.ts";

const MiB = 1 << 20;

test("goals by the rule are found exact, whatever the roots", () => {
  const cycles = [20, 33, 80].map((marked) => ({
    marked: marked * MiB,
    goalAfter: marked * MiB + (marked + 0.5) * MiB * 0.5,
  }));
  expect(goalAccuracy(cycles, 50)).toMatchObject({ cycles: 3, mean: 0, worst: 0, roots: MiB / 2 });
});

test("another GOGC than the recording's shows", () => {
  const cycles = [20, 33, 80].map((marked) => ({ marked: marked * MiB, goalAfter: 2 * marked * MiB }));
  expect(goalAccuracy(cycles, 200)!.mean).toBeGreaterThan(0.3);
});

test("the minimum and the MiB left for sweeping are part of the rule", () => {
  const cycles = [
    { marked: MiB, goalAfter: 4 * MiB },
    { marked: 40 * MiB, goalAfter: 80 * MiB },
  ];
  expect(goalAccuracy(cycles)!.worst).toBe(0);
  expect(goalAccuracy([{ marked: 4 * MiB, goalAfter: 5 * MiB }], 10)!.worst).toBe(0);
});

test("nothing to compare", () => {
  expect(goalAccuracy([{ marked: null, goalAfter: 5 }])).toBeNull();
  expect(goalAccuracy([{ marked: 5, goalAfter: Number.NaN }])).toBeNull();
  expect(goalAccuracy([{ marked: 5, goalAfter: 10 }], Number.POSITIVE_INFINITY)).toBeNull();
});
