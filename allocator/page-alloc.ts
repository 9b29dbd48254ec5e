/**
 * The page allocator (mpagealloc.go, Go 1.14 to 1.27): address-ordered first fit over a bitmap, by a radix tree.
 *
 * Results equal the runtime's bit for bit: addresses, bitmaps, summaries, searchAddr. One thing is done differently: the
 * runtime recomputes a chunk's summary with each operation and merges it into the tree at once. Here an operation looks at the
 * free run it changed, from which the chunk's summary mostly follows, and the levels above are brought up to date when
 * somebody reads them. Most operations never do: they find their pages in searchAddr's chunk.
 *
 * Addresses at the interface are those of the program. Inside, a page is a chunk number and an index in the chunk, where
 * chunks count from the bottom of the linear address space (address + 2^47, as arenaBaseOffset makes it on amd64).
 */
import { AddrRanges } from "./addr-ranges.ts";
import {
  allocRange,
  CHUNK_HALVES,
  clearRange,
  findInChunk,
  foundFirstFree,
  foundPage,
  freeAbove,
  freeBelow,
  longestRun,
  PALLOC_CHUNK_PAGES,
  popcntRange,
  popcount32,
  setRange,
  sumEnd,
  sumMax,
  summarize,
  sumStart,
} from "./bits.ts";
import { FitHints, HINTS } from "./fit-hints.ts";
import type { Scavenger, ScavengerFactory } from "./scavenger.ts";
import { BLOCK_CHUNKS, enlarged, FOUND_NONE, FOUND_RUN, MAX_CHUNKS, STALE, STRIDE, Summaries } from "./summary.ts";

/** 2^47: linear address = address + this. */
export const LINEAR_OFFSET = 0x800000000000;
/** minOffAddr and maxOffAddr as linear addresses. */
export const MIN_LINEAR = 0;
export const MAX_LINEAR = 0xffffffffffff;

/** How many chunks findByHint looks at for the first free page, and the least and most for the run. */
const NEAR_FREE = 8;
const MIN_REACH = 32;
const MAX_REACH = 256;
/** A journal record: slot-space chunk number, its alloc and scav bits, the scavenger's two integers. */
const JOURNAL_RECORD = 1 + 2 * CHUNK_HALVES + 2;

export class PageAlloc {
  readonly pageSize: number;
  readonly chunkBytes: number;
  physPageSize: number;
  physHugePageSize: number;

  readonly summaries = new Summaries();
  /** Bits of all chunks, CHUNK_HALVES a chunk, by slot-space chunk number. Chunks never grown are all allocated. */
  bits: Int32Array<ArrayBuffer> = new Int32Array(BLOCK_CHUNKS * CHUNK_HALVES).fill(-1);
  scav: Int32Array<ArrayBuffer> = new Int32Array(BLOCK_CHUNKS * CHUNK_HALVES);
  readonly inUse = new AddrRanges();
  readonly scavenger: Scavenger;

  /** Chunks [start, end) are known; 0, 0 before the first growth. */
  start = 0;
  end = 0;
  /** searchAddr: nothing below it is free. searchChunk is MAX_CHUNKS when the heap is exhausted (maxSearchAddr). */
  searchChunk = MAX_CHUNKS;
  searchPage = 0;
  private searchSlotChunk = 0;

  /** How many pages of the last allocation were scavenged. */
  lastScav = 0;
  /** Result of allocToCache: bits of free pages, and which of the block's pages are scavenged. */
  cacheLo = 0;
  cacheHi = 0;
  scavLo = 0;
  scavHi = 0;

  /** The journal of an allocation that may be taken back: whether it is kept, its records, and searchAddr at its beginning. */
  private journaling = false;
  private journal = new Int32Array(4 * JOURNAL_RECORD);
  private journalLength = 0;
  private journalChunk = 0;
  private journalPage = 0;

  /** Called for each run of pages that the scavenger returns. */
  onScavenged: ((base: number, pages: number) => void) | null = null;

