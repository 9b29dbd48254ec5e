import { expect, test } from "vitest";
import { ConsMark, TriggerRatio } from "./runway.ts";

const mark = (grown: number, marked = 100) => ({
  liveAtStart: 200,
  liveAtEnd: 200 + grown,
  marked,
  markedBefore: 100,
  goal: 200,
  forced: false,
});

test("1.21+: the largest of the last five", () => {
  const feedback = new ConsMark(27);
  for (const grown of [50, 10, 10, 10, 10]) feedback.endCycle(mark(grown));
  expect(feedback.value).toBe(0.5);
  feedback.endCycle(mark(20));
  expect(feedback.value).toBe(0.2);
});

test("1.20: the mean of the last two, the first of which is 0", () => {
  const feedback = new ConsMark(20);
  feedback.endCycle(mark(10));
  expect(feedback.value).toBeCloseTo(0.05);
  feedback.endCycle(mark(30));
  expect(feedback.value).toBeCloseTo(0.2);
});

test("1.18: a controller that comes near what it sees", () => {
  const feedback = new ConsMark(18);
  for (let i = 0; i < 50; i++) feedback.endCycle(mark(20));
  expect(feedback.value).toBeCloseTo(0.2, 2);
});

test("1.18: after a mark with little allocation it falls below zero, and the runway is without end; 1.21 has no such thing", () => {
  const [old, now] = [new ConsMark(18), new ConsMark(21)];
  for (const feedback of [old, now]) {
    for (let i = 0; i < 3; i++) feedback.endCycle(mark(30));
    expect(feedback.runway(100)).toBeLessThan(100);
    feedback.endCycle(mark(0.01));
  }
  expect(old.value).toBeLessThan(0);
  expect(old.runway(100)).toBe(Number.POSITIVE_INFINITY);
  expect(now.runway(100)).toBeCloseTo(30);
});

test("where scan work is known, by what each of them had of the CPU (mgcpacer.go:endCycle)", () => {
  const feedback = new ConsMark(27);
  feedback.endCycle({ ...mark(30), scanned: 10, assisting: 0.15, idle: 0.1 });
  expect(feedback.value).toBeCloseTo((30 * 0.5) / (10 * 0.6));
});

test("a mark during which nothing was allocated says nothing", () => {
  const feedback = new ConsMark(27);
  feedback.endCycle(mark(0));
  expect(feedback.value).toBe(0);
});

test("1.11-1.17: half of the error a cycle, within the version's bounds", () => {
  // Grown to 2.2 of what was marked, at a goal of 2: the trigger moves down by half of (1 - 7/8 - 25/30 * (1.2 - 7/8)).
  const free = new TriggerRatio(100, 13);
  free.endCycle(mark(20));
  expect(free.ratio).toBeCloseTo(7 / 8 + 0.5 * (1 - 7 / 8 - (0.25 / 0.3) * (1.2 - 7 / 8)));
  const bounded = new TriggerRatio(100, 14);
  const unbounded = new TriggerRatio(100, 13);
  for (let i = 0; i < 50; i++) {
    bounded.endCycle(mark(300));
    unbounded.endCycle(mark(300));
  }
  expect(bounded.ratio).toBe(0.6);
  expect(unbounded.ratio).toBe(0);
});

test("a forced cycle leaves the ratio as it is", () => {
  const feedback = new TriggerRatio(100, 17);
  feedback.endCycle({ ...mark(300), forced: true });
  expect(feedback.ratio).toBe(7 / 8);
});
