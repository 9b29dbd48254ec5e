import type { TimelineRow } from "../replay/result.ts";

/** Entries of one level that the next level sums up. */
const FACTOR = 16;

/** The lowest and the highest value of each column of a chart; NaN where there is none. */
export interface Bins {
  readonly min: Float64Array;
  readonly max: Float64Array;
}

/**
 * One figure over time, ready to be drawn at any zoom: minima and maxima are kept for blocks of 16, 256, 4096, ... values,
 * so that a column costs the same however many values fall into it.
 */
export class Series {
  readonly t: Float64Array;
  readonly v: Float64Array;
  readonly #min: Float64Array[];
  readonly #max: Float64Array[];

  /** `t` ascending; both arrays are kept. */
  constructor(t: Float64Array, v: Float64Array) {
    this.t = t;
    this.v = v;
    this.#min = [v];
    this.#max = [v];
    while (this.#min.at(-1)!.length > FACTOR) {
      this.#min.push(summary(this.#min.at(-1)!, Math.min));
      this.#max.push(summary(this.#max.at(-1)!, Math.max));
    }
  }

  /** The figure where it is known and finite. */
  static of(rows: readonly TimelineRow[], get: (row: TimelineRow) => number | null | undefined): Series {
    const t = new Float64Array(rows.length);
    const v = new Float64Array(rows.length);
    let n = 0;
    for (const row of rows) {
      const value = get(row);
      if (value === null || value === undefined || !Number.isFinite(value)) continue;
      t[n] = row.t;
      v[n] = value;
      n++;
    }
    return new Series(t.slice(0, n), v.slice(0, n));
  }

  get length(): number {
    return this.t.length;
  }

  /** Index of the last value at or before t; -1 if there is none. */
  indexAt(t: number): number {
    return lowerBound(this.t, t, true) - 1;
  }

  /** The value at t: the last one at or before it. NaN before the first. */
  at(t: number): number {
    const i = this.indexAt(t);
    return i < 0 ? Number.NaN : this.v[i]!;
  }

  /** Lowest and highest value in each of `columns` equal stretches of [from, to]. A value holds until the next one. */
  bins(from: number, to: number, columns: number): Bins {
    return this.#bins(from, to, columns, true);
  }

  /** The same of single values that hold for their own moment only. */
  pointBins(from: number, to: number, columns: number): Bins {
    return this.#bins(from, to, columns, false);
  }

  #bins(from: number, to: number, columns: number, holds: boolean): Bins {
    const min = new Float64Array(columns).fill(Number.NaN);
    const max = new Float64Array(columns).fill(Number.NaN);
    const step = (to - from) / columns;
    for (let c = 0; c < columns; c++) {
      const start = from + c * step;
      // The last column has the window's very end, where the last value is.
      const last = c === columns - 1;
      const end = last ? to : from + (c + 1) * step;
      let i = lowerBound(this.t, start, false);
      const j = lowerBound(this.t, end, last);
      if (holds && i > 0 && (i >= this.length || this.t[i]! > start)) i--;
      if (i >= j) continue;
      min[c] = this.#extreme(this.#min, i, j, Math.min);
      max[c] = this.#extreme(this.#max, i, j, Math.max);
    }
    return { min, max };
  }

  /** The extreme of values i ... j-1, i < j, by the coarsest blocks that lie inside. */
  #extreme(levels: readonly Float64Array[], i: number, j: number, pick: (a: number, b: number) => number): number {
    let result = this.v[i]!;
    let level = 0;
    let low = i;
    let high = j;
    while (low < high) {
      const values = levels[level]!;
      while (low < high && (low % FACTOR !== 0 || level === levels.length - 1)) result = pick(result, values[low++]!);
      while (high > low && high % FACTOR !== 0) result = pick(result, values[--high]!);
      low /= FACTOR;
      high /= FACTOR;
      level++;
    }
    return result;
  }
}

function summary(values: Float64Array, pick: (a: number, b: number) => number): Float64Array {
  const out = new Float64Array(Math.ceil(values.length / FACTOR));
  for (let i = 0; i < values.length; i++) {
    const block = Math.floor(i / FACTOR);
    out[block] = i % FACTOR === 0 ? values[i]! : pick(out[block]!, values[i]!);
  }
  return out;
}

/** Index of the first value that is >= x (> x when `after`). */
export function lowerBound(values: Float64Array, x: number, after: boolean): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (after ? values[middle]! <= x : values[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}
