import { PAGE_STATES, type PageHeap } from "../allocator/types.ts";
import { NO_ADDR } from "../parsers/events.ts";
import type { Placement } from "./result.ts";

const CHUNK = 4 << 20;
const PAGE = 8192;
/** mpagecache.go: a cache holds pages of one 64-page block, and serves spans below 16 pages. */
const BLOCK = 64 * PAGE;
const PAGE_CACHE_LIMIT = 16;

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
  #first = true;
  #spans = 0;
  #exact = 0;
  #exactUncorrected = 0;
  #sameChunk = 0;
  #firstDivergence: Placement["firstDivergence"] = null;

  readonly #correct: boolean;

  /** @param correct whether `heap` follows the recording's addresses after a miss (false: another policy is asked for) */
  constructor(heap: PageHeap, uncorrected: PageHeap | null, correct = true) {
    this.heap = heap;
    this.#free = uncorrected;
    this.#correct = correct;
    heap.journal = correct;
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
    if (predicted === name) return name;
    this.heap.undoAlloc?.();
    if (this.heap.placeSpan(name, pages, p, manual)) return name;
    const base = this.heap.allocSpan(pages, p, manual);
    if (base !== 0) this.#moved.set(name, base);
    return base;
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
      for (const [base, n] of held) heap.placeSpan(base, n, -1, true);
      heap.seedCache?.(p, addr);
      for (const [base, n] of held) heap.freeSpan(base, n, true);
    }
  }

  #allocUncorrected(name: number, pages: number, p: number, manual: boolean, first: boolean): void {
    const base = this.#free!.allocSpan(pages, p, manual);
    if (base === 0) return;
    if (base !== name) this.#placed.set(name, base);
    else this.#placed.delete(name);
    if (!first && base === name) this.#exactUncorrected++;
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

  free(name: number, pages: number, manual: boolean): void {
    const base = this.baseOf(name);
    this.#moved.delete(name);
    this.heap.freeSpan(base, pages, manual);
    if (this.#free && name >= 0 && this.#correct) {
      const placed = this.#placed.get(name) ?? name;
      this.#placed.delete(name);
      this.#free.freeSpan(placed, pages, manual);
    }
  }

  flush(p: number): void {
    this.heap.flushPageCache(p);
    this.#free?.flushPageCache(p);
  }

  procResize(procs: number): void {
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
