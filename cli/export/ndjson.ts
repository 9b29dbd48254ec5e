import type { TimelineRow } from "../../replay/result.ts";
import type { Exporter } from "./exporter.ts";
import { replayLines, TIMELINE_COLUMNS } from "./rows.ts";
import { ascii, type TextBuffer } from "./text-buffer.ts";

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

const KEYS = TIMELINE_COLUMNS.map((name, i) => ascii(`${i === 0 ? "{" : ","}"${name}":`));
const NULL = ascii("null");
const END = ascii("}\n");

function line(text: TextBuffer, row: TimelineRow): void {
  for (let c = 0; c < TIMELINE_COLUMNS.length; c++) {
    const value = row[TIMELINE_COLUMNS[c]!];
    if (value === undefined) continue;
    text.add(KEYS[c]!);
    if (value === null || !Number.isFinite(value)) text.add(NULL);
    else text.number(value);
  }
  text.add(END);
}
