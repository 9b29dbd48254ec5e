import type { TimelineMark } from "../../../replay/result.ts";
import { LABEL_WIDTH, timeAxis } from "../../report/chart.ts";
import type { Bins, Series } from "../../series.ts";
import { formatBytes } from "../../sizes.ts";
import type { Style } from "../../style.ts";
import { Canvas } from "../canvas.ts";
import { countUpTo, type Data } from "../data.ts";
import { type Figure, figuresAt, sinceMark } from "../figures.ts";
import { columnOf, drawBins, drawLine, type PlotBox, plotColumns, rowOf } from "../plot.ts";
import type { State, View } from "../state.ts";
import type { Box, DrawView } from "./view.ts";

/** From this width on the figures stand beside the chart, below that under it. */
const SIDE_FROM = 100;
const SIDE_WIDTH = 36;
const BELOW_HEIGHT = 4;
/** Columns at the left for labels, with the axis. */
const LEFT = LABEL_WIDTH + 1;
/** Lines that are no plot: two titles, axis, times. */
const FRAME = 4;
/** From this height of the view on each kind of mark has a line of its own. */
const TALL = 28;

/** Width of the plot, which is the cursor's steps, in a screen of that width. */
export function plotWidth(width: number): number {
  return Math.max(1, width - LEFT - (width >= SIDE_FROM ? SIDE_WIDTH : 0));
}

/** The same in any view: only the timeline has figures beside it. */
export function timeWidth(view: View, width: number): number {
  return view === "timeline" ? plotWidth(width) : Math.max(1, width - LEFT);
}

/** The moment at a column of a screen with a plot of that width; null beside it. */
export function plotTime(state: State, width: number, x: number): number | null {
  const column = x - LEFT;
  if (column < 0 || column >= width) return null;
  return state.from + ((column + 0.5) / width) * (state.to - state.from);
}

/** A curve that is drawn as a line, with its characters. */
interface Curve {
  readonly name: string;
  readonly char: string;
  readonly ascii: string;
  readonly style: Style;
  series(data: Data): Series;
}

const CURVES: readonly Curve[] = [
  { name: "goal", char: "═", ascii: "=", style: "goal", series: (data) => data.goal },
  { name: "in use", char: "─", ascii: "-", style: "released", series: (data) => data.inUse },
  { name: "live", char: "┄", ascii: ".", style: "live", series: (data) => data.live },
];

