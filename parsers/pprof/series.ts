/**
 * Several heap profiles of one run, in order: what was allocated between them. Allocation counts only grow while a process runs,
 * so the difference of two profiles is what the program allocated in between, by size.
 */

import type { HeapProfile, SizeMix } from "./profile.ts";

/** What was allocated between two profiles. */
export interface Interval {
  readonly from: HeapProfile;
  readonly to: HeapProfile;
  /** ns between the two; NaN when a profile does not tell its time. */
  readonly durationNanos: number;
  /** By slot size: alloc* is the difference, inuse* what was alive at the end. */
  readonly mix: SizeMix;
}

/** Profiles in order of time; those without (text) by their MemStats, which grow, and else as given. Deltas are left out. */
export function inOrder(profiles: readonly HeapProfile[]): HeapProfile[] {
  const key = (p: HeapProfile): number => p.timeNanos || p.memStats?.LastGC || Number.NaN;
  const grown = (p: HeapProfile): number => p.memStats?.TotalAlloc ?? p.totals().allocBytes;
  return profiles
    .filter((p) => !p.isDelta)
    .map((p, i) => ({ p, i }))
    .sort((a, b) => key(a.p) - key(b.p) || grown(a.p) - grown(b.p) || a.i - b.i)
    .map(({ p }) => p);
}

/** Intervals between consecutive profiles. A profile that allocated less than the one before is of a restarted process. */
export function intervals(profiles: readonly HeapProfile[]): Interval[] {
  const ordered = inOrder(profiles);
  const out: Interval[] = [];
  for (let i = 1; i < ordered.length; i++) {
    const from = ordered[i - 1]!;
    const to = ordered[i]!;
    if (to.totals().allocBytes < from.totals().allocBytes) continue;
    const durationNanos = from.timeNanos > 0 && to.timeNanos > 0 ? to.timeNanos - from.timeNanos : Number.NaN;
    out.push({ from, to, durationNanos, mix: difference(from.sizeMix(), to.sizeMix()) });
  }
  return out;
}

/** Allocations by size of `to` that are not in `from`. Estimates differ by chance: less than none counts as none. */
function difference(from: SizeMix, to: SizeMix): SizeMix {
  const before = new Map<number, number>();
  for (let i = 0; i < from.length; i++) before.set(from.size[i]!, i);
  const allocObjects = to.allocObjects.slice();
  const allocBytes = to.allocBytes.slice();
  for (let i = 0; i < to.length; i++) {
    const b = before.get(to.size[i]!);
    if (b === undefined) continue;
    allocObjects[i] = Math.max(0, allocObjects[i]! - from.allocObjects[b]!);
    allocBytes[i] = Math.max(0, allocBytes[i]! - from.allocBytes[b]!);
  }
  return { ...to, allocObjects, allocBytes };
}
