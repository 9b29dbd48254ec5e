/**
 * The radix tree over the chunks' bitmaps (mpagealloc.go: pallocSum, mergeSummaries, pageAlloc.find; Go 1.14 to 1.27).
 *
 * Five levels; an entry covers 4096, 512, 64, 8, 1 chunks and holds three counts of pages: free at its start, longest free
 * run (max), free at its end. The runtime packs them into 64 bits; here they are three integers of an Int32Array, so the
 * root's 2^21 needs no special form. 0, 0, 0 stands for "nothing free", grown or not.
 *
 * The runtime reserves the whole tree in address space. Here chunks live in *blocks* of 512 (one entry of level 1, 2 GiB of
 * 8 KiB pages) that get a *slot* when they are first grown into. Below level 1 all arrays are indexed by slot-space chunk
 * numbers, slot << 9 | chunk & 511: the tree's index arithmetic works on them as on real ones, and a heap spread over 2^48
 * takes storage for what it touches.
 */
import { sumEnd, sumMax, sumStart } from "./bits.ts";

export const LOG_BLOCK_CHUNKS = 9;
export const BLOCK_CHUNKS = 1 << LOG_BLOCK_CHUNKS;
/** Chunks in 2^48 bytes of address space at 8 KiB pages; larger pages use fewer of them. */
export const MAX_CHUNKS = 1 << 26;
const MAX_BLOCKS = MAX_CHUNKS >>> LOG_BLOCK_CHUNKS;
const ROOT_ENTRIES = MAX_CHUNKS >>> 12;
/** log2 of pages under an entry, by level. */
export const LEVEL_LOG_PAGES = [21, 18, 15, 12, 9] as const;
export const SUMMARY_LEVELS = 5;

/** Integers an entry takes: start, max, end and a fourth, so that an entry never straddles two cache lines. */
export const STRIDE = 4;

/** A packed entry takes 30 bits; this one says that the levels above may not know the chunk's entry. */
export const STALE = 1 << 30;

/** What find() found; see there. */
export const FOUND_NONE = 0;
export const FOUND_RUN = 1;
export const FOUND_CHUNK = 2;

export class Summaries {
  /** Slot of a block, -1 for none. */
  readonly blockSlot = new Int32Array(MAX_BLOCKS).fill(-1);
  /** Block of a slot. */
  slotBlock = new Int32Array(1);
  slots = 0;
  private capacity = 1;

  private readonly root = new Int32Array(ROOT_ENTRIES * STRIDE);
  /** Root entries in [rootLo, rootHi) may be non-zero. */
  private rootLo = ROOT_ENTRIES;
  private rootHi = 0;
  private level1 = new Int32Array(STRIDE);
  private level2 = new Int32Array(8 * STRIDE);
  private level3 = new Int32Array(64 * STRIDE);
  /**
   * The chunks' own entries. They are kept up to date by whoever changes bitmaps; the fourth integer is the entry, packed as
   * by summarize, that the levels above know of, and STALE if update is due.
   */
  leaf = new Int32Array(BLOCK_CHUNKS * STRIDE);
  /** The level-1 entries under one root entry, gathered. */
  private readonly siblings = new Int32Array(8 * STRIDE);

  /** Results of find(). */
  foundChunk = 0;
  foundPage = 0;
  foundSlotChunk = 0;
  /** The chunks [freeLo, freeHi) certainly hold the first free page of the heap (pageAlloc.find's firstFree). */
  freeLo = 0;
  freeHi = MAX_CHUNKS;

  /** Results of scan(): where a run begins, in entries and pages back from there; the first entry that is not zero. */
  private runEntry = 0;
  private runBack = 0;
  private firstNonZero = 0;
  /** The entry that mergeEntries made. */
  private readonly merged = new Int32Array(3);

