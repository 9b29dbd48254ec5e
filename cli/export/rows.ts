import type { ReplayResult, TimelineRow } from "../../replay/result.ts";
import type { RowSink } from "../../replay/run.ts";
import { sampleRows } from "../../replay/timeline.ts";
import type { ExportJob, Sink } from "./exporter.ts";
import { TextBuffer } from "./text-buffer.ts";

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

/** Rows between two looks at whether there is something to write. */
const ROWS_PER_DRAIN = 500;
/** Text that is put together before it is written: fewer, longer writes. */
const BYTES_PER_WRITE = 1 << 18;

/**
 * Replays, and hands the rows that were asked for to `rows`. Every change ("all") is handed on while the replay goes on
 * and kept nowhere.
 */
export async function replayRows(job: ExportJob, rows: RowSink): Promise<ReplayResult> {
  if (job.samples === "all") return job.replay({ rows });
  const result = await job.replay();
  const { timeline } = result;
  let n = 0;
  for (const row of job.samples === null ? timeline : sampleRows(timeline, job.samples)) {
    rows.add(row);
    if (++n % ROWS_PER_DRAIN === 0) await rows.drain();
  }
  await rows.drain();
  return result;
}

/** The same as text: `line` adds a line for each row. */
export async function replayLines(
  job: ExportJob,
  out: Sink,
  line: (text: TextBuffer, row: TimelineRow) => void,
): Promise<ReplayResult> {
  const text = new TextBuffer(BYTES_PER_WRITE * 2);
  const result = await replayRows(job, {
    add: (row) => line(text, row),
    async drain() {
      if (text.length >= BYTES_PER_WRITE) await out.write(text.take());
    },
  });
  await out.write(text.take());
  return result;
}
