/**
 * The heap of the bitmap eras (mheap.go, Go 1.14 to 1.27): allocSpan and freeSpan over page caches and page allocator, growth
 * by arenas, and what a version returns to the OS when it grows or meets its memory limit. What differs between versions
 * stands in BitmapRules.
 *
 * Accounting is the runtime's: a page is counted when a span takes it, so a page in a P's cache is free, and free pages are
 * backed or released by their scavenged bits, wherever they are.
 */
import { CHUNK_HALVES, PALLOC_CHUNK_PAGES as CHUNK_PAGES, findBitRange64 } from "./bits.ts";
import { LINEAR_OFFSET, PageAlloc } from "./page-alloc.ts";
import { PAGE_CACHE_PAGES, PageCaches, rangeHi, rangeLo } from "./page-cache.ts";
import { heapRandom } from "./random-base.ts";
import type { ScavengerFactory } from "./scavenger.ts";
import {
  type CacheBlock,
  type HeapConfig,
  type HeapStats,
  PAGE_STATES,
  type PageHeap,
  type ReturnReason,
} from "./types.ts";

export interface BitmapRules {
  readonly scavenger: ScavengerFactory;
  /** 1.14-1.16: a new arena is mapped, and counts as released, as a whole; later only what is grown into. */
  readonly mapsWholeArenas: boolean;
  /**
   * When growth scavenges. "grow": inside mheap.grow, before the span is taken (1.14-1.17). "allocated": in allocSpan once it
   * is taken (1.18). "limit": there too, with a P only, together with what the memory limit asks for (1.19+).
   */
  readonly growthScavenge: "grow" | "allocated" | "limit";
  /** When a new scavenging cycle begins. "pacing": at mark termination if there is a goal (1.14). */
  readonly nextGen: "pacing" | "sweep-done" | "mark-termination" | "never";
  /** Whether a forced scavenge begins a cycle first (1.14-1.18). */
  readonly forcedNextGen: boolean;
  /** Whether scavenging for the limit and forced scavenging take dense chunks too (1.21+). */
  readonly force: boolean;
  /** GC percent goal before the first pacing. */
  readonly initialGoal: number;
  /** 1.26+: the heap begins at a random address. */
  readonly randomBase: boolean;
}

/** First arena hint on amd64 (malloc.go:mallocinit). */
const ARENA_HINT = 0xc000000000;
/** User address space: 47 bits. */
const ADDRESS_LIMIT = 2 ** 47;
/** How far above the heap's end a recorded span may lie for the heap to have grown up to it; beyond it is another region. */
const REACH = 4 * 2 ** 30;
const STATE_UNMAPPED = PAGE_STATES.indexOf("unmapped");
const STATE_IN_USE = PAGE_STATES.indexOf("in-use");
const STATE_CACHED = PAGE_STATES.indexOf("cached");
const STATE_FREE = PAGE_STATES.indexOf("free");
const STATE_RELEASED = PAGE_STATES.indexOf("released");

export class BitmapHeap implements PageHeap {
  readonly era: string;
  readonly config: Required<HeapConfig>;
  readonly stats: HeapStats;
  readonly pages: PageAlloc;
  readonly caches: PageCaches;

  now = 0;
  memoryLimit = Number.POSITIVE_INFINITY;
  nonHeapMapped = 0;
  cpuLimiting = false;
  scavengeGoals: { gcPercent: number; memoryLimit: number };
  onReleased: ((base: number, pages: number, reason: ReturnReason) => void) | null = null;
  journal = false;

  private readonly rules: BitmapRules;
  private readonly pageSize: number;
  private readonly arenaBytes: number;
  /** mheap.curArena: what of the current arena is not grown into yet, and its end. */
  private arenaBase = 0;
  private arenaEnd = 0;
  /** Where the next arena goes (arenaHints). */
  private hint: number;
  /** Padding pages still to be placed at the first growth. */
  private padding: number;
  /** Why the scavenger runs. */
  private reason: ReturnReason = "background";

  // The last allocSpan and what was before it, for undoAlloc. undoPages is 0 when there is nothing to take back.
  private undoPages = 0;
  private undoScav = 0;
  private undoManual = false;
  /** P whose cache it may have changed, -1 for none, and what that held. */
  private undoP = -1;
  private undoBlock = 0;
  private readonly undoBits = new Int32Array(4);
  private undoAcquisitions = 0;
  private undoAvoided = 0;

