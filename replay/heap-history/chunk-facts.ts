import {
  CACHED,
  CHUNK_PAGES,
  DENSE_PAGES,
  FREE,
  type HeapPages,
  IN_USE,
  PAGE,
  REGION_PAGES,
  RELEASED,
  UNMAPPED,
} from "./heap-pages.ts";

/** Transparent huge pages of 2 MiB, two in a chunk. */
export const HUGE_PAGES = 256;

/**
 * What the scavenger does with a chunk (mgcscavenge.go: scavChunkData.shouldScavenge, Go 1.21+): dense, so left alone; dense when
 * the GC cycle began, so left alone until the next; free pages of it can go back; there is nothing to give back.
 */
export type Density = "dense" | "was-dense" | "returnable" | "nothing";

export function densityOf(pages: HeapPages, chunk: number): Density {
  const taken = pages.count(chunk, IN_USE) + pages.count(chunk, CACHED);
  if (taken >= DENSE_PAGES) return "dense";
  if (pages.count(chunk, FREE) === 0) return "nothing";
  return pages.lastInUse(chunk) >= DENSE_PAGES ? "was-dense" : "returnable";
}

/** Whether 2 MiB can be one huge page: all of it has memory, a part was returned or never used, or all of it. */
export type Hugeness = "whole" | "broken" | "gone";

/** Of the 2 MiB that begin at a page. */
export function hugenessOf(pages: HeapPages, page: number): Hugeness {
  const chunk = Math.floor(page / CHUNK_PAGES);
  const missing = pages.count(chunk, RELEASED) + pages.count(chunk, UNMAPPED);
  if (missing === 0) return "whole";
  if (missing === CHUNK_PAGES) return "gone";
  let gone = 0;
  for (let at = page; at < page + HUGE_PAGES; at++) {
    const state = pages.stateOf(at);
    if (state === RELEASED || state === UNMAPPED) gone++;
  }
  return gone === 0 ? "whole" : gone === HUGE_PAGES ? "gone" : "broken";
}

/** Slots of the object spans in some pages: bytes of all, and of those that hold an object. */
export interface Fill {
  readonly bytes: number;
  readonly used: number;
}

/** Of pages [page, page + n). A large object fills its span; an object counts where it begins. `slotSizes`: bytes by size class. */
export function fillOf(pages: HeapPages, page: number, n: number, slotSizes: ArrayLike<number>): Fill {
  let bytes = 0;
  let used = 0;
  const slotOf = (kind: number): number => (kind < 0 ? 0 : kind < 2 ? -1 : (slotSizes[kind >> 1] ?? 0));
  let slot = pages.stateOf(page) === IN_USE ? slotOf(pages.runAt(page).span!.kind) : 0;
  for (let at = page; at < page + n; at++) {
    const region = pages.find(Math.floor(at / REGION_PAGES));
    if (!region) continue;
    const i = at - region.index * REGION_PAGES;
    if ((region.state[i]! & 7) !== IN_USE) {
      slot = 0;
      continue;
    }
    if (pages.isFirst(at)) slot = slotOf(region.kind[i]!);
    if (slot === 0) continue;
    bytes += PAGE;
    used += slot < 0 ? PAGE : Math.min(PAGE * 8, region.objects[i]! * slot);
  }
  return { bytes, used: Math.min(bytes, used) };
}
