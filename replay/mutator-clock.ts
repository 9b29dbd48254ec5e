/**
 * A recorded program by its own clock: without the time for which GC marks held it up, and the tracer. Under other settings marks
 * come at other moments, and a run has the tracer's time no more.
 */
import { firstAfter } from "./deaths.ts";
import type { Program } from "./program.ts";

/** Length of the stretches in which the tracer's time is taken out evenly, ns. */
const STRETCH = 5e6;
/** No stretch gets shorter than this part of what it was: what an event costs is known roughly. */
const SHORTEST = 0.4;
/** A program that waits for so much of the time makes up for what held it up. */
const WAITING = 0.1;

export interface HeldUp {
  /** How fast the program went on during the recorded marks: 0..1. */
  readonly progress: number;
  /** CPU time of the tracer for each object, ns. */
  readonly tracedNs: number;
}

/** The recorded times of a program as those of its own clock: a piecewise linear function. ns. */
export class MutatorClock {
  readonly #recorded: Float64Array;
  readonly #own: Float64Array;

  constructor(recorded: Float64Array, own: Float64Array) {
    this.#recorded = recorded;
    this.#own = own;
  }

  at(t: number): number {
    if (!Number.isFinite(t)) return t;
    const xs = this.#recorded;
    const ys = this.#own;
    const after = firstAfter(xs, t);
    // Outside of the recording both clocks go alike.
    if (after === 0) return t - xs[0]! + ys[0]!;
    if (after === xs.length) return t - xs[after - 1]! + ys[after - 1]!;
    const from = xs[after - 1]!;
    return ys[after - 1]! + ((t - from) / (xs[after]! - from)) * (ys[after]! - ys[after - 1]!);
  }
}

/** The clock of a program that was held up; null where it was not. */
export function mutatorClock(program: Program, { progress, tracedNs }: HeldUp): MutatorClock | null {
  const { time, cycles, end, busyNs, idleNs, procs } = program;
  // On one P its clock stands still while the GC has the P (simulate.ts).
  if (procs === 1 || idleNs > WAITING * end) return null;
  const onlyMarks = tracedNs === 0 || busyNs === 0;
  if (onlyMarks && progress === 1) return null;
  const inParallel = Math.max(1, busyNs / end);
  const bounds = [0, end];
  for (const { start, end } of cycles) if (end > start && start > 0) bounds.push(start, end);
  for (let t = STRETCH; t < end; t += STRETCH) bounds.push(t);
  const recorded = Float64Array.from(new Set(bounds)).sort();
  const own = new Float64Array(recorded.length);
  let cycle = 0;
  let first = firstAfter(time, 0);
  for (let i = 1; i < recorded.length; i++) {
    const from = recorded[i - 1]!;
    const to = recorded[i]!;
    while (cycle < cycles.length && cycles[cycle]!.end <= from) cycle++;
    const marking = cycle < cycles.length && cycles[cycle]!.start <= from;
    const length = (to - from) * (marking ? progress : 1);
    const last = firstAfter(time, to, first);
    const traced = onlyMarks ? 0 : ((last - first) * tracedNs) / inParallel;
    own[i] = own[i - 1]! + Math.max(length - traced, length * SHORTEST);
    first = last;
  }
  return new MutatorClock(recorded, own);
}

/** The program with all its times by `clock`. Programs that had columns in common still have. */
export function byClock(programs: readonly Program[], clock: MutatorClock): Program[] {
  const done = new Map<Float64Array, Float64Array>();
  const times = (column: Float64Array): Float64Array => {
    const there = done.get(column);
    if (there) return there;
    const mapped = column.map((t) => (t > 0 ? clock.at(t) : t));
    done.set(column, mapped);
    return mapped;
  };
  return programs.map((program) => ({
    ...program,
    time: times(program.time),
    deadAt: times(program.deadAt),
    idleFrom: times(program.idleFrom),
    manual: { ...program.manual, time: times(program.manual.time) },
    cycles: program.cycles.map((cycle) => ({
      ...cycle,
      start: clock.at(cycle.start),
      end: clock.at(cycle.end),
      swept: clock.at(cycle.swept),
    })),
    end: clock.at(program.end),
    flow: program.flow && {
      ...program.flow,
      time: times(program.flow.time),
      markTime: times(program.flow.markTime),
    },
  }));
}
