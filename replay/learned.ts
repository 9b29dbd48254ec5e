/**
 * What a recording teaches about the machine and the program, for runs under other settings: how long marking takes, how
 * fast sweeping goes, how far before its goal the GC starts. Medians over the recording's own cycles.
 */
import { bytesBefore, firstAfter } from "./deaths.ts";
import { type MarkPace, markPace, paceAt } from "./mark-pace.ts";
import { BACKGROUND_UTILIZATION, HEAP_MINIMUM, Pacer } from "./pacer.ts";
import type { Program } from "./program.ts";
import type { RecordedCycle } from "./recorded-cycles.ts";
import { ConsMark } from "./runway.ts";

/** Used where the recording has no GC to learn from: what a small heap needs, and marking of 2 GB/s. */
const FIXED_MARK_NS = 3e5;
const MIN_MARK_NS = 1e5;
const DEFAULT_MARK_NS_PER_BYTE = 0.5;
/** Stops of the world in a cycle, where none is told: two of some 100 us. */
const STOPPED_NS = 2e5;
/** Background sweeping of some 10^6 spans a second. */
const DEFAULT_SWEEP_SPANS_PER_NS = 1e-3;

/** What runs take from the recording, as plain numbers: they travel to worker threads. */
export interface LearnedValues {
  /** Wall time of a mark phase: a fixed part, and ns for each byte found reachable. */
  readonly markFixedNs: number;
  readonly markNsPerByte: number;
  /** How much longer or shorter marks are in each phase. */
  readonly markPace: MarkPace;
  /** GOMAXPROCS of the recording. */
  readonly procs: number;
  /** Processors that a mark keeps busy in the background: a quarter of them all, by design. */
  readonly cores: number;
  /** Processors' worth of assists while it marks: allocating goroutines that have to help. */
  readonly assistCores: number;
  /** For how long a cycle stops the world, ns of wall time. */
  readonly stoppedNs: number;
  /**
   * Bytes of runway for each byte allocated during a mark like the last ones. 1 if the GC takes just its share of the CPU;
   * more as idle Ps help it.
   */
  readonly runwayFactor: number;
  /** How fast the program goes on while the GC marks, against just before: 0..1. */
  readonly progressWhileMarking: number;
  /** How far over its goal the heap went in the worst tenth of the cycles: 1 for not at all. */
  readonly overshoot: number;
  readonly sweepSpansPerNs: number;
  /** Share of the Ps' time for which the program itself kept them busy, 0..1. */
  readonly busyShare: number;
  /** Stacks and globals that count into the goal, bytes. */
  readonly roots: number;
  /** Mapped memory outside the heap that counts against a memory limit, bytes. */
  readonly nonHeapMapped: number;
  /** Shares of manual and object pages that nobody has touched. */
  readonly untouchedManual: number;
  readonly untouchedObjects: number;
}

export interface Learned extends LearnedValues {
  /** Wall time of a mark phase that begins at `t` and finds `bytes` reachable, ns. */
  markNs(bytes: number, t: number): number;
  /** CPU time of that cycle, ns: of marking in the background, of assists, and of stopped Ps. */
  cost(bytes: number, t: number): GcCost;
}

/** ns of CPU. */
export interface GcCost {
  readonly mark: number;
  readonly assist: number;
  readonly stopped: number;
}

/** The values as functions, for a run with `procs` Ps: a quarter of them marks. */
export function learnedFrom(values: LearnedValues, procs = values.procs): Learned {
  const faster = Math.max(1, procs) / Math.max(1, values.procs);
  const mark = (bytes: number, t: number) =>
    paceAt(values.markPace, t) * (values.markFixedNs + (values.markNsPerByte * bytes) / faster);
  const cost = (bytes: number, t: number) => ({
    mark: values.cores * faster * mark(bytes, t),
    assist: values.assistCores * faster * mark(bytes, t),
    stopped: values.stoppedNs * procs,
  });
  return { ...values, markNs: mark, cost };
}

