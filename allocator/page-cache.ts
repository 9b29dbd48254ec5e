/**
 * Page caches of the Ps (mpagecache.go, Go 1.14 to 1.27): 64 aligned pages each, of which those that were free when the
 * cache was filled can be handed out without the heap lock. To the bitmap they are allocated.
 *
 * All caches lie in typed arrays, by P.
 */
import { ctz32, findBitRange64, popcount32 } from "./bits.ts";
import type { PageAlloc } from "./page-alloc.ts";

export const PAGE_CACHE_PAGES = 64;

export class PageCaches {
  private readonly pages: PageAlloc;
  /** Address of a cache's block; 0 for none. */
  base = new Float64Array(0);
  /** Free pages (1), low and high half. A cache is empty when there are none. */
  freeLo = new Int32Array(0);
  freeHi = new Int32Array(0);
  /** Scavenged pages (1). */
  scavLo = new Int32Array(0);
  scavHi = new Int32Array(0);
  /** Pages of the last alloc() that were scavenged. */
  lastScav = 0;

  constructor(pages: PageAlloc, count: number) {
    this.pages = pages;
    this.resize(count);
  }

  get length(): number {
    return this.base.length;
  }

  resize(count: number): void {
    if (count <= this.length) return;
    const base = new Float64Array(count);
    base.set(this.base);
    this.base = base;
    const halves = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const a = new Int32Array(count);
      a.set(old);
      return a;
    };
    this.freeLo = halves(this.freeLo);
    this.freeHi = halves(this.freeHi);
    this.scavLo = halves(this.scavLo);
    this.scavHi = halves(this.scavHi);
  }

  empty(c: number): boolean {
    return (this.freeLo[c]! | this.freeHi[c]!) === 0;
  }

  /** pageAlloc.allocToCache into cache c, which is empty. False if the heap is full. */
  refill(c: number): boolean {
    const p = this.pages;
    const base = p.allocToCache();
    this.set(c, base, p.cacheLo, p.cacheHi, p.scavLo, p.scavHi);
    return base !== 0;
  }

  set(c: number, base: number, freeLo: number, freeHi: number, scavLo: number, scavHi: number): void {
    const any = base !== 0;
    this.base[c] = base;
    this.freeLo[c] = any ? freeLo : 0;
    this.freeHi[c] = any ? freeHi : 0;
    this.scavLo[c] = any ? scavLo : 0;
    this.scavHi[c] = any ? scavHi : 0;
  }

  /** pageCache.alloc: the lowest n free pages in a row. Returns the address and sets lastScav, or 0 if there are none. */
  alloc(c: number, n: number): number {
    const lo = this.freeLo[c]!;
    const hi = this.freeHi[c]!;
    if ((lo | hi) === 0) return 0;
    let i: number;
    if (n === 1) i = lo !== 0 ? ctz32(lo) : 32 + ctz32(hi);
    else i = findBitRange64(lo, hi, n);
    if (i >= PAGE_CACHE_PAGES) return 0;
    const maskLo = rangeLo(i, n);
    const maskHi = rangeHi(i, n);
    this.take(c, maskLo, maskHi);
    return this.base[c]! + i * this.pages.pageSize;
  }

  /** Takes the pages of a mask out of a cache; sets lastScav. */
  take(c: number, maskLo: number, maskHi: number): void {
    const scavLo = this.scavLo[c]! & maskLo;
    const scavHi = this.scavHi[c]! & maskHi;
    this.lastScav = (scavLo | scavHi) === 0 ? 0 : popcount32(scavLo) + popcount32(scavHi);
    this.freeLo[c]! &= ~maskLo;
    this.freeHi[c]! &= ~maskHi;
    this.scavLo[c]! &= ~maskLo;
    this.scavHi[c]! &= ~maskHi;
  }

  /** Whether a cache has all free pages of a mask. */
  holds(c: number, lo: number, hi: number): boolean {
    return (this.freeLo[c]! & lo) === lo && (this.freeHi[c]! & hi) === hi;
  }

  /** Gives those of a mask's pages that a cache has back to the bitmap; it keeps the others. */
  flushPages(c: number, lo: number, hi: number): void {
    const freeLo = this.freeLo[c]! & lo;
    const freeHi = this.freeHi[c]! & hi;
    if ((freeLo | freeHi) === 0) return;
    const scavLo = this.scavLo[c]! & freeLo;
    const scavHi = this.scavHi[c]! & freeHi;
    this.take(c, freeLo, freeHi);
    this.pages.flushBlock(this.base[c]!, freeLo, freeHi, scavLo, scavHi);
  }

  /** pageCache.flush. False if there was nothing to flush. */
  flush(c: number): boolean {
    if (this.empty(c)) return false;
    this.pages.flushBlock(this.base[c]!, this.freeLo[c]!, this.freeHi[c]!, this.scavLo[c]!, this.scavHi[c]!);
    this.set(c, 0, 0, 0, 0, 0);
    return true;
  }
}

/** Bits [i, i + n) of 64, low half. n is 1 to 64. */
export function rangeLo(i: number, n: number): number {
  if (i >= 32) return 0;
  return i + n >= 32 ? -1 << i : ((-1 >>> (32 - n)) << i) | 0;
}

/** Bits [i, i + n) of 64, high half. */
export function rangeHi(i: number, n: number): number {
  const end = i + n - 32;
  if (end <= 0) return 0;
  const upTo = -1 >>> (32 - end);
  return i > 32 ? upTo & (-1 << (i - 32)) : upTo | 0;
}
