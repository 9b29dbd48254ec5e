import type { HeapStats } from "../allocator/types.ts";

/**
 * Runtime metadata that RSS holds because of the heap, in bytes, for Go 1.22-1.27: what is touched of it, not what is
 * mapped. Sizes are those of the runtime's own structures (mheap.go, mpagealloc.go, mbitmap.go).
 */
const MSPAN = 160;
const SPANS_TABLE_PER_PAGE = 8;
const CHUNK = 4 << 20;
/** Allocation bits, scavenged bits and the leaf summary with its parents, per 4 MiB chunk. */
const PER_CHUNK = 128 + 8 + 2 + 8;
/** Mark and allocation bits of an average span, of this cycle and of the last. */
const GC_BITS_PER_SPAN = 2 * 2 * 16;

export function metadataBytes(stats: HeapStats, peakSpans: number): number {
  return (
    peakSpans * (MSPAN + GC_BITS_PER_SPAN) +
    (stats.mapped / 8192) * SPANS_TABLE_PER_PAGE +
    Math.ceil(stats.mapped / CHUNK) * PER_CHUNK
  );
}
