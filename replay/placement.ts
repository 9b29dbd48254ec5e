import { type CacheBlock, PAGE_STATES, type PageHeap } from "../allocator/types.ts";
import { NO_ADDR } from "../parsers/events.ts";
import type { Placement } from "./result.ts";

const CHUNK = 4 << 20;
const PAGE = 8192;
/** mpagecache.go: a cache holds pages of one 64-page block, and serves spans below 16 pages. */
const BLOCK = 64 * PAGE;
const PAGE_CACHE_LIMIT = 16;

/** Spans that Go 1.23 loses are of 32 KiB; this many in a row at most are looked for. */
const LOST_PAGES = 4;
const MOST_LOST = 6;
/** Free runs in a row that dropped spans are taken to hold. */
const MOST_PASSED_OVER = 16;

/** Where a page cache would put a span: mpagecache.go:pageCache.alloc. 0 if it has no room. */
function firstFit(cache: CacheBlock, pages: number): number {
  let run = 0;
  for (let i = 0; i < 64; i++) {
    run = ((i < 32 ? cache.lo >>> i : cache.hi >>> (i - 32)) & 1) === 1 ? run + 1 : 0;
    if (run === pages) return cache.base + (i - pages + 1) * PAGE;
  }
  return 0;
}

function take(cache: CacheBlock, addr: number, pages: number): void {
  for (let i = (addr - cache.base) / PAGE, n = 0; n < pages; i++, n++) {
    if (i < 32) cache.lo &= ~(1 << i);
    else cache.hi &= ~(1 << (i - 32));
  }
}

function isFree(state: number): boolean {
  return PAGE_STATES[state] === "free" || PAGE_STATES[state] === "released";
}

/**
 * Predicts where each span goes and holds that against the recording.
 *
 * Two models can run side by side. `heap` is corrected: after a wrong prediction the span's pages go back where they came
 * from and the recorded place is taken. `free` (may be null) is never told where anything went; it knows spans by the
 * address they were recorded at, and frees the one it placed itself.
 */
export class PlacementCheck {
  readonly heap: PageHeap;
  readonly #free: PageHeap | null;
  /** Where the uncorrected model put the span that was recorded at an address. */
  readonly #placed = new Map<number, number>();
  /** Spans that `heap` could not put where they were recorded, or that have no recorded place. */
  readonly #moved = new Map<number, number>();
  /** What a P's cache held when it was flushed as idle, until the P allocates again. */
  readonly #flushed: (CacheBlock | null)[] = [];
  readonly #lost = new Map<number, number>();
  readonly #losesSpans: boolean;
  /** The last span that each P freed, until the P does something else. */
  readonly #lastFree: ({ base: number; pages: number; manual: boolean; held: boolean } | null)[] = [];
  #procs = 0;
  /** Frees spans that are recorded to be in use where one is being taken; false if there are none. */
  evict: ((addr: number, pages: number) => boolean) | null = null;
  /** Spans found to be missing from the recording. */
  lostSpans = 0;
  #first = true;
  #spans = 0;
  #exact = 0;
  #exactUncorrected = 0;
  #sameChunk = 0;
  #firstDivergence: Placement["firstDivergence"] = null;

  readonly #correct: boolean;

  /**
   * @param correct whether `heap` follows the recording's addresses after a miss (false: another policy is asked for)
   * @param losesSpans whether the recording may lack spans (Go 1.23)
   */
  constructor(heap: PageHeap, uncorrected: PageHeap | null, correct = true, losesSpans = false) {
    this.heap = heap;
    this.#free = uncorrected;
    this.#correct = correct;
    heap.journal = correct;
    this.#losesSpans = losesSpans;
  }

