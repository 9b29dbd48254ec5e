import type { ReplayResult, TimelineRow } from "../replay/result.ts";
import { sampleRows } from "../replay/timeline.ts";
import { safeJson } from "./escape.ts";
import type { Writer } from "./writer.ts";

/** Rows that are put together before they are written: long lines cost less than many writes. */
const ROWS_PER_WRITE = 200;

/** Fields of a timeline row in the document, in this order; the measured ones only where something was measured. */
const ROW_FIELDS = [
  "t",
  "rss",
  "heapInuse",
  "heapFree",
  "heapReleased",
  "stacks",
  "heapLive",
  "heapGoal",
  "mapped",
  "rssLow",
  "rssHigh",
  "measuredRss",
  "measuredReleased",
  "measuredInuse",
] as const;

/**
 * Writes the document of `replay --json` or `verify --json`: one member a line, and of the timeline one row a line, so
 * that it can be read with the eyes, compared with diff and written without ever being whole in memory. `more`: members of one
 * command only.
 */
export async function writeReplayJson(
  out: Writer,
  schema: "gopages/replay/1" | "gopages/verify/1",
  result: ReplayResult,
  samples: number | "all",
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  // JSON has no infinity: "no goal" is null there, as JSON.stringify already writes it.
  const members: [name: string, value: unknown][] = [
    ["schema", schema],
    ["inputs", result.inputs],
    ["config", result.config],
    ["summary", result.summary],
    ["placement", result.placement],
    ["accuracy", result.accuracy],
    ...Object.entries(more),
    ["uncertainty", result.uncertainty],
    ["ledger", { peak: result.ledgerPeak, final: result.ledgerFinal }],
    ["notes", result.notes],
    ["partial", result.partial],
  ];
  let text = "{\n";
  for (const [name, value] of members) text += `"${name}": ${safeJson(value)},\n`;
  await out.write(text);
  await writeRows(out, "gcs", result.gcs);
  await out.write(",\n");
  const rows = samples === "all" ? result.timeline : sampleRows(result.timeline, samples);
  await writeRows(out, "timeline", rows, ROW_FIELDS as readonly string[] as string[]);
  await out.write("\n}\n");
}

async function writeRows(
  out: Writer,
  name: string,
  rows: readonly (TimelineRow | object)[],
  fields: string[] | null = null,
): Promise<void> {
  if (rows.length === 0) return out.write(`"${name}": []`);
  await out.write(`"${name}": [\n`);
  for (let i = 0; i < rows.length; i += ROWS_PER_WRITE) {
    let text = i === 0 ? "" : ",\n";
    text += rows
      .slice(i, i + ROWS_PER_WRITE)
      .map((row) => JSON.stringify(row, fields))
      .join(",\n");
    await out.write(text);
  }
  await out.write("\n]");
}
