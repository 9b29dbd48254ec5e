import { expect, test } from "vitest";
import { firstPreemption, Preemption, QUANTUM } from "./preemption.ts";

const MS = 1e6;

test("after a sleep sysmon looks often up to 1.15, and finds 10 ms late; from 1.16 on each 10 ms", () => {
  expect(firstPreemption(11)).toBe(firstPreemption(15));
  expect(firstPreemption(15)).toBeGreaterThan(13 * MS);
  expect(firstPreemption(15)).toBeLessThan(16 * MS);
  expect(firstPreemption(16)).toBeCloseTo(10.055 * MS);
});

test("a goroutine that runs on is preempted every other look", () => {
  const mean = (of: (preemption: Preemption) => number, pace = 1) => {
    const all = Array.from({ length: 400 }, (_, seed) => of(new Preemption(27, seed, pace)) / MS);
    return all.reduce((sum, ms) => sum + ms, 0) / all.length;
  };
  const first = firstPreemption(27) / MS;
  const quantum = QUANTUM / MS;
  expect(Math.abs(mean((p) => p.after(100 * MS, 100 * MS)) - 100 - first)).toBeLessThan(0.3);
  expect(Math.abs(mean((p) => p.after(115 * MS, 100 * MS)) - 100 - first - quantum)).toBeLessThan(0.6);
  expect(Math.abs(mean((p) => p.again(115 * MS)) - 115 - quantum)).toBeLessThan(0.6);
  // A program that runs faster than recorded gets further in the same time.
  expect(Math.abs(mean((p) => p.again(115 * MS), 1.5) - 115 - 1.5 * quantum)).toBeLessThan(0.9);
});

test("where the last sleep is long ago the moment is chance, within a quantum", () => {
  const waits = Array.from({ length: 200 }, (_, seed) => new Preemption(27, seed, 1).after(0, null) / QUANTUM);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...waits)).toBeLessThan(1.15);
  const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.1);
});
