import { describe, expect, it } from "vitest";
import { exactRetainedGoal, gcPercentGoal, memoryLimitGoal } from "./retained-goal.ts";

const MiB = 2 ** 20;
const base = { physPageSize: 4096, lastHeapInuse: 100 * MiB, heapGoal: 100 * MiB, lastHeapGoal: 100 * MiB };

describe("gcPercentGoal", () => {
  it("keeps 10% over the heap in use when the goal stays", () => {
    expect(gcPercentGoal({ ...base, retained: 200 * MiB })).toBe(110 * MiB);
  });

  it("scales with the goal, truncates as Go does and rounds up to physical pages", () => {
    const goal = exactRetainedGoal({ ...base, heapGoal: 33_333_333, retained: 0 });
    const scaled = Math.trunc((100 * MiB * 33_333_333) / (100 * MiB));
    expect(goal).toBe(Math.ceil((scaled + Math.trunc(scaled / 10)) / 4096) * 4096);
    expect(goal % 4096).toBe(0);
  });

  it("is off at the goal, within a physical page of it, and before the first cycle", () => {
    expect(gcPercentGoal({ ...base, retained: 110 * MiB })).toBe(Number.POSITIVE_INFINITY);
    expect(gcPercentGoal({ ...base, retained: 110 * MiB + 4095 })).toBe(Number.POSITIVE_INFINITY);
    expect(gcPercentGoal({ ...base, retained: 110 * MiB + 4096 })).toBe(110 * MiB);
    expect(gcPercentGoal({ ...base, lastHeapGoal: 0, retained: 500 * MiB })).toBe(Number.POSITIVE_INFINITY);
  });

  it("takes two infinite goals (GOGC=off) as equal", () => {
    const off = { heapGoal: Number.POSITIVE_INFINITY, lastHeapGoal: Number.POSITIVE_INFINITY };
    expect(gcPercentGoal({ ...base, ...off, retained: 200 * MiB })).toBe(110 * MiB);
  });
});

describe("memoryLimitGoal", () => {
  it("is 95% of the limit once mapped memory is above that, from 1.22 on", () => {
    expect(memoryLimitGoal(100 * MiB, 96 * MiB, true)).toBe(Math.trunc(100 * MiB * 0.95));
    expect(memoryLimitGoal(100 * MiB, 95 * MiB, true)).toBe(Number.POSITIVE_INFINITY);
  });

  it("is never reached in 1.19-1.21, where the percentage was not divided by 100", () => {
    expect(memoryLimitGoal(100 * MiB, 5000 * MiB, false)).toBe(Number.POSITIVE_INFINITY);
  });
});
