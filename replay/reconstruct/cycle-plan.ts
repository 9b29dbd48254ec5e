/**
 * What a plain trace tells of each GC cycle, collected in a pass over it before the replay.
 *
 * The runtime adds to its live heap at each refill what the span has left: for a span fresh from the page heap all of it, whole
 * pages; for one with objects in it a remainder that is nearly never whole pages (mcentral.go:cacheSpan, mcache.go:refill;
 * large objects count whole pages too). So steps in whole pages are new spans, exactly, and any others are free slots used up.
 *
 * As long as a cycle allocates enough, it uses the slots that the last sweep left before it takes new spans: when the next
 * GC starts, pages in use are about the live heap. From that follows, backwards, how much was left in use after the
 * sweep: live heap at the next GC's start, minus the new spans since mark termination.
 */
import { type EventBatch, GC_MARK_TERMINATION, GC_START, HEAP_GOAL, HEAP_LIVE } from "../../parsers/events.ts";
import { median } from "../learned.ts";
import { ScannedStacks } from "./scanned-stacks.ts";
import { PAGE } from "./span-pool.ts";

/** Slots left after a sweep that nobody used before the next GC, as a share of what was marked, when nothing tells. */
export const DEFAULT_SLACK = 0.12;
/** A cycle that allocates this share of what was marked has used the slots there were. */
const ENOUGH = 0.5;

export class CyclePlan {
  /** Live heap when the recording's first event told it, and the first goal; NaN if there was none. */
  firstLive = Number.NaN;
  firstGoal = Number.NaN;
  /** As the trace's source told it at its end. */
  textSpan: number | null = null;
  readonly stacks = new ScannedStacks();
  /** When each GC began, ns. */
  readonly gcStarts: number[] = [];
  // Stretches of mutator time: stretch 0 is before the first mark termination, stretch n after the nth.
  readonly #fresh: number[] = [];
  readonly #partial: number[] = [];
  readonly #marked: number[] = [];
  readonly #end: number[] = [];
  #live = Number.NaN;
  #counting = true;
  #freshNow = 0;
  #partialNow = 0;
  #markedNow = 0;
  #closed = false;
  #slack: number | null = null;

  add(batch: EventBatch): void {
    this.stacks.add(batch);
    const { kind, time, size, length } = batch;
    for (let i = 0; i < length; i++) {
      switch (kind[i]) {
        case HEAP_LIVE: {
          const live = size[i]!;
          if (Number.isNaN(this.#live)) this.firstLive = live;
          else if (this.#counting) {
            const step = live - this.#live;
            if (step > 0 && step % PAGE === 0) this.#freshNow += step;
            else this.#partialNow += step;
          }
          this.#live = live;
          break;
        }
        case HEAP_GOAL:
          if (Number.isNaN(this.firstGoal)) this.firstGoal = size[i]!;
          break;
        case GC_START:
          this.gcStarts.push(time[i]!);
          this.#close();
          this.#counting = false;
          break;
        case GC_MARK_TERMINATION:
          this.#close();
          this.#closed = false;
          this.#counting = true;
          this.#freshNow = 0;
          this.#partialNow = 0;
          this.#markedNow = this.#live;
          break;
      }
    }
  }

  /** Call after the last batch. `minor`: the oldest Go 1.x that may have written the recording. */
  finish(minor: number): void {
    this.#close();
    this.stacks.finish(minor);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#fresh.push(this.#freshNow);
    this.#partial.push(this.#partialNow);
    this.#marked.push(this.#markedNow);
    this.#end.push(Number.isNaN(this.#live) ? 0 : this.#live);
  }

  get stretches(): number {
    return this.#fresh.length;
  }

  /** Share of the marked heap that a sweep leaves as free slots in this program. */
  get slack(): number {
    if (this.#slack === null) {
      const shares: number[] = [];
      for (let i = 1; i < this.#fresh.length; i++) {
        const marked = this.#marked[i]!;
        const partial = this.#partial[i]!;
        if (marked > 0 && partial + this.#fresh[i]! >= ENOUGH * marked) shares.push(Math.max(0, partial) / marked);
      }
      this.#slack = shares.length >= 3 ? median(shares)! : DEFAULT_SLACK;
    }
    return this.#slack;
  }

  /** Bytes of spans in use at the beginning of a stretch, after its sweep; NaN for one that the recording does not have. */
  swept(stretch: number): number {
    if (stretch >= this.#fresh.length) return Number.NaN;
    const end = this.#end[stretch]!;
    const fresh = this.#fresh[stretch]!;
    const marked = this.#marked[stretch]!;
    const partial = this.#partial[stretch]!;
    const expected = this.slack * marked - Math.max(0, partial);
    const done = marked > 0 ? Math.min(1, Math.max(0, partial + fresh) / (ENOUGH * marked)) : 1;
    const unused = Math.max(0, expected) * (1 - done);
    return Math.max(0, end - fresh + unused);
  }
}