  constructor(era: string, config: HeapConfig, rules: BitmapRules) {
    this.era = era;
    this.rules = rules;
    const random = rules.randomBase && config.heapBase === undefined ? heapRandom(config.seed ?? 0) : null;
    this.config = {
      pageSize: 8192,
      seed: 0,
      ...config,
      heapBase: config.heapBase ?? random?.base ?? ARENA_HINT,
      heapPadding: rules.randomBase ? (config.heapPadding ?? random?.padding ?? 0) : 0,
    };
    this.pageSize = this.config.pageSize;
    this.arenaBytes = config.goos === "windows" ? 4 << 20 : 64 << 20;
    this.hint = Math.floor(this.config.heapBase / this.arenaBytes) * this.arenaBytes;
    this.padding = this.config.heapPadding;
    // Huge pages larger than a chunk are taken for none (malloc.go:mallocinit).
    const huge = this.config.physHugePageSize > CHUNK_PAGES * this.pageSize ? 0 : this.config.physHugePageSize;
    this.pages = new PageAlloc(this.pageSize, this.config.physPageSize, huge, rules.scavenger);
    this.caches = new PageCaches(this.pages, this.config.procs);
    this.scavengeGoals = { gcPercent: rules.initialGoal, memoryLimit: Number.POSITIVE_INFINITY };
    this.stats = {
      mapped: 0,
      inUse: 0,
      manual: 0,
      freeBacked: 0,
      released: 0,
      returned: { background: 0, growth: 0, limit: 0, forced: 0 },
      faulted: 0,
      grown: 0,
      lockAcquisitions: 0,
      lockAvoided: 0,
    };
    this.pages.onScavenged = (base, pages) => {
      const bytes = pages * this.pageSize;
      this.stats.freeBacked -= bytes;
      this.stats.released += bytes;
      this.stats.returned[this.reason] += bytes;
      if (this.onReleased !== null) this.onReleased(base, pages, this.reason);
    };
  }

  allocSpan(pages: number, p: number, manual: boolean): number {
    let base = 0;
    let scav = 0;
    let growth = 0;
    if (p >= this.caches.length) this.caches.resize(p + 1);
    if (this.journal) this.beginJournal(pages, p);
    if (p >= 0 && pages < PAGE_CACHE_PAGES / 4) {
      const c = this.caches;
      if (c.empty(p)) {
        this.stats.lockAcquisitions++;
        c.refill(p);
        base = c.alloc(p, pages);
      } else {
        base = c.alloc(p, pages);
        if (base !== 0) this.stats.lockAvoided++;
      }
      if (base !== 0) scav = c.lastScav;
    }
    if (base === 0) {
      this.stats.lockAcquisitions++;
      base = this.pages.alloc(pages);
      // Once is enough but for padding: a runtime whose very first span is large would throw, here it grows again.
      while (base === 0) {
        const grown = this.grow(pages);
        if (grown === 0) return 0;
        growth += grown;
        base = this.pages.alloc(pages);
      }
      scav = this.pages.lastScav;
    }
    if (this.rules.growthScavenge === "limit") {
      if (p >= 0) this.scavengeForAlloc(scav * this.pageSize, growth);
    } else if (growth > 0 && this.rules.growthScavenge === "allocated") {
      this.scavengeForGrowth(growth);
    }
    this.count(pages * this.pageSize, scav * this.pageSize, manual);
    if (this.journal) {
      this.undoPages = pages;
      this.undoScav = scav;
      this.undoManual = manual;
      this.pages.endJournal();
    }
    return base;
  }

  /** A span of `bytes` was taken out of free pages, of which `scav` bytes were released. */
  private count(bytes: number, scav: number, manual: boolean): void {
    const s = this.stats;
    if (manual) s.manual += bytes;
    else s.inUse += bytes;
    s.freeBacked -= bytes - scav;
    if (scav !== 0) {
      s.released -= scav;
      s.faulted += scav;
    }
  }

  /** heapRetained. heap_sys of the older versions leaves manual spans out, as does heapInUse + heapFree. */
  private retained(): number {
    return this.stats.inUse + this.stats.freeBacked;
  }

