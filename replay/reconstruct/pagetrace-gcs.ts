/**
 * GC cycles for a page trace, which tells pages and nothing of GCs, so that the model's own scavenger can be held against it
 * (`--policy`). The rule: a sweep is where pages in use fall from a maximum by DROP; the mark ended at that maximum, the sweep where the
 * fall ends. A gctrace log of the same run (its marks end where these sweeps begin) gives the cycles in their stead. Without one, goals follow what sweeps leave: only their ratio matters to the scavenger (mgcscavenge.go:gcPaceScavenger).
 * What the recording says of returned pages is left out.
 */
import {
  type EventBatch,
  GC_MARK_TERMINATION,
  GC_START,
  GC_SWEEP_DONE,
  HEAP_GOAL,
  HEAP_LIVE,
  SCAVENGED,
  SPAN_ALLOC,
  SPAN_FREE,
} from "../../parsers/events.ts";
import type { SpanDriver } from "./driver.ts";
import { PAGE } from "./span-pool.ts";
import { EventWriter } from "./writer.ts";

/** Share of pages in use, and pages, by which they fall in a sweep at least. */
const DROP = 0.04;
const DROP_PAGES = 64;
/** A sweep is over when nothing was freed for so long, ns. */
const QUIET = 5e6;
/** Share of sweeps that must have a mark of the log so near, ns, for the log to be of the same run. */
const SAME = 0.6;
const NEAR = 20e6;

export interface Sweep {
  readonly markEnd: number;
  end: number;
  /** Pages in use after it. */
  left: number;
  /** Heap goal set at the mark's end, bytes, where a log tells it. */
  readonly goal?: number;
}

/** A log's cycles in place of inferred ones: when each mark ended, and the goal of the cycle after. */
export function sweepsOf(log: LogCycles): Sweep[] {
  return log.markEnds.map((t, i) => ({
    markEnd: t,
    end: t + QUIET,
    left: log.marked[i]! / PAGE,
    goal: log.goals[i + 1] ?? Math.max(4 << 20, 2 * log.marked[i]!),
  }));
}

/** Whether a log's marks end where sweeps of the page trace begin: both count from the start of the process. */
export function sameStart(markEnds: readonly number[], sweeps: readonly Sweep[]): boolean {
  let near = 0;
  let i = 0;
  for (const { markEnd } of sweeps) {
    while (i + 1 < markEnds.length && Math.abs(markEnds[i + 1]! - markEnd) <= Math.abs(markEnds[i]! - markEnd)) i++;
    if (i < markEnds.length && Math.abs(markEnds[i]! - markEnd) <= NEAR) near++;
  }
  return near >= SAME * sweeps.length && near > 0;
}

export class LogCycles {
  readonly markEnds: number[] = [];
  readonly marked: number[] = [];
  readonly goals: number[] = [];

  add({ kind, time, size, length }: EventBatch): void {
    for (let i = 0; i < length; i++) {
      if (kind[i] === HEAP_GOAL) this.goals.push(size[i]!);
      else if (kind[i] === GC_MARK_TERMINATION) this.markEnds.push(time[i]!);
      else if (kind[i] === HEAP_LIVE) this.marked[this.markEnds.length - 1] = size[i]!;
    }
  }
}

export class SweepFinder {
  readonly sweeps: Sweep[] = [];
  #inUse = 0;
  #most = 0;
  #mostAt = 0;
  #sweep: Sweep | null = null;

  add({ kind, time, size, length }: EventBatch): void {
    for (let i = 0; i < length; i++) {
      const t = time[i]!;
      const sweep = this.#sweep;
      if (sweep && t - sweep.end > QUIET) this.#over();
      if (kind[i] === SPAN_ALLOC) {
        this.#inUse += size[i]!;
        if (this.#sweep && this.#inUse - this.#sweep.left > this.#drop) this.#over();
        if (!this.#sweep && this.#inUse >= this.#most) {
          this.#most = this.#inUse;
          this.#mostAt = t;
        }
      } else if (kind[i] === SPAN_FREE) {
        this.#inUse -= size[i]!;
        if (this.#sweep) {
          if (this.#inUse <= this.#sweep.left) {
            this.#sweep.left = this.#inUse;
            this.#sweep.end = t;
          }
        } else if (this.#most - this.#inUse > this.#drop) {
          this.#sweep = { markEnd: this.#mostAt, end: t, left: this.#inUse };
          this.sweeps.push(this.#sweep);
        }
      }
    }
  }

  get #drop(): number {
    return Math.max(DROP_PAGES, this.#most * DROP);
  }

  #over(): void {
    this.#sweep = null;
    this.#most = this.#inUse;
  }
}

export class PagetraceGcs implements SpanDriver {
  readonly evidence = "inferred";
  readonly returns = null;
  readonly spread = 0.05;
  readonly #sweeps: readonly Sweep[];
  readonly #out = new EventWriter();
  #marked = 0;
  #swept = 0;

  constructor(sweeps: readonly Sweep[]) {
    this.#sweeps = sweeps;
  }

  *transform({ kind, time, p, addr, size, aux, length }: EventBatch): Generator<EventBatch> {
    for (let i = 0; i < length; i++) {
      const t = time[i]!;
      this.#until(t);
      if (kind[i] !== SCAVENGED) this.#out.add(kind[i]!, t, p[i]!, addr[i]!, size[i]!, aux[i]!);
    }
    yield* this.#out.take();
  }

  *finish(): Generator<EventBatch> {
    this.#until(Number.POSITIVE_INFINITY);
    yield* this.#out.take();
  }

  notes(): string[] {
    return [
      `${this.#sweeps.length} GCs are ${this.#sweeps[0]?.goal === undefined ? "inferred from sweeps that pages in use show" : "the log's"}; returned pages are the model's, not the recording's`,
    ];
  }

  #until(t: number): void {
    const sweeps = this.#sweeps;
    for (;;) {
      const end = sweeps[this.#swept];
      const mark = sweeps[this.#marked];
      if (end && this.#swept < this.#marked && end.end < t) {
        this.#out.add(GC_SWEEP_DONE, end.end, -1, -1, 0, 0);
        this.#swept++;
      } else if (mark && mark.markEnd < t) {
        const live = mark.left * PAGE;
        this.#out.add(GC_START, mark.markEnd, -1, -1, 0, 0);
        this.#out.add(HEAP_LIVE, mark.markEnd, -1, -1, live, 0);
        this.#out.add(GC_MARK_TERMINATION, mark.markEnd, -1, -1, 0, 0);
        this.#out.add(HEAP_GOAL, mark.markEnd, -1, -1, mark.goal ?? Math.max(4 << 20, 2 * live), 0);
        this.#marked++;
      } else return;
    }
  }
}