  /** Chunks whose summaries the levels above may not know yet, and their number. */
  private stale = new Int32Array(BLOCK_CHUNKS);
  private staleCount = 0;
  private readonly hints = new FitHints();
  /** How far findByHint looks before it leaves the search to the tree: less after it failed, more after it succeeded. */
  private reach = MAX_REACH;

  private readonly chunksPerByte: number;
  private readonly pagesPerByte: number;

  constructor(pageSize: number, physPageSize: number, physHugePageSize: number, scavenger: ScavengerFactory) {
    this.pageSize = pageSize;
    this.chunkBytes = PALLOC_CHUNK_PAGES * pageSize;
    this.chunksPerByte = 1 / this.chunkBytes;
    this.pagesPerByte = 1 / pageSize;
    this.physPageSize = physPageSize;
    this.physHugePageSize = physHugePageSize;
    this.scavenger = scavenger(this);
  }

  chunkIndex(addr: number): number {
    return ((addr + LINEAR_OFFSET) * this.chunksPerByte) | 0;
  }

  chunkBase(chunk: number): number {
    return chunk * this.chunkBytes - LINEAR_OFFSET;
  }

  chunkPageIndex(addr: number): number {
    const linear = addr + LINEAR_OFFSET;
    return ((linear - ((linear * this.chunksPerByte) | 0) * this.chunkBytes) * this.pagesPerByte) | 0;
  }

  pageAddr(chunk: number, page: number): number {
    return chunk * this.chunkBytes - LINEAR_OFFSET + page * this.pageSize;
  }

  /** searchAddr as a linear address. */
  get searchAddr(): number {
    return this.searchChunk === MAX_CHUNKS
      ? MAX_LINEAR
      : this.searchChunk * this.chunkBytes + this.searchPage * this.pageSize;
  }

  /** pageAlloc.grow: [base, base + size) becomes known, free and scavenged. Whole chunks. */
  grow(base: number, size: number): void {
    const start = this.chunkIndex(base);
    const end = this.chunkIndex(base + size - 1) + 1;
    for (let block = start >>> 9; block <= (end - 1) >>> 9; block++) {
      if (this.summaries.addBlock(block)) this.resize();
    }
    if (this.start === 0 || start < this.start) this.start = start;
    if (end > this.end) this.end = end;
    this.inUse.add(start * this.chunkBytes, end * this.chunkBytes);
    if (start < this.searchChunk || (start === this.searchChunk && this.searchPage > 0)) this.setSearch(start, 0);
    for (let c = start; c < end; c++) {
      const slotChunk = this.summaries.slotChunk(c);
      const o = slotChunk * CHUNK_HALVES;
      this.bits.fill(0, o, o + CHUNK_HALVES);
      this.scav.fill(-1, o, o + CHUNK_HALVES);
      this.summarize(slotChunk);
    }
    // A run that ends the chunk below goes on into the new ones.
    this.hints.lower(start - 1, HINTS);
    // Growth is not taken back, so what it added stays to be found.
    if (this.journaling && start < this.journalChunk) {
      this.journalChunk = start;
      this.journalPage = 0;
    }
    this.scavenger.grown(start, end);
  }

  private resize(): void {
    const chunks = this.summaries.slotCapacity * BLOCK_CHUNKS;
    const used = this.bits.length;
    if (used < chunks * CHUNK_HALVES) {
      this.bits = enlarged(this.bits, chunks * CHUNK_HALVES).fill(-1, used);
      this.scav = enlarged(this.scav, chunks * CHUNK_HALVES);
      this.stale = enlarged(this.stale, chunks);
    }
    this.scavenger.resize(chunks);
  }

