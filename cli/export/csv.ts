import type { TimelineRow } from "../../replay/result.ts";
import type { Exporter } from "./exporter.ts";
import { replayLines, TIMELINE_COLUMNS } from "./rows.ts";

/** The timeline as CSV: bytes and ns. Unknown is an empty cell, "no goal" is inf. */
export const csv: Exporter = {
  name: "csv",
  title: "timeline as CSV",
  extension: "csv",
  binary: false,
  streams: true,
  async write(job, out) {
    await out.write(`${TIMELINE_COLUMNS.join(",")}\n`);
    const { partial } = await replayLines(job, out, line);
    return { partial };
  },
};

function line(row: TimelineRow): string {
  let text = String(row.t);
  for (let c = 1; c < TIMELINE_COLUMNS.length; c++) text += `,${cell(row[TIMELINE_COLUMNS[c]!])}`;
  return `${text}\n`;
}

function cell(value: number | null | undefined): string {
  if (value === null || value === undefined) return "";
  return value === Number.POSITIVE_INFINITY ? "inf" : String(value);
}
