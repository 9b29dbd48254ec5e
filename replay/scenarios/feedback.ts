/**
 * Faster allocation raises GC pressure: the pacer of 1.5 to 1.17 as a small closed loop (mgc.go, 1.14: endCycle and
 * gcSetTriggerRatio), with and without the lower bound on the trigger that 1.14 brought along with its page allocator.
 *
 * A service has a constant live heap and allocates as fast as it is let. At the trigger a cycle starts: a quarter of the CPUs mark;
 * when the others would allocate past the goal before that is done, allocation is made to help (assists), so the goal is kept.
 * The pacer reads the assists as a trigger that came too late, and starts the next cycle earlier. Nothing but the bound stops it:
 * with a fast allocator cycles follow each other without a pause.
 */
import { BACKGROUND_UTILIZATION } from "../pacer.ts";

/** gcGoalUtilization and the gain of the controller (mgc.go). */
const GOAL_UTILIZATION = 0.3;
const TRIGGER_GAIN = 0.5;
/** Upper bound, and the lower one of 1.14 to 1.17, as parts of GOGC/100. */
const MAX_TRIGGER = 0.95;
const MIN_TRIGGER = 0.6;
const FIRST_TRIGGER = 7 / 8;

export interface FeedbackInput {
  /** Live heap in bytes. */
  readonly live: number;
  readonly procs: number;
  /** Bytes that one P marks in a ns. */
  readonly markRate: number;
  /** Bytes that one P allocates in a ns when it does nothing else than the program. */
  readonly allocRate: number;
  /** Whether the trigger has its lower bound. */
  readonly bounded: boolean;
  readonly gogc: number;
}

export interface FeedbackOutput {
  /** Where the trigger settles, between the live heap (0) and the goal (1). */
  readonly trigger: number;
  readonly gcsPerSecond: number;
  /** Part of all CPU time that goes into the GC, assists included; and that of assists alone. */
  readonly gcCpu: number;
  readonly assistCpu: number;
  /** Part of the time in which a cycle is running. */
  readonly marking: number;
  /** Bytes allocated a second: the program's own speed. */
  readonly allocPerSecond: number;
}

/** Runs the loop until it has settled (200 cycles), and gives the mean of the last 50. */
export function feedbackLoop(input: FeedbackInput): FeedbackOutput {
  const { live, procs, markRate, allocRate } = input;
  const goal = input.gogc / 100;
  let ratio = FIRST_TRIGGER * goal;
  const sum = { trigger: 0, time: 0, mark: 0, gc: 0, assist: 0, bytes: 0 };
  for (let cycle = 0; cycle < 200; cycle++) {
    const runway = Math.max(0, goal - ratio) * live;
    // Without assists: how much is allocated until marking is done.
    let mark = live / (BACKGROUND_UTILIZATION * procs * markRate);
    let assist = 0;
    let allocated = allocRate * procs * (1 - BACKGROUND_UTILIZATION) * mark;
    if (allocated > runway) {
      // The share x of the CPUs that has to help so that the heap is at its goal just when marking is done:
      // allocRate (0.75 - x) mark = runway, mark = live / ((0.25 + x) markRate).
      const q = (runway * markRate) / (allocRate * live);
      assist = (1 - BACKGROUND_UTILIZATION - BACKGROUND_UTILIZATION * q) / (1 + q);
      mark = live / ((BACKGROUND_UTILIZATION + assist) * procs * markRate);
      allocated = runway;
    }
    const between = (ratio * live) / (allocRate * procs);
    if (cycle >= 150) {
      sum.trigger += ratio / goal;
      sum.time += mark + between;
      sum.mark += mark;
      sum.gc += (BACKGROUND_UTILIZATION + assist) * mark;
      sum.assist += assist * mark;
      sum.bytes += allocated + ratio * live;
    }
    // endCycle: e = goal - trigger - u/0.30 * (actual growth - trigger).
    const growth = ratio + allocated / live;
    const utilization = BACKGROUND_UTILIZATION + assist;
    const error = goal - ratio - (utilization / GOAL_UTILIZATION) * (growth - ratio);
    ratio = clamp(ratio + TRIGGER_GAIN * error, input.bounded ? MIN_TRIGGER * goal : 0, MAX_TRIGGER * goal);
  }
  return {
    trigger: sum.trigger / 50,
    gcsPerSecond: (50 * 1e9) / sum.time,
    gcCpu: sum.gc / sum.time,
    assistCpu: sum.assist / sum.time,
    marking: sum.mark / sum.time,
    allocPerSecond: (sum.bytes * 1e9) / sum.time,
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
