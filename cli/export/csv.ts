import type { TimelineRow } from "../../replay/result.ts";
import type { Exporter } from "./exporter.ts";
import { ROWS_PER_WRITE, TIMELINE_COLUMNS, timelineOf } from "./rows.ts";

/** The timeline as CSV: bytes and ns. Unknown is an empty cell, "no goal" is inf. */
export const csv: Exporter = {
  name: "csv",
  title: "timeline as CSV",
  extension: "csv",
  binary: false,
  streams: true,
  async write(job, out) {
    const { result, rows } = await timelineOf(job);
    await out.write(`${TIMELINE_COLUMNS.join(",")}\n`);
    for (let i = 0; i < rows.length; i += ROWS_PER_WRITE) {
      let text = "";
      const end = Math.min(rows.length, i + ROWS_PER_WRITE);
      for (let r = i; r < end; r++) text += line(rows[r]!);
      await out.write(text);
    }
    return { partial: result.partial };
  },
};

function line(row: TimelineRow): string {
  let text = "";
  for (const column of TIMELINE_COLUMNS) text += `${text === "" ? "" : ","}${cell(row[column])}`;
  return `${text}\n`;
}

function cell(value: number | null | undefined): string {
  if (value === null || value === undefined) return "";
  return value === Number.POSITIVE_INFINITY ? "inf" : String(value);
}
