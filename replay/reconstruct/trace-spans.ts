/**
 * Spans for an execution trace that has none. The rule:
 *
 * 1. A step of the live heap in whole pages is one new span of that size (see cycle-plan.ts); any other step is none.
 * 2. What a sweep frees is what is in use at mark termination, minus what the plan says is left; spans are chosen by
 *    span-pool.ts, and freed evenly over the time sweeping takes, at the latest when the recording says it is done.
 * 3. The heap that was there before the recording began is laid down in spans of one page; for a process past its first GCs,
 *    up to its goal first, and freed down to what was in use.
 *
 * A trace that can be read only once (standard input, a URL) has no plan: of a sweep is then left what was marked and the slack
 * that size classes usually leave, and the heap before the recording is its first live heap.
 *
 * Every total of the recording is kept: live heap, marked bytes, goals, and pages in use at each GC's start.
 */
import {
  type EventBatch,
  GC_MARK_TERMINATION,
  GC_START,
  GC_SWEEP_DONE,
  GO_CREATE,
  GO_END,
  HEAP_LIVE,
  SPAN_ALLOC,
  SPAN_FREE,
} from "../../parsers/events.ts";
import { type CyclePlan, DEFAULT_SLACK } from "./cycle-plan.ts";
import type { SpanDriver } from "./driver.ts";
import { PAGE, SpanPool } from "./span-pool.ts";
import { StackPool } from "./stack-pool.ts";
import { EventWriter } from "./writer.ts";

/** Noscan spans without a size class: only their pages matter. */
const CLASS = 1;
/** Background sweeping does some 10^6 spans a second. */
const SWEEP_NS_PER_BYTE = 1000 / PAGE;
/** A goal above the smallest says that the process was past its first GCs when the recording began. */
const SMALLEST_GOAL = 5 << 20;

export class TraceSpans implements SpanDriver {
  readonly evidence = "inferred";
  readonly spread = 0.08;
  readonly returns = null;
  readonly #plan: CyclePlan;
  readonly #out = new EventWriter();
  readonly #pool = new SpanPool();
  readonly #stacks: StackPool;
  #begun = false;
  #live = Number.NaN;
  #stretch = 0;
  #steps = 0;
  /** Bytes still to be freed by the sweep under way, and how it goes on. */
  #dead = 0;
  #sweepFrom = 0;
  #sweepNs = 0;
  #deadAtStart = 0;

  constructor(plan: CyclePlan) {
    this.#plan = plan;
    this.#stacks = new StackPool(plan.stacks);
  }

  *transform(batch: EventBatch): Generator<EventBatch> {
    const { kind, time, p, addr, size, aux, length } = batch;
    const out = this.#out;
    for (let i = 0; i < length; i++) {
      const t = time[i]!;
      if (!this.#begun) this.#begin(t);
      switch (kind[i]) {
        case HEAP_LIVE: {
          if (this.#dead > 0) this.#sweep(t);
          const step = size[i]! - this.#live;
          this.#live = size[i]!;
          this.#steps++;
          if (Number.isNaN(step)) this.#lay(t, this.#live);
          else if (step > 0 && step % PAGE === 0) this.#take(t, p[i]!, step / PAGE);
          break;
        }
        case GC_START:
        case GC_SWEEP_DONE:
          this.#sweep(Number.POSITIVE_INFINITY, t);
          this.#pool.endSweep();
          break;
        case GO_CREATE:
          this.#stacks.goroutines(out, t, size[i]!);
          break;
        case GO_END:
          this.#stacks.goroutines(out, t, -size[i]!);
          break;
      }
      out.add(kind[i]!, t, p[i]!, addr[i]!, size[i]!, aux[i]!);
      if (kind[i] === GC_MARK_TERMINATION) this.#startSweep(t);
      else if (this.#dead > 0) this.#sweep(t);
    }
    yield* out.take();
  }

  *finish(): Generator<EventBatch> {
    yield* this.#out.take();
  }

  notes(): string[] {
    const { most } = this.#plan.stacks;
    const notes = [
      `spans are inferred from ${this.#steps} steps of the live heap, which tell new spans from free slots used up; where they lie is the model's`,
    ];
    // It could not be looked through ahead.
    if (this.#plan.stretches === 0)
      notes.push(
        "read from standard input or a URL, the trace could not be looked through before the replay: what each sweep freed is taken from what such programs usually leave; give it as a file to have it from the trace itself",
      );
    if (most > 0)
      notes.push(
        `heap goals show that GCs found up to ${(most / 2 ** 20).toFixed(1)} MiB of goroutine stacks in use; what stacks take between GCs is made up from that and the number of goroutines (a trace with GODEBUG=traceallocfree=1, Go 1.23+, shows them)`,
      );
    return notes;
  }

  #begin(t: number): void {
    this.#begun = true;
    this.#live = this.#plan.firstLive;
    this.#stacks.goroutines(this.#out, t, 0);
    const inUse = this.#plan.swept(0);
    if (!(inUse > 0)) return;
    this.#lay(t, inUse);
  }

  /** The heap there was when the recording began. */
  #lay(t: number, inUse: number): void {
    const goal = this.#plan.firstGoal;
    const before = goal > SMALLEST_GOAL && Number.isFinite(goal) ? Math.max(goal, inUse) : inUse;
    for (let laid = 0; laid + PAGE <= before; laid += PAGE) this.#take(t, -1, 1);
    this.#pool.free(before - inUse, (handle, pages) => this.#free(t, handle, pages));
  }

  #take(t: number, p: number, pages: number): void {
    this.#out.add(SPAN_ALLOC, t, p, this.#pool.take(pages), pages, CLASS);
  }

  #free(t: number, handle: number, pages: number): void {
    this.#out.add(SPAN_FREE, t, -1, handle, pages, CLASS);
  }

  #startSweep(t: number): void {
    this.#pool.startSweep();
    this.#stretch++;
    this.#stacks.gc(this.#out, t, this.#plan.stacks.at(this.#stretch));
    const left = this.#plan.swept(this.#stretch);
    const kept = Number.isNaN(left) ? this.#live * (1 + DEFAULT_SLACK) : left;
    this.#dead = Math.max(0, this.#pool.bytes - kept);
    this.#deadAtStart = this.#dead;
    this.#sweepFrom = t;
    this.#sweepNs = this.#pool.bytes * SWEEP_NS_PER_BYTE;
  }

  /** Frees what sweeping has come to by `until`. */
  #sweep(until: number, t = until): void {
    if (this.#dead <= 0) return;
    const share = until === Number.POSITIVE_INFINITY ? 1 : Math.min(1, (until - this.#sweepFrom) / this.#sweepNs);
    const due = share * this.#deadAtStart - (this.#deadAtStart - this.#dead);
    if (due < PAGE && share < 1) return;
    this.#dead -= this.#pool.free(due, (handle, pages) => this.#free(t, handle, pages));
    // Less than a page, or nothing that fits: what is left is not freed in this cycle.
    if (share === 1) this.#dead = 0;
  }
}
