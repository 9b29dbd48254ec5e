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
