import type { Facts } from "./facts.ts";

/** Growth of the number of goroutines that does not end, and what grew with it. */
export interface Leak {
  /** Whether goroutines were counted; else from and to are bytes of stacks. */
  readonly byCount: boolean;
  readonly from: number;
  readonly to: number;
  readonly stacks: number;
  readonly heap: number;
}

/** Fewer goroutines than this are no leak worth naming. */
const MANY = 500;

export function leakOf(facts: Facts): Leak | null {
  const counted = facts.series("goroutines");
  const stackSeries = facts.series("stack_inuse");
  const byCount = counted !== null && counted.length >= 6;
  // Where nobody counted them, stacks that grow without end are theirs.
  const count = byCount ? counted : stackSeries;
  if (!count || count.length < 6) return null;
  const end = count.lastT;
  const start = count.t[0]!;
  const points = Array.from({ length: 8 }, (_, i) => count.at(start + ((end - start) * (i + 1)) / 8));
  const to = points.at(-1)!;
  if (to < (byCount ? MANY : facts.threshold) || to < 2 * points[1]! || to < 0.9 * count.max) return null;
  // A burst that is still on rises at once; a leak goes on rising.
  let rises = 0;
  for (let i = 1; i < points.length; i++) if (points[i]! > points[i - 1]! * 1.01) rises++;
  if (rises < 5) return null;
  const stacks = Math.max(0, stackGrowth(facts, start, end)) || 0;
  const before = facts.liveAt(start);
  const now = Math.min(facts.liveAt(end), facts.last("heap_alloc") || Number.POSITIVE_INFINITY);
  const heap = Math.max(0, now - (Number.isFinite(before) ? before : 0));
  return { byCount, from: points[0]!, to, stacks, heap: Number.isFinite(heap) ? heap : 0 };
}

/** By StackInuse, else by what GCs scanned (1.18+), which is somewhat less. */
function stackGrowth(facts: Facts, start: number, end: number): number {
  const series = facts.series("stack_inuse");
  if (series && series.length >= 3) return series.at(end) - series.at(start);
  const scanned = facts.gcs.map((gc) => gc.stacks).filter(Number.isFinite);
  const first = scanned[0] ?? 0;
  return (series?.last ?? scanned.at(-1) ?? 0) - first;
}
