/**
 * How well the pacer's rules give the heap goals that a recording tells: the goal after each mark out of what it marked, the
 * roots (stacks and globals) being those that fit the recording as a whole.
 */
import { median } from "./learned.ts";
import { HEAP_MINIMUM } from "./pacer.ts";

export interface GoalAccuracy {
  /** Goals compared. */
  readonly cycles: number;
  /** Mean and largest absolute difference, as fractions of the recorded goal. */
  readonly mean: number;
  readonly worst: number;
  /** GOGC and roots in bytes that the comparison rests on. */
  readonly gogc: number;
  readonly roots: number;
}

/** A cycle as the comparison needs it: a RecordedCycle or a GcRow. Bytes; null or NaN where not told. */
export interface MarkedGoal {
  /** Bytes marked, and the goal published after it. */
  readonly marked: number | null;
  readonly goalAfter: number | null;
}

const SWEEP_DISTANCE = 1 << 20;
const FIRST_WITH_ROOTS = 18;

/** @param minor of Go 1.x. Null if no cycle tells both figures, or there is no goal (GOGC=off). */
export function goalAccuracy(cycles: readonly MarkedGoal[], gogc = 100, minor = 27): GoalAccuracy | null {
  const known: { marked: number; goal: number }[] = [];
  for (const { marked, goalAfter } of cycles) {
    if (marked !== null && goalAfter !== null && marked > 0 && Number.isFinite(goalAfter) && goalAfter > 0) {
      known.push({ marked, goal: goalAfter });
    }
  }
  if (known.length === 0 || !Number.isFinite(gogc)) return null;
  const minimum = (HEAP_MINIMUM * gogc) / 100;
  const implied = known
    .filter(({ marked, goal }) => goal > Math.max(minimum, marked + SWEEP_DISTANCE) * 1.02)
    .map(({ marked, goal }) => ((goal - marked) * 100) / gogc - marked);
  const roots = minor >= FIRST_WITH_ROOTS ? Math.max(0, median(implied) ?? 0) : 0;
  let sum = 0;
  let worst = 0;
  for (const { marked, goal } of known) {
    const predicted = Math.max(marked + ((marked + roots) * gogc) / 100, minimum, marked + SWEEP_DISTANCE);
    const off = Math.abs(predicted / goal - 1);
    sum += off;
    worst = Math.max(worst, off);
  }
  return { cycles: known.length, mean: sum / known.length, worst, gogc, roots };
}
