import { LABEL_WIDTH, timeAxis } from "../../report/chart.ts";
import type { Bins, Series } from "../../series.ts";
import { formatBytes } from "../../sizes.ts";
import type { Style } from "../../style.ts";
import { Canvas } from "../canvas.ts";
import { countUpTo, type Data } from "../data.ts";
import { type Figure, figuresAt, sinceMark } from "../figures.ts";
import { columnOf, drawBins, type PlotBox, plotColumns, rowOf } from "../plot.ts";
import type { State } from "../state.ts";
import type { Box, DrawView } from "./view.ts";

/** From this width on the figures stand beside the chart, below that under it. */
const SIDE_FROM = 100;
const SIDE_WIDTH = 36;
const BELOW_HEIGHT = 4;
/** Columns at the left for labels, with the axis. */
const LEFT = LABEL_WIDTH + 1;
/** Lines that are no plot: two titles, GC marks, axis, times. */
const FRAME = 5;

/** Width of the plot, which is the cursor's steps, in a screen of that width. */
export function plotWidth(width: number): number {
  return Math.max(1, width - LEFT - (width >= SIDE_FROM ? SIDE_WIDTH : 0));
}

/** Predicted and measured RSS and returned memory over time, GCs, and the figures at the cursor. */
export const timelineView: DrawView = (data, state, box, { unicode }) => {
  const canvas = new Canvas(box.width, box.height);
  const beside = box.width >= SIDE_FROM;
  const width = plotWidth(box.width);
  const plots = Math.max(2, box.height - FRAME - (beside ? 0 : BELOW_HEIGHT));
  const lower = Math.max(1, Math.round(plots * 0.3));
  const upper = plots - lower;
  const { from, to } = state;
  const mark = (key: string, text: string): string => `${key} ${text}`;

  let y = 0;
  const legend = [
    mark(unicode ? "⣀" : "#", "predicted"),
    ...(hasMargin(data) ? [mark(unicode ? "·" : ":", "margin")] : []),
    ...(data.measured.length > 0 ? [mark("x", "measured")] : []),
  ];
  canvas.text(LEFT, y, `RSS  ${legend.join("  ")}`, "title");
  y++;
  const rss = data.rss.bins(from, to, plotColumns(width, unicode));
  const measured = data.measured.pointBins(from, to, width);
  const rssBox = { x: LEFT, y, width, height: upper, ...range(state, [rss, measured], data.result.uncertainty.above) };
  drawChart(canvas, rssBox, unicode);
  if (hasMargin(data)) drawMargin(canvas, rssBox, rss, data, unicode);
  drawBins(canvas, rssBox, rss, "predicted", unicode);
  drawPoints(canvas, rssBox, measured);
  y += upper;

  canvas.text(
    LEFT,
    y,
    `Returned to the system (HeapReleased)${data.measuredReleased.length > 0 ? "  x measured" : ""}`,
    "title",
  );
  y++;
  const released = data.released.bins(from, to, plotColumns(width, unicode));
  const measuredReleased = data.measuredReleased.pointBins(from, to, width);
  const releasedBox = { x: LEFT, y, width, height: lower, ...range(state, [released, measuredReleased]) };
  drawChart(canvas, releasedBox, unicode);
  drawBins(canvas, releasedBox, released, "released", unicode);
  drawPoints(canvas, releasedBox, measuredReleased);
  y += lower;

  canvas.text(0, y, "GC".padStart(LABEL_WIDTH - 1), "dim");
  canvas.put(LABEL_WIDTH, y, unicode ? "│" : "|", "dim");
  drawGcs(canvas, y, width, data, state);
  y++;
  canvas.text(LABEL_WIDTH, y, (unicode ? "└" : "+") + (unicode ? "─" : "-").repeat(width), "dim");
  drawCursor(canvas, rssBox, releasedBox, y, state, unicode);
  y++;
  canvas.text(LEFT, y, timeAxis(from, to, width), "dim");
  y++;

  if (beside) drawBeside(canvas, LEFT + width + 2, data, state, box);
  else drawBelow(canvas, y, data, state, box.width);
  return canvas.lines();
};

function hasMargin(data: Data): boolean {
  return data.result.uncertainty.below > 0 || data.result.uncertainty.above > 0;
}

/** From 0 (or the lowest value) to the highest value in the window and its margin. */
function range(state: State, all: readonly Bins[], above = 0): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { min, max } of all) {
    for (const value of min) if (value < low) low = value;
    for (const value of max) if (value > high) high = value;
  }
  if (high === Number.NEGATIVE_INFINITY) return { low: 0, high: 1 };
  if (state.fromZero || low === high) low = Math.min(0, low);
  // The upper margin belongs to the picture, unless it would make the rest of it small.
  high += Math.min(above, (high - low) / 2);
  return { low, high: high > low ? high : low + 1 };
}

function drawChart(canvas: Canvas, box: PlotBox, unicode: boolean): void {
  for (let row = 0; row < box.height; row++) canvas.put(LABEL_WIDTH, box.y + row, unicode ? "│" : "|", "dim");
  const label = (row: number, value: number): void => {
    canvas.text(0, box.y + row, formatBytes(value).padStart(LABEL_WIDTH - 1), "dim");
  };
  label(0, box.high);
  if (box.height >= 2) label(box.height - 1, box.low);
  if (box.height >= 7)
    label(
      Math.floor(box.height / 2),
      box.low + ((box.high - box.low) * (box.height - Math.floor(box.height / 2))) / box.height,
    );
}