/** Predicted RSS with its band, measured RSS, the heap, returned memory, marks of what happened, and the figures at the cursor. */
export const timelineView: DrawView = (data, state, box, { unicode }) => {
  const canvas = new Canvas(box.width, box.height);
  const beside = box.width >= SIDE_FROM;
  const width = plotWidth(box.width);
  const rows = markRows(box.height >= TALL);
  const plots = Math.max(2, box.height - FRAME - rows.length - (beside ? 0 : BELOW_HEIGHT));
  const lower = Math.max(1, Math.round(plots * 0.3));
  const upper = plots - lower;
  const { from, to } = state;

  let y = 0;
  const curves = state.curves ? CURVES.filter((curve) => curve.series(data).length > 0) : [];
  const legend: { text: string; style: Style }[] = [
    { text: `${unicode ? "⣀" : "#"} predicted`, style: "predicted" },
    ...(data.high.length > 0 ? [{ text: `${unicode ? "·" : ":"} margin`, style: "band" } as const] : []),
    ...(data.measured.length > 0 ? [{ text: "x measured", style: "measured" } as const] : []),
    ...[...curves]
      .reverse()
      .map(({ name, char, ascii, style }) => ({ text: `${unicode ? char : ascii} ${name}`, style })),
  ];
  canvas.text(LEFT, y, "RSS", "title");
  let x = LEFT + 5;
  const end = beside ? LEFT + width : box.width;
  for (const { text, style } of legend) {
    if (x + text.length > end) break;
    canvas.text(x, y, text, style);
    x += text.length + 2;
  }
  y++;
  const rss = data.rss.bins(from, to, plotColumns(width, unicode));
  const measured = data.measured.pointBins(from, to, width);
  const band = { low: data.low.bins(from, to, width), high: data.high.bins(from, to, width) };
  const lines = curves.map((curve) => ({ curve, bins: curve.series(data).bins(from, to, width) }));
  const limits = limitsOf(data);
  const scale = rangeOf(state, [rss, measured], [band.high, ...lines.map(({ bins }) => bins)], limits);
  const rssBox = { x: LEFT, y, width, height: upper, ...scale };
  drawChart(canvas, rssBox, unicode);
  if (data.high.length > 0) drawBand(canvas, rssBox, band, unicode);
  drawLimits(canvas, rssBox, limits, unicode);
  for (const { curve, bins } of lines) drawLine(canvas, rssBox, bins, unicode ? curve.char : curve.ascii, curve.style);
  drawBins(canvas, rssBox, rss, "predicted", unicode);
  drawPoints(canvas, rssBox, measured);
  y += upper;

  canvas.text(LEFT, y, "Returned", "title");
  x = LEFT + 10;
  for (const { kind, char, name } of rows.flatMap(({ marks }) => marks)) {
    const text = `${char} ${name}`;
    if (!data.marks.has(kind) || x + text.length > LEFT + width) continue;
    canvas.text(x, y, text, "dim");
    x += text.length + 2;
  }
  y++;
  const released = data.released.bins(from, to, plotColumns(width, unicode));
  const measuredReleased = data.measuredReleased.pointBins(from, to, width);
  const releasedBox = { x: LEFT, y, width, height: lower, ...rangeOf(state, [released, measuredReleased]) };
  drawChart(canvas, releasedBox, unicode);
  drawBins(canvas, releasedBox, released, "released", unicode);
  drawPoints(canvas, releasedBox, measuredReleased);
  y += lower;

  for (const { label, marks } of rows) {
    canvas.text(0, y, label.padStart(LABEL_WIDTH - 1), "dim");
    canvas.put(LABEL_WIDTH, y, unicode ? "│" : "|", "dim");
    if (marks.length === 0) drawGcs(canvas, y, width, data, state);
    else drawMarks(canvas, y, width, data, state, marks);
    y++;
  }
  canvas.text(LABEL_WIDTH, y, (unicode ? "└" : "+") + (unicode ? "─" : "-").repeat(width), "dim");
  drawCursor(canvas, [rssBox, releasedBox], y, state, unicode);
  y++;
  canvas.text(LEFT, y, timeAxis(from, to, width), "dim");
  y++;

  if (beside) drawBeside(canvas, LEFT + width + 2, data, state, box);
  else drawBelow(canvas, y, data, state, box.width);
  return canvas.lines();
};

/** A kind of mark, and the character that stands for it. */
interface MarkChar {
  readonly kind: TimelineMark["kind"];
  readonly char: string;
  readonly name: string;
  readonly style: Style;
}

const GROWTH: readonly MarkChar[] = [{ kind: "growth", char: "^", name: "growth", style: "mark" }];
/** What is rarer goes before what is frequent, where they share a column. */
const RETURNS: readonly MarkChar[] = [
  { kind: "return-forced", char: "F", name: "forced", style: "warning" },
  { kind: "return-limit", char: "L", name: "limit", style: "limit" },
  { kind: "return-growth", char: "g", name: "when grown", style: "released" },
  { kind: "return-background", char: "b", name: "background", style: "released" },
];

/** Lines of marks: the first is of GCs. */
function markRows(tall: boolean): readonly { label: string; marks: readonly MarkChar[] }[] {
  const gc = { label: "GC", marks: [] };
  if (!tall) return [gc, { label: "marks", marks: [...RETURNS.slice(0, 2), ...GROWTH, ...RETURNS.slice(2)] }];
  return [gc, { label: "grows", marks: GROWTH }, { label: "returns", marks: RETURNS }];
}

