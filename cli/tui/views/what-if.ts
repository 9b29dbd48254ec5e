import type { WhatIfRun } from "../../../replay/what-if.ts";
import { escapeText } from "../../escape.ts";
import { LABEL_WIDTH, timeAxis } from "../../report/chart.ts";
import { cut, wrap } from "../../report/text.ts";
import { signed } from "../../report/whatif.ts";
import type { Bins } from "../../series.ts";
import { formatBytes, formatCount, formatDelta, formatDuration, formatPercent } from "../../sizes.ts";
import { Canvas } from "../canvas.ts";
import type { Curve, Data } from "../data.ts";
import { drawBins, drawLine, type PlotBox, plotColumns } from "../plot.ts";
import type { Size, State } from "../state.ts";
import { wantedSetting } from "../what-if-actions.ts";
import { FIELDS } from "../what-if-settings.ts";
import { drawBand, drawCursor, timeWidth } from "./timeline.ts";
import type { Box, DrawView } from "./view.ts";

/** Lines of the settings and of the cost beside them, with their titles. */
const HEAD = FIELDS.length + 1;
const SETTINGS_WIDTH = 36;
const LEFT = LABEL_WIDTH + 1;

/** Index of the setting at a place of the view. */
export function fieldAt({ columns }: Size, x: number, line: number): number | null {
  const field = line - 1;
  return x < Math.min(columns, SETTINGS_WIDTH) && field >= 0 && field < FIELDS.length ? field : null;
}

/** The program under other settings: what can be set, what it costs, and the course of RSS beside that under its own. */
export const whatIfView: DrawView = (data, state, box, { unicode }) => {
  const canvas = new Canvas(box.width, box.height);
  drawSettings(canvas, data, state);
  drawCost(canvas, SETTINGS_WIDTH + 1, data, box.width);
  drawCurves(canvas, data, state, box, unicode);
  return canvas.lines();
};

function drawSettings(canvas: Canvas, data: Data, state: State): void {
  const setting = wantedSetting(data, state);
  const { recorded } = data.whatIf;
  canvas.text(1, 0, "What if it had run with", "title");
  for (const [i, field] of FIELDS.entries()) {
    const y = 1 + i;
    const chosen = i === state.whatIf.field;
    const value = setting === null ? "..." : escapeText(field.format(setting[field.id]));
    const changed = recorded !== null && setting !== null && recorded[field.id] !== setting[field.id];
    const text = `${chosen ? ">" : " "}${field.title.padEnd(19)}${chosen ? "<" : " "}${value.padStart(9)}${chosen ? ">" : " "}${changed ? "*" : " "}`;
    canvas.text(0, y, text.slice(0, SETTINGS_WIDTH), chosen ? "inverse" : changed ? "bold" : "plain");
  }
}

const COST_COLUMN = 11;

function drawCost(canvas: Canvas, x: number, data: Data, width: number): void {
  const { base, run } = data.whatIf;
  const compared = run.is === "ready" ? run.value.run : null;
  const head = `${"".padEnd(9)}${"as recorded".padStart(COST_COLUMN)}${"what if".padStart(COST_COLUMN)}${"change".padStart(COST_COLUMN)}`;
  canvas.text(x, 0, head.slice(0, Math.max(0, width - x)), "title");
  if (!base) return;
  const rows = costs(base.run, compared);
  for (const [i, [label, before, after, change]] of rows.entries()) {
    const text = `${label.padEnd(9)}${before.padStart(COST_COLUMN)}${after.padStart(COST_COLUMN)}${change.padStart(COST_COLUMN)}`;
    canvas.text(x, 1 + i, text.slice(0, Math.max(0, width - x)));
  }
}

function costs(
  base: WhatIfRun,
  run: WhatIfRun | null,
): [label: string, before: string, after: string, change: string][] {
  const bytes = (label: string, of: (run: WhatIfRun) => number): [string, string, string, string] => [
    label,
    formatBytes(of(base)),
    run ? formatBytes(of(run)) : "",
    run && of(base) > 0 ? signed(of(run) / of(base) - 1) : "",
  ];
  const margin = (of: WhatIfRun): string => `+-${Math.round(of.confidence.peakRss * 100)} %`;
  return [
    bytes("Peak RSS", ({ summary }) => summary.peakRss),
    ["  margin", margin(base), run ? margin(run) : "", ""],
    bytes("Mean RSS", ({ summary }) => summary.meanRss),
    bytes("End RSS", ({ summary }) => summary.finalRss),
    [
      "GCs",
      formatCount(base.summary.gcCycles),
      run ? formatCount(run.summary.gcCycles) : "",
      run ? deltaCount(run.summary.gcCycles - base.summary.gcCycles) : "",
    ],
    [
      "GC CPU",
      formatPercent(base.gcCpuShare),
      run ? formatPercent(run.gcCpuShare) : "",
      run ? deltaTime(run.gcCpuNs - base.gcCpuNs) : "",
    ],
    [
      "Returned",
      formatBytes(base.summary.returnedTotal),
      run ? formatBytes(run.summary.returnedTotal) : "",
      run ? formatDelta(run.summary.returnedTotal - base.summary.returnedTotal) : "",
    ],
  ];
}

