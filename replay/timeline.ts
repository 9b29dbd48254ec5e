import { COL, WIDTH } from "./recorder.ts";
import type { TimelineRow } from "./result.ts";

/** A recorder's row as an object. Measured columns are left out where nothing was measured. */
export function toTimelineRow(row: Float64Array): TimelineRow {
  const goal = row[COL.heapGoal]!;
  const out: TimelineRow = {
    t: row[COL.t]!,
    rss: row[COL.rss]!,
    heapInuse: row[COL.heapInuse]!,
    heapFree: row[COL.heapFree]!,
    heapReleased: row[COL.heapReleased]!,
    stacks: row[COL.manual]!,
    heapLive: row[COL.heapLive]!,
    heapGoal: Number.isNaN(goal) ? null : goal,
    mapped: row[COL.mapped]!,
  };
  if (!Number.isNaN(row[COL.measuredRss])) out.measuredRss = row[COL.measuredRss]!;
  if (!Number.isNaN(row[COL.measuredReleased])) out.measuredReleased = row[COL.measuredReleased]!;
  if (!Number.isNaN(row[COL.measuredInuse])) out.measuredInuse = row[COL.measuredInuse]!;
  return out;
}

/**
 * At most `count` of the rows, chosen so that peaks survive: the stretch of rows is cut into count/2 parts and of each the
 * lowest and the highest RSS is kept; the first, the last and the highest row of all are always there.
 */
export function sampleRows(rows: readonly TimelineRow[], count: number): TimelineRow[] {
  if (count <= 0 || rows.length === 0) return [];
  if (rows.length <= count) return [...rows];
  const peak = indexOfHighest(rows, 0, rows.length);
  if (count < 4) return [rows[peak]!, rows.at(-1)!, rows[0]!].slice(0, count).sort((a, b) => a.t - b.t);
  const keep = new Set([0, rows.length - 1, peak]);
  const parts = Math.floor((count - keep.size) / 2);
  for (let i = 0; i < parts; i++) {
    const from = Math.floor((i * rows.length) / parts);
    const to = Math.floor(((i + 1) * rows.length) / parts);
    if (to <= from) continue;
    keep.add(indexOfHighest(rows, from, to));
    keep.add(indexOfLowest(rows, from, to));
  }
  return [...keep].sort((a, b) => a - b).map((i) => rows[i]!);
}

function indexOfHighest(rows: readonly TimelineRow[], from: number, to: number): number {
  let best = from;
  for (let i = from + 1; i < to; i++) if (rows[i]!.rss > rows[best]!.rss) best = i;
  return best;
}

function indexOfLowest(rows: readonly TimelineRow[], from: number, to: number): number {
  let best = from;
  for (let i = from + 1; i < to; i++) if (rows[i]!.rss < rows[best]!.rss) best = i;
  return best;
}

/** An empty row: unknown goal, nothing measured. */
export function emptyRow(): Float64Array {
  const row = new Float64Array(WIDTH);
  row[COL.heapGoal] = Number.NaN;
  row[COL.measuredRss] = Number.NaN;
  row[COL.measuredReleased] = Number.NaN;
  row[COL.measuredInuse] = Number.NaN;
  return row;
}
