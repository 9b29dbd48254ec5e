/**
 * Spans for a series of heap profiles, which tell at a few moments what was alive after the last GC, and how much was allocated
 * since the process began. The rule:
 *
 * 1. What is alive goes in a straight line from each profile to the next.
 * 2. A GC comes whenever as much was allocated as is alive (GOGC=100): what was allocated between two profiles tells how many
 *    there were; they are evenly spaced. Each begins at twice what is alive.
 * 3. From there on as for a gctrace log (log-spans.ts).
 *
 * A burst between two profiles shows in neither. So the figure is a rough one, and its band is a factor: BAND either way holds
 * RSS of servers under steady load, measured on 1.11-1.27.
 */
import { type EventBatch, GC_MARK_TERMINATION, GC_START, HEAP_GOAL, HEAP_LIVE } from "../../parsers/events.ts";
import type { HeapProfile } from "../../parsers/pprof/profile.ts";
import { inOrder } from "../../parsers/pprof/series.ts";
import type { SpanDriver } from "./driver.ts";
import { LogSpans } from "./log-spans.ts";
import { EventWriter } from "./writer.ts";

const BAND = 1.38;
/** Profiles without dates are taken to be so far apart, ns. */
const UNDATED = 1e9;
const MARK_NS = 1e6;
const MAX_CYCLES = 2000;
const HEAP_MINIMUM = 4 << 20;
const GROWTH = 2;

export class ProfileSpans implements SpanDriver {
  readonly evidence = "modelled";
  readonly returns = null;
  readonly spread = 0.3;
  readonly band = BAND;
  readonly #profiles: readonly HeapProfile[];
  readonly #log = new LogSpans();
  readonly #out = new EventWriter();
  #cycles = 1;

  constructor(profiles: readonly HeapProfile[]) {
    // Beside dated ones, one without a date has no place.
    const dated = profiles.filter(({ timeNanos }) => timeNanos > 0);
    this.#profiles = inOrder(dated.length > 0 ? dated : profiles);
  }

  *transform(_batch: EventBatch): Generator<EventBatch> {}

  *finish(): Generator<EventBatch> {
    const first = this.#profiles[0]!;
    let t = 0;
    let live = first.totals().inuseBytes;
    let allocated = first.totals().allocBytes;
    this.#cycle(t, live);
    for (let i = 1; i < this.#profiles.length; i++) {
      const profile = this.#profiles[i]!;
      const totals = profile.totals();
      const duration = between(this.#profiles[i - 1]!, profile);
      const each = Math.max(HEAP_MINIMUM, (live + totals.inuseBytes) / 2);
      const cycles = Math.min(MAX_CYCLES, Math.max(1, Math.round((totals.allocBytes - allocated) / each)));
      for (let n = 1; n <= cycles; n++) {
        this.#cycle(t + (duration * n) / cycles, live + ((totals.inuseBytes - live) * n) / cycles);
        yield* this.#take();
      }
      t += duration;
      live = totals.inuseBytes;
      allocated = totals.allocBytes;
    }
    // One profile alone: a GC later.
    if (this.#profiles.length === 1) this.#cycle(UNDATED, live);
    yield* this.#take();
    yield* this.#log.finish();
  }

  notes(): string[] {
    const n = this.#profiles.length;
    return [
      `${n === 1 ? "one heap profile tells" : `${n} heap profiles tell`} what was alive at ${n === 1 ? "a moment" : "so many moments"}, not what the heap did meanwhile; bursts are not seen. Record gctrace (GODEBUG=gctrace=1) or a trace (runtime/trace) for that`,
    ];
  }

  *#take(): Generator<EventBatch> {
    for (const batch of this.#out.take()) yield* this.#log.transform(batch);
  }

  #cycle(t: number, live: number): void {
    const goal = Math.max(HEAP_MINIMUM, live * GROWTH);
    const out = this.#out;
    out.add(GC_START, t, -1, -1, ++this.#cycles, 0);
    out.add(HEAP_LIVE, t, -1, -1, goal, 0);
    out.add(HEAP_GOAL, t, -1, -1, goal, 0);
    out.add(HEAP_LIVE, t + MARK_NS, -1, -1, goal, 0);
    out.add(GC_MARK_TERMINATION, t + MARK_NS, -1, -1, this.#cycles, 0);
    out.add(HEAP_LIVE, t + MARK_NS, -1, -1, live, 0);
  }
}

/** ns from one profile to the next. */
function between(a: HeapProfile, b: HeapProfile): number {
  const duration = b.timeNanos - a.timeNanos;
  return a.timeNanos > 0 && duration > 0 ? duration : UNDATED;
}
