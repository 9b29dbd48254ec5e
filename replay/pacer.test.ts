import { expect, test } from "vitest";
import { HEAP_MINIMUM, Pacer, type PacerSettings } from "./pacer.ts";

const MiB = 1 << 20;
const MEMORY = { mappedReady: 100 * MiB, heapFree: 10 * MiB, heapAlloc: 80 * MiB };
const pacer = (settings: Partial<PacerSettings> = {}) =>
  new Pacer({ gogc: 100, memoryLimit: Number.POSITIVE_INFINITY, minor: 27, ...settings });

test("the first GC of 1.19+ comes at 61/64 of the minimum, that of earlier ones at the minimum", () => {
  expect(pacer().trigger(MEMORY)).toBe(3_997_696);
  for (const minor of [11, 13, 14, 17, 18]) expect(pacer({ minor }).trigger(MEMORY)).toBe(HEAP_MINIMUM);
});

test("goal: marked and roots by GOGC; roots count from 1.18 on", () => {
  for (const [minor, roots] of [
    [27, 1],
    [18, 1],
    [17, 0],
  ] as const) {
    const p = pacer({ minor, gogc: 50 });
    p.marked = 40 * MiB;
    p.roots = MiB;
    p.commit(40 * MiB, true);
    expect(p.goal(MEMORY)).toBe(60 * MiB + (roots * MiB) / 2);
  }
});

test("while sweeping the goal leaves a MiB, and the trigger does not fall below it", () => {
  const p = pacer({ gogc: 25 });
  p.marked = 2 * MiB;
  p.commit(2 * MiB, false);
  expect(p.goal(MEMORY)).toBe(3 * MiB);
  expect(p.trigger(MEMORY)).toBe(3 * MiB);
});

test("bounds of the trigger: 45/64 and 61/64 of the way, or 4 MiB below the goal if that is more", () => {
  const p = pacer();
  p.marked = 64 * MiB;
  p.commit(64 * MiB, true);
  p.runway = 0;
  expect(p.trigger(MEMORY)).toBe(125 * MiB);
  p.runway = 1000 * MiB;
  expect(p.trigger(MEMORY)).toBe(109 * MiB);
  p.marked = 128 * MiB;
  p.commit(128 * MiB, true);
  p.runway = 0;
  expect(p.trigger(MEMORY)).toBe(252 * MiB);
});

test("GOGC=off has no goal but the limit's, and 1.18 does not know limits", () => {
  expect(pacer({ gogc: Infinity }).trigger(MEMORY)).toBe(Number.POSITIVE_INFINITY);
  expect(pacer({ gogc: Infinity, memoryLimit: 100 * MiB, minor: 18 }).goal(MEMORY)).toBe(Number.POSITIVE_INFINITY);
});

test("the limit's goal: what is left of it, less 3% (1 MiB before 1.21)", () => {
  const left = 120 * MiB - 10 * MiB;
  expect(pacer({ memoryLimit: 120 * MiB }).limitGoal(MEMORY)).toBe(left - Math.trunc(left / 100) * 3);
  expect(pacer({ memoryLimit: 120 * MiB, minor: 20 }).limitGoal(MEMORY)).toBe(left - MiB);
});

test("a limit below what is mapped outside leaves what is marked as the goal", () => {
  const p = pacer({ memoryLimit: 5 * MiB });
  p.marked = 70 * MiB;
  expect(p.limitGoal(MEMORY)).toBe(70 * MiB);
});

test("assists have a cycle done at the goal, later if there is more to mark, never after the bound", () => {
  const p = pacer();
  p.marked = 10 * MiB;
  p.commit(10 * MiB, true);
  p.triggered = 18 * MiB;
  expect(p.assistedEnd(MEMORY, 10 * MiB, 1)).toBe(20 * MiB);
  expect(p.assistedEnd(MEMORY, 15 * MiB, 1)).toBe(21 * MiB);
  expect(p.assistedEnd(MEMORY, 1000 * MiB, 1)).toBe(40 * MiB);
});

test("a cycle that begins beyond its goal has a tenth of it to go on", () => {
  const p = pacer({ memoryLimit: 5 * MiB });
  p.marked = 70 * MiB;
  p.commit(70 * MiB, true);
  p.triggered = 71 * MiB;
  expect(p.assistedEnd(MEMORY, 70 * MiB, 1)).toBe(70 * MiB * 1.1);
});

test("with GOGC off a heap that has grown is marked beyond the limit's goal, by what it has grown", () => {
  const p = pacer({ gogc: Number.POSITIVE_INFINITY, memoryLimit: 100 * MiB });
  p.marked = 10 * MiB;
  const goal = p.goal(MEMORY);
  p.triggered = goal - MiB;
  expect(p.assistedEnd(MEMORY, 40 * MiB, 1)).toBeCloseTo(goal + 3 * MiB, -2);
});