/** Dots the rows between the prediction and its margins. */
function drawMargin(canvas: Canvas, box: PlotBox, bins: Bins, data: Data, unicode: boolean): void {
  const { below, above } = data.result.uncertainty;
  const per = unicode ? 2 : 1;
  for (let c = 0; c < box.width; c++) {
    const max = bins.max[c * per]!;
    const min = bins.min[c * per]!;
    if (Number.isNaN(max)) continue;
    const top = rowOf(Math.min(box.high, max + above), box) ?? 0;
    const bottom = rowOf(Math.max(box.low, min - below), box) ?? box.height - 1;
    for (let row = top; row <= bottom; row++) canvas.put(box.x + c, box.y + row, unicode ? "·" : ":", "band");
  }
}

/** Columns between two marks of measured values. */
const POINT_EVERY = 4;

/** Marks measured values; not in every column, or they would hide what they are compared with. */
function drawPoints(canvas: Canvas, box: PlotBox, bins: Bins): void {
  let last = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < box.width; c++) {
    const row = rowOf(bins.max[c]!, box);
    if (row === null || c - last < POINT_EVERY) continue;
    canvas.put(box.x + c, box.y + row, "x", "measured");
    last = c;
  }
}

/** How many GCs began in each column: |, 2 ... 9, or + for more. */
function drawGcs(canvas: Canvas, y: number, width: number, data: Data, state: State): void {
  const step = (state.to - state.from) / width;
  let before =
    countUpTo(data.gcs, state.from) - (countUpTo(data.gcs, state.from) > 0 && startsAt(data.gcs, state.from) ? 1 : 0);
  for (let c = 0; c < width; c++) {
    const upTo = countUpTo(data.gcs, c === width - 1 ? state.to : state.from + (c + 1) * step);
    const count = upTo - before;
    before = upTo;
    if (count > 0) canvas.put(LEFT + c, y, count === 1 ? "|" : count < 10 ? String(count) : "+", "gc");
  }
}

function startsAt(values: Float64Array, t: number): boolean {
  return values[countUpTo(values, t) - 1] === t;
}

function drawCursor(
  canvas: Canvas,
  upper: PlotBox,
  lower: PlotBox,
  axis: number,
  state: State,
  unicode: boolean,
): void {
  const vertical = (t: number, line: string, foot: string, style: Style, over: Style): void => {
    const column = columnOf(t, state.from, state.to, upper.width);
    if (column === null) return;
    const x = LEFT + column;
    for (const box of [upper, lower]) {
      for (let y = box.y; y < box.y + box.height; y++) {
        const char = canvas.at(x, y);
        if (char === " " || char === "·" || char === ":") canvas.put(x, y, line, style);
        else canvas.restyle(x, y, over);
      }
    }
    canvas.put(x, axis, foot, "bold");
  };
  if (state.mark !== null) vertical(state.mark, unicode ? "┊" : ":", "M", "mark", "mark");
  vertical(state.cursor, unicode ? "│" : "|", unicode ? "▲" : "^", "bold", "cursor");
}

function drawBeside(canvas: Canvas, x: number, data: Data, state: State, box: Box): void {
  const put = (y: number, { label, value }: Figure): void => {
    canvas.text(x, y, label.padEnd(10), "dim");
    canvas.text(x + 10, y, value);
  };
  let y = 0;
  canvas.text(x, y++, "At the cursor", "title");
  for (const figure of figuresAt(data, state)) put(y++, figure);
  const changes = sinceMark(data, state);
  if (changes.length === 0 || y + changes.length + 2 > box.height) return;
  y++;
  canvas.text(x, y++, "Since the mark", "title");
  for (const figure of changes) put(y++, figure);
}

function drawBelow(canvas: Canvas, y: number, data: Data, state: State, width: number): void {
  const figures = figuresAt(data, state);
  const say = (row: number, some: readonly Figure[]): void => {
    let x = 1;
    for (const { label, value } of some) {
      if (x + label.length + 1 + value.length > width) break;
      canvas.text(x, y + row, label, "dim");
      canvas.text(x + label.length + 1, y + row, value);
      x += label.length + value.length + 4;
    }
  };
  // Grouped so that each line fits in 80 columns with its longest values.
  say(0, figures.slice(0, 4));
  say(1, figures.slice(4, 7));
  say(2, figures.slice(7, 11));
  say(3, state.mark === null ? figures.slice(11) : sinceMark(data, state));
}

/** One line with the course of a series and the cursor, for views that show a moment. */
export function drawStrip(canvas: Canvas, y: number, series: Series, state: State, unicode: boolean): void {
  const width = plotWidth(canvas.width);
  const { max } = series.bins(state.from, state.to, width);
  let top = 0;
  for (const value of max) if (value > top) top = value;
  const levels = unicode ? " ▁▂▃▄▅▆▇█" : " .:-=+*#";
  canvas.text(0, y, "RSS".padStart(LABEL_WIDTH - 1), "dim");
  canvas.put(LABEL_WIDTH, y, unicode ? "│" : "|", "dim");
  for (let c = 0; c < width; c++) {
    const level = top > 0 && !Number.isNaN(max[c]!) ? Math.round((max[c]! / top) * (levels.length - 1)) : 0;
    canvas.put(LEFT + c, y, levels[level]!, "predicted");
  }
  const cursor = columnOf(state.cursor, state.from, state.to, width);
  if (cursor !== null) canvas.put(LEFT + cursor, y + 1, unicode ? "▲" : "^", "bold");
}
