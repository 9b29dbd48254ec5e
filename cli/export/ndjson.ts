import type { Exporter } from "./exporter.ts";
import { ROWS_PER_WRITE, TIMELINE_COLUMNS, timelineOf } from "./rows.ts";

/** The timeline as one JSON object a line, as the rows of `replay --json`. */
export const ndjson: Exporter = {
  name: "ndjson",
  title: "timeline as one JSON object a line",
  extension: "ndjson",
  binary: false,
  streams: true,
  async write(job, out) {
    const { result, rows } = await timelineOf(job);
    const columns = TIMELINE_COLUMNS as readonly string[] as string[];
    for (let i = 0; i < rows.length; i += ROWS_PER_WRITE) {
      let text = "";
      const end = Math.min(rows.length, i + ROWS_PER_WRITE);
      for (let r = i; r < end; r++) text += `${JSON.stringify(rows[r], columns)}\n`;
      await out.write(text);
    }
    return { partial: result.partial };
  },
};
