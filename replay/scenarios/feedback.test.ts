import { describe, expect, test } from "vitest";
import { type FeedbackInput, feedbackLoop } from "./feedback.ts";

const input: FeedbackInput = { live: 256 << 20, procs: 8, markRate: 1, allocRate: 0.1, bounded: false, gogc: 100 };

describe("feedback of allocation on the GC", () => {
  test("a slow program: no assists worth mentioning, the GC starts late", () => {
    const out = feedbackLoop({ ...input, allocRate: 0.001 });
    expect(out.trigger).toBeCloseTo(0.95, 2);
    expect(out.assistCpu).toBe(0);
    expect(out.marking).toBeLessThan(0.01);
  });

  test("where nobody assists, the trigger settles where the heap meets its goal at a quarter of the CPU", () => {
    const { trigger, assistCpu } = feedbackLoop(input);
    // The pacer aims at 30% of the CPU, of which a sixth is assists.
    expect(assistCpu).toBeGreaterThan(0);
    expect(trigger).toBeGreaterThan(0.6);
    expect(trigger).toBeLessThan(0.9);
  });

  test("twice the speed of allocation, the earlier the trigger, down to no pause at all", () => {
    const triggers = [0.1, 0.2, 0.4, 0.8].map((allocRate) => feedbackLoop({ ...input, allocRate }).trigger);
    for (let i = 1; i < triggers.length; i++) expect(triggers[i]!).toBeLessThan(triggers[i - 1]!);
    expect(triggers.at(-1)).toBe(0);
    expect(feedbackLoop({ ...input, allocRate: 0.8 }).marking).toBeCloseTo(1, 6);
  });

  test("the bound of 1.14 leaves a pause, and has assists do the work", () => {
    const free = feedbackLoop({ ...input, allocRate: 0.8 });
    const bounded = feedbackLoop({ ...input, allocRate: 0.8, bounded: true });
    expect(bounded.trigger).toBeCloseTo(0.6, 9);
    expect(bounded.marking).toBeLessThan(0.75);
    expect(bounded.assistCpu).toBeGreaterThan(free.assistCpu);
    // As much is marked for each goal's worth of allocation either way.
    expect(bounded.gcCpu).toBeCloseTo(free.gcCpu, 6);
  });

  test("it makes no difference to a program that is far from it", () => {
    expect(feedbackLoop({ ...input, bounded: true })).toEqual(feedbackLoop(input));
  });
});
