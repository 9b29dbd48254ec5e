import type { TimelineRow } from "../../replay/result.ts";
import type { Exporter } from "./exporter.ts";
import { replayLines, TIMELINE_COLUMNS } from "./rows.ts";

/** The timeline as one JSON object a line, as the rows of `replay --json`. */
export const ndjson: Exporter = {
  name: "ndjson",
  title: "timeline as one JSON object a line",
  extension: "ndjson",
  binary: false,
  streams: true,
  async write(job, out) {
    const { partial } = await replayLines(job, out, line);
    return { partial };
  },
};

const KEYS = TIMELINE_COLUMNS.map((name, i) => `${i === 0 ? "{" : ","}"${name}":`);

/** As JSON.stringify writes it, which takes several times as long when it is told which members to write. */
function line(row: TimelineRow): string {
  let text = "";
  for (let c = 0; c < TIMELINE_COLUMNS.length; c++) {
    const value = row[TIMELINE_COLUMNS[c]!];
    if (value === undefined) continue;
    text += KEYS[c]! + (value === null || !Number.isFinite(value) ? "null" : String(value));
  }
  return `${text}}\n`;
}
