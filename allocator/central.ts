/**
 * Objects in spans: per-P caches of spans by class, the central lists they are refilled from, and sweeping.
 * mcache.go:refill, mcentral.go:cacheSpan/uncacheSpan, mgcsweep.go:sweep, mspanset.go (Go 1.15-1.27).
 *
 * An object is a number; when it dies is in `deadAt`, in any unit that only grows. A collection frees the objects whose
 * `deadAt` is at or below its threshold, when their span is swept.
 */
import type { PageHeap } from "./types.ts";

/** Sizes of a version's spans, by span class (class << 1 | noscan). */
export interface SpanLayout {
  /** Bytes of a slot, by size class; [0] is unused. */
  readonly slotSize: ArrayLike<number>;
  /** Pages of a span, by size class. */
  readonly pages: ArrayLike<number>;
  /** Slots of a span, by span class. */
  readonly slots: ArrayLike<number>;
}

/** mcentral.go:cacheSpan: spans swept in vain before a fresh one is taken. */
const SPAN_BUDGET = 100;
const NO_OBJECT = -1;
const NO_SPAN = -1;

/** First in, first out (mspanset.go). */
class SpanQueue {
  #items: number[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(span: number): void {
    this.#items.push(span);
  }

  pop(): number {
    if (this.#head === this.#items.length) return NO_SPAN;
    const span = this.#items[this.#head++]!;
    if (this.#head > 4096 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return span;
  }
}

class Central {
  partialSwept = new SpanQueue();
  fullSwept = new SpanQueue();
  partialUnswept = new SpanQueue();
  fullUnswept = new SpanQueue();
}

export class ObjectHeap {
  readonly heap: PageHeap;
  readonly layout: SpanLayout;
  /** gcController.heapLive: counts a refilled span's free slots as used. Bytes. */
  live = 0;
  /** Bytes in slots that hold an object (totalAlloc - totalFree). */
  allocated = 0;
  /** Spans still to be swept in this cycle. */
  unswept = 0;
  /** Object spans in use. */
  spans = 0;
  refills = 0;

  readonly #pageSize: number;
  readonly #deadAt: Float64Array;
  readonly #classes: number;
  readonly #central: Central[];
  /** Cached span by P and class. */
  #cache: Int32Array;
  // Spans, by index; a freed index is used again.
  #base = new Float64Array(1024);
  #class = new Uint8Array(1024);
  #pages = new Int32Array(1024);
  #used = new Int32Array(1024);
  #free = new Int32Array(1024);
  #slot = new Int32Array(1024);
  #cached = new Uint8Array(1024);
  #count = 0;
  readonly #spareSpans: number[] = [];
  /** Object in each slot of each span. */
  #slots = new Int32Array(1 << 16);
  #slotTop = 0;
  readonly #spareSlots: number[][];
  #threshold = Number.NEGATIVE_INFINITY;
  /** Class whose lists the background sweeper is at. */
  #sweepClass = 0;

  constructor(heap: PageHeap, layout: SpanLayout, deadAt: Float64Array, procs: number) {
    this.heap = heap;
    this.layout = layout;
    this.#pageSize = heap.config.pageSize;
    this.#deadAt = deadAt;
    this.#classes = layout.slotSize.length * 2;
    this.#central = Array.from({ length: this.#classes }, () => new Central());
    this.#spareSlots = Array.from({ length: this.#classes }, () => []);
    this.#cache = new Int32Array(procs * this.#classes).fill(NO_SPAN);
  }

  /** Gives a small object a slot. True if the cached span was full (a refill: live changed, the GC trigger is tested). */
  alloc(object: number, spanClass: number, p: number): boolean {
    const at = p * this.#classes + spanClass;
    let span = this.#cache[at]!;
    let refilled = false;
    if (span === NO_SPAN || this.#used[span] === this.layout.slots[spanClass]) {
      span = this.#refill(at, span, spanClass, p);
      refilled = true;
      if (span === NO_SPAN) return true;
    }
    const slots = this.#slots;
    const first = this.#slot[span]!;
    let i = this.#free[span]!;
    while (slots[first + i] !== NO_OBJECT) i++;
    slots[first + i] = object;
    this.#free[span] = i + 1;
    this.#used[span]!++;
    this.allocated += this.layout.slotSize[spanClass >> 1]!;
    return refilled;
  }

  /** Gives a large object a span of its own. */
  allocLarge(object: number, pages: number, noscan: boolean, p: number): void {
    const base = this.heap.allocSpan(pages, p, false);
    if (base === 0) return;
    const span = this.#newSpan(base, pages, noscan ? 1 : 0, 1);
    this.#slots[this.#slot[span]!] = object;
    this.#used[span] = 1;
    this.#central[noscan ? 1 : 0]!.fullSwept.push(span);
    this.live += pages * this.#pageSize;
    this.allocated += pages * this.#pageSize;
  }

  #refill(at: number, full: number, spanClass: number, p: number): number {
    this.refills++;
    const central = this.#central[spanClass]!;
    if (full !== NO_SPAN) {
      this.#cached[full] = 0;
      central.fullSwept.push(full);
    }
    const span = this.#cacheSpan(central, spanClass, p);
    this.#cache[at] = span;
    if (span === NO_SPAN) return span;
    this.#cached[span] = 1;
    this.live += this.#pages[span]! * this.#pageSize - this.#used[span]! * this.layout.slotSize[spanClass >> 1]!;
    return span;
  }

  #cacheSpan(central: Central, spanClass: number, p: number): number {
    let span = central.partialSwept.pop();
    if (span !== NO_SPAN) return span;
    span = central.partialUnswept.pop();
    if (span !== NO_SPAN) {
      this.#sweepSlots(span);
      return span;
    }
    for (let budget = SPAN_BUDGET; budget >= 0; budget--) {
      span = central.fullUnswept.pop();
      if (span === NO_SPAN) break;
      this.#sweepSlots(span);
      if (this.#used[span]! < this.layout.slots[spanClass]!) return span;
      central.fullSwept.push(span);
    }
    const pages = this.layout.pages[spanClass >> 1]!;
    const base = this.heap.allocSpan(pages, p, false);
    return base === 0 ? NO_SPAN : this.#newSpan(base, pages, spanClass, this.layout.slots[spanClass]!);
  }

  #newSpan(base: number, pages: number, spanClass: number, slots: number): number {
    const span = this.#spareSpans.pop() ?? this.#count++;
    if (span >= this.#base.length) this.#growSpans();
    this.#base[span] = base;
    this.#class[span] = spanClass;
    this.#pages[span] = pages;
    this.#used[span] = 0;
    this.#free[span] = 0;
    this.#cached[span] = 0;
    const spare = this.#spareSlots[spanClass]!.pop();
    if (spare !== undefined) this.#slot[span] = spare;
    else {
      if (this.#slotTop + slots > this.#slots.length) {
        const grown = new Int32Array(Math.max(this.#slots.length * 2, this.#slotTop + slots));
        grown.set(this.#slots);
        this.#slots = grown;
      }
      this.#slot[span] = this.#slotTop;
      this.#slotTop += slots;
    }
    this.#slots.fill(NO_OBJECT, this.#slot[span]!, this.#slot[span]! + slots);
    this.spans++;
    return span;
  }

  #growSpans(): void {
    const n = this.#base.length * 2;
    const grow = <T extends Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>>(
      array: T,
      make: (n: number) => T,
    ): T => {
      const grown = make(n);
      grown.set(array);
      return grown;
    };
    const ints = (m: number) => new Int32Array(m);
    const bytes = (m: number) => new Uint8Array(m);
    this.#base = grow(this.#base, (m) => new Float64Array(m));
    this.#class = grow(this.#class, bytes);
    this.#cached = grow(this.#cached, bytes);
    this.#pages = grow(this.#pages, ints);
    this.#used = grow(this.#used, ints);
    this.#free = grow(this.#free, ints);
    this.#slot = grow(this.#slot, ints);
  }

  /** Frees the span's dead objects; the span itself stays. */
  #sweepSlots(span: number): void {
    this.unswept--;
    const spanClass = this.#class[span]!;
    const n = spanClass < 2 ? 1 : this.layout.slots[spanClass]!;
    const first = this.#slot[span]!;
    const slots = this.#slots;
    const deadAt = this.#deadAt;
    const threshold = this.#threshold;
    let freed = 0;
    for (let i = first; i < first + n; i++) {
      const object = slots[i]!;
      if (object !== NO_OBJECT && deadAt[object]! <= threshold) {
        slots[i] = NO_OBJECT;
        freed++;
      }
    }
    this.#used[span]! -= freed;
    this.#free[span] = 0;
    this.allocated -=
      freed * (spanClass < 2 ? this.#pages[span]! * this.#pageSize : this.layout.slotSize[spanClass >> 1]!);
  }

  /** The background sweeper's way with a span: an empty one goes back to the page heap. */
  #sweep(span: number): void {
    const spanClass = this.#class[span]!;
    this.#sweepSlots(span);
    const used = this.#used[span]!;
    if (used === 0) {
      this.heap.freeSpan(this.#base[span]!, this.#pages[span]!, false);
      this.#spareSlots[spanClass]!.push(this.#slot[span]!);
      this.#spareSpans.push(span);
      this.spans--;
      return;
    }
    const central = this.#central[spanClass]!;
    const full = spanClass < 2 || used === this.layout.slots[spanClass];
    (full ? central.fullSwept : central.partialSwept).push(span);
  }

  /**
   * Mark termination: what died by `threshold` is garbage, `marked` bytes are not. All spans are to be swept; those that Ps
   * had cached are swept at once (mcache.go:prepareForSweep).
   */
  startSweep(threshold: number, marked: number): void {
    this.finishSweep();
    this.#threshold = threshold;
    this.#sweepClass = 0;
    this.live = marked;
    let unswept = 0;
    for (const central of this.#central) {
      [central.partialUnswept, central.partialSwept] = [central.partialSwept, central.partialUnswept];
      [central.fullUnswept, central.fullSwept] = [central.fullSwept, central.fullUnswept];
      unswept += central.partialUnswept.length + central.fullUnswept.length;
    }
    this.unswept = unswept;
    for (let i = 0; i < this.#cache.length; i++) {
      const span = this.#cache[i]!;
      if (span === NO_SPAN) continue;
      this.#cache[i] = NO_SPAN;
      this.#cached[span] = 0;
      this.unswept++;
      this.#sweep(span);
    }
  }

  /** Sweeps up to `count` spans in the background sweeper's order; returns how many there were. */
  sweep(count: number): number {
    let done = 0;
    while (done < count && this.unswept > 0 && this.#sweepClass < this.#classes) {
      const central = this.#central[this.#sweepClass]!;
      let span = central.fullUnswept.pop();
      if (span === NO_SPAN) span = central.partialUnswept.pop();
      if (span === NO_SPAN) {
        this.#sweepClass++;
        continue;
      }
      this.#sweep(span);
      done++;
    }
    return done;
  }

  finishSweep(): void {
    this.sweep(Number.POSITIVE_INFINITY);
  }

  /** GOMAXPROCS changed: caches of Ps that go away go back to the central lists (proc.go:p.destroy). */
  procResize(procs: number): void {
    const grown = new Int32Array(procs * this.#classes).fill(NO_SPAN);
    grown.set(this.#cache.subarray(0, Math.min(grown.length, this.#cache.length)));
    for (let i = grown.length; i < this.#cache.length; i++) {
      const span = this.#cache[i]!;
      if (span === NO_SPAN) continue;
      const spanClass = this.#class[span]!;
      const free = this.layout.slots[spanClass]! - this.#used[span]!;
      this.live -= free * this.layout.slotSize[spanClass >> 1]!;
      const central = this.#central[spanClass]!;
      (free > 0 ? central.partialSwept : central.fullSwept).push(span);
    }
    this.#cache = grown;
  }
}