function deltaCount(count: number): string {
  return count > 0 ? `+${formatCount(count)}` : formatCount(count);
}

function deltaTime(ns: number): string {
  return ns > 0 ? `+${formatDuration(ns)}` : formatDuration(ns);
}

/** What is going on, in a line. */
function statusOf(data: Data, state: State): { text: string; warning: boolean } {
  const { run, recorded } = data.whatIf;
  switch (run.is) {
    case "working": {
      const percent = run.fraction === null ? "" : ` ${formatPercent(run.fraction)}`;
      return { text: `${run.text}${percent}; Esc stops it`, warning: false };
    }
    case "failed":
      return { text: run.text, warning: true };
    case "none":
      return recorded === null
        ? { text: "Enter reads the recording once more, to play its program under other settings", warning: false }
        : { text: "Change a setting: left and right, or Enter to type it", warning: false };
    case "ready": {
      const changed = Object.keys(state.whatIf.values).length > 0;
      if (run.value.run.limitTooLow) {
        return {
          text: "The limit is below what the program needs: GCs come back to back, and it would be slowed down",
          warning: true,
        };
      }
      const reason = run.value.run.confidence.reasons[0];
      const text = changed ? (reason ? `Margin: ${reason}` : "") : "As recorded, without the tracer: change a setting";
      return { text, warning: false };
    }
  }
}

/** The edges of a run's band: its margin is a share of the value. */
function bandOf({ rss, run }: Curve, from: number, to: number, width: number): { low: Bins; high: Bins } {
  const { min, max } = rss.bins(from, to, width);
  const margin = run.confidence.peakRss;
  const low = min.map((value) => value * (1 - margin));
  const high = max.map((value) => value * (1 + margin));
  return { low: { min: low, max: low }, high: { min: high, max: high } };
}

function drawCurves(canvas: Canvas, data: Data, state: State, box: Box, unicode: boolean): void {
  const status = statusOf(data, state);
  const lines = wrap(escapeText(status.text), box.width - 2).slice(0, 2);
  let y = HEAD;
  for (const line of lines) canvas.text(1, y++, line, status.warning ? "warning" : "dim");
  y = HEAD + Math.max(1, lines.length);
  const { base, run } = data.whatIf;
  const other = run.is === "ready" ? run.value : null;
  const width = timeWidth("whatif", box.width);
  const height = box.height - y - 3;
  if (!base || height < 2) return;
  const { from, to } = state;
  const line = unicode ? "─" : "-";
  const shown = other ? `  ${unicode ? "⣀" : "#"} what if  ${unicode ? "·" : ":"} its margin` : "";
  const legend = `RSS  ${line} as recorded${shown}`;
  canvas.text(LEFT, y, cut(legend, width), "title");
  y++;
  const before = base.rss.bins(from, to, width);
  const after = other?.rss.bins(from, to, plotColumns(width, unicode)) ?? null;
  const band = other ? bandOf(other, from, to, width) : null;
  let high = 0;
  for (const bins of [before, band?.high ?? null]) for (const value of bins?.max ?? []) if (value > high) high = value;
  const plot: PlotBox = { x: LEFT, y, width, height, low: 0, high: high > 0 ? high : 1 };
  for (let row = 0; row < height; row++) canvas.put(LABEL_WIDTH, y + row, unicode ? "│" : "|", "dim");
  canvas.text(0, y, formatBytes(plot.high).padStart(LABEL_WIDTH - 1), "dim");
  canvas.text(0, y + height - 1, "0 B".padStart(LABEL_WIDTH - 1), "dim");
  if (band) drawBand(canvas, plot, band, unicode);
  if (after) drawBins(canvas, plot, after, "predicted", unicode);
  drawLine(canvas, plot, before, line, "measured", unicode ? "│" : "|");
  y += height;
  canvas.text(LABEL_WIDTH, y, (unicode ? "└" : "+") + line.repeat(width), "dim");
  drawCursor(canvas, [plot], y, state, unicode);
  canvas.text(LEFT, y + 1, timeAxis(from, to, width), "dim");
}