  /** pageAlloc.alloc. Returns the address and sets lastScav, or 0 if nothing fits. */
  alloc(n: number): number {
    const searchChunk = this.searchChunk;
    if (searchChunk >= this.end) return 0;
    if (PALLOC_CHUNK_PAGES - this.searchPage >= n) {
      const slotChunk = this.searchSlotChunk;
      if (this.summaries.leaf[slotChunk * STRIDE + 1]! >= n) {
        const r = findInChunk(this.bits, slotChunk * CHUNK_HALVES, n, this.searchPage);
        const page = foundPage(r);
        if (this.journaling) this.record(slotChunk);
        this.lastScav = allocRange(this.bits, this.scav, slotChunk * CHUNK_HALVES, page, n);
        if (this.scavenger.countsPages) this.scavenger.allocated(slotChunk, n);
        this.noteAlloc(slotChunk, page, n);
        const first = foundFirstFree(r);
        if (first > this.searchPage) this.searchPage = first;
        return searchChunk * this.chunkBytes - LINEAR_OFFSET + page * this.pageSize;
      }
    }
    return this.allocSlow(n);
  }

  private allocSlow(n: number): number {
    if (!this.find(n)) {
      if (n === 1) this.setSearch(MAX_CHUNKS, 0);
      return 0;
    }
    const chunk = this.foundChunk;
    const page = this.foundPage;
    this.lastScav = this.allocPages(chunk, page, n);
    this.raiseSearch();
    return this.pageAddr(chunk, page);
  }

  /** Results of find(): the pages and the candidate for searchAddr. */
  private foundChunk = 0;
  private foundPage = 0;
  private freeChunk = 0;
  private freePage = 0;

  /** pageAlloc.find: the lowest n free pages in a row. */
  private find(n: number): boolean {
    if (n <= HINTS) {
      if (this.findByHint(n)) {
        if (this.reach < MAX_REACH) this.reach *= 2;
        return true;
      }
      if (this.reach > MIN_REACH) this.reach /= 2;
    }
    const s = this.summaries;
    this.update();
    const kind = s.find(n, this.searchChunk);
    if (kind === FOUND_NONE) return false;
    this.foundChunk = s.foundChunk;
    let freePage = 0;
    if (kind === FOUND_RUN) {
      this.foundPage = s.foundPage;
    } else {
      const r = findInChunk(this.bits, s.foundSlotChunk * CHUNK_HALVES, n, 0);
      this.foundPage = foundPage(r);
      if (s.freeLo <= s.foundChunk && s.foundChunk + 1 <= s.freeHi) {
        s.freeLo = s.foundChunk;
        freePage = foundFirstFree(r);
      }
    }
    this.setCandidate(s.freeLo, freePage);
    if (n <= HINTS) this.hints.raise(this.foundChunk, n);
    return true;
  }

  /** Notes find()'s candidate for searchAddr. findMappedAddr: what it narrowed down to may begin below what is mapped. */
  private setCandidate(chunk: number, page: number): void {
    this.freeChunk = chunk;
    this.freePage = page;
    if (page > 0 || (this.inUse.length === 1 && chunk >= this.start)) return;
    const i = this.summaries.slotChunk(chunk);
    if (i < 0 || this.summaries.leaf[i * STRIDE + 1] === 0) {
      const mapped = this.inUse.findAddrGreaterEqual(chunk * this.chunkBytes);
      this.freeChunk = mapped < 0 ? MAX_CHUNKS : (mapped * this.chunksPerByte) | 0;
    }
  }

