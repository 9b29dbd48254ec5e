import type { ReplayResult } from "../../replay/result.ts";
import { escapeText } from "../escape.ts";
import { Series } from "../series.ts";
import { formatBytes, formatDuration } from "../sizes.ts";
import { type Paint, painter } from "../style.ts";
import type { Terminal } from "../terminal.ts";
import { areaChart, LABEL_WIDTH } from "./chart.ts";
import {
  accuracyFacts,
  compositionSentence,
  configLine,
  inputLine,
  lossFacts,
  peakSentence,
  placementFacts,
  returnedSentence,
  trustSentence,
} from "./figures.ts";
import { ledgerTable } from "./ledger-table.ts";
import { COLUMNS, wrap } from "./text.ts";

const CHART_WIDTH = COLUMNS - LABEL_WIDTH - 2;

/**
 * The text summary of a replay: the answer first, then the charts, then what the figures consist of and rest on. Every
 * chart is also said in a sentence, so that nothing is lost on who can't see it.
 */
export function plainReport(result: ReplayResult, terminal: Terminal): string {
  const paint = painter(terminal);
  const lines: string[] = [];
  const paragraph = (text: string): void => {
    if (text !== "") lines.push(...wrap(text, COLUMNS));
  };
  paragraph(`${peakSentence(result)} ${compositionSentence(result.ledgerPeak)} ${trustSentence(result)}`);
  lines.push("", ...charts(result, terminal, paint), "");
  lines.push(...ledgerTable(result.ledgerPeak, result.ledgerFinal), "");
  paragraph(returnedSentence(result));
  lines.push("", ...runLines(result));
  lines.push(...section("Against what was measured", accuracyFacts(result)));
  lines.push(...section("Placement", placementFacts(result)));
  lines.push(...noteLines(result, paint));
  return `${lines
    .join("\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trimEnd()}\n`;
}

function charts(result: ReplayResult, terminal: Terminal, paint: Paint): string[] {
  const { timeline } = result;
  if (timeline.length === 0) return ["The recording has no stretch of time to draw."];
  const from = timeline[0]!.t;
  const to = Math.max(timeline.at(-1)!.t, from + 1);
  const box = { width: CHART_WIDTH, from, to, unicode: terminal.unicode };
  const rss = Series.of(timeline, (row) => row.rss);
  const measured = Series.of(timeline, (row) => row.measuredRss);
  const released = Series.of(timeline, (row) => row.heapReleased);
  const peak = result.ledgerPeak;
  const lines = wrap(
    `RSS over time, predicted${measured.length > 0 ? " (x: measured)" : ""}: ${formatBytes(rss.v[0]!)} at first, ` +
      `${formatBytes(peak.rss)} at ${formatDuration(peak.t)}, ${formatBytes(rss.v.at(-1)!)} at the end.`,
    COLUMNS,
  );
  lines.push(...colored(areaChart(rss, { ...box, height: 10, points: measured }), "predicted", paint));
  lines.push(
    "",
    ...wrap(
      `Heap memory that is returned to the system (HeapReleased): ${formatBytes(released.at(peak.t))} at the peak of RSS, ` +
        `${formatBytes(released.v.at(-1)!)} at the end.`,
      COLUMNS,
    ),
    ...colored(areaChart(released, { ...box, height: 4 }), "released", paint),
  );
  return lines;
}

/** Colours the plot, not its labels. */
function colored(lines: string[], style: "predicted" | "released", paint: Paint): string[] {
  const start = LABEL_WIDTH + 1;
  return lines.map((line, i) => (i < lines.length - 2 ? line.slice(0, start) + paint(line.slice(start), style) : line));
}

/** What was read and how it was replayed. */
export function runLines(result: ReplayResult): string[] {
  return [
    ...result.inputs.flatMap((input) => wrap(`Input: ${inputLine(input)}`, COLUMNS, "  ")),
    ...wrap(`Replayed as: ${configLine(result)}`, COLUMNS, "  "),
  ];
}

/** A title and its facts; nothing when there are none. */
export function section(title: string, facts: readonly string[]): string[] {
  if (facts.length === 0) return [];
  return ["", `${title}:`, ...facts.flatMap((fact) => wrap(fact, COLUMNS - 2, "  ").map((line) => `  ${line}`))];
}

/** Notes, and losses as counters. */
export function noteLines(result: ReplayResult, paint: Paint): string[] {
  const lines: string[] = [];
  for (const note of result.notes) {
    const word = note.level === "warning" ? "Warning" : "Note";
    const [first, ...rest] = wrap(`${word}: ${escapeText(note.text)}`, COLUMNS, "  ");
    lines.push(note.level === "warning" ? first!.replace(word, paint(word, "warning")) : first!, ...rest);
  }
  return ["", ...lines, ...section("Lost or skipped while reading", lossFacts(result))];
}