  /** What growing by `growth` bytes has to give back, by the retained goal. */
  private growthDebt(growth: number): number {
    const over = this.retained() + growth - this.scavengeGoals.gcPercent;
    return over > 0 ? Math.min(growth, over) : 0;
  }

  private scavengeForGrowth(growth: number): void {
    const debt = this.growthDebt(growth);
    if (debt > 0) this.return_(debt, "growth", false, false);
  }

  /** allocSpan's HaveSpan part (1.19+). `scav` bytes of the new span will be paged in. */
  private scavengeForAlloc(scav: number, growth: number): void {
    let bytes = 0;
    let reason: ReturnReason = "growth";
    if (!this.cpuLimiting && this.memoryLimit !== Number.POSITIVE_INFINITY) {
      const mappedReady = this.stats.mapped - this.stats.released + this.nonHeapMapped;
      if (scav + mappedReady > this.memoryLimit) {
        bytes = scav + mappedReady - this.memoryLimit;
        reason = "limit";
      }
    }
    const force = bytes > 0 && this.rules.force;
    if (growth > 0) {
      const debt = this.growthDebt(growth);
      if (debt > bytes) {
        bytes = debt;
        reason = "growth";
      }
    }
    // It looks at the CPU limiter after each piece.
    if (bytes > 0) this.return_(bytes, reason, force, this.cpuLimiting);
  }

  private return_(bytes: number, reason: ReturnReason, force: boolean, once: boolean): number {
    this.reason = reason;
    return this.pages.scavenger.scavenge(bytes, force, once);
  }

  /** mheap.grow. Returns by how many bytes, 0 when the address space is exhausted. */
  private grow(pages: number): number {
    const phys = this.config.physPageSize;
    const ask = Math.ceil(pages / CHUNK_PAGES) * this.pages.chunkBytes;
    let growth = 0;
    if (Math.ceil((this.arenaBase + ask) / phys) * phys > this.arenaEnd) {
      growth = this.nextArena(ask);
      if (growth < 0) return 0;
    }
    growth += this.growInto(Math.ceil((this.arenaBase + ask) / phys) * phys);
    if (this.rules.growthScavenge === "grow") this.scavengeForGrowth(growth);
    return growth;
  }

  /**
   * Takes arenas for `ask` bytes. If they don't follow on the current one, what is left of it is grown into. Returns by how
   * much that was, -1 when the address space is exhausted.
   */
  private nextArena(ask: number): number {
    const size = Math.ceil(ask / this.arenaBytes) * this.arenaBytes;
    const arena = this.sysAlloc(size);
    if (arena === 0) return -1;
    let growth = 0;
    if (arena !== this.arenaEnd) {
      const first = this.arenaEnd === 0;
      growth = this.growInto(this.arenaEnd);
      this.arenaBase = arena;
      // From 1.26 on the heap's base is inside its first arena.
      if (first && this.rules.randomBase) this.arenaBase = Math.max(arena, this.config.heapBase);
    }
    this.arenaEnd = arena + size;
    if (this.rules.mapsWholeArenas) this.map(size);
    return growth;
  }

  /** Grows into the current arena up to `end`. */
  private growInto(end: number): number {
    const size = end - this.arenaBase;
    if (size <= 0) return 0;
    if (!this.rules.mapsWholeArenas) this.map(size);
    this.pages.grow(this.arenaBase, size);
    if (this.padding > 0) {
      this.pages.markRandomPaddingPages(this.arenaBase, this.padding);
      this.padding = 0;
    }
    this.arenaBase = end;
    this.stats.grown += size;
    return size;
  }

  private map(bytes: number): void {
    this.stats.mapped += bytes;
    this.stats.released += bytes;
  }

  /** mheap.sysAlloc: reserves whole arenas at the hint, above whatever a recording has put there. 0 if there is no room. */
  private sysAlloc(size: number): number {
    let base = this.hint;
    for (const [lo, hi] of this.ranges()) {
      if (lo < base + size && hi > base) base = Math.ceil(hi / this.arenaBytes) * this.arenaBytes;
    }
    if (base + size > ADDRESS_LIMIT) return 0;
    this.hint = base + size;
    return base;
  }

  freeSpan(base: number, pages: number, manual: boolean): void {
    const bytes = pages * this.pageSize;
    const s = this.stats;
    s.lockAcquisitions++;
    s.freeBacked += bytes;
    if (manual) s.manual -= bytes;
    else s.inUse -= bytes;
    this.undoPages = 0;
    this.pages.free(base, pages);
  }

