import type { Series } from "../series.ts";
import { formatBytes, formatMoment } from "../sizes.ts";

export interface ChartOptions {
  /** Columns and rows of the plot itself, without its axes. */
  readonly width: number;
  readonly height: number;
  readonly from: number;
  readonly to: number;
  /** Block characters, or ASCII only. */
  readonly unicode: boolean;
  /** Single values to be marked with an x. */
  readonly points?: Series;
}

/** Columns of the labels at the left. */
export const LABEL_WIDTH = 9;

const EIGHTHS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** A filled chart of the highest value of each column, with labels at the top and the bottom and a time axis. */
export function areaChart(series: Series, options: ChartOptions): string[] {
  const { width, height, from, to, unicode } = options;
  const { max } = series.bins(from, to, width);
  const points = options.points?.pointBins(from, to, width).max;
  let top = 0;
  for (const value of max) if (value > top) top = value;
  if (points) for (const value of points) if (value > top) top = value;
  const shown = points ? thin(points) : null;
  const lines: string[] = [];
  for (let row = height - 1; row >= 0; row--) {
    let line = "";
    for (let c = 0; c < width; c++) {
      const filled = top === 0 ? 0 : ((max[c] || 0) / top) * height - row;
      const point = shown && !Number.isNaN(shown[c]!) && top > 0 ? rowOf(shown[c]!, top, height) : -1;
      line += point === row ? "x" : cell(filled, unicode);
    }
    const label = row === height - 1 ? formatBytes(top) : row === 0 ? "0 B" : "";
    lines.push(`${label.padStart(LABEL_WIDTH - 1)} ${unicode ? "│" : "|"}${line.trimEnd()}`);
  }
  const corner = unicode ? "└" : "+";
  lines.push(`${" ".repeat(LABEL_WIDTH)}${corner}${(unicode ? "─" : "-").repeat(width)}`);
  lines.push(`${" ".repeat(LABEL_WIDTH + 1)}${timeAxis(from, to, width)}`.trimEnd());
  return lines;
}

/** Labels of the first, the middle and the last moment under a plot of that width. */
export function timeAxis(from: number, to: number, width: number): string {
  const step = (to - from) / 10;
  const left = formatMoment(from, step);
  const middle = formatMoment((from + to) / 2, step);
  const right = formatMoment(to, step);
  if (left.length + right.length + 1 > width) return left.slice(0, width);
  const gap = width - left.length - right.length;
  if (middle.length + 4 > gap) return left + " ".repeat(gap) + right;
  const before = Math.floor(width / 2 - left.length - middle.length / 2);
  if (before < 1 || gap - before - middle.length < 1) return left + " ".repeat(gap) + right;
  return left + " ".repeat(before) + middle + " ".repeat(gap - before - middle.length) + right;
}

/** Row of a chart `height` rows high, 0 at the bottom, in which the value lies. */
export function rowOf(value: number, top: number, height: number): number {
  return Math.max(0, Math.min(height - 1, Math.floor((value / top) * height)));
}

/** Leaves out points next to one that is shown: a mark in every column would hide the chart. */
function thin(points: Float64Array): Float64Array {
  const shown = new Float64Array(points.length).fill(Number.NaN);
  let last = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < points.length; c++) {
    if (Number.isNaN(points[c]!) || c - last < 3) continue;
    shown[c] = points[c]!;
    last = c;
  }
  return shown;
}

function cell(filled: number, unicode: boolean): string {
  if (!unicode) return filled >= 0.5 ? "#" : " ";
  return EIGHTHS[Math.max(0, Math.min(8, Math.round(filled * 8)))]!;
}
