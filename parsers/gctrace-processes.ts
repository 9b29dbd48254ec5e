/**
 * Tells apart the processes whose lines stand in one log: restarts (the cycle counter begins anew), several containers
 * (by what the collector writes before their lines), and processes that write to the same stream (by counter and clock).
 */
import type { GcLine } from "./gctrace-line.ts";
import type { Context } from "./gctrace-prefix.ts";

/** Processes watched at once; the longest silent is given up beyond. */
const MAX_OPEN = 256;
/** As many different contexts mean that they are not the collector's but noise. */
const MAX_CONTEXTS = 256;
/** Clocks of one process agree within this, ms, beyond what the log resolves: lines reach a collector late. */
const CLOCK_SLACK = 5000;

export interface Process {
  readonly id: number;
  /** What stands around its lines in the log. */
  before: string;
  behind: string;
  /** GC cycles seen, the first and last one's number, and how many are missing in between. */
  cycles: number;
  firstCycle: number;
  lastCycle: number;
  missing: number;
  /** Begin of the first and of the last cycle, and end of the last, ns since the runtime's initialization. */
  firstAt: number;
  lastAt: number;
  lastEnd: number;
  lastMarked: number;
  procs: number;
  /** Lines of any kind. */
  lines: number;
  /** When the process began by the log's clock, ms since the epoch (any epoch if the log has no dates); NaN if unknown. */
  started: number;
  dated: boolean;
  /** What the log's clock resolves, ms. */
  resolution: number;
}

export class Processes {
  /** All of them, in order of appearance. */
  readonly all: Process[] = [];
  #open: Process[] = [];
  #contexts = new Set<string>();
  #ignoreContext = false;
  #wrapped = 0;
  #lastUndated = Number.NaN;

  /** The process that wrote this cycle's line. */
  ofGc(line: GcLine, context: Context, wall: number): Process {
    const end = line.at + line.sweepTermination + line.mark + line.markTermination;
    // Lines are printed at the end of the cycle.
    const started = wall - end / 1e6;
    const process = this.#find(line, context, started) ?? this.#new(line, context);
    const gap = process.cycles === 0 ? 0 : line.cycle - process.lastCycle - 1;
    process.missing += gap;
    process.cycles++;
    process.lines++;
    process.lastCycle = line.cycle;
    process.lastAt = line.at;
    process.lastEnd = end;
    process.lastMarked = line.heapMarked;
    process.procs = line.procs;
    if (!Number.isNaN(started)) {
      // The line that was written down with the least delay tells best.
      if (Number.isNaN(process.started) || started < process.started) process.started = started;
      process.resolution = context.resolution;
      process.dated = context.period === 0;
    }
    this.#touch(process);
    return process;
  }

  /** The process that wrote a line without a counter: the last active one in this context; null if there was none. */
  ofOther(context: Context): Process | null {
    for (let i = this.#open.length - 1; i >= 0; i--) {
      const process = this.#open[i]!;
      if (this.#same(process, context) || this.#related(process, context)) {
        process.lines++;
        return process;
      }
    }
    return null;
  }

  /** ms since the epoch, with the year's or day's turn counted on for logs whose times have none. */
  wall(context: Context): number {
    if (context.period === 0 || Number.isNaN(context.wall)) return context.wall;
    const last = this.#lastUndated;
    if (context.wall + context.period / 2 < last) this.#wrapped += context.period;
    this.#lastUndated = context.wall;
    return context.wall + this.#wrapped;
  }

  #find(line: GcLine, context: Context, started: number): Process | null {
    let best: Process | null = null;
    let bestScore = 0;
    for (let i = this.#open.length - 1; i >= 0; i--) {
      const process = this.#open[i]!;
      if (line.cycle <= process.lastCycle || line.at < process.lastAt) continue;
      const next = line.cycle === process.lastCycle + 1;
      const same = this.#same(process, context);
      // Others' half a line may stand before the runtime's: then the counter must go on without a gap.
      if (!same && !(next && this.#related(process, context))) continue;
      if (!Number.isNaN(started) && !Number.isNaN(process.started)) {
        const slack = CLOCK_SLACK + context.resolution + process.resolution;
        if (Math.abs(started - process.started) > slack) continue;
      }
      let score = (same ? 8 : 0) + (next ? 4 : 0) + (line.procs === process.procs ? 2 : 0) + 1;
      // What was found live is live still when the next cycle begins.
      if (next && line.heapStart < process.lastMarked) score -= 4;
      if (score > bestScore) {
        best = process;
        bestScore = score;
      } else if (score === bestScore && best !== null && line.at - process.lastAt < line.at - best.lastAt)
        best = process;
    }
    if (best !== null && !this.#same(best, context) && context.before.length < best.before.length) {
      best.before = context.before;
      best.behind = context.behind;
    }
    return best;
  }

  #same(process: Process, context: Context): boolean {
    return this.#ignoreContext || (process.before === context.before && process.behind === context.behind);
  }

  #related(process: Process, context: Context): boolean {
    return (
      process.behind === context.behind &&
      (context.before.startsWith(process.before) || process.before.startsWith(context.before))
    );
  }

  #new(line: GcLine, context: Context): Process {
    if (!this.#ignoreContext) {
      this.#contexts.add(`${context.before}\0${context.behind}`);
      if (this.#contexts.size > MAX_CONTEXTS) {
        this.#ignoreContext = true;
        this.#contexts.clear();
      }
    }
    const process: Process = {
      id: this.all.length,
      before: context.before,
      behind: context.behind,
      cycles: 0,
      firstCycle: line.cycle,
      lastCycle: line.cycle,
      missing: 0,
      firstAt: line.at,
      lastAt: line.at,
      lastEnd: line.at,
      lastMarked: 0,
      procs: line.procs,
      lines: 0,
      started: Number.NaN,
      dated: false,
      resolution: 0,
    };
    this.all.push(process);
    this.#open.push(process);
    if (this.#open.length > MAX_OPEN) this.#open.shift();
    return process;
  }

  /** Keeps the open ones in order of their last activity. */
  #touch(process: Process): void {
    const open = this.#open;
    const i = open.lastIndexOf(process);
    if (i === open.length - 1) return;
    if (i >= 0) open.splice(i, 1);
    open.push(process);
  }
}