  private beginJournal(pages: number, p: number): void {
    this.pages.beginJournal();
    this.undoPages = 0;
    this.undoAcquisitions = this.stats.lockAcquisitions;
    this.undoAvoided = this.stats.lockAvoided;
    this.undoP = pages < PAGE_CACHE_PAGES / 4 ? p : -1;
    if (this.undoP < 0) return;
    const c = this.caches;
    this.undoBlock = c.base[p]!;
    this.undoBits[0] = c.freeLo[p]!;
    this.undoBits[1] = c.freeHi[p]!;
    this.undoBits[2] = c.scavLo[p]!;
    this.undoBits[3] = c.scavHi[p]!;
  }

  undoAlloc(): boolean {
    const pages = this.undoPages;
    if (pages === 0) return false;
    this.undoPages = 0;
    this.pages.undoJournal();
    if (this.undoP >= 0) {
      const b = this.undoBits;
      this.caches.set(this.undoP, this.undoBlock, b[0]!, b[1]!, b[2]!, b[3]!);
    }
    this.count(-pages * this.pageSize, -this.undoScav * this.pageSize, this.undoManual);
    this.stats.lockAcquisitions = this.undoAcquisitions;
    this.stats.lockAvoided = this.undoAvoided;
    return true;
  }

  cacheBlock(p: number): CacheBlock | null {
    const c = this.caches;
    if (p < 0 || p >= c.length || c.empty(p)) return null;
    return { base: c.base[p]!, lo: c.freeLo[p]!, hi: c.freeHi[p]! };
  }

  seedCache(p: number, addr: number): boolean {
    this.undoPages = 0;
    const block = this.blockOf(addr);
    const c = this.caches;
    if (p >= c.length) c.resize(p + 1);
    const holder = this.holderOf(block);
    if (holder >= 0) c.flush(holder);
    c.flush(p);
    if (!this.isMapped(block) || !this.pages.blockToCache(block)) return false;
    c.set(p, block, this.pages.cacheLo, this.pages.cacheHi, this.pages.scavLo, this.pages.scavHi);
    return true;
  }

  /** Base of the 64-page block of an address. */
  private blockOf(addr: number): number {
    const bytes = PAGE_CACHE_PAGES * this.pageSize;
    return Math.floor(addr / bytes) * bytes;
  }

  /** P whose cache holds a block, -1 for none. */
  private holderOf(block: number): number {
    const c = this.caches;
    for (let p = 0; p < c.length; p++) if (c.base[p] === block && !c.empty(p)) return p;
    return -1;
  }

  private isMapped(addr: number): boolean {
    return this.pages.inUse.contains(addr + LINEAR_OFFSET);
  }

  placeSpan(base: number, pages: number, p: number, manual: boolean): boolean {
    this.undoPages = 0;
    if (base <= 0 || base + pages * this.pageSize > ADDRESS_LIMIT || !this.isAvailable(base, pages)) return false;
    this.ensureMapped(base, pages);
    const block = this.blockOf(base);
    const inBlock = base + pages * this.pageSize <= block + PAGE_CACHE_PAGES * this.pageSize;
    const first = (base - block) / this.pageSize;
    let scav: number;
    if (p >= 0 && pages < PAGE_CACHE_PAGES / 4 && inBlock && this.servesFrom(p, block, first, pages)) {
      this.caches.take(p, rangeLo(first, pages), rangeHi(first, pages));
      scav = this.caches.lastScav;
      this.stats.lockAvoided++;
    } else {
      this.releaseFromCaches(base, pages);
      scav = this.pages.allocRange(base, pages);
      this.stats.lockAcquisitions++;
    }
    this.count(pages * this.pageSize, scav * this.pageSize, manual);
    return true;
  }

  /** Whether the pages are unmapped, free in the bitmap, or free in some P's cache. */
  private isAvailable(base: number, pages: number): boolean {
    if (this.pages.isFree(base, pages)) return true;
    for (let i = 0; i < pages; i++) {
      const addr = base + i * this.pageSize;
      if (!this.isMapped(addr) || this.pages.isFree(addr, 1)) continue;
      if (!this.isCached(addr)) return false;
    }
    return true;
  }

