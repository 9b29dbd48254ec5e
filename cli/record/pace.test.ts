import { expect, test } from "vitest";
import { delayMs, Pace } from "./pace.ts";

/** Ticks of a run so many seconds long when each costs so many ns. */
function ticks(seconds: number, each: number, intervalMs = 20): number[] {
  const times: number[] = [];
  let spent = 0;
  for (let now = 0; ; ) {
    now += delayMs(now, spent + each, intervalMs) * 1e6;
    if (now > seconds * 1e9) return times;
    times.push(now / 1e6);
    spent += each;
  }
}

test("cheap ticks come as they were asked for", () => {
  expect(ticks(30, 30e3)).toHaveLength(1500);
});

test.each([200e3, 1e6, 2e6])("ticks of %i ns take no more than 0.3 percent of 30 seconds", (each) => {
  const times = ticks(30, each);
  expect(times.length * each).toBeLessThanOrEqual(0.003 * 30e9);
  // Most of it is used, evenly but for a closer start.
  expect(times.length * each).toBeGreaterThan(0.0025 * 30e9);
  expect(times[1]! - times[0]!).toBeLessThan(21);
});

test("a recording whose processor time has been overspent still has samples", () => {
  expect(delayMs(1e9, 10e9, 20)).toBe(1000);
  expect(delayMs(1e9, 10e9, 5000)).toBe(5000);
});

test("what it cost is told", async () => {
  let count = 0;
  const pace = new Pace(5, false, () => count++);
  await expect.poll(() => count, { timeout: 20_000 }).toBeGreaterThan(5);
  pace.stop();
  const { cpuNs, ofOneProcessor, intervalMs } = pace.cost();
  expect(cpuNs).toBeGreaterThan(0);
  expect(ofOneProcessor).toBeCloseTo(cpuNs / (intervalMs.mean * count * 1e6), 1);
  const before = count;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(count).toBe(before);
});
