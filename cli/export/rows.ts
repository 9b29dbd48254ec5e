import type { ReplayResult, TimelineRow } from "../../replay/result.ts";
import { sampleRows } from "../../replay/timeline.ts";
import type { ExportJob } from "./exporter.ts";

/** Columns of a timeline in files, in this order; names and units as in `replay --json`. */
export const TIMELINE_COLUMNS = [
  "t",
  "rss",
  "heapInuse",
  "heapFree",
  "heapReleased",
  "stacks",
  "heapLive",
  "heapGoal",
  "mapped",
  "measuredRss",
  "measuredReleased",
  "measuredInuse",
] as const satisfies readonly (keyof TimelineRow)[];

/** Rows that are put together before they are written. */
export const ROWS_PER_WRITE = 500;

/** Replays, and the rows that were asked for. */
export async function timelineOf(job: ExportJob): Promise<{ result: ReplayResult; rows: readonly TimelineRow[] }> {
  const result = await job.replay();
  const { timeline } = result;
  return { result, rows: typeof job.samples === "number" ? sampleRows(timeline, job.samples) : timeline };
}