export function learn(
  program: Program,
  gogc: number,
  rest: Pick<LearnedValues, "nonHeapMapped" | "untouchedManual" | "untouchedObjects">,
): LearnedValues {
  const cycles = program.cycles.filter(({ marked, forced }) => marked > 0 && !forced);
  const roots: number[] = [];
  for (const { goalAfter, marked } of cycles) {
    // goal = marked + (marked + roots) * GOGC/100, but for the heap minimum.
    if (Number.isFinite(goalAfter) && Number.isFinite(gogc) && goalAfter > ((HEAP_MINIMUM * gogc) / 100) * 1.1) {
      roots.push(((goalAfter - marked) * 100) / gogc - marked);
    }
  }
  const marks = marksOf(program.cycles);
  const { fixed, perByte } = markTime(marks);
  const cores = Math.max(0.5, program.procs * BACKGROUND_UTILIZATION);
  return {
    markFixedNs: fixed,
    markNsPerByte: perByte,
    markPace: markPace(marks.map(({ start, bytes, ns }) => ({ start, ns, expected: fixed + perByte * bytes }))),
    procs: program.procs,
    cores,
    assistCores: assistCores(program.cycles, cores),
    stoppedNs:
      median(program.cycles.filter(({ stoppedNs }) => stoppedNs > 0).map(({ stoppedNs }) => stoppedNs)) ?? STOPPED_NS,
    runwayFactor: runwayFactor(program.cycles),
    progressWhileMarking: progressWhileMarking(program),
    overshoot: overshoot(program.cycles),
    sweepSpansPerNs: DEFAULT_SWEEP_SPANS_PER_NS,
    busyShare: program.busyNs > 0 ? Math.min(1, program.busyNs / (program.end * program.procs)) : 1,
    roots: Math.max(0, median(roots) ?? 0),
    ...rest,
  };
}

/**
 * Assists in processors, as in most marks. A trace tells for how long goroutines were in an assist, waiting for other workers
 * included: where many wait it says little, and no more than the background's own part counts.
 */
function assistCores(cycles: readonly RecordedCycle[], most: number): number {
  const told = cycles.filter(({ end, start, workNs }) => end > start && !Number.isNaN(workNs));
  const cores = told.map(({ start, end, assistNs }) => (Number.isNaN(assistNs) ? 0 : assistNs / (end - start)));
  return Math.min(most, median(cores) ?? 0);
}

interface Mark {
  readonly start: number;
  /** What it found reachable: what is allocated meanwhile counts as marked, and costs nothing. */
  readonly bytes: number;
  readonly ns: number;
}

function marksOf(cycles: readonly RecordedCycle[]): Mark[] {
  return cycles
    .map(({ marked, start, end, liveAtStart, liveAtEnd }) => ({
      start,
      bytes: marked - (liveAtEnd > liveAtStart ? Math.min(liveAtEnd - liveAtStart, marked / 2) : 0),
      ns: end - start,
    }))
    .filter(({ bytes, ns }) => bytes > 0 && ns > 0);
}

/** How long a mark takes by the bytes it finds reachable: a line through the small heaps' median and the large heaps'. */
function markTime(marks: readonly Mark[]): { fixed: number; perByte: number } {
  const known = [...marks].sort((a, b) => a.bytes - b.bytes);
  if (known.length === 0) return { fixed: FIXED_MARK_NS, perByte: DEFAULT_MARK_NS_PER_BYTE };
  const half = known.length >> 1;
  const small = known.slice(0, Math.max(1, half));
  const large = known.slice(half);
  const bytes = (of: typeof known) => median(of.map(({ bytes }) => bytes))!;
  const time = (of: typeof known) => median(of.map(({ ns }) => ns))!;
  const distance = bytes(large) - bytes(small);
  // Heaps of one size tell no slope.
  if (distance < bytes(small) * 0.5) {
    const perByte = Math.max(0, time(known) - FIXED_MARK_NS) / bytes(known);
    return { fixed: Math.min(FIXED_MARK_NS, time(known)), perByte };
  }
  const perByte = Math.max(0, time(large) - time(small)) / distance;
  const fixed = time(small) - perByte * bytes(small);
  if (fixed >= MIN_MARK_NS) return { fixed, perByte };
  // Such a line would have small heaps marked in no time: one through the least there is, then.
  return { fixed: MIN_MARK_NS, perByte: median(known.map(({ bytes, ns }) => Math.max(0, ns - MIN_MARK_NS) / bytes))! };
}

const WORST = 0.9;