  /**
   * A span of `pages` is taken by `p`; `name` is its recorded address, or a handle below NO_ADDR. Returns the base in `heap`,
   * 0 if there is no room in the address space.
   */
  alloc(t: number, name: number, pages: number, p: number, manual: boolean): number {
    const recorded = name >= 0;
    if (!recorded || !this.#correct) {
      const base = this.heap.allocSpan(pages, p, manual);
      if (base !== 0 && name !== NO_ADDR) this.#moved.set(name, base);
      return base;
    }
    const cached = p >= 0 && pages < PAGE_CACHE_LIMIT;
    const first = this.#first;
    this.#first = false;
    if (first && cached) this.#learnCache(p, name, pages);
    if (this.#free) this.#allocUncorrected(name, pages, p, manual, first);
    const predicted = this.heap.allocSpan(pages, p, manual);
    if (!first) {
      this.#spans++;
      if (predicted === name) this.#exact++;
      else this.#firstDivergence ??= { t, span: this.#spans, p, pages, recorded: name, predicted };
      if (Math.floor(predicted / CHUNK) === Math.floor(name / CHUNK)) this.#sameChunk++;
    }
    if (predicted !== name) {
      this.heap.undoAlloc?.();
      if (!this.#explain(name, pages, p, manual, predicted) && !this.#force(name, pages, p, manual)) {
        const base = this.heap.allocSpan(pages, p, manual);
        if (base !== 0) this.#moved.set(name, base);
        return base;
      }
    }
    if (cached) this.#flushed[p] = null;
    return name;
  }

  /**
   * Looks for what the model can't have known that makes its policy give the recorded address, and makes it so: the flush of
   * an idle P that was not idle; a P not heard of yet whose page cache holds the place that was predicted; spans that the
   * recording lost.
   */
  #explain(name: number, pages: number, p: number, manual: boolean, predicted: number): boolean {
    const { heap } = this;
    const flushed = this.#flushed[p];
    if (pages < PAGE_CACHE_LIMIT && flushed && firstFit(flushed, pages) === name) {
      this.#setCache(p, flushed);
      if (heap.allocSpan(pages, p, manual) === name) return true;
      heap.undoAlloc?.();
    }
    const own = p >= 0 && pages < PAGE_CACHE_LIMIT ? heap.cacheBlock?.(p) : null;
    const fromOwn = own && firstFit(own, pages) === predicted;
    if (predicted < name && !fromOwn) {
      if (this.#notFreeYet(name, pages, p, manual, predicted)) return true;
      if (this.#heldElsewhere(name, pages, p, manual, predicted)) return true;
    }
    if (this.#losesSpans && this.#findLost(name, pages, p, manual)) return true;
    if (this.#losesSpans && fromOwn && this.#standsOnLost(name, pages, p, manual, predicted, own)) return true;
    if (this.#losesSpans && predicted < name && !fromOwn && this.#passesOverLost(name, pages, p, manual, predicted)) {
      return true;
    }
    return pages < PAGE_CACHE_LIMIT && p >= 0 && this.#cacheDiffers(name, pages, p, manual, predicted);
  }

  /** Go 1.23 again: the place that was predicted is taken, by a span whose event was dropped. */
  #standsOnLost(
    name: number,
    pages: number,
    p: number,
    manual: boolean,
    predicted: number,
    cache: CacheBlock,
  ): boolean {
    const { heap } = this;
    if (!heap.placeSpan(predicted, pages, p, true)) return false;
    if (heap.allocSpan(pages, p, manual) === name) {
      this.#lost.set(predicted, pages);
      this.lostSpans++;
      return true;
    }
    heap.undoAlloc?.();
    heap.freeSpan(predicted, pages, true);
    this.#setCache(p, cache);
    return false;
  }

  /** Go 1.23 again: free runs that would have served this span are passed over, so spans that were dropped stand there. */
  #passesOverLost(name: number, pages: number, p: number, manual: boolean, predicted: number): boolean {
    const { heap } = this;
    const lost: [base: number, pages: number][] = [];
    for (let at = predicted; lost.length < MOST_PASSED_OVER && at !== 0 && at < name; ) {
      const size = [Math.max(pages, LOST_PAGES), pages].find((n) => heap.placeSpan(at, n, -1, true));
      if (size === undefined) break;
      lost.push([at, size]);
      at = heap.allocSpan(pages, p, manual);
      if (at === name) {
        for (const [base, n] of lost) this.#lost.set(base, n);
        this.lostSpans += lost.length;
        return true;
      }
      heap.undoAlloc?.();
    }
    for (const [base, n] of lost) heap.freeSpan(base, n, true);
    return false;
  }

  /**
   * P's own cache is not what it was taken for: it lacks the free runs below the recorded address (freed after the cache was
   * filled, before the recording), or it was used up already.
   */
  #cacheDiffers(name: number, pages: number, p: number, manual: boolean, predicted: number): boolean {
    const { heap } = this;
    const cache = heap.cacheBlock?.(p);
    if (!cache || firstFit(cache, pages) !== predicted) return false;
    const without = { ...cache };
    for (let at = firstFit(without, pages); at !== 0 && at < name; at = firstFit(without, pages))
      take(without, at, pages);
    const used = firstFit(without, pages) !== name;
    heap.flushPageCache(p);
    if (!used) this.#setCache(p, without);
    if (heap.allocSpan(pages, p, manual) === name) return true;
    heap.undoAlloc?.();
    this.#setCache(p, cache);
    return false;
  }

  /**
   * A free is recorded before it takes effect (mheap.go:freeSpan), and a thread can lose its processor in between. The last
   * span that another P freed is still in use, until that P is heard of again.
   */
  #notFreeYet(name: number, pages: number, p: number, manual: boolean, predicted: number): boolean {
    const { heap } = this;
    for (let q = 0; q < this.#procs; q++) {
      const late = this.#lastFree[q];
      if (q === p || !late || late.held) continue;
      if (predicted + pages * PAGE <= late.base || predicted >= late.base + late.pages * PAGE) continue;
      if (!heap.placeSpan(late.base, late.pages, -1, late.manual)) continue;
      const again = heap.allocSpan(pages, p, manual);
      if (again === name) {
        late.held = true;
        return true;
      }
      heap.undoAlloc?.();
      heap.freeSpan(late.base, late.pages, late.manual);
    }
    return false;
  }

