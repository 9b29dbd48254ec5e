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

test("stacks that grew count with one share for all", () => {
  const cycles = [10, 0, 40, 3].map((deep) => ({
    marked: 8 * MiB,
    goalAfter: 16 * MiB + 0.6 * deep * MiB + 0.25 * MiB,
    stacks: { deep: deep * MiB, shallow: 0.05 * MiB },
  }));
  const found = goalAccuracy(cycles)!;
  expect(found.stackUse).toBe(0.6);
  expect(found.roots / MiB).toBeCloseTo(0.2);
  expect(found.worst).toBeLessThan(1e-6);
  // Before 1.18 roots do not count.
  expect(goalAccuracy(cycles, 100, 17)!.roots).toBe(0);
});

test("goals that a memory limit held down are left out", () => {
  const cycles = [20, 30, 40, 50].map((marked) => ({
    marked: marked * MiB,
    goalAfter: Math.min(2 * marked, 64) * MiB,
  }));
  expect(goalAccuracy(cycles, 100, 27, true)).toMatchObject({ cycles: 2, mean: 0 });
  expect(goalAccuracy(cycles, 100, 27)!.mean).toBeGreaterThan(0.1);
});

test("triggers: any between what was live before the last allocation and after it is right", () => {
  const cycle = (liveBefore: number, liveAtStart: number) => ({
    marked: 20 * MiB,
    goalAfter: 40 * MiB,
    liveBefore: liveBefore * MiB,
    liveAtStart: liveAtStart * MiB,
    liveAtEnd: liveAtStart * MiB,
  });
  // Nothing is allocated while it marks: the trigger is the highest, 61/64 of the way.
  const high = 20 + (61 / 64) * 20;
  const right = goalAccuracy([cycle(1, 2), cycle(high - 1, high + 1)])!;
  expect(right.triggers).toMatchObject({ cycles: 1, mean: 0 });
  expect(right.rows[1]!.predictedTrigger).toBe(high * MiB);
  expect(goalAccuracy([cycle(1, 2), cycle(high + 4, high + 5)])!.triggers!.mean).toBeCloseTo(4 / 40, 3);
});
