import { expect, test } from "vitest";
import { MarkAssist, type MarkStart } from "./assist.ts";

const MB = 1e6;
const steady: MarkStart = {
  minor: 27,
  gogc: 100,
  live: 90 * MB,
  goal: 100 * MB,
  lastScan: 25 * MB,
  marked: 50 * MB,
  reachable: 50 * MB,
  scannable: 0.5,
};

/** Live heap at which a program that allocates in steps of 8 KiB has the mark done, MB; at most `most`. */
function endOf(start: MarkStart, most = 1000): number {
  const assist = new MarkAssist(start);
  let live = start.live;
  while (!assist.grown(live) && live < most * MB) live += 8192;
  return live / MB;
}

test("a mark that finds no more than expected ends before the goal, in every version", () => {
  for (const minor of [11, 13, 14, 17, 18, 21, 27]) {
    const end = endOf({ ...steady, minor, reachable: 40 * MB });
    expect(end).toBeGreaterThan(95);
    expect(end).toBeLessThan(100);
  }
});

test("a mark with more work than expected goes beyond the goal in proportion to it (1.18+)", () => {
  // Half of the heap is garbage, so that the worst case is never reached.
  const end = endOf({ ...steady, lastScan: 12.5 * MB, marked: 25 * MB });
  expect(end).toBeGreaterThan(105);
  expect(end).toBeLessThan(120);
});

test("1.14-1.17 are done by 10% over the goal, however much is reachable", () => {
  for (const minor of [14, 16, 17]) {
    const end = endOf({ ...steady, minor, reachable: 89 * MB });
    expect(end).toBeGreaterThan(101);
    expect(end).toBeLessThan(111);
  }
});

test("when the estimate is used up the next payment buys megabytes (1.18+, 1.11-1.13)", () => {
  // All is reachable. What is allocated meanwhile counts as work done, and uses up the estimate before the mark is done.
  const growing = { ...steady, live: 57 * MB, goal: 66 * MB, marked: 33 * MB, reachable: 56 * MB, scannable: 0.2 };
  expect(endOf({ ...growing, minor: 18, lastScan: 6.6 * MB })).toBeGreaterThan(100);
  const old = { ...growing, minor: 13, live: 65 * MB, goal: 89 * MB, reachable: 64 * MB };
  expect(endOf(old)).toBeGreaterThan(110);
  // From 1.19 on it does not, but neither is what the last mark let be allocated known to need a scan.
  expect(endOf({ ...growing, lastScan: 6.6 * MB })).toBeLessThan(80);
  expect(endOf({ ...growing, lastScan: 4 * MB })).toBeGreaterThan(100);
});

test("what a background worker does need not be paid for", () => {
  const assist = new MarkAssist(steady);
  expect(assist.background(0.6)).toBe(false);
  expect(assist.left).toBeCloseTo(0.4);
  expect(assist.grown(steady.live + 2 * MB)).toBe(false);
  expect(assist.assistedShare).toBe(0);
  expect(assist.background(0.5)).toBe(true);
  expect(assist.finished).toBe(true);
});
