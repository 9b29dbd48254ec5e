/**
 * The heap as it was when a recording with addresses began. The snapshot lists spans in use and nothing else: which free
 * pages were still backed, and what page caches held, has to be inferred.
 */

const PAGE = 8192;
const CHUNK = 4 << 20;
/** Arena hints lie 1 TiB apart (malloc.go:mallocinit): no heap range crosses that. */
const HINT_SPACING = 2 ** 40;

export interface LiveSpan {
  readonly base: number;
  readonly pages: number;
  /** Span class, or a MANUAL_* kind. */
  readonly aux: number;
}

export interface StartingRange {
  readonly base: number;
  readonly pages: number;
  readonly released: boolean;
  /** Pages that a randomized heap base leaves out at the bottom of the first chunk (mpagealloc.go:markRandomPaddingPages). */
  readonly padding: boolean;
}

/**
 * Ranges to map, ascending; spans are placed into them afterwards.
 *
 * Whole chunks are mapped from the lowest to the highest one in use. Free pages below the highest span are taken as
 * backed: they were used before (free memory that long ago went back to the OS is counted too high by this, until the
 * scavenger has passed). Pages above the highest span are taken as never used.
 */
export function startingRanges(
  spans: readonly LiveSpan[],
  minHeapAddr: number | null,
  randomBase: boolean,
): StartingRange[] {
  if (spans.length === 0) return [];
  const sorted = [...spans].sort((a, b) => a.base - b.base);
  const out: StartingRange[] = [];
  let from = 0;
  for (let i = 1; i <= sorted.length; i++) {
    const before = sorted[i - 1]!;
    if (i < sorted.length && Math.floor(sorted[i]!.base / HINT_SPACING) === Math.floor(before.base / HINT_SPACING))
      continue;
    const lowest = sorted[from]!.base;
    const top = before.base + before.pages * PAGE;
    let base = Math.floor(lowest / CHUNK) * CHUNK;
    if (from === 0 && minHeapAddr !== null && minHeapAddr < base) base = Math.floor(minHeapAddr / CHUNK) * CHUNK;
    const end = Math.ceil(top / CHUNK) * CHUNK;
    let used = base;
    if (randomBase && from === 0 && lowest - base < CHUNK && lowest > base) {
      out.push({ base, pages: (lowest - base) / PAGE, released: true, padding: true });
      used = lowest;
    }
    if (top > used) out.push({ base: used, pages: (top - used) / PAGE, released: false, padding: false });
    if (end > top) out.push({ base: top, pages: (end - top) / PAGE, released: true, padding: false });
    from = i;
  }
  return out;
}