  /** Slot for the block of a chunk, made if it has none. True if it is new. */
  addBlock(block: number): boolean {
    if (this.blockSlot[block]! >= 0) return false;
    if (this.slots === this.capacity) {
      this.capacity *= 2;
      this.slotBlock = enlarged(this.slotBlock, this.capacity);
      this.level1 = enlarged(this.level1, this.capacity * STRIDE);
      this.level2 = enlarged(this.level2, this.capacity * 8 * STRIDE);
      this.level3 = enlarged(this.level3, this.capacity * 64 * STRIDE);
      this.leaf = enlarged(this.leaf, this.capacity * BLOCK_CHUNKS * STRIDE);
    }
    this.slotBlock[this.slots] = block;
    this.blockSlot[block] = this.slots++;
    this.rootLo = Math.min(this.rootLo, block >>> 3);
    this.rootHi = Math.max(this.rootHi, (block >>> 3) + 1);
    return true;
  }

  /** How many slots there is storage for; arrays beside these grow with it. */
  get slotCapacity(): number {
    return this.capacity;
  }

  /** Slot-space number of a chunk, -1 if its block was never grown into. */
  slotChunk(chunk: number): number {
    const slot = this.blockSlot[chunk >>> LOG_BLOCK_CHUNKS]!;
    return slot < 0 ? -1 : (slot << LOG_BLOCK_CHUNKS) | (chunk & (BLOCK_CHUNKS - 1));
  }

  /** Where to stop when going up n chunks from c by slot-space numbers: they follow on as far as blocks have slots in order. */
  nearEnd(c: number, n: number): number {
    let block = c >>> LOG_BLOCK_CHUNKS;
    let slot = this.blockSlot[block]!;
    while ((block + 1) << LOG_BLOCK_CHUNKS < c + n && this.blockSlot[block + 1] === slot + 1) {
      block++;
      slot++;
    }
    const end = (block + 1) << LOG_BLOCK_CHUNKS;
    return Math.min(c + n, end);
  }

  /** Chunk of a slot-space number. */
  chunkOf(slotChunk: number): number {
    return (this.slotBlock[slotChunk >>> LOG_BLOCK_CHUNKS]! << LOG_BLOCK_CHUNKS) | (slotChunk & (BLOCK_CHUNKS - 1));
  }

  /** Brings the levels above a chunk up to date with its entry (pageAlloc.update's walk up the tree). */
  update(slotChunk: number): void {
    const q = slotChunk * STRIDE;
    const max = this.leaf[q + 1]!;
    const sum = this.leaf[q]! | (max << 10) | (this.leaf[q + 2]! << 20);
    const old = this.leaf[q + 3]! & ~STALE;
    this.leaf[q + 3] = sum;
    if (sum === old) return;
    if (sumStart(sum) === sumStart(old) && sumEnd(sum) === sumEnd(old)) {
      // Only the longest run changed. Above, it counts if it was the longest there, or is now.
      const above = this.level3[(slotChunk >>> 3) * STRIDE + 1]!;
      if (sumMax(old) < above && max <= above) return;
    }
    const m = this.merged;
    mergeEntries(this.leaf, (slotChunk & ~7) * STRIDE, 9, m);
    let i = slotChunk >>> 3;
    if (!store(this.level3, i * STRIDE, m[0]!, m[1]!, m[2]!)) return;
    mergeEntries(this.level3, (i & ~7) * STRIDE, 12, m);
    i >>>= 3;
    if (!store(this.level2, i * STRIDE, m[0]!, m[1]!, m[2]!)) return;
    mergeEntries(this.level2, (i & ~7) * STRIDE, 15, m);
    i >>>= 3;
    if (!store(this.level1, i * STRIDE, m[0]!, m[1]!, m[2]!)) return;
    const rootEntry = this.slotBlock[i]! >>> 3;
    this.gather(rootEntry);
    mergeEntries(this.siblings, 0, 18, m);
    store(this.root, rootEntry * STRIDE, m[0]!, m[1]!, m[2]!);
  }

  /** Copies the level-1 entries under a root entry to `siblings`. */
  private gather(rootEntry: number): void {
    for (let j = 0; j < 8; j++) {
      const slot = this.blockSlot[rootEntry * 8 + j]!;
      const o = j * STRIDE;
      if (slot < 0) {
        this.siblings[o] = 0;
        this.siblings[o + 1] = 0;
        this.siblings[o + 2] = 0;
      } else {
        this.siblings[o] = this.level1[slot * STRIDE]!;
        this.siblings[o + 1] = this.level1[slot * STRIDE + 1]!;
        this.siblings[o + 2] = this.level1[slot * STRIDE + 2]!;
      }
    }
  }