  /**
   * find() over the chunks from the hint on, without the tree. False if that did not find anything, which means nothing.
   *
   * The candidate for searchAddr is what the tree would have narrowed firstFree down to. With the first free page in chunk f
   * and the run found from chunk a to chunk b, it follows f as long as f and a lie in the same entry, and it goes down to the
   * level where the run is found: that of a chunk if a = b, else that where a and b part.
   */
  private findByHint(n: number): boolean {
    const s = this.summaries;
    const { leaf } = s;
    const hint = this.hints.chunk;
    let f = Math.max(hint[1]!, this.searchChunk);
    if (f >= this.end) return false;
    let q = s.slotChunk(f) * STRIDE;
    if (q < 0) return false;
    for (let last = s.nearEnd(f, NEAR_FREE); leaf[q + 1] === 0; q += STRIDE) if (++f >= last) return false;
    this.hints.raise(f, 1);

    let c = f;
    if (hint[n]! > f) {
      c = hint[n]!;
      if (c >= this.end) return false;
      q = s.slotChunk(c) * STRIDE;
      if (q < 0) return false;
    }
    // As Summaries.scan: size pages are free before chunk c, from page runPage of chunk runChunk on.
    let size = 0;
    let runChunk = 0;
    let runPage = 0;
    for (let last = s.nearEnd(c, this.reach); c < last; c++, q += STRIDE) {
      const max = leaf[q + 1]!;
      if (max === 0) {
        size = 0;
        continue;
      }
      const start = leaf[q]!;
      if (size > 0 && size + start >= n) {
        this.foundChunk = runChunk;
        this.foundPage = runPage;
        this.hints.raise(runChunk, n);
        const level = Math.max(levelShift(f ^ runChunk), levelShift(runChunk ^ c));
        this.setCandidate((f >> level) << level, 0);
        return true;
      }
      if (max >= n) {
        const r = findInChunk(this.bits, (q / STRIDE) * CHUNK_HALVES, n, 0);
        this.foundChunk = c;
        this.foundPage = foundPage(r);
        this.hints.raise(c, n);
        if (c === f) {
          this.setCandidate(f, foundFirstFree(r));
        } else {
          const level = levelShift(f ^ c);
          this.setCandidate((f >> level) << level, 0);
        }
        return true;
      }
      if (size > 0 && start === PALLOC_CHUNK_PAGES) {
        size += PALLOC_CHUNK_PAGES;
      } else {
        size = leaf[q + 2]!;
        runChunk = c;
        runPage = PALLOC_CHUNK_PAGES - size;
      }
    }
    return false;
  }

  /** Raises searchAddr to find()'s candidate. */
  private raiseSearch(): void {
    const c = this.freeChunk;
    if (c > this.searchChunk || (c === this.searchChunk && this.freePage > this.searchPage)) {
      this.setSearch(c, this.freePage);
    }
  }

  /** pageAlloc.allocRange at an address. Returns how many of the pages were scavenged. */
  allocRange(base: number, n: number): number {
    return this.allocPages(this.chunkIndex(base), this.chunkPageIndex(base), n);
  }

  private allocPages(chunk: number, page: number, n: number): number {
    const counts = this.scavenger.countsPages;
    let scav = 0;
    while (n > 0) {
      const k = Math.min(n, PALLOC_CHUNK_PAGES - page);
      const slotChunk = this.summaries.slotChunk(chunk);
      if (this.journaling) this.record(slotChunk);
      scav += allocRange(this.bits, this.scav, slotChunk * CHUNK_HALVES, page, k);
      if (counts) this.scavenger.allocated(slotChunk, k);
      this.noteAlloc(slotChunk, page, k);
      n -= k;
      page = 0;
      chunk++;
    }
    return scav;
  }

  /** pageAlloc.free. */
  free(base: number, n: number): void {
    let chunk = this.chunkIndex(base);
    let page = this.chunkPageIndex(base);
    this.lowerSearch(chunk, page);
    while (n > 0) {
      const k = Math.min(n, PALLOC_CHUNK_PAGES - page);
      const slotChunk = this.summaries.slotChunk(chunk);
      clearRange(this.bits, slotChunk * CHUNK_HALVES, page, k);
      this.scavenger.freed(chunk, slotChunk, page, k);
      this.noteFree(chunk, slotChunk, page, k);
      n -= k;
      page = 0;
      chunk++;
    }
  }

  /**
   * pageAlloc.markRandomPaddingPages (1.26+): the pages are neither free nor backed: allocated and scavenged. Only the index
   * counts them as in use.
   */
  markRandomPaddingPages(base: number, n: number): void {
    let chunk = this.chunkIndex(base);
    let page = this.chunkPageIndex(base);
    while (n > 0) {
      const k = Math.min(n, PALLOC_CHUNK_PAGES - page);
      const slotChunk = this.summaries.slotChunk(chunk);
      const o = slotChunk * CHUNK_HALVES;
      setRange(this.bits, o, page, k);
      setRange(this.scav, o, page, k);
      if (this.scavenger.countsPages) this.scavenger.allocated(slotChunk, k);
      this.summarize(slotChunk);
      n -= k;
      page = 0;
      chunk++;
    }
  }

