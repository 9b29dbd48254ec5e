/**
 * How well the pacer's rules give the heap goals and triggers that a recording tells: the goal after each mark out of what it
 * marked and the roots it scanned, and the live heap at which the next GC starts out of that goal and of the runway that the
 * marks so far took (mgcpacer.go: commit, heapGoalInternal, trigger, endCycle).
 *
 * How much of the CPU marking takes is not told: that one factor of the runway is fitted to the recording as a whole, too.
 * Of the roots, stacks are estimated from their sizes (stack-scan.ts) where the recording has them; the globals, and which part
 * of its grown stacks the program uses, are those that fit the recording as a whole.
 */
import type { EventBatch } from "../parsers/events.ts";
import { minorOf } from "./era-rules.ts";
import { median, runwayFactor, triggerError } from "./learned.ts";
import { HEAP_MINIMUM, Pacer } from "./pacer.ts";
import { RecordedCycles } from "./recorded-cycles.ts";
import type { ReplayResult } from "./result.ts";
import { ConsMark, TriggerRatio } from "./runway.ts";
import { NO_STACKS, type StackBytes } from "./stack-scan.ts";

/** Predicted against recorded; differences as fractions of the recorded goal. */
export interface GoalAccuracy {
  /** Goals compared. */
  readonly cycles: number;
  /** Mean and largest absolute difference. */
  readonly mean: number;
  readonly worst: number;
  /** The same for the live heap at which GCs start (its trigger), of those that were not forced; null if none was told. */
  readonly triggers: { readonly cycles: number; readonly mean: number; readonly worst: number } | null;
  /** Cycle by cycle, bytes; null where not told or not compared. */
  readonly rows: readonly GoalRow[];
  /** GOGC in per cent, globals in bytes, and the share of grown stacks in use that the comparison rests on. */
  readonly gogc: number;
  readonly roots: number;
  readonly stackUse: number;
}

export interface GoalRow {
  readonly marked: number | null;
  readonly goal: number | null;
  readonly predictedGoal: number | null;
  /** Live heap when this cycle began, and when it should have by the goal before it. */
  readonly trigger: number | null;
  readonly predictedTrigger: number | null;
}

/** A cycle as the comparison needs it (see RecordedCycle). Bytes; null or NaN where not told. */
export interface MarkedGoal {
  /** Bytes marked, and the goal published after it. */
  readonly marked: number | null;
  readonly goalAfter: number | null;
  readonly stacks?: StackBytes;
  /** Live heap when it began and the most while it marked. */
  readonly liveAtStart?: number;
  readonly liveAtEnd?: number;
  /** Live heap as told before liveAtStart. */
  readonly liveBefore?: number;
  readonly forced?: boolean;
}

const SWEEP_DISTANCE = 1 << 20;
const FIRST_WITH_ROOTS = 18;
const FIRST_WITH_COMPUTED_TRIGGER = 19;
/** Share of a grown stack in use: more than the half that did not suffice; used where a recording has too few to fit it. */
export const STACK_USE = 0.7;
const STACK_USES = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1];

interface Known {
  readonly marked: number;
  readonly goal: number;
  readonly stacks: StackBytes;
}

/** What fits a recording's goals, beside its marked heaps. */
export interface GoalFit {
  /** Per cent. */
  readonly gogc: number;
  /** Bytes of globals that the GC scans. */
  readonly globals: number;
  readonly stackUse: number;
  readonly mean: number;
  readonly worst: number;
  readonly cycles: number;
}

/**
 * @param gogc per cent. @param minor of Go 1.x. @param limited whether a memory limit held goals down: those are left out. Null if
 * no cycle tells both figures, or there is no goal (GOGC=off).
 */
export function fitGoals(cycles: readonly MarkedGoal[], gogc: number, minor = 27, limited = false): GoalFit | null {
  if (!Number.isFinite(gogc)) return null;
  const known: Known[] = [];
  for (const { marked, goalAfter, stacks } of cycles) {
    if (marked === null || goalAfter === null || !(marked > 0 && goalAfter > 0) || !Number.isFinite(goalAfter))
      continue;
    if (limited && goalAfter < marked * (1 + gogc / 100) * HELD_DOWN) continue;
    known.push({ marked, goal: goalAfter, stacks: stacks ?? NO_STACKS });
  }
  if (known.length === 0) return null;
  const uses = known.some(({ stacks, marked }) => stacks.deep > marked * MANY_STACKS) ? STACK_USES : [STACK_USE];
  const fits = uses.map((use) => fitWith(known, gogc, minor, use));
  return fits.reduce((best, fit) => (fit.mean < best.mean ? fit : best));
}

/** A goal under this part of what GOGC gives is the memory limit's. */
const HELD_DOWN = 0.97;
/** Grown stacks against the marked heap from which on their use shows in the goals. */
const MANY_STACKS = 0.05;

function fitWith(known: readonly Known[], gogc: number, minor: number, stackUse: number): GoalFit {
  const minimum = (HEAP_MINIMUM * gogc) / 100;
  const implied = known
    .filter(({ marked, goal }) => goal > Math.max(minimum, marked + SWEEP_DISTANCE) * 1.02)
    .map(({ marked, goal, stacks }) => ((goal - marked) * 100) / gogc - marked - stackBytes(stacks, stackUse));
  const globals = minor >= FIRST_WITH_ROOTS ? Math.max(0, median(implied) ?? 0) : 0;
  const off = known.map((one) => Math.abs(goalFor(one, { gogc, globals, stackUse }, minor) / one.goal - 1));
  const { mean, worst } = meanAndWorst(off);
  return { gogc, globals, stackUse, mean, worst, cycles: known.length };
}

