/**
 * Spans for a recording that has none. A plain trace tells the runtime's live heap at each refill and large allocation, and
 * how many bytes each stretch of sweeping reclaimed. The rule, in order:
 *
 * 1. A step of more than 32 KiB in whole pages is a large span of its own.
 * 2. Any other step fills free slots in spans there are; when they don't suffice, one-page spans are taken.
 * 3. Bytes reclaimed by sweeping become free slots; when free slots exceed the slack that size classes and partial spans
 *    usually leave, whole spans go back: large ones first when one fits what was reclaimed, then the oldest small ones.
 *
 * Addresses are unknown: spans are named by handles, and placed by the model alone. Deterministic.
 */
import {
  BATCH_CAPACITY,
  type EventBatch,
  FIRST_HANDLE,
  GC_MARK_TERMINATION,
  GC_START,
  HEAP_LIVE,
  newBatch,
  push,
  SPAN_ALLOC,
  SPAN_FREE,
  SWEEP_END,
} from "../parsers/events.ts";

const PAGE = 8192;
const MAX_SMALL = 32 << 10;
/** Noscan one-page class used for inferred small spans (8 KiB objects): only its pages matter here. */
const SMALL_CLASS = 0;
/** Share of in-use pages that stays as free slots after a sweep, as size classes leave it. */
const SLACK = 0.08;

interface Small {
  readonly handles: number[];
  head: number;
}

export class SpanInference {
  /** Steps seen, spans made. */
  readonly counts = { steps: 0, spans: 0 };
  #live = 0;
  #known = false;
  #nextHandle = FIRST_HANDLE;
  #freeSlots = 0;
  #inUse = 0;
  #large = new Map<number, number>();
  #small: Small = { handles: [], head: 0 };
  /** Dead bytes that sweeping has not reclaimed yet. */
  #dead = 0;
  #marking = false;

  /** The batch's events with inferred spans among them, as one or more batches (reused at the next call). */
  *transform(batch: EventBatch): Generator<EventBatch> {
    let out = newBatch(BATCH_CAPACITY);
    for (let i = 0; i < batch.length; i++) {
      const kind = batch.kind[i]!;
      const t = batch.time[i]!;
      const p = batch.p[i]!;
      if (out.length > BATCH_CAPACITY - 8) {
        yield out;
        out = newBatch(BATCH_CAPACITY);
      }
      if (kind === HEAP_LIVE) {
        for (const pages of this.#step(batch.size[i]!)) {
          if (out.length > BATCH_CAPACITY - 8) {
            yield out;
            out = newBatch(BATCH_CAPACITY);
          }
          push(out, SPAN_ALLOC, t, p, this.#take(pages), pages, SMALL_CLASS);
        }
      } else if (kind === GC_START) this.#marking = true;
      else if (kind === GC_MARK_TERMINATION) this.#marking = false;
      push(out, kind, t, p, batch.addr[i]!, batch.size[i]!, batch.aux[i]!);
      if (kind === SWEEP_END) {
        for (const [handle, pages] of this.#swept(batch.addr[i]!)) {
          if (out.length > BATCH_CAPACITY - 8) {
            yield out;
            out = newBatch(BATCH_CAPACITY);
          }
          push(out, SPAN_FREE, t, p, handle, pages, SMALL_CLASS);
        }
      }
    }
    if (out.length > 0) yield out;
  }

  #take(pages: number): number {
    const handle = this.#nextHandle--;
    this.counts.spans++;
    this.#inUse += pages * PAGE;
    if (pages === 1) this.#small.handles.push(handle);
    else this.#large.set(handle, pages);
    return handle;
  }

  /** Spans that a new figure of the live heap asks for, in pages. */
  *#step(live: number): Generator<number> {
    const step = live - this.#live;
    this.#live = live;
    this.counts.steps++;
    if (!this.#known) {
      // The heap there was when the recording began.
      this.#known = true;
      for (let left = live; left > 0; left -= PAGE) yield 1;
      return;
    }
    if (step <= 0) {
      // The live heap falls at mark termination: that much is dead, until it is swept.
      if (!this.#marking) this.#dead += -step;
      return;
    }
    if (step > MAX_SMALL && step % PAGE === 0) {
      yield step / PAGE;
      return;
    }
    this.#freeSlots -= step;
    while (this.#freeSlots < 0) {
      this.#freeSlots += PAGE;
      yield 1;
    }
  }

  /** Spans to give back after `reclaimed` bytes were swept free. */
  *#swept(reclaimed: number): Generator<[handle: number, pages: number]> {
    if (reclaimed <= 0) return;
    const bytes = reclaimed;
    this.#dead = Math.max(0, this.#dead - bytes);
    if (bytes > MAX_SMALL && bytes % PAGE === 0) {
      const pages = bytes / PAGE;
      for (const [handle, held] of this.#large) {
        if (held === pages) {
          this.#large.delete(handle);
          this.#inUse -= bytes;
          yield [handle, pages];
          return;
        }
      }
    }
    this.#freeSlots += bytes;
    while (this.#freeSlots > SLACK * this.#inUse + PAGE) {
      const large = this.#largestUpTo(this.#freeSlots);
      if (large) {
        this.#large.delete(large[0]);
        this.#freeSlots -= large[1] * PAGE;
        this.#inUse -= large[1] * PAGE;
        yield large;
      } else if (this.#small.head < this.#small.handles.length) {
        this.#freeSlots -= PAGE;
        this.#inUse -= PAGE;
        yield [this.#small.handles[this.#small.head++]!, 1];
        if (this.#small.head > 1 << 16) {
          this.#small.handles.splice(0, this.#small.head);
          this.#small.head = 0;
        }
      } else return;
    }
  }

  #largestUpTo(bytes: number): [handle: number, pages: number] | null {
    // Oldest first: insertion order of the map.
    for (const [handle, pages] of this.#large)
      if (pages * PAGE <= bytes && pages * PAGE > bytes / 2) return [handle, pages];
    return null;
  }
}