  /**
   * pageAlloc.allocToCache (mpagecache.go): takes every free page of the 64-page block with the first free page. Returns the
   * block's address and sets cacheLo/Hi and scavLo/Hi, or returns 0 if the heap is full.
   */
  allocToCache(): number {
    let chunk = this.searchChunk;
    if (chunk >= this.end) return 0;
    let slotChunk = this.searchSlotChunk;
    let page = foundPage(findInChunk(this.bits, slotChunk * CHUNK_HALVES, 1, this.searchPage));
    if (page < 0) {
      if (!this.find(1)) {
        this.setSearch(MAX_CHUNKS, 0);
        return 0;
      }
      chunk = this.foundChunk;
      page = this.foundPage;
      slotChunk = this.summaries.slotChunk(chunk);
    }
    page &= ~63;
    const o = slotChunk * CHUNK_HALVES + (page >>> 5);
    this.cacheLo = ~this.bits[o]!;
    this.cacheHi = ~this.bits[o + 1]!;
    this.scavLo = this.scav[o]!;
    this.scavHi = this.scav[o + 1]!;
    this.takeBlock(slotChunk, page);
    this.setSearch(chunk, page + 63);
    return this.pageAddr(chunk, page);
  }

  /** Takes all free pages of a 64-page block. */
  private takeBlock(slotChunk: number, page: number): void {
    const o = slotChunk * CHUNK_HALVES + (page >>> 5);
    if (this.journaling) this.record(slotChunk);
    const free = popcount64(~this.bits[o]!, ~this.bits[o + 1]!);
    this.scav[o]! &= this.bits[o]!;
    this.scav[o + 1]! &= this.bits[o + 1]!;
    this.bits[o] = -1;
    this.bits[o + 1] = -1;
    if (this.scavenger.countsPages) this.scavenger.allocated(slotChunk, free);
    this.summarize(slotChunk);
  }

  /** The bitmap's part of pageCache.flush: free pages and scavenged bits of a block come back. */
  flushBlock(base: number, cacheLo: number, cacheHi: number, scavLo: number, scavHi: number): void {
    const chunk = this.chunkIndex(base);
    const page = this.chunkPageIndex(base);
    const slotChunk = this.summaries.slotChunk(chunk);
    const o = slotChunk * CHUNK_HALVES + (page >>> 5);
    this.bits[o]! &= ~cacheLo;
    this.bits[o + 1]! &= ~cacheHi;
    this.scav[o]! |= scavLo;
    this.scav[o + 1]! |= scavHi;
    const highest = cacheHi !== 0 ? 63 - Math.clz32(cacheHi) : 31 - Math.clz32(cacheLo);
    this.scavenger.flushed(chunk, slotChunk, page + highest, popcount64(cacheLo, cacheHi));
    this.lowerSearch(chunk, page);
    this.summarize(slotChunk);
    this.hints.lower(chunk - 1, HINTS);
  }

  /**
   * Fills a cache with a block that a recording names: as allocToCache, but for the search. Returns false if no page of the
   * block is free; else sets cacheLo/Hi and scavLo/Hi.
   */
  blockToCache(base: number): boolean {
    const chunk = this.chunkIndex(base);
    const page = this.chunkPageIndex(base);
    const slotChunk = this.summaries.slotChunk(chunk);
    const o = slotChunk * CHUNK_HALVES + (page >>> 5);
    this.cacheLo = ~this.bits[o]!;
    this.cacheHi = ~this.bits[o + 1]!;
    this.scavLo = this.scav[o]!;
    this.scavHi = this.scav[o + 1]!;
    if ((this.cacheLo | this.cacheHi) === 0) return false;
    this.takeBlock(slotChunk, page);
    // searchAddr goes past the block only if it was in it: a recording may know less than the runtime did.
    if (chunk === this.searchChunk && this.searchPage >= page && this.searchPage < page + 63)
      this.setSearch(chunk, page + 63);
    return true;
  }

