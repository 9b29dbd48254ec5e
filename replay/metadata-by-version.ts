/**
 * Runtime metadata that RSS holds because of the heap, by Go version (1.11-1.27, linux/amd64): what is touched of it, not what
 * is mapped. Sizes are those of the runtime's own structures (mheap.go: heapArena, mspan; mpagealloc.go; mbitmap.go); pages
 * of metadata are never given back, so all follows the most that the heap ever used.
 */
import type { HeapStats } from "../allocator/types.ts";
import { metadataBytes } from "./metadata.ts";

const PAGE = 8192;
/** One bitmap byte describes 32 bytes of heap up to 1.19 (2 bits a word), 64 in 1.20 and 1.21 (1 bit a word). */
const HEAP_PER_BITMAP_BYTE: readonly [until: number, bytes: number][] = [
  [19, 32],
  [21, 64],
];

export class Metadata {
  readonly #minor: number;
  readonly #heapPerByte: number;
  #used = 0;

  /** @param minor of Go 1.x */
  constructor(minor: number) {
    this.#minor = minor;
    this.#heapPerByte = HEAP_PER_BITMAP_BYTE.find(([until]) => minor <= until)?.[1] ?? Number.POSITIVE_INFINITY;
  }

  bytes(stats: HeapStats, peakSpans: number): number {
    const used = stats.inUse + stats.manual + stats.freeBacked - (stats.untouched ?? 0);
    if (used > this.#used) this.#used = used;
    let bytes = metadataBytes(stats, peakSpans);
    // Up to 1.16 whole arenas are mapped: the table of spans is touched where pages are used only.
    if (this.#minor <= 16) bytes -= ((stats.mapped - this.#used) / PAGE) * 8;
    return Math.round(bytes + this.#used / this.#heapPerByte);
  }
}
