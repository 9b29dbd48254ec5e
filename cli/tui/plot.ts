import type { Bins } from "../series.ts";
import type { Style } from "../style.ts";
import type { Canvas } from "./canvas.ts";

/** A rectangle on the canvas in which values are drawn: `low` at the bottom edge, `high` at the top. */
export interface PlotBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly low: number;
  readonly high: number;
}

// Bits of a braille pattern by dot: column 0 or 1, row 0 (top) to 3.
const DOTS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;
const BRAILLE = 0x2800;

/** Columns of bins that a plot of that width takes: two dots to a braille character. */
export function plotColumns(width: number, unicode: boolean): number {
  return unicode ? width * 2 : width;
}

/** Draws for each column the stretch from its lowest to its highest value: two by four dots a character, or one `#`. */
export function drawBins(canvas: Canvas, box: PlotBox, bins: Bins, style: Style, unicode: boolean): void {
  const perRow = unicode ? 4 : 1;
  const perColumn = unicode ? 2 : 1;
  const dotRows = box.height * perRow;
  const cells = new Uint8Array(box.width * box.height);
  for (let c = 0; c < box.width * perColumn; c++) {
    const low = bins.min[c]!;
    const high = bins.max[c]!;
    if (Number.isNaN(low) || Number.isNaN(high)) continue;
    const bottom = dotRow(low, box, dotRows);
    const top = dotRow(high, box, dotRows);
    for (let dot = bottom; dot <= top; dot++) {
      const fromTop = dotRows - 1 - dot;
      const row = Math.floor(fromTop / perRow);
      const cell = row * box.width + Math.floor(c / perColumn);
      cells[cell]! |= unicode ? DOTS[(c % 2) as 0 | 1][fromTop % 4]! : 1;
    }
  }
  for (let i = 0; i < cells.length; i++) {
    if (cells[i] === 0) continue;
    const char = unicode ? String.fromCharCode(BRAILLE + cells[i]!) : "#";
    canvas.put(box.x + (i % box.width), box.y + Math.floor(i / box.width), char, style);
  }
}

/** A character in each column, at its highest value; with `upright` the steps between columns are drawn too. */
export function drawLine(
  canvas: Canvas,
  box: PlotBox,
  bins: Bins,
  char: string,
  style: Style,
  upright: string | null = null,
): void {
  let before: number | null = null;
  for (let c = 0; c < box.width; c++) {
    const row = rowOf(bins.max[c]!, box);
    if (row !== null) canvas.put(box.x + c, box.y + row, char, style);
    if (upright !== null && row !== null && before !== null) {
      const last = Math.max(row, before);
      for (let y = Math.min(row, before) + 1; y < last; y++) canvas.put(box.x + c, box.y + y, upright, style);
    }
    before = row;
  }
}

/** Row of characters of the box, from its top, in which the value lies; null when outside. */
export function rowOf(value: number, box: PlotBox): number | null {
  if (Number.isNaN(value) || value < box.low || value > box.high) return null;
  return box.height - 1 - dotRow(value, box, box.height);
}

function dotRow(value: number, box: PlotBox, rows: number): number {
  const span = box.high - box.low;
  const place = span > 0 ? ((value - box.low) / span) * rows : 0;
  return Math.max(0, Math.min(rows - 1, Math.floor(place)));
}

/** Column of the box at which the moment is; null when outside. */
export function columnOf(t: number, from: number, to: number, width: number): number | null {
  if (!(t >= from && t <= to)) return null;
  return Math.min(width - 1, Math.floor(((t - from) / (to - from)) * width));
}