  /** Whether some P's cache has the page. Several Ps can have parts of one block: what was freed of it is cached anew. */
  private isCached(addr: number): boolean {
    const c = this.caches;
    const block = this.blockOf(addr);
    const bit = (addr - block) / this.pageSize;
    const lo = bit < 32 ? 1 << bit : 0;
    const hi = bit < 32 ? 0 : 1 << (bit - 32);
    for (let p = 0; p < c.length; p++) {
      if (!c.empty(p) && c.base[p] === block && c.holds(p, lo, hi)) return true;
    }
    return false;
  }

  /**
   * Makes P p's cache hold the block and these pages of it, as the runtime's must have when it took them from there. False
   * if they came from the heap: the cache has no room for them, or they were freed after the block was cached.
   */
  private servesFrom(p: number, block: number, first: number, pages: number): boolean {
    const c = this.caches;
    if (p >= c.length) c.resize(p + 1);
    const lo = rangeLo(first, pages);
    const hi = rangeHi(first, pages);
    if (c.empty(p) || c.base[p] !== block) {
      // A cache without room is left as it is, and the heap asked.
      if (!c.empty(p) && findBitRange64(c.freeLo[p]!, c.freeHi[p]!, pages) >= PAGE_CACHE_PAGES) return false;
      const holder = this.holderOf(block);
      if (holder >= 0) {
        if (!c.holds(holder, lo, hi)) return false;
        c.flush(p);
        c.set(p, block, c.freeLo[holder]!, c.freeHi[holder]!, c.scavLo[holder]!, c.scavHi[holder]!);
        c.set(holder, 0, 0, 0, 0, 0);
      } else {
        c.flush(p);
        if (!this.pages.blockToCache(block)) return false;
        c.set(p, block, this.pages.cacheLo, this.pages.cacheHi, this.pages.scavLo, this.pages.scavHi);
      }
    }
    return c.holds(p, lo, hi);
  }

  /** Gives pages of the range that are in caches back to the bitmap. */
  private releaseFromCaches(base: number, pages: number): void {
    const c = this.caches;
    const end = base + pages * this.pageSize;
    for (let p = 0; p < c.length; p++) {
      const block = c.base[p]!;
      if (c.empty(p) || block >= end || block + PAGE_CACHE_PAGES * this.pageSize <= base) continue;
      const first = Math.max(0, (base - block) / this.pageSize);
      const n = Math.min(PAGE_CACHE_PAGES, (end - block) / this.pageSize) - first;
      c.flushPages(p, rangeLo(first, n), rangeHi(first, n));
    }
  }

  /** Grows the heap so that it holds a span that a recording has there. */
  private ensureMapped(base: number, pages: number): void {
    const { chunkBytes } = this.pages;
    const lo = Math.floor(base / chunkBytes) * chunkBytes;
    const hi = Math.ceil((base + pages * this.pageSize) / chunkBytes) * chunkBytes;
    // Within reach above the current arena, the heap has grown up to there.
    const from = this.arenaEnd === 0 ? this.config.heapBase : this.arenaBase;
    if (lo >= from && hi - from <= REACH) {
      if (hi > this.arenaEnd && this.nextArena(hi - Math.max(this.arenaEnd, this.arenaBase, from)) < 0) return;
      this.growInto(hi);
    }
    this.mapChunks(lo, hi);
  }

  /** Makes the chunks of [lo, hi) that are not mapped so, and lets growth go on above them. */
  private mapChunks(lo: number, hi: number): void {
    const { chunkBytes } = this.pages;
    let start = lo;
    for (let addr = lo; addr <= hi; addr += chunkBytes) {
      if (addr < hi && !this.isMapped(addr)) continue;
      if (addr > start) {
        this.pages.grow(start, addr - start);
        this.map(addr - start);
        this.stats.grown += addr - start;
      }
      start = addr + chunkBytes;
    }
    if (hi <= this.arenaBase) return;
    const end = Math.ceil(hi / this.arenaBytes) * this.arenaBytes;
    if (this.rules.mapsWholeArenas) this.map(end - hi - (this.arenaEnd - this.arenaBase));
    this.arenaBase = hi;
    this.arenaEnd = end;
    this.hint = end;
  }

