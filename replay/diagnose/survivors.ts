/**
 * What a heap that fell left behind. Without addresses a trace says how much is alive, not where: a few survivors may hold most of the
 * spans, or none. So free pages of such a replay are told from room in spans by how much survived, and by RSS where it was measured.
 */
import { sizeClassOf, spanLayoutFor } from "../../allocator/size-classes.ts";
import type { HeapProfile } from "../../parsers/pprof/profile.ts";
import type { Facts } from "./facts.ts";
import type { Evidence } from "./rule.ts";
import { deadShares } from "./shares.ts";
import { MiB } from "./text.ts";
import { stacksLikely } from "./unseen.ts";

/** Times its own size that a survivor may hold, where no profile tells sizes: of a page, one object of 512 bytes. */
const PINS = 16;
/** Objects beyond it have a span of their own. */
const LARGEST_SMALL = 32760;
const CLASSES = "go1.27";
const PAGE = 8192;
/** Metadata of any program. */
export const METADATA = 5 * MiB;

/** Room in spans that what a profile shows alive can hold at most: each object alone in its span. Bytes. */
export function roomAtMost(profile: HeapProfile): number {
  // The classes differ between versions by that of 24 bytes alone.
  const { pages } = spanLayoutFor(CLASSES);
  const u = profile.unsampled();
  let bytes = 0;
  for (let s = 0; s < profile.sampleCount; s++) {
    const size = u.size[s]!;
    if (u.inuseObjects[s]! <= 0 || size <= 0 || size > LARGEST_SMALL) continue;
    bytes += u.inuseObjects[s]! * (pages[sizeClassOf(size, CLASSES)]! * PAGE - size);
  }
  return bytes;
}

/** A profile that shows less of what is allocated is of another time. */
const SHOWS = 0.7;

/** Share of large objects in what the last profile shows alive; NaN where it does not show most of it. */
export function largeAlive(facts: Facts): number {
  const profile = facts.profile?.profile;
  const all = profile?.totals().inuseBytes ?? 0;
  if (!profile || all < SHOWS * facts.settled(facts.series("heap_alloc"))) return Number.NaN;
  const u = profile.unsampled();
  let large = 0;
  for (let s = 0; s < profile.sampleCount; s++) if (u.size[s]! > LARGEST_SMALL) large += u.inuseBytes[s]!;
  return large / all;
}

/** Bytes that were alive after the last big fall of the heap, and not before its rise; NaN where it did not fall. */
function survivors(facts: Facts): number {
  const { fall } = facts;
  if (!fall) return Number.NaN;
  const peakT = facts.series("heap_inuse")!.t[facts.series("heap_inuse")!.peak]!;
  let before = Number.POSITIVE_INFINITY;
  let after = Number.POSITIVE_INFINITY;
  for (const { end, marked } of facts.gcs) {
    if (!Number.isFinite(marked)) continue;
    if (end < peakT) before = Math.min(before, marked);
    else after = Math.min(after, marked);
  }
  if (before === Number.POSITIVE_INFINITY) before = facts.series("heap_alloc")?.first ?? 0;
  return after === Number.POSITIVE_INFINITY ? Number.NaN : Math.max(0, after - before);
}

/** All that was ever allocated in small objects, which is more than the room between them; Infinity where no profile shows nearly all. */
function smallMade(facts: Facts): number {
  const profile = facts.profile?.profile;
  const alloc = facts.series("heap_alloc");
  if (!profile || !alloc) return Number.POSITIVE_INFINITY;
  const u = profile.unsampled();
  let small = 0;
  let all = 0;
  for (let s = 0; s < profile.sampleCount; s++) {
    all += u.allocBytes[s]!;
    if (u.size[s]! <= LARGEST_SMALL) small += u.allocBytes[s]!;
  }
  return all < SHOWS * alloc.max ? Number.POSITIVE_INFINITY : small;
}

/** Whether free pages of a replay without addresses may as well be room in spans that survivors hold. */
export function mayBeRoom(facts: Facts, free: number): boolean {
  if (!facts.inferredHeap) return false;
  const left = survivors(facts);
  return !(Math.min(left * PINS, smallMade(facts)) <= free / 2);
}

export function roomEvidence(facts: Facts): Evidence {
  return facts.evidence(
    "without addresses what is free is the model's: objects that survived may hold spans that are nearly empty",
    "replay",
  );
}

/**
 * Resident bytes at the end that are neither objects nor stacks nor the least of metadata, nor free pages where these are certain, where a
 * replay without addresses can't say what they are: room in spans, free pages that no run fits, metadata, or memory that is not Go's. NaN
 * where RSS was not measured or the heap was.
 */
export function unexplained(facts: Facts): number {
  if (!facts.inferredHeap || !facts.rssMeasured) return Number.NaN;
  const anon = facts.series("rss_anon") ?? facts.series("smaps_anon");
  const alloc = facts.series("heap_alloc");
  if (!anon || !alloc) return Number.NaN;
  const free = facts.settled(facts.free()) || 0;
  const known = mayBeRoom(facts, free) && !deadShares(facts).active ? 0 : free;
  return Math.max(0, facts.settled(anon) - facts.settled(alloc) - known - stacksLikely(facts) - METADATA);
}

/** The part of it that may be the heap's: no more than the heap ever had beside what is allocated now. */
export function unexplainedHeap(facts: Facts): number {
  return Math.min(unexplained(facts), (facts.series("heap_sys")?.max ?? 0) - facts.settled(facts.series("heap_alloc")));
}

/** Of what a heap grew by, so much must have been resident anew, and so much free before. */
const NEW_SHARE = 0.7;
const FREE_SHARE = 0.5;

/**
 * What was resident beside objects and stayed so while the heap grew again after the last GC that freed much, by nearly as much anew: it was free, and
 * nothing that was wanted fitted. By measured RSS, for a replay without addresses can't tell. 0 where it was not so.
 */
export function grewBesideFree(facts: Facts): number {
  const { rss } = facts;
  const alloc = facts.series("heap_alloc");
  const freed = facts.gcs.findLast((gc) => facts.notable(gc.heapEnd - gc.marked));
  if (!facts.inferredHeap || !facts.rssMeasured || !freed || !rss || !alloc) return 0;
  let low = alloc.indexAt(freed.end);
  for (let i = low; i < alloc.length; i++) if (alloc.v[i]! < alloc.v[low]!) low = i;
  const from = alloc.t[low]!;
  const rise = alloc.last - alloc.v[low]!;
  const then = rss.since(from)[0]!;
  const free = then - (facts.at("rss_file", from) || 0) - alloc.v[low]! - stacksLikely(facts) - METADATA;
  if (!facts.notable(rise) || rss.last - then < NEW_SHARE * rise || free < FREE_SHARE * rise) return 0;
  return Math.min(free, unexplained(facts) + (facts.settled(facts.free()) || 0));
}