  /** P `p` does something: a free of its own that was found not to have taken effect has by now. */
  heard(p: number): void {
    const late = this.#lastFree[p];
    if (!late) return;
    this.#lastFree[p] = null;
    if (late.held) this.heap.freeSpan(late.base, late.pages, late.manual);
  }

  /**
   * The place that was predicted is passed over, so another P's cache holds it: that of a P not heard of yet, of one that
   * the model flushed as idle, or of one whose refill came before this span though its own event comes after.
   */
  #heldElsewhere(name: number, pages: number, p: number, manual: boolean, predicted: number): boolean {
    const { heap } = this;
    const block = Math.floor(predicted / BLOCK) * BLOCK;
    for (let q = 0; q < this.#procs; q++) {
      const flushed = this.#flushed[q];
      const known = flushed && flushed.base === block;
      const empty = q !== p && heap.cacheBlock?.(q) === null;
      if (!known && !empty) continue;
      if (known) this.#setCache(q, flushed);
      else heap.seedCache?.(q, predicted);
      const again = heap.allocSpan(pages, p, manual);
      const further = again > predicted && again < name;
      if (again !== name) heap.undoAlloc?.();
      if (again === name || (further && this.#heldElsewhere(name, pages, p, manual, again))) {
        this.#flushed[q] = null;
        return true;
      }
      heap.flushPageCache(q);
    }
    return false;
  }