  mapRange(base: number, pages: number, released: boolean): void {
    const { chunkBytes } = this.pages;
    this.undoPages = 0;
    this.padding = 0;
    const before = this.stats.grown;
    this.mapChunks(
      Math.floor(base / chunkBytes) * chunkBytes,
      Math.ceil((base + pages * this.pageSize) / chunkBytes) * chunkBytes,
    );
    // A starting state is not growth.
    this.stats.grown = before;
    const bytes = this.pages.setScavenged(base, pages, released) * this.pageSize;
    this.stats.released += released ? bytes : -bytes;
    this.stats.freeBacked += released ? -bytes : bytes;
  }

  markPadding(base: number, pages: number): void {
    this.undoPages = 0;
    const bytes = this.pages.setScavenged(base, pages, true) * this.pageSize;
    this.stats.released += bytes;
    this.stats.freeBacked -= bytes;
    this.pages.markRandomPaddingPages(base, pages);
  }

  procResize(procs: number): void {
    for (let p = procs; p < this.caches.length; p++) this.flushPageCache(p);
    this.caches.resize(procs);
  }

  flushPageCache(p: number): void {
    this.undoPages = 0;
    if (p >= 0 && p < this.caches.length && this.caches.flush(p)) this.stats.lockAcquisitions++;
  }

  markTermination(): void {
    this.undoPages = 0;
    const when = this.rules.nextGen;
    if (
      when === "mark-termination" ||
      (when === "pacing" && this.scavengeGoals.gcPercent !== Number.POSITIVE_INFINITY)
    ) {
      this.pages.scavenger.nextGen();
    }
  }

  sweepDone(): void {
    if (this.rules.nextGen === "sweep-done") this.pages.scavenger.nextGen();
  }

  scavenge(bytes: number): number {
    this.undoPages = 0;
    return this.return_(bytes, "background", false, false);
  }

  scavengeAged(): number {
    return 0;
  }

  scavengeAll(): number {
    this.undoPages = 0;
    if (this.rules.forcedNextGen) this.pages.scavenger.nextGen();
    return this.return_(Number.POSITIVE_INFINITY, "forced", this.rules.force, false);
  }

  ranges(): [base: number, limit: number][] {
    const { inUse } = this.pages;
    const out: [number, number][] = [];
    for (let i = 0; i < inUse.length; i++) out.push([inUse.base(i) - LINEAR_OFFSET, inUse.limit(i) - LINEAR_OFFSET]);
    if (this.rules.mapsWholeArenas && this.arenaEnd > this.arenaBase) {
      const below = out.find(([, limit]) => limit === this.arenaBase);
      if (below) below[1] = this.arenaEnd;
      else out.push([this.arenaBase, this.arenaEnd]);
      out.sort((a, b) => a[0] - b[0]);
    }
    return out;
  }

  pageStates(base: number, out: Uint8Array): void {
    const p = this.pages;
    let chunk = p.chunkIndex(base);
    let page = p.chunkPageIndex(base);
    for (let i = 0; i < out.length; ) {
      const n = Math.min(out.length - i, CHUNK_PAGES - page);
      if (this.isMapped(p.chunkBase(chunk))) {
        const o = p.summaries.slotChunk(chunk) * CHUNK_HALVES;
        for (let k = 0; k < n; k++, page++) {
          const scav = (p.scav[o + (page >>> 5)]! >>> (page & 31)) & 1;
          const used = (p.bits[o + (page >>> 5)]! >>> (page & 31)) & 1;
          // Allocated and scavenged: padding.
          out[i + k] = scav ? STATE_RELEASED : used ? STATE_IN_USE : STATE_FREE;
        }
      } else {
        const addr = p.chunkBase(chunk);
        const rest = this.rules.mapsWholeArenas && addr >= this.arenaBase && addr < this.arenaEnd;
        out.fill(rest ? STATE_RELEASED : STATE_UNMAPPED, i, i + n);
      }
      i += n;
      page = 0;
      chunk++;
    }
    const c = this.caches;
    for (let q = 0; q < c.length; q++) {
      if (c.empty(q)) continue;
      const first = (c.base[q]! - base) / this.pageSize;
      for (let k = Math.max(0, -first); k < PAGE_CACHE_PAGES && first + k < out.length; k++) {
        const free = k < 32 ? c.freeLo[q]! >>> k : c.freeHi[q]! >>> (k - 32);
        if ((free & 1) !== 0) out[first + k] = STATE_CACHED;
      }
    }
  }
}
