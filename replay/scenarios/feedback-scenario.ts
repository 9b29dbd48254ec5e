import type { FeedbackOutput } from "./feedback.ts";
import { feedbackLoop } from "./feedback.ts";
import type { Scenario } from "./scenario.ts";
import { MiB } from "./workload.ts";

export const feedback: Scenario = {
  name: "feedback",
  title: "Faster allocation makes more GC",
  columns: [],
  defaults: { policies: [], gogc: [100], procs: [8] },
  extra: "feedback",
};

export interface FeedbackRow extends FeedbackOutput {
  /** How fast the program allocates on a P, bytes a second. */
  readonly allocRate: number;
  readonly bounded: boolean;
}

const LIVE = 256 * MiB;
/** 1 GiB/s: the order of what gctrace shows for pointerful heaps. */
const MARK_RATE = 1.073741824;
const RATES = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6];

/** The loop at several speeds of allocation, without and with the bound. */
export function feedbackRows(procs: number, gogc: number): FeedbackRow[] {
  return [false, true].flatMap((bounded) =>
    RATES.map((allocRate) => ({
      allocRate: allocRate * 1e9,
      bounded,
      ...feedbackLoop({ live: LIVE, procs, markRate: MARK_RATE, allocRate, bounded, gogc }),
    })),
  );
}