  /**
   * pageAlloc.find down to the chunk: the first run of n free pages. FOUND_RUN: it begins at foundChunk, foundPage and
   * crosses chunks. FOUND_CHUNK: it is inside foundChunk (foundSlotChunk). searchChunk is the chunk of searchAddr, below
   * which nothing is free. Narrows [freeLo, freeHi) as the runtime narrows firstFree.
   */
  find(n: number, searchChunk: number): number {
    this.freeLo = 0;
    this.freeHi = MAX_CHUNKS;
    const rootStart = Math.max(searchChunk >>> 12, this.rootLo);
    let j = this.scan(this.root, 0, rootStart, this.rootHi, 21, n);
    this.foundFree(0, 12);
    if (j < 0) return this.run(j, 0, 12);
    let chunk = j << 12;

    j = this.scanBlocks(j << 3, j === searchChunk >>> 12 ? (searchChunk >>> 9) & 7 : 0, n);
    this.foundFree(chunk, 9);
    if (j < 0) return this.run(j, chunk, 9);
    chunk += j << 9;

    let i = this.blockSlot[chunk >>> LOG_BLOCK_CHUNKS]!;
    const searchSlotChunk = chunk >>> 9 === searchChunk >>> 9 ? (i << 9) | (searchChunk & 511) : -1;
    i <<= 3;
    j = this.scan(this.level2, i, firstEntry(searchSlotChunk, 6, i), 8, 15, n);
    this.foundFree(chunk, 6);
    if (j < 0) return this.run(j, chunk, 6);
    chunk += j << 6;

    i = (i + j) << 3;
    j = this.scan(this.level3, i, firstEntry(searchSlotChunk, 3, i), 8, 12, n);
    this.foundFree(chunk, 3);
    if (j < 0) return this.run(j, chunk, 3);
    chunk += j << 3;

    i = (i + j) << 3;
    j = this.scan(this.leaf, i, firstEntry(searchSlotChunk, 0, i), 8, 9, n);
    this.foundFree(chunk, 0);
    if (j < 0) return this.run(j, chunk, 0);
    this.foundChunk = chunk + j;
    this.foundSlotChunk = i + j;
    return FOUND_CHUNK;
  }

  /**
   * Runs over entries i + [j0, count) of a level for n free pages in a row. Returns the index (from i) of an entry that has
   * them inside, -1 if there are none, -2 if a run that crosses entries begins at runEntry, runBack.
   */
  private scan(s: Int32Array, i: number, j0: number, count: number, logMaxPages: number, n: number): number {
    const full = 1 << logMaxPages;
    let size = 0;
    this.firstNonZero = -1;
    for (let j = j0; j < count; j++) {
      const o = (i + j) * STRIDE;
      const max = s[o + 1]!;
      if (max === 0) {
        size = 0;
        continue;
      }
      if (this.firstNonZero < 0) this.firstNonZero = j;
      const start = s[o]!;
      if (size + start >= n) {
        if (size === 0) {
          this.runEntry = j;
          this.runBack = 0;
        }
        return -2;
      }
      if (max >= n) return j;
      if (size === 0 || start < full) {
        size = s[o + 2]!;
        this.runEntry = j + 1;
        this.runBack = size;
        continue;
      }
      size += full;
    }
    return -1;
  }

  /** scan() of level 1 from block i on, whose entries are where their blocks have slots. */
  private scanBlocks(i: number, j0: number, n: number): number {
    const full = 1 << 18;
    const s = this.level1;
    let size = 0;
    this.firstNonZero = -1;
    for (let j = j0; j < 8; j++) {
      const slot = this.blockSlot[i + j]!;
      const max = slot < 0 ? 0 : s[slot * STRIDE + 1]!;
      if (max === 0) {
        size = 0;
        continue;
      }
      if (this.firstNonZero < 0) this.firstNonZero = j;
      const start = s[slot * STRIDE]!;
      if (size + start >= n) {
        if (size === 0) {
          this.runEntry = j;
          this.runBack = 0;
        }
        return -2;
      }
      if (max >= n) return j;
      if (size === 0 || start < full) {
        size = s[slot * STRIDE + 2]!;
        this.runEntry = j + 1;
        this.runBack = size;
        continue;
      }
      size += full;
    }
    return -1;
  }

