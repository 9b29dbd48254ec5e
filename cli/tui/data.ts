import type { HeapMap, Ledger, ReplayResult, TimelineRow } from "../../replay/result.ts";
import { Series } from "../series.ts";

/** A result made ready to be looked at: everything that a frame needs without going through all rows again. */
export interface Data {
  readonly result: ReplayResult;
  /** First and last moment; from < to. */
  readonly from: number;
  readonly to: number;
  readonly rss: Series;
  readonly measured: Series;
  readonly released: Series;
  readonly measuredReleased: Series;
  /** When GC cycles began, ascending. */
  readonly gcs: Float64Array;
  /** The moment of the highest RSS. */
  readonly peak: number;
  /** The row at or before t; null in a run without rows. */
  rowAt(t: number): TimelineRow | null;
  ledgerAt(t: number): Ledger;
  heapMapAt(t: number): HeapMap | null;
}

export function prepare(result: ReplayResult): Data {
  const { timeline } = result;
  const from = timeline[0]?.t ?? 0;
  const times = new Series(
    Float64Array.from(timeline, (row) => row.t),
    Float64Array.from(timeline, (row) => row.rss),
  );
  const starts = result.marks.filter((mark) => mark.kind === "gc").map((mark) => mark.t);
  const to = Math.max(timeline.at(-1)?.t ?? 0, from + 1);
  return {
    result,
    from,
    to,
    rss: times,
    measured: Series.of(timeline, (row) => row.measuredRss),
    released: Series.of(timeline, (row) => row.heapReleased),
    measuredReleased: Series.of(timeline, (row) => row.measuredReleased),
    gcs: Float64Array.from(starts).sort(),
    peak: Math.min(to, Math.max(from, result.ledgerPeak.t)),
    rowAt: (t) => timeline[Math.max(0, times.indexAt(t))] ?? null,
    ledgerAt: lastOne((t) => result.ledgerAt(t)),
    heapMapAt: lastOne((t) => result.heapMapAt(t)),
  };
}

/** Remembers the last answer: frames are drawn again without the cursor having moved. */
function lastOne<T>(ask: (t: number) => T): (t: number) => T {
  let last: { t: number; answer: T } | undefined;
  return (t) => {
    if (last?.t !== t) last = { t, answer: ask(t) };
    return last.answer;
  };
}

/** How many of the ascending values are <= t. */
export function countUpTo(values: Float64Array, t: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! <= t) low = middle + 1;
    else high = middle;
  }
  return low;
}