  /** Whether pages [page, page + n) of an address's heap are all free in the bitmap. */
  isFree(base: number, n: number): boolean {
    let chunk = this.chunkIndex(base);
    let page = this.chunkPageIndex(base);
    while (n > 0) {
      const k = Math.min(n, PALLOC_CHUNK_PAGES - page);
      const slotChunk = this.summaries.slotChunk(chunk);
      if (slotChunk < 0 || popcntRange(this.bits, slotChunk * CHUNK_HALVES, page, k) > 0) return false;
      n -= k;
      page = 0;
      chunk++;
    }
    return true;
  }

  /** Pages of the range that are free and not scavenged become scavenged or the other way round. Returns how many. */
  setScavenged(base: number, n: number, released: boolean): number {
    let chunk = this.chunkIndex(base);
    let page = this.chunkPageIndex(base);
    let changed = 0;
    for (; n > 0; n--) {
      const o = this.summaries.slotChunk(chunk) * CHUNK_HALVES + (page >>> 5);
      const bit = 1 << (page & 31);
      if ((this.bits[o]! & bit) === 0 && ((this.scav[o]! & bit) !== 0) !== released) {
        this.scav[o]! ^= bit;
        changed++;
      }
      if (++page === PALLOC_CHUNK_PAGES) {
        page = 0;
        chunk++;
      }
    }
    return changed;
  }

  /** Marks pages of a chunk that the scavenger chose as scavenged. Returns their bytes. */
  scavenged(chunk: number, slotChunk: number, page: number, n: number): number {
    setRange(this.scav, slotChunk * CHUNK_HALVES, page, n);
    if (this.onScavenged !== null) this.onScavenged(this.pageAddr(chunk, page), n);
    return n * this.pageSize;
  }

  /** From here on allocations can be taken back by undoJournal. */
  beginJournal(): void {
    this.journaling = true;
    this.journalLength = 0;
    this.journalChunk = this.searchChunk;
    this.journalPage = this.searchPage;
  }

  endJournal(): void {
    this.journaling = false;
  }

  private record(slotChunk: number): void {
    if (this.journalLength === this.journal.length) this.journal = enlarged(this.journal, 2 * this.journalLength);
    const o = this.journalLength;
    const from = slotChunk * CHUNK_HALVES;
    this.journal[o] = slotChunk;
    for (let i = 0; i < CHUNK_HALVES; i++) {
      this.journal[o + 1 + i] = this.bits[from + i]!;
      this.journal[o + 1 + CHUNK_HALVES + i] = this.scav[from + i]!;
    }
    this.scavenger.save(slotChunk, this.journal, o + 1 + 2 * CHUNK_HALVES);
    this.journalLength += JOURNAL_RECORD;
  }

  /** Takes back what was allocated since beginJournal. What was scavenged or grown since stays. */
  undoJournal(): void {
    for (let o = this.journalLength - JOURNAL_RECORD; o >= 0; o -= JOURNAL_RECORD) {
      const slotChunk = this.journal[o]!;
      const to = slotChunk * CHUNK_HALVES;
      for (let i = 0; i < CHUNK_HALVES; i++) {
        this.bits[to + i] = this.journal[o + 1 + i]!;
        // Pages that were scavenged since are free pages of before: theirs stay set.
        this.scav[to + i]! |= this.journal[o + 1 + CHUNK_HALVES + i]!;
      }
      this.scavenger.restore(slotChunk, this.journal, o + 1 + 2 * CHUNK_HALVES);
      this.summarize(slotChunk);
      this.hints.lower(this.summaries.chunkOf(slotChunk) - 1, HINTS);
    }
    this.journalLength = 0;
    this.journaling = false;
    this.setSearch(this.journalChunk, this.journalPage);
  }

