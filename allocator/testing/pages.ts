import { setRange } from "../bits.ts";
import { isBitmapEra } from "../eras/bitmap-era.ts";
import { eraFor } from "../eras/index.ts";
import { LINEAR_OFFSET, PageAlloc } from "../page-alloc.ts";

export const PAGE = 8192;
export const CHUNK = 512;
const BASE = 0xc000000000;

/** [first page, pages] of a chunk, as BitRange of the runtime's tests. */
export type Ranges = readonly (readonly [i: number, n: number])[];
/** Ranges by chunk, counted from the base chunk. */
export type Chunks = Readonly<Record<number, Ranges>>;

/** PageBase of the runtime's tests: address of a page of a chunk. */
export function pageBase(chunk: number, page: number): number {
  return BASE + (chunk * CHUNK + page) * PAGE;
}

/**
 * NewPageAlloc of export_test.go: chunks with these pages allocated and, of the free ones, these scavenged. As there, all
 * pages were allocated and freed once, so that the scavenger may look at them after its next cycle.
 */
export function newPageAlloc(alloc: Chunks, scav: Chunks = {}, era = "go1.27", physPageSize = 4096): PageAlloc {
  const e = eraFor(era);
  if (!isBitmapEra(e)) throw new RangeError(era);
  const p = new PageAlloc(PAGE, physPageSize, 0, e.rules.scavenger);
  for (const [key, ranges] of Object.entries(alloc)) {
    const chunk = Number(key);
    const base = pageBase(chunk, 0);
    p.grow(base, CHUNK * PAGE);
    p.allocRange(base, CHUNK);
    p.free(base, CHUNK);
    const slotChunk = p.summaries.slotChunk(p.chunkIndex(base));
    for (const [i, n] of scav[chunk] ?? []) setRange(p.scav, slotChunk * 16, i, n);
    for (const [i, n] of ranges) {
      // chunk.allocRange clears scavenged bits; the runtime's tables name those of pages that stay free.
      if (n > 0) p.allocRange(pageBase(chunk, i), n);
    }
  }
  return p;
}

/** Bitmaps of all chunks, to compare. */
export function bitmaps(p: PageAlloc): unknown {
  const out: unknown[] = [];
  for (let i = 0; i < p.inUse.length; i++) {
    for (let c = p.inUse.base(i) / p.chunkBytes; c < p.inUse.limit(i) / p.chunkBytes; c++) {
      const s = p.summaries.slotChunk(c) * 16;
      const base = c * p.chunkBytes - LINEAR_OFFSET;
      out.push([(base - BASE) / (CHUNK * PAGE), p.bits.slice(s, s + 16).join(), p.scav.slice(s, s + 16).join()]);
    }
  }
  return out;
}

/** A chunk's bitmap with these ranges set. */
export function makeBits(ranges: Ranges): Int32Array {
  const b = new Int32Array(16);
  for (const [i, n] of ranges) if (n > 0) setRange(b, 0, i, n);
  return b;
}
