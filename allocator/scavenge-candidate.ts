/** What all scavengers of the bitmap eras share: the search in one chunk (mgcscavenge.go, Go 1.14 to 1.27). */
import { CHUNK_HALVES, candidateSize, candidateStart, findScavengeCandidate } from "./bits.ts";
import type { PageAlloc } from "./page-alloc.ts";

/**
 * Scavenges in one chunk, from page `searchIdx` downwards, about `max` bytes. Returns start | size << 10 in pages; size 0 if
 * there was nothing to take.
 */
export function scavengeChunk(p: PageAlloc, chunk: number, slotChunk: number, searchIdx: number, max: number): number {
  const r = candidate(p, slotChunk, searchIdx, max);
  if (r !== 0) p.scavenged(chunk, slotChunk, candidateStart(r), candidateSize(r));
  return r;
}

function candidate(p: PageAlloc, slotChunk: number, searchIdx: number, max: number): number {
  const { pageSize, physPageSize, physHugePageSize } = p;
  const minPages = physPageSize > pageSize ? physPageSize / pageSize : 1;
  const maxPages = max === Number.POSITIVE_INFINITY ? 1 << 20 : Math.ceil(max / pageSize);
  const hugePages = physHugePageSize > pageSize && physHugePageSize > physPageSize ? physHugePageSize / pageSize : 0;
  return findScavengeCandidate(p.bits, p.scav, slotChunk * CHUNK_HALVES, searchIdx, minPages, maxPages, hugePages);
}
