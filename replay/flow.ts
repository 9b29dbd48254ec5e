/**
 * What a program allocates and keeps, as totals over time, where its input has no objects: the live heap that the runtime
 * itself counted. Spans alone would tell it badly, since they are counted whole and free slots that are used again take no
 * span. Has the questions of `Deaths`.
 */
import { firstAfter } from "./deaths.ts";
import type { RecordedCycle } from "./recorded-cycles.ts";

export interface FlowData {
  /** Bytes allocated since the beginning, by time; both ascending. */
  readonly time: Float64Array;
  readonly allocated: Float64Array;
  /** When each mark began, and what was reachable then. */
  readonly markTime: Float64Array;
  readonly reachable: Float64Array;
  /** Free slots in spans in use, as a share of these: what a memory limit counts beside the live heap. */
  readonly slack: number;
}

/**
 * Slack by the share of the live heap that refills took out of free slots: the slots that a sweep leaves are used up until the next
 * GC, and some never are. Measured on eight programs (Go 1.27): 1 to 27 %, the figure within 6 points of it.
 */
const NEVER_USED = 0.03;
const USED_UP = 0.65;
const MOST_SLACK = 0.4;
/** Where no refills are told: as programs have on average. */
export const USUAL_SLACK = 0.12;
const PAGE = 8192;

/** Hears every step of the live heap that a refill made. */
export class SlackByRefills {
  #used = 0;
  #live = 0;
  #sinceMark = Number.NaN;

  step(bytes: number): void {
    // A span fresh from the page heap counts whole pages: the others are spans with free slots (cycle-plan.ts).
    if (bytes > 0 && bytes % PAGE !== 0) this.#sinceMark += bytes;
  }

  markTermination(): void {
    this.#sinceMark = 0;
  }

  gcStart(live: number): void {
    if (Number.isNaN(this.#sinceMark)) return;
    this.#used += this.#sinceMark;
    this.#live += live;
    this.#sinceMark = Number.NaN;
  }

  get slack(): number {
    return this.#live > 0 ? Math.min(MOST_SLACK, NEVER_USED + (USED_UP * this.#used) / this.#live) : USUAL_SLACK;
  }
}

/** A mark cannot find less than this part of what it is said to have marked: totals are rounded. */
const LEAST_REACHABLE = 0.05;

export function flowData(
  time: Float64Array,
  allocated: Float64Array,
  cycles: readonly RecordedCycle[],
  recorderBytes: number,
  slack: number = USUAL_SLACK,
): FlowData | null {
  const known = cycles.filter(({ marked, end }) => marked > 0 && !Number.isNaN(end));
  if (known.length === 0 || time.length === 0) return null;
  return {
    time,
    allocated,
    markTime: Float64Array.from(known, ({ start }) => start),
    reachable: Float64Array.from(known, ({ marked, liveAtStart, liveAtEnd }) => {
      // What is allocated while marking counts as marked.
      const grown = liveAtEnd > liveAtStart ? liveAtEnd - liveAtStart : 0;
      return Math.max(marked * LEAST_REACHABLE, marked - grown - recorderBytes);
    }),
    slack,
  };
}

export class Flow {
  readonly #data: FlowData;
  readonly slack: number;
  readonly #progress: Float64Array;

  constructor(data: FlowData) {
    this.#data = data;
    this.slack = data.slack;
    this.#progress = Float64Array.from(data.markTime, (t) => this.allocatedAt(t));
  }

  /** Bytes allocated by `t`, evenly between two moments that are known. */
  allocatedAt(t: number): number {
    return between(this.#data.time, this.#data.allocated, t);
  }

  /** When `bytes` had been allocated; Infinity if never. ns. */
  timeOf(bytes: number): number {
    const { time, allocated } = this.#data;
    return bytes > allocated.at(-1)! ? Number.POSITIVE_INFINITY : between(allocated, time, bytes);
  }

  /** Bytes reachable at `t`: between two marks as far from one as from the other by bytes allocated. */
  liveAt(t: number): number {
    const { markTime, reachable } = this.#data;
    const after = firstAfter(markTime, t);
    if (after === markTime.length) return reachable[after - 1]!;
    const from = after > 0 ? this.#progress[after - 1]! : 0;
    const before = after > 0 ? reachable[after - 1]! : 0;
    const distance = this.#progress[after]! - from;
    const share = distance > 0 ? Math.min(1, (this.allocatedAt(t) - from) / distance) : 1;
    return before + share * (reachable[after]! - before);
  }

  /** Bytes that a mark from `start` to `end` leaves. */
  marked(start: number, end: number): number {
    return this.liveAt(start) + this.allocatedAt(end) - this.allocatedAt(start);
  }
}

/** On the line through the points (ascending, and the origin before them) at `x`; beyond the last it goes on level. */
function between(xs: Float64Array, ys: Float64Array, x: number): number {
  const after = firstAfter(xs, x);
  if (after === xs.length) return ys[after - 1]!;
  const from = after > 0 ? xs[after - 1]! : 0;
  const before = after > 0 ? ys[after - 1]! : 0;
  return before + ((Math.max(x, from) - from) / (xs[after]! - from)) * (ys[after]! - before);
}