function stackBytes({ deep, shallow }: StackBytes, use: number): number {
  return deep * use + shallow;
}

function goalFor(
  { marked, stacks }: { marked: number; stacks: StackBytes },
  { gogc, globals, stackUse }: Pick<GoalFit, "gogc" | "globals" | "stackUse">,
  minor: number,
): number {
  const roots = minor >= FIRST_WITH_ROOTS ? globals + stackBytes(stacks, stackUse) : 0;
  return Math.max(marked + ((marked + roots) * gogc) / 100, (HEAP_MINIMUM * gogc) / 100, marked + SWEEP_DISTANCE);
}

function meanAndWorst(differences: readonly number[]): { mean: number; worst: number } {
  let sum = 0;
  let worst = 0;
  for (const each of differences) {
    sum += each;
    worst = Math.max(worst, each);
  }
  return { mean: sum / Math.max(1, differences.length), worst };
}

/** As fitGoals, with the triggers. */
export function goalAccuracy(
  cycles: readonly MarkedGoal[],
  gogc = 100,
  minor = 27,
  limited = false,
): GoalAccuracy | null {
  const fit = fitGoals(cycles, gogc, minor, limited);
  if (!fit) return null;
  const triggers = predictedTriggers(cycles, fit, minor);
  const rows = cycles.map((cycle, i): GoalRow => {
    const { marked, goalAfter, stacks = NO_STACKS } = cycle;
    const known = marked !== null && marked > 0;
    return {
      marked: known ? marked : null,
      goal: goalAfter !== null && Number.isFinite(goalAfter) ? goalAfter : null,
      predictedGoal: known ? Math.round(goalFor({ marked, stacks }, fit, minor)) : null,
      trigger: cycle.liveAtStart !== undefined && cycle.liveAtStart > 0 ? cycle.liveAtStart : null,
      predictedTrigger: triggers[i]!,
    };
  });
  const off: number[] = [];
  for (let i = 1; i < rows.length; i++) {
    const { trigger, predictedTrigger } = rows[i]!;
    const goal = rows[i - 1]!.goal;
    if (trigger !== null && predictedTrigger !== null && goal) {
      off.push(triggerError(predictedTrigger, trigger, cycles[i]!.liveBefore) / goal);
    }
  }
  return {
    cycles: fit.cycles,
    mean: fit.mean,
    worst: fit.worst,
    triggers: off.length > 0 ? { cycles: off.length, ...meanAndWorst(off) } : null,
    rows,
    gogc: fit.gogc,
    roots: fit.globals,
    stackUse: fit.stackUse,
  };
}

/** The live heap at which each cycle should have begun, by the recorded goal before it and the marks until then. */
function predictedTriggers(
  cycles: readonly MarkedGoal[],
  { gogc, globals, stackUse }: GoalFit,
  minor: number,
): (number | null)[] {
  const feedback = minor < FIRST_WITH_ROOTS ? new TriggerRatio(gogc, minor) : new ConsMark(minor);
  const pacer = new Pacer({ gogc, memoryLimit: Number.POSITIVE_INFINITY, minor });
  const factor = runwayFactor(cycles);
  let goal = Number.NaN;
  return cycles.map((cycle) => {
    const { marked, goalAfter, liveAtStart = Number.NaN, liveAtEnd = Number.NaN, forced = false } = cycle;
    const predicted = minor < FIRST_WITH_COMPUTED_TRIGGER ? pacer.trigger(NO_LIMIT) : pacer.triggerFor(goal);
    const known = !forced && goal > 0 && Number.isFinite(goal);
    if (marked !== null && marked > 0) {
      const roots = globals + stackBytes(cycle.stacks ?? NO_STACKS, stackUse);
      feedback.endCycle({
        liveAtStart,
        liveAtEnd,
        marked: marked + roots,
        markedBefore: pacer.marked,
        goal: Number.isFinite(goal) ? goal : 0,
        forced,
      });
      pacer.marked = marked;
      pacer.roots = roots;
      if (feedback instanceof ConsMark) pacer.runway = feedback.runway(factor * (marked + roots));
      else pacer.triggerRatio = feedback.ratio;
      pacer.commit(marked, true);
    }
    goal = goalAfter ?? Number.NaN;
    return known ? Math.round(predicted) : null;
  });
}

const NO_LIMIT = { mappedReady: 0, heapFree: 0, heapAlloc: 0 };

/** Collects what the comparison needs from a replay's batches (`ReplayOptions.tap`). */
export class GoalCheck {
  readonly #cycles = new RecordedCycles();

  add({ kind, time, p, addr, size, aux, length }: EventBatch): void {
    for (let i = 0; i < length; i++) this.#cycles.event(kind[i]!, time[i]!, p[i]!, addr[i]!, size[i]!, aux[i]!);
  }

  /** The comparison under the settings that the replay found; null if there is nothing to compare. */
  against({ config, recordedGogc, inputs }: ReplayResult): GoalAccuracy | null {
    const version = inputs.find(({ goVersion }) => goVersion !== null)?.goVersion ?? config.policy;
    const minor = minorOf(version);
    const limited = recordedGogc.limit !== null || config.memoryLimit !== null;
    return goalAccuracy(this.#cycles.all, recordedGogc.gogc, minor, limited);
  }
}
