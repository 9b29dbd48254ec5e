import { describe, expect, it } from "vitest";
import { GC_MARK_TERMINATION, GC_START, HEAP_LIVE, newBatch, push } from "../../parsers/events.ts";
import { CyclePlan } from "./cycle-plan.ts";

const PAGE = 8192;

/** Live heaps in pages and tenths of one; "gc" starts a cycle, "mt" ends its mark. */
function plan(...steps: readonly (number | "gc" | "mt")[]): CyclePlan {
  const batch = newBatch(steps.length);
  steps.forEach((step, t) => {
    if (step === "gc") push(batch, GC_START, t, 0, -1, 0, 0);
    else if (step === "mt") push(batch, GC_MARK_TERMINATION, t, 0, -1, 0, 0);
    else push(batch, HEAP_LIVE, t, 0, -1, step * PAGE, 0);
  });
  const out = new CyclePlan();
  out.add(batch);
  out.finish(27);
  return out;
}

describe("CyclePlan", () => {
  it("takes steps in whole pages for new spans: the rest of what is in use at the next GC was left by the sweep", () => {
    // After the mark 10 pages are live; 2.5 pages of free slots are used up, and 8 pages are new.
    const cycles = plan(20, 24, "gc", 10, "mt", 12.5, 16.5, 20.5, "gc", 10, "mt");
    expect(cycles.swept(0) / PAGE).toBe(20);
    expect(cycles.swept(1) / PAGE).toBe(20.5 - 8);
  });

  it("expects the program's usual slack where a cycle did not get to use it", () => {
    const usual = [10, "mt", 12.5, 22.5, "gc"] as const;
    const short = plan(20, "gc", ...usual, ...usual, ...usual, 10, "mt");
    expect(short.slack).toBeCloseTo(0.25);
    // The last stretch allocated nothing: a quarter of what was marked is still there as free slots.
    expect(short.swept(4) / PAGE).toBeCloseTo(12.5);
  });

  it("knows nothing of stretches that were not recorded", () => {
    expect(plan(20, "gc", 10, "mt").swept(2)).toBeNaN();
  });

  it("tells when GCs began", () => {
    expect(plan(20, "gc", 10, "mt", 11, "gc", 10, "mt").gcStarts).toEqual([1, 5]);
  });
});
