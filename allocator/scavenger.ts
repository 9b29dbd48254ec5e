/** What the page allocator and its scavenger know of each other. Each era's scavenger is one implementation. */
import type { PageAlloc } from "./page-alloc.ts";

/**
 * Decides which free pages go back to the OS, and in which order. Called with chunk numbers of the linear address space and
 * their slot-space numbers (summary.ts), by which implementations index their arrays.
 */
export interface Scavenger {
  /** The page allocator has storage for this many chunks now. */
  resize(chunks: number): void;
  /** Chunks [start, end) were grown. */
  grown(start: number, end: number): void;
  /** Whether allocated() must be called. */
  readonly countsPages: boolean;
  /** n pages of a chunk were allocated, or taken by a page cache. */
  allocated(slotChunk: number, n: number): void;
  /** Pages [page, page + n) of a chunk were freed. */
  freed(chunk: number, slotChunk: number, page: number, n: number): void;
  /** A page cache gave n pages of a chunk back; the highest is `page`. */
  flushed(chunk: number, slotChunk: number, page: number, n: number): void;
  /** Writes what allocated() changes of a chunk to out[o], out[o + 1]; restore() puts it back. For taking allocations back. */
  save(slotChunk: number, out: Int32Array, o: number): void;
  restore(slotChunk: number, from: Int32Array, o: number): void;
  /** A new cycle begins (resetScavengeAddr, scavengeStartGen, scavengeIndex.nextGen); nothing in versions without. */
  nextGen(): void;
  /**
   * pageAlloc.scavenge: returns at least `bytes` (Infinity for all) to the OS if there is that much, and how much it was.
   * `force` also takes what a version holds back; `once` stops after the first find (the CPU limiter is on).
   */
  scavenge(bytes: number, force: boolean, once: boolean): number;
  /** The fields by which the vectors identify the state; addresses are linear. */
  state(): ScavengerState;
  /** The chunk's number in the vectors' `scavChunks`, as 64 bits. */
  chunkNumber(slotChunk: number): [hi: number, lo: number];
}

export interface ScavengerState {
  readonly addresses: Readonly<Record<string, number>>;
  readonly numbers: Readonly<Record<string, number>>;
}

export type ScavengerFactory = (pages: PageAlloc) => Scavenger;
