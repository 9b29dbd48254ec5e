/** Figures over the last stretch of time, in memory that does not grow: one slot for each of equal pieces of time. */

export const FIGURES = ["live", "marked", "goal", "rss", "released", "gcs", "gcCpu"] as const;
export type Figure = (typeof FIGURES)[number];
const WIDTH = FIGURES.length;

export class Window {
  readonly seconds: number;
  readonly slots: number;
  readonly #step: number;
  readonly #data: Float64Array;
  /** Which piece of time each slot holds: its number since the epoch. */
  readonly #piece: Float64Array;

  constructor(seconds: number, slots = 600) {
    this.seconds = seconds;
    this.slots = slots;
    this.#step = (seconds * 1000) / slots;
    this.#data = new Float64Array(slots * WIDTH).fill(Number.NaN);
    this.#piece = new Float64Array(slots).fill(-1);
  }

  /** The window as it is now, for good. */
  copy(): Window {
    const copy = new Window(this.seconds, this.slots);
    copy.#data.set(this.#data);
    copy.#piece.set(this.#piece);
    return copy;
  }

  /** The highest of a piece's values is kept; of counts (`gcs`) the sum. */
  add(ms: number, figure: Figure, value: number): void {
    if (Number.isNaN(value)) return;
    // From the time itself and not by counting on: nothing can drift.
    const piece = Math.floor(ms / this.#step);
    const slot = piece % this.slots;
    if (this.#piece[slot]! > piece) return;
    if (this.#piece[slot] !== piece) {
      this.#piece[slot] = piece;
      this.#data.fill(Number.NaN, slot * WIDTH, (slot + 1) * WIDTH);
    }
    const at = slot * WIDTH + FIGURES.indexOf(figure);
    const before = this.#data[at]!;
    if (Number.isNaN(before)) this.#data[at] = value;
    else this.#data[at] = figure === "gcs" ? before + value : Math.max(before, value);
  }

  /** Times (ms) and values of the window that ends at `ms`, where there are any, in order. */
  values(figure: Figure, ms: number): { t: Float64Array; v: Float64Array } {
    const last = Math.floor(ms / this.#step);
    const t = new Float64Array(this.slots);
    const v = new Float64Array(this.slots);
    let n = 0;
    for (let piece = last - this.slots + 1; piece <= last; piece++) {
      const slot = ((piece % this.slots) + this.slots) % this.slots;
      if (this.#piece[slot] !== piece) continue;
      const value = this.#data[slot * WIDTH + FIGURES.indexOf(figure)]!;
      if (Number.isNaN(value)) continue;
      t[n] = (piece + 0.5) * this.#step;
      v[n++] = value;
    }
    return { t: t.slice(0, n), v: v.slice(0, n) };
  }
}

/** Slope of the least-squares line through the points, per ms; NaN below three points. */
export function slope({ t, v }: { t: Float64Array; v: Float64Array }): number {
  const n = t.length;
  if (n < 3) return Number.NaN;
  let meanT = 0;
  let meanV = 0;
  for (let i = 0; i < n; i++) {
    meanT += t[i]! / n;
    meanV += v[i]! / n;
  }
  let up = 0;
  let down = 0;
  for (let i = 0; i < n; i++) {
    up += (t[i]! - meanT) * (v[i]! - meanV);
    down += (t[i]! - meanT) ** 2;
  }
  return down > 0 ? up / down : Number.NaN;
}