  private setSearch(chunk: number, page: number): void {
    this.searchChunk = chunk;
    this.searchPage = page;
    this.searchSlotChunk = chunk === MAX_CHUNKS ? 0 : this.summaries.slotChunk(chunk);
  }

  /** Lowers searchAddr to a page that became free. */
  private lowerSearch(chunk: number, page: number): void {
    if (chunk < this.searchChunk || (chunk === this.searchChunk && page < this.searchPage)) this.setSearch(chunk, page);
  }

  /** Updates a chunk's summary for pages [i, i + n) that became free: they join the free pages around them. */
  private noteFree(chunk: number, slotChunk: number, i: number, n: number): void {
    const o = slotChunk * CHUNK_HALVES;
    const lo = freeBelow(this.bits, o, i);
    const hi = freeAbove(this.bits, o, i + n);
    const { leaf } = this.summaries;
    const q = slotChunk * STRIDE;
    let run = hi - lo;
    if (run > leaf[q + 1]!) leaf[q + 1] = run;
    if (hi === PALLOC_CHUNK_PAGES) {
      leaf[q + 2] = run;
      const above = this.summaries.slotChunk(chunk + 1);
      if (above >= 0) run += leaf[above * STRIDE]!;
    }
    if (lo === 0) {
      leaf[q] = hi;
      const below = this.summaries.slotChunk(chunk - 1);
      const end = below < 0 ? 0 : leaf[below * STRIDE + 2]!;
      if (end > 0) {
        // The run begins in the chunk below, or under it: then it was long enough for any hint before.
        chunk--;
        run += end;
      }
    }
    this.hints.lower(chunk, run);
    this.touch(slotChunk);
  }

  /** Updates a chunk's summary for pages [i, i + n) that were allocated out of the free run around them. */
  private noteAlloc(slotChunk: number, i: number, n: number): void {
    const o = slotChunk * CHUNK_HALVES;
    const lo = freeBelow(this.bits, o, i);
    const hi = freeAbove(this.bits, o, i + n);
    const { leaf } = this.summaries;
    const q = slotChunk * STRIDE;
    if (lo === 0) leaf[q] = i;
    if (hi === PALLOC_CHUNK_PAGES) leaf[q + 2] = hi - i - n;
    // If it was (one of) the longest, only a look at the whole chunk tells how long the longest is now.
    if (hi - lo >= leaf[q + 1]!) leaf[q + 1] = longestRun(this.bits, o, hi - lo);
    this.touch(slotChunk);
  }

  /** Computes a chunk's summary anew. */
  private summarize(slotChunk: number): void {
    const sum = summarize(this.bits, slotChunk * CHUNK_HALVES);
    const { leaf } = this.summaries;
    leaf[slotChunk * STRIDE] = sumStart(sum);
    leaf[slotChunk * STRIDE + 1] = sumMax(sum);
    leaf[slotChunk * STRIDE + 2] = sumEnd(sum);
    this.touch(slotChunk);
  }

  /** Notes that the levels above a chunk may not know its summary. */
  private touch(slotChunk: number): void {
    const { leaf } = this.summaries;
    const o = slotChunk * STRIDE + 3;
    const known = leaf[o]!;
    if ((known & STALE) !== 0) return;
    leaf[o] = known | STALE;
    this.stale[this.staleCount++] = slotChunk;
  }

  /** pageAlloc.update for all that changed. Whoever reads the summaries from outside calls it first. */
  update(): void {
    for (let i = 0; i < this.staleCount; i++) this.summaries.update(this.stale[i]!);
    this.staleCount = 0;
  }
}

/** log2 of the chunks under an entry of the highest level where two chunks part; `x` is their exclusive or. */
function levelShift(x: number): number {
  if (x === 0) return 0;
  const top = 31 - Math.clz32(x);
  return top >= 12 ? 12 : top - (top % 3);
}

function popcount64(lo: number, hi: number): number {
  return popcount32(lo) + popcount32(hi);
}
