/**
 * The scavenger's order from Go 1.21 on (mgcscavenge.go:scavengeIndex, scavChunkData): how many pages of each chunk are in
 * use now, and were when the GC cycle began. Chunks that are nearly full, or were in the last cycle, are left alone, so that
 * their huge pages stay whole; `force` (memory limit, FreeOSMemory) takes them too, with its own cursor.
 *
 * Memory freed in a cycle above the background cursor waits for the next mark termination (nextGen).
 */
import { candidateSize } from "./bits.ts";
import type { PageAlloc } from "./page-alloc.ts";
import { scavengeChunk } from "./scavenge-candidate.ts";
import { ScavengeCursor } from "./scavenge-cursor.ts";
import type { Scavenger, ScavengerState } from "./scavenger.ts";
import { BLOCK_CHUNKS, enlarged } from "./summary.ts";

/** scavChunkHiOccPages: 0.96875 of a chunk. */
const HI_OCC_PAGES = 496;
const CHUNK_PAGES = 512;

// scavChunkData's lower half, packed as the runtime packs it: inUse | lastInUse << 16 | flags << 26.
const IN_USE = 0x3ff;
const LAST_IN_USE_SHIFT = 16;
const HAS_FREE = 1 << 26;
const NO_HUGE_PAGE = 1 << 27;
const FLAGS = HAS_FREE | NO_HUGE_PAGE;

export class IndexScavenger implements Scavenger {
  readonly countsPages = true;
  private readonly p: PageAlloc;
  /** 1.21 keeps which chunks were told not to be backed by huge pages (scavChunkNoHugePage). */
  private readonly tracksHugePages: boolean;
  /** Two integers a chunk: the packed half, and gen. */
  private chunks = new Int32Array(BLOCK_CHUNKS * 2);
  private minHeapIdx = 0;
  private readonly searchAddrBg = new ScavengeCursor();
  private readonly searchAddrForce = new ScavengeCursor();
  /** Highest page freed in this generation; 0 for none. */
  private freeHWM = 0;
  private gen = 0;
  private foundChunk = 0;
  private foundPage = 0;

  constructor(pages: PageAlloc, tracksHugePages: boolean) {
    this.p = pages;
    this.tracksHugePages = tracksHugePages;
  }

  resize(chunks: number): void {
    if (chunks * 2 > this.chunks.length) this.chunks = enlarged(this.chunks, chunks * 2);
  }

  grown(start: number): void {
    if (this.minHeapIdx === 0 || start < this.minHeapIdx) this.minHeapIdx = start;
  }

  /** scavChunkData.alloc. */
  allocated(slotChunk: number, n: number): void {
    const o = slotChunk * 2;
    const inUse = this.enter(o) + n;
    let sc = this.chunks[o]! + n;
    if (inUse === CHUNK_PAGES) sc &= ~HAS_FREE;
    if (this.tracksHugePages && inUse > HI_OCC_PAGES) sc &= ~NO_HUGE_PAGE;
    this.chunks[o] = sc;
  }

  /** scavChunkData.free and the cursors' part of scavengeIndex.free. */
  freed(chunk: number, slotChunk: number, page: number, n: number): void {
    this.gave(slotChunk, n);
    const last = chunk * CHUNK_PAGES + page + n - 1;
    if (last > this.freeHWM) this.freeHWM = last;
    if (this.searchAddrForce.page < last) this.searchAddrForce.storeMarked(last);
  }

  /** The runtime frees a cache's pages one by one, ascending: that comes to the same. */
  flushed(chunk: number, slotChunk: number, page: number, n: number): void {
    this.gave(slotChunk, n);
    const last = chunk * CHUNK_PAGES + page;
    if (last > this.freeHWM) this.freeHWM = last;
    if (this.searchAddrForce.page < last) this.searchAddrForce.storeMarked(last);
  }

  private gave(slotChunk: number, n: number): void {
    const o = slotChunk * 2;
    this.enter(o);
    this.chunks[o] = (this.chunks[o]! - n) | HAS_FREE;
  }

