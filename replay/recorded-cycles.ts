/** The GC cycles of a recording: what settings are learned from, and what the pacer's rules are held against. */
import {
  GC_FORCED,
  GC_FREES_OS_MEMORY,
  GC_MARK_TERMINATION,
  GC_START,
  GC_SWEEP_DONE,
  GC_WORK,
  HEAP_GOAL,
  HEAP_LIVE,
  STACK_ALLOC,
  STACK_FREE,
  STACK_LIVE,
  STW_BEGIN,
  STW_END,
} from "../parsers/events.ts";
import { NO_STACKS, type StackBytes, StackScan } from "./stack-scan.ts";

/** A GC cycle of the recording. Times in ns, sizes in bytes; NaN where not told. */
export interface RecordedCycle {
  start: number;
  end: number;
  swept: number;
  liveAtStart: number;
  /** Live heap as told before the allocation that made it liveAtStart. */
  liveBefore: number;
  /** The most that was live while it marked. */
  liveAtEnd: number;
  marked: number;
  goalBefore: number;
  goalAfter: number;
  forced: boolean;
  freesOsMemory: boolean;
  /** CPU time of mark workers and of allocating goroutines that had to help, ns; NaN where the input has neither. */
  workNs: number;
  assistNs: number;
  /** Wall time during which the world was stopped for it, ns. */
  stoppedNs: number;
  /** Goroutine stacks that it scanned. */
  stacks: StackBytes;
}

/** Intervals shorter than this between a stop of the world and a GC's start belong to it, ns. */
const STOP_BEFORE_START = 1e6;

export class RecordedCycles {
  readonly all: RecordedCycle[] = [];
  readonly #stacks = new StackScan();
  #live = Number.NaN;
  #liveBefore = Number.NaN;
  #goal = Number.NaN;
  #stoppedAt = Number.NaN;
  #lastStop = { end: Number.NEGATIVE_INFINITY, length: 0 };
  #hasStacks = false;

  /** The live heap as last told, bytes; NaN before. */
  get live(): number {
    return this.#live;
  }

  get stacksNow(): StackBytes {
    return this.#stacks.now();
  }

  get current(): RecordedCycle | undefined {
    return this.all.at(-1);
  }

  /** An event of any kind; those that tell nothing of GCs are passed over. */
  event(kind: number, t: number, p: number, addr: number, size: number, aux: number): void {
    switch (kind) {
      case HEAP_LIVE:
        this.#heapLive(size);
        break;
      case HEAP_GOAL:
        this.#setGoal(size);
        break;
      case GC_START:
        this.#start(t, aux);
        break;
      case GC_MARK_TERMINATION:
        this.#markTermination(t);
        break;
      case GC_SWEEP_DONE: {
        const cycle = this.current;
        if (cycle) cycle.swept = t;
        break;
      }
      case GC_WORK:
        this.#work(t, size, aux);
        break;
      case STW_BEGIN:
        this.#stoppedAt = t;
        break;
      case STW_END:
        this.#started(t);
        break;
      case STACK_LIVE:
        this.#hasStacks = true;
        this.#stacks.live(addr, size);
        break;
      case STACK_ALLOC:
        this.#hasStacks = true;
        this.#stacks.alloc(p, addr, size);
        break;
      case STACK_FREE:
        this.#stacks.free(p, addr);
        break;
    }
  }

  #start(t: number, aux: number): void {
    this.all.push({
      start: t,
      end: Number.NaN,
      swept: Number.NaN,
      liveAtStart: this.#live,
      liveBefore: this.#liveBefore,
      liveAtEnd: this.#live,
      marked: Number.NaN,
      goalBefore: this.#goal,
      goalAfter: Number.NaN,
      forced: (aux & GC_FORCED) !== 0,
      freesOsMemory: (aux & GC_FREES_OS_MEMORY) !== 0,
      workNs: Number.NaN,
      assistNs: Number.NaN,
      stoppedNs: t - this.#lastStop.end < STOP_BEFORE_START ? this.#lastStop.length : 0,
      stacks: NO_STACKS,
    });
  }

  #heapLive(live: number): void {
    this.#liveBefore = this.#live;
    this.#live = live;
    const cycle = this.current;
    // The figure of mark termination itself is what was marked: less than all that was live.
    if (cycle && Number.isNaN(cycle.end) && !(live <= cycle.liveAtEnd)) cycle.liveAtEnd = live;
  }

  #markTermination(t: number): void {
    const cycle = this.current;
    if (!cycle || !Number.isNaN(cycle.end)) return;
    cycle.end = t;
    cycle.marked = this.#live;
    if (this.#hasStacks) cycle.stacks = this.#stacks.now();
  }

  #setGoal(goal: number): void {
    this.#goal = goal;
    const cycle = this.current;
    if (cycle && !Number.isNaN(cycle.end) && Number.isNaN(cycle.goalAfter)) cycle.goalAfter = goal;
  }

  #work(t: number, length: number, assist: number): void {
    const cycle = this.current;
    if (!cycle) return;
    // What goes on after mark termination in a worker's name is that, and not marking.
    const ns = Math.max(0, Math.min(t, Number.isNaN(cycle.end) ? t : cycle.end) - Math.max(t - length, cycle.start));
    if (assist === 1) cycle.assistNs = (cycle.assistNs || 0) + ns;
    else cycle.workNs = (cycle.workNs || 0) + ns;
  }

  #started(t: number): void {
    if (Number.isNaN(this.#stoppedAt)) return;
    const length = t - this.#stoppedAt;
    this.#stoppedAt = Number.NaN;
    this.#lastStop = { end: t, length };
    const cycle = this.current;
    if (cycle && (Number.isNaN(cycle.end) || t - cycle.end < STOP_BEFORE_START)) cycle.stoppedNs += length;
  }
}