/** Limits that the run had, or was replayed under. */
function limitsOf({ result }: Data): { name: string; bytes: number }[] {
  const memory = result.config.memoryLimit ?? result.limits?.memory ?? null;
  const container = result.limits?.container ?? null;
  return [
    ...(memory === null ? [] : [{ name: "memory limit", bytes: memory }]),
    ...(container === null ? [] : [{ name: "container's limit", bytes: container }]),
  ];
}

/** How much of the picture what is beside RSS may take above it. */
const MOST_ABOVE = 1.5;

/**
 * From 0 (or the lowest value) to the highest value in the window. What is drawn beside the values counts as far as it does not
 * make the rest of the picture small.
 */
function rangeOf(
  state: State,
  values: readonly Bins[],
  others: readonly Bins[] = [],
  limits: readonly { bytes: number }[] = [],
): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const take = (bins: Bins, most: number): void => {
    for (const value of bins.min) if (value < low) low = value;
    for (const value of bins.max) if (value > high && value <= most) high = value;
  };
  for (const bins of values) take(bins, Number.POSITIVE_INFINITY);
  if (high === Number.NEGATIVE_INFINITY) return { low: 0, high: 1 };
  const most = high * MOST_ABOVE;
  for (const bins of others) take(bins, most);
  for (const { bytes } of limits) if (bytes > high && bytes <= most) high = bytes * 1.02;
  if (state.fromZero || low === high) low = Math.min(0, low);
  return { low, high: high > low ? high : low + 1 };
}

function drawChart(canvas: Canvas, box: PlotBox, unicode: boolean): void {
  for (let row = 0; row < box.height; row++) canvas.put(LABEL_WIDTH, box.y + row, unicode ? "│" : "|", "dim");
  const label = (row: number, value: number): void => {
    canvas.text(0, box.y + row, formatBytes(value).padStart(LABEL_WIDTH - 1), "dim");
  };
  label(0, box.high);
  if (box.height >= 2) label(box.height - 1, box.low);
  // Between them a label each four rows or so, at the value of its row's middle.
  const between = Math.floor((box.height - 1) / 4);
  for (let i = 1; i < between; i++) {
    const row = Math.round((i * (box.height - 1)) / between);
    label(row, box.low + ((box.high - box.low) * (box.height - row - 0.5)) / box.height);
  }
}

/** Dots the rows of the band around the prediction. */
export function drawBand(
  canvas: Canvas,
  box: PlotBox,
  { low, high }: { low: Bins; high: Bins },
  unicode: boolean,
): void {
  for (let c = 0; c < box.width; c++) {
    if (Number.isNaN(high.max[c]!)) continue;
    const top = rowOf(Math.min(box.high, high.max[c]!), box) ?? 0;
    const bottom = rowOf(Math.max(box.low, low.min[c]!), box) ?? box.height - 1;
    for (let row = top; row <= bottom; row++) canvas.put(box.x + c, box.y + row, unicode ? "·" : ":", "band");
  }
}