  /**
   * Go 1.23 drops the event of a span when its thread can't take the tracer's lock. They are stack or work buffer spans; if
   * some of them before this one explain its place, they are in use from now on.
   */
  #findLost(name: number, pages: number, p: number, manual: boolean): boolean {
    const { heap } = this;
    const cache = p >= 0 && pages < PAGE_CACHE_LIMIT ? heap.cacheBlock?.(p) : null;
    if (!cache) return false;
    const left = { ...cache };
    for (let n = 1; n <= MOST_LOST; n++) {
      const lost = firstFit(left, LOST_PAGES);
      if (lost === 0) return false;
      take(left, lost, LOST_PAGES);
      if (firstFit(left, pages) !== name) continue;
      for (let i = 0; i < n; i++) this.#lost.set(heap.allocSpan(LOST_PAGES, p, true), LOST_PAGES);
      this.lostSpans += n;
      if (heap.allocSpan(pages, p, manual) === name) return true;
      heap.undoAlloc?.();
      return false;
    }
    return false;
  }

  /** Puts the span where it was recorded; a lost span that stands there was freed unseen, another is being freed. */
  #force(name: number, pages: number, p: number, manual: boolean): boolean {
    if (this.heap.placeSpan(name, pages, p, manual)) return true;
    let freed = false;
    for (let q = 0; q < this.#procs; q++) {
      if (!this.#lastFree[q]?.held) continue;
      this.heard(q);
      freed = true;
    }
    for (const [base, held] of this.#lost) {
      if (base >= name + pages * PAGE || base + held * PAGE <= name) continue;
      this.#lost.delete(base);
      this.heap.freeSpan(base, held, true);
      freed = true;
    }
    if (freed && this.heap.placeSpan(name, pages, p, manual)) return true;
    return this.evict?.(name, pages) === true && this.heap.placeSpan(name, pages, p, manual);
  }

  /** A free event of a span that no event took: true if it is one of those found lost. */
  freeLost(name: number): boolean {
    const pages = this.#lost.get(name);
    if (pages === undefined) return false;
    this.#lost.delete(name);
    this.heap.freeSpan(name, pages, true);
    return true;
  }

  /** Gives P `p` exactly these pages as its cache, as far as they are free. */
  #setCache(p: number, cache: CacheBlock): void {
    const { heap } = this;
    const states = new Uint8Array(BLOCK / PAGE);
    heap.pageStates(cache.base, states);
    const held: number[] = [];
    for (let i = 0; i < states.length; i++) {
      const wanted = ((i < 32 ? cache.lo >>> i : cache.hi >>> (i - 32)) & 1) === 1;
      if (!wanted && isFree(states[i]!)) held.push(cache.base + i * PAGE);
    }
    const taken = held.filter((base) => heap.placeSpan(base, 1, -1, true));
    heap.seedCache?.(p, cache.base);
    for (const base of taken) heap.freeSpan(base, 1, true);
  }

  /**
   * The first span that a P takes shows which block its page cache held when the recording began. What is free in the block
   * now was in the cache, but for runs below the span that would have served it: those were freed after the cache was filled.
   */
  #learnCache(p: number, addr: number, pages: number): void {
    for (const heap of this.#free ? [this.heap, this.#free] : [this.heap]) {
      const block = Math.floor(addr / BLOCK) * BLOCK;
      const states = new Uint8Array((addr - block) / PAGE);
      heap.pageStates(block, states);
      const held: [base: number, pages: number][] = [];
      for (let i = 0; i < states.length; ) {
        let end = i;
        while (end < states.length && isFree(states[end]!)) end++;
        if (end - i >= pages) held.push([block + i * PAGE, end - i]);
        i = Math.max(end, i + 1);
      }
      // Padding of a randomized heap base looks released, and can't be held.
      const taken = held.filter(([base, n]) => heap.placeSpan(base, n, -1, true));
      heap.seedCache?.(p, addr);
      for (const [base, n] of taken) heap.freeSpan(base, n, true);
    }
  }

  #allocUncorrected(name: number, pages: number, p: number, manual: boolean, first: boolean): void {
    const base = this.#free!.allocSpan(pages, p, manual);
    if (base === 0) return;
    if (base !== name) this.#placed.set(name, base);
    else this.#placed.delete(name);
    if (!first && base === name) this.#exactUncorrected++;
  }

  /** The starting state is complete: Ps are known to exist, their caches are not known. */
  begin(procs: number): void {
    this.#procs = procs;
  }

  /** Places a span that was alive before the recording began. */
  place(addr: number, pages: number, manual: boolean): boolean {
    this.#free?.placeSpan(addr, pages, -1, manual);
    return this.heap.placeSpan(addr, pages, -1, manual);
  }

  mapRange(base: number, pages: number, released: boolean, padding: boolean): void {
    for (const heap of this.#free ? [this.heap, this.#free] : [this.heap]) {
      heap.mapRange(base, pages, released);
      if (padding) heap.markPadding?.(base, pages);
    }
  }

  /** Where `heap` has the span of this name. */
  baseOf(name: number): number {
    return this.#moved.get(name) ?? name;
  }

  free(name: number, pages: number, manual: boolean, p: number): void {
    const base = this.baseOf(name);
    this.#moved.delete(name);
    this.heap.freeSpan(base, pages, manual);
    if (this.#correct && p >= 0) this.#lastFree[p] = { base, pages, manual, held: false };
    if (this.#free && name >= 0 && this.#correct) {
      const placed = this.#placed.get(name) ?? name;
      this.#placed.delete(name);
      this.#free.freeSpan(placed, pages, manual);
    }
  }

  flush(p: number): void {
    this.#flushed[p] = this.heap.cacheBlock?.(p) ?? this.#flushed[p] ?? null;
    this.heap.flushPageCache(p);
    this.#free?.flushPageCache(p);
  }

  procResize(procs: number): void {
    this.#procs = procs;
    this.heap.procResize(procs);
    this.#free?.procResize(procs);
  }

  markTermination(): void {
    this.heap.markTermination();
    this.#free?.markTermination();
  }

  result(): Placement | null {
    if (this.#spans === 0) return null;
    return {
      spans: this.#spans,
      exact: this.#exact / this.#spans,
      exactUncorrected: this.#free ? this.#exactUncorrected / this.#spans : this.#exact / this.#spans,
      sameChunk: this.#sameChunk / this.#spans,
      firstDivergence: this.#firstDivergence,
    };
  }
}
