import type { TimelineRow } from "../../replay/result.ts";
import type { Exporter } from "./exporter.ts";
import { replayLines, TIMELINE_COLUMNS } from "./rows.ts";
import { ascii, type TextBuffer } from "./text-buffer.ts";

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

const NEWLINE = ascii("\n");
const COMMA = ascii(",");
const INF = ascii("inf");

function line(text: TextBuffer, row: TimelineRow): void {
  for (let c = 0; c < TIMELINE_COLUMNS.length; c++) {
    if (c > 0) text.add(COMMA);
    const value = row[TIMELINE_COLUMNS[c]!];
    if (value === null || value === undefined) continue;
    if (value === Number.POSITIVE_INFINITY) text.add(INF);
    else text.number(value);
  }
  text.add(NEWLINE);
}