/** Limits across the chart with their names; those that lie above the chart are named at its upper edge. */
function drawLimits(
  canvas: Canvas,
  box: PlotBox,
  limits: readonly { name: string; bytes: number }[],
  unicode: boolean,
): void {
  const ends = new Map<number, number>();
  for (const { name, bytes } of limits) {
    if (bytes < box.low) continue;
    const row = rowOf(bytes, box);
    const y = box.y + (row ?? 0);
    const above = row === null ? (unicode ? " ↑" : " (above)") : "";
    const text = ` ${name} ${formatBytes(bytes)}${above} `;
    // Two names in one row stand beside each other.
    const end = ends.get(y) ?? box.width - 1;
    ends.set(y, end - text.length - 1);
    if (row !== null && end === box.width - 1) {
      for (let c = 0; c < box.width; c++) canvas.put(box.x + c, y, unicode ? "╌" : "-", "limit");
    }
    if (text.length <= end) canvas.text(box.x + end - text.length, y, text, "limit");
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

/** How many of the moments lie in each column. */
function countColumns(moments: Float64Array, state: State, width: number): Uint32Array {
  const counts = new Uint32Array(width);
  const step = (state.to - state.from) / width;
  let before = countUpTo(moments, state.from);
  // The first column has the window's very beginning.
  while (before > 0 && moments[before - 1] === state.from) before--;
  for (let c = 0; c < width; c++) {
    const upTo = countUpTo(moments, c === width - 1 ? state.to : state.from + (c + 1) * step);
    counts[c] = upTo - before;
    before = upTo;
  }
  return counts;
}

/** How many GCs began in each column: |, 2 ... 9, or + for more. */
function drawGcs(canvas: Canvas, y: number, width: number, data: Data, state: State): void {
  for (const [c, count] of countColumns(data.gcs, state, width).entries()) {
    if (count > 0) canvas.put(LEFT + c, y, count === 1 ? "|" : count < 10 ? String(count) : "+", "gc");
  }
}

/** The first kind of each column that has any. */
function drawMarks(
  canvas: Canvas,
  y: number,
  width: number,
  data: Data,
  state: State,
  marks: readonly MarkChar[],
): void {
  for (const { kind, char, style } of [...marks].reverse()) {
    const moments = data.marks.get(kind);
    if (!moments) continue;
    for (const [c, count] of countColumns(moments, state, width).entries()) {
      if (count > 0) canvas.put(LEFT + c, y, char, style);
    }
  }
}

/** The cursor and the marks A and B across the charts, with their feet on the axis. */
export function drawCursor(
  canvas: Canvas,
  boxes: readonly PlotBox[],
  axis: number,
  state: State,
  unicode: boolean,
): void {
  const vertical = (t: number, line: string, foot: string, style: Style, over: Style): void => {
    const column = columnOf(t, state.from, state.to, boxes[0]!.width);
    if (column === null) return;
    const x = LEFT + column;
    for (const box of boxes) {
      for (let y = box.y; y < box.y + box.height; y++) {
        const char = canvas.at(x, y);
        if (char === " " || char === "·" || char === ":") canvas.put(x, y, line, style);
        else canvas.restyle(x, y, over);
      }
    }
    canvas.put(x, axis, foot, "bold");
  };
  if (state.a !== null) vertical(state.a, unicode ? "┊" : ":", "A", "mark", "mark");
  if (state.b !== null) vertical(state.b, unicode ? "┊" : ":", "B", "mark", "mark");
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
  canvas.text(x, y++, state.a !== null && state.b !== null ? "From A to B" : "Since the mark", "title");
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
  const changes = sinceMark(data, state);
  say(3, changes.length === 0 ? figures.slice(11) : changes);
}

/** One line with the course of a series and the cursor under it, for views that show a moment. */
export function drawStrip(canvas: Canvas, y: number, series: Series, state: State, unicode: boolean): void {
  const width = timeWidth(state.view, canvas.width);
  const { max } = series.bins(state.from, state.to, width);
  let top = 0;
  for (const value of max) if (value > top) top = value;
  const levels = unicode ? " ▁▂▃▄▅▆▇█" : " .:-=+*#";
  canvas.text(0, y, "RSS".padStart(LABEL_WIDTH - 1), "dim");
  canvas.put(LABEL_WIDTH, y, unicode ? "│" : "|", "dim");
  for (let c = 0; c < width; c++) {
    // What is there at all is seen, however low.
    const level = max[c]! > 0 ? Math.max(1, Math.round((max[c]! / top) * (levels.length - 1))) : 0;
    canvas.put(LEFT + c, y, levels[level]!, "predicted");
  }
  const foot = (t: number | null, char: string): void => {
    const column = t === null ? null : columnOf(t, state.from, state.to, width);
    if (column !== null) canvas.put(LEFT + column, y + 1, char, "bold");
  };
  foot(state.a, "A");
  foot(state.b, "B");
  foot(state.cursor, unicode ? "▲" : "^");
}