  /** pageAlloc.find's foundFree for the first entry with free pages that scan() saw, of 2^logChunks chunks, from `chunk` on. */
  private foundFree(chunk: number, logChunks: number): void {
    if (this.firstNonZero < 0) return;
    const lo = chunk + (this.firstNonZero << logChunks);
    const hi = lo + (1 << logChunks);
    if (this.freeLo <= lo && hi <= this.freeHi) {
      this.freeLo = lo;
      this.freeHi = hi;
    }
  }

  private run(j: number, chunk: number, logChunks: number): number {
    if (j === -1) return FOUND_NONE;
    this.foundChunk = chunk + (this.runEntry << logChunks) + (-this.runBack >> 9);
    this.foundPage = -this.runBack & 511;
    return FOUND_RUN;
  }

  /** start, max, end of an entry: for looking at the tree from outside. `index` counts from address 0 of the linear space. */
  entry(level: number, index: number): [start: number, max: number, end: number] {
    if (level === 0) return triple(this.root, index * STRIDE);
    const slotChunk = this.slotChunk(index * 8 ** (4 - level));
    if (slotChunk < 0) return [0, 0, 0];
    const array = [this.root, this.level1, this.level2, this.level3, this.leaf][level]!;
    return triple(array, (slotChunk >>> (3 * (4 - level))) * STRIDE);
  }
}

/**
 * mergeSummaries (mpagealloc.go): the entry above the eight entries from index o on, each of 2^logMaxPages pages, as start,
 * max, end in `out`.
 */
export function mergeEntries(s: Int32Array, o: number, logMaxPages: number, out: Int32Array): void {
  const full = 1 << logMaxPages;
  let start = s[o]!;
  let most = s[o + 1]!;
  let end = s[o + 2]!;
  let whole = full;
  const last = o + 8 * STRIDE;
  for (let k = o + STRIDE; k < last; k += STRIDE) {
    const si = s[k]!;
    const mi = s[k + 1]!;
    const ei = s[k + 2]!;
    if (start === whole) start += si;
    // The larger of two, without a branch: which one it is can't be predicted.
    let d = most - end - si;
    most -= d & (d >> 31);
    d = most - mi;
    most -= d & (d >> 31);
    end = ei === full ? end + full : ei;
    whole += full;
  }
  out[0] = start;
  out[1] = most;
  out[2] = end;
}

/** First entry to look at in the block of eight at i of a level where an entry is 2^logChunks chunks. */
function firstEntry(searchSlotChunk: number, logChunks: number, i: number): number {
  const s = searchSlotChunk >> logChunks;
  return (s & ~7) === i ? s & 7 : 0;
}

/** Writes an entry; false if it was the same already. */
function store(s: Int32Array, o: number, start: number, max: number, end: number): boolean {
  if (s[o] === start && s[o + 1] === max && s[o + 2] === end) return false;
  s[o] = start;
  s[o + 1] = max;
  s[o + 2] = end;
  return true;
}

function triple(s: Int32Array, o: number): [number, number, number] {
  return [s[o]!, s[o + 1]!, s[o + 2]!];
}

export function enlarged(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const out = new Int32Array(length);
  out.set(array);
  return out;
}

/** packPallocSum as 64 bits: [high 32, low 32]. */
export function packPallocSum(start: number, max: number, end: number): [hi: number, lo: number] {
  if (max === 1 << 21) return [0x80000000, 0];
  const lo = (start & 0x1fffff) + (max & 0x7ff) * 2 ** 21;
  const hi = ((max >>> 11) & 0x3ff) + (end & 0x1fffff) * 2 ** 10;
  return [hi, lo];
}
