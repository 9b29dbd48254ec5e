import type { BitmapHeap } from "../heap.ts";
import type { PageAlloc } from "../page-alloc.ts";

/** Everything that decides what a page allocator does next, to compare states. */
export function pagesDigest(p: PageAlloc): unknown {
  p.update();
  const chunks: unknown[] = [];
  for (let i = 0; i < p.inUse.length; i++) {
    for (let c = p.inUse.base(i) / p.chunkBytes; c < p.inUse.limit(i) / p.chunkBytes; c++) {
      const s = p.summaries.slotChunk(c);
      chunks.push([
        c,
        p.bits.slice(s * 16, s * 16 + 16).join(),
        p.scav.slice(s * 16, s * 16 + 16).join(),
        p.scavenger.chunkNumber(s),
        p.summaries.entry(4, c),
      ]);
    }
  }
  return { chunks, search: p.searchAddr, state: p.scavenger.state(), end: p.end };
}

export function heapDigest(h: BitmapHeap): unknown {
  const caches: unknown[] = [];
  for (let p = 0; p < h.caches.length; p++) {
    const c = h.caches;
    if (!c.empty(p)) caches.push([p, c.base[p], c.freeLo[p], c.freeHi[p], c.scavLo[p], c.scavHi[p]]);
  }
  return structuredClone({ pages: pagesDigest(h.pages), caches, stats: h.stats });
}