function overshoot(cycles: readonly RecordedCycle[]): number {
  const over = cycles
    .filter(
      ({ forced, goalBefore, liveAtEnd }) => !forced && goalBefore > 0 && Number.isFinite(goalBefore) && liveAtEnd > 0,
    )
    .map(({ goalBefore, liveAtEnd }) => liveAtEnd / goalBefore)
    .sort((a, b) => a - b);
  return Math.max(1, over[Math.floor(over.length * WORST)] ?? 1);
}

const SLOWEST_PROGRESS = 0.1;
/** Moments between two marks, by bytes allocated, at which the program's pace is taken. */
const REFERENCES = [0.2, 0.4, 0.6, 0.8];

/**
 * What the program allocates during marks, against stretches as long that begin at other moments. Those are chosen as a GC
 * would choose them, by bytes allocated: one that starts in a burst sees the lull after it, too.
 */
function progressWhileMarking({ time, size, cycles }: Program): number {
  const before = bytesBefore(size);
  const bytesBy = (t: number) => before[firstAfter(time, t)]!;
  let elsewhere = 0;
  let meanwhile = 0;
  let from = 0;
  for (const { start, end, forced } of cycles) {
    const duration = end - start;
    if (!forced && duration > 0 && start > from) {
      const first = bytesBy(from);
      const room = bytesBy(start) - first;
      const stretches = REFERENCES.map(
        (share) => time[Math.min(time.length - 1, firstAfter(before, first + share * room) - 1)]!,
      )
        .filter((t) => t >= from && t + duration <= start)
        .map((t) => bytesBy(t + duration) - bytesBy(t));
      if (stretches.length > 0) {
        elsewhere += stretches.reduce((sum, bytes) => sum + bytes, 0) / stretches.length;
        meanwhile += bytesBy(end) - bytesBy(start);
      }
    }
    from = end;
  }
  return elsewhere > 0 ? Math.min(1, Math.max(SLOWEST_PROGRESS, meanwhile / elsewhere)) : 1;
}

const FACTOR_STEPS = 33;
const SMALLEST_FACTOR = 1 / 4;
const MOST_CYCLES = 5000;

/** A cycle as the fit of the runway needs it. */
export interface PacedCycle {
  readonly liveAtStart?: number;
  readonly liveBefore?: number;
  readonly liveAtEnd?: number;
  readonly marked: number | null;
  readonly goalAfter: number | null;
  readonly forced?: boolean;
}

/** The factor under which the recording's own triggers are predicted best, by the pacer of 1.21+. */
export function runwayFactor(all: readonly PacedCycle[]): number {
  const cycles = all.slice(0, MOST_CYCLES);
  let best = 1;
  let least = Number.POSITIVE_INFINITY;
  for (let step = 0; step < FACTOR_STEPS; step++) {
    const factor = SMALLEST_FACTOR * 2 ** (step / 4);
    const feedback = new ConsMark(27);
    const pacer = new Pacer({ gogc: 100, memoryLimit: Number.POSITIVE_INFINITY, minor: 27 });
    let error = 0;
    let goal = Number.NaN;
    for (const { liveAtStart = Number.NaN, liveAtEnd = Number.NaN, liveBefore, marked, goalAfter, forced } of cycles) {
      if (!forced && goal > 0 && Number.isFinite(goal) && liveAtStart > 0) {
        error += triggerError(pacer.triggerFor(goal), liveAtStart, liveBefore) / goal;
      }
      if (marked === null || !(marked > 0)) continue;
      feedback.endCycle({ liveAtStart, liveAtEnd, marked, markedBefore: 0, goal: 0, forced: forced === true });
      pacer.marked = marked;
      pacer.runway = factor * feedback.value * marked;
      goal = goalAfter ?? Number.NaN;
    }
    // Where every trigger is at a bound the factor does not matter: keep the plain one.
    if (
      error < least - 1e-9 ||
      (Math.abs(error - least) <= 1e-9 && Math.abs(Math.log(factor)) < Math.abs(Math.log(best)))
    ) {
      least = error;
      best = factor;
    }
  }
  return best;
}

/**
 * How far a predicted trigger is from the recorded start, bytes. A GC starts when an allocation takes the live heap to its
 * trigger or beyond: any trigger between what was live before that allocation and after it is right.
 */
export function triggerError(predicted: number, liveAtStart: number, liveBefore = liveAtStart): number {
  return Math.max(0, predicted - liveAtStart, Math.min(liveBefore, liveAtStart) - predicted);
}

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