  /** Brings a chunk into the current generation. Returns its pages in use. */
  private enter(o: number): number {
    const sc = this.chunks[o]!;
    const inUse = sc & IN_USE;
    if (this.chunks[o + 1] !== this.gen) {
      this.chunks[o + 1] = this.gen;
      this.chunks[o] = inUse | (inUse << LAST_IN_USE_SHIFT) | (sc & FLAGS);
    }
    return inUse;
  }

  save(slotChunk: number, out: Int32Array, o: number): void {
    out[o] = this.chunks[slotChunk * 2]!;
    out[o + 1] = this.chunks[slotChunk * 2 + 1]!;
  }

  restore(slotChunk: number, from: Int32Array, o: number): void {
    this.chunks[slotChunk * 2] = from[o]!;
    this.chunks[slotChunk * 2 + 1] = from[o + 1]!;
  }

  nextGen(): void {
    this.gen = (this.gen + 1) | 0;
    if (this.searchAddrBg.page < this.freeHWM) this.searchAddrBg.storeMarked(this.freeHWM);
    this.freeHWM = 0;
  }

  scavenge(bytes: number, force: boolean, once: boolean): number {
    let released = 0;
    while (released < bytes) {
      const slotChunk = this.find(force);
      if (slotChunk < 0) break;
      const r = scavengeChunk(this.p, this.foundChunk, slotChunk, this.foundPage, bytes - released);
      const size = candidateSize(r);
      released += size * this.p.pageSize;
      if (size === 0) this.chunks[slotChunk * 2]! &= ~HAS_FREE;
      else if (this.tracksHugePages) this.chunks[slotChunk * 2]! |= NO_HUGE_PAGE;
      if (once) break;
    }
    return released;
  }

  /** scavengeIndex.find: slot-space number of the highest chunk worth searching, or -1. */
  private find(force: boolean): number {
    const cursor = force ? this.searchAddrForce : this.searchAddrBg;
    if (cursor.page === 0) return -1;
    const start = Math.floor(cursor.page / CHUNK_PAGES);
    const { blockSlot } = this.p.summaries;
    for (let i = start; i >= this.minHeapIdx; ) {
      const slot = blockSlot[i >>> 9]!;
      const bottom = Math.max(this.minHeapIdx, i & ~511);
      if (slot < 0) {
        i = bottom - 1;
        continue;
      }
      for (; i >= bottom; i--) {
        const slotChunk = (slot << 9) | (i & 511);
        if (!this.shouldScavenge(slotChunk * 2, force)) continue;
        this.foundChunk = i;
        if (i === start) {
          this.foundPage = cursor.page % CHUNK_PAGES;
        } else {
          this.foundPage = CHUNK_PAGES - 1;
          cursor.moveDown(i * CHUNK_PAGES + CHUNK_PAGES - 1);
        }
        return slotChunk;
      }
    }
    cursor.clear();
    return -1;
  }

  private shouldScavenge(o: number, force: boolean): boolean {
    const sc = this.chunks[o]!;
    if ((sc & HAS_FREE) === 0) return false;
    if (force) return true;
    if ((sc & IN_USE) >= HI_OCC_PAGES) return false;
    return this.chunks[o + 1] !== this.gen || ((sc >>> LAST_IN_USE_SHIFT) & IN_USE) < HI_OCC_PAGES;
  }

  state(): ScavengerState {
    const { pageSize } = this.p;
    const { searchAddrBg: bg, searchAddrForce: force } = this;
    return {
      addresses: {
        searchAddrBg: bg.page * pageSize,
        searchAddrForce: force.page * pageSize,
        freeHWM: this.freeHWM * pageSize,
      },
      numbers: { gen: this.gen >>> 0, markedBg: bg.marked ? 1 : 0, markedForce: force.marked ? 1 : 0 },
    };
  }

  chunkNumber(slotChunk: number): [number, number] {
    return [this.chunks[slotChunk * 2 + 1]! >>> 0, this.chunks[slotChunk * 2]! >>> 0];
  }
}
