/** Moments that a stretch of time is looked at in. */
const MOMENTS = 40;

/** One measured figure over time, in order. */
export class Series {
  readonly t: readonly number[];
  readonly v: readonly number[];
  /** Path of the input that it comes from. */
  readonly source: string;

  constructor(t: readonly number[], v: readonly number[], source: string) {
    this.t = t;
    this.v = v;
    this.source = source;
  }

  get length(): number {
    return this.v.length;
  }

  get first(): number {
    return this.v[0]!;
  }

  get last(): number {
    return this.v.at(-1)!;
  }

  get lastT(): number {
    return this.t.at(-1)!;
  }

  /** Index of the highest value; the first of equals. */
  get peak(): number {
    let best = 0;
    for (let i = 1; i < this.v.length; i++) if (this.v[i]! > this.v[best]!) best = i;
    return best;
  }

  get max(): number {
    return this.v[this.peak]!;
  }

  get min(): number {
    let least = this.v[0]!;
    for (const v of this.v) if (v < least) least = v;
    return least;
  }

  /** Index of the last value at or before `t`; 0 before the first. */
  indexAt(t: number): number {
    let low = 0;
    let high = this.t.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.t[middle]! <= t) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  at(t: number): number {
    return this.v[this.indexAt(t)]!;
  }

  /** The part of it up to `t`; empty if it begins later. */
  until(t: number): Series {
    const n = this.length === 0 || this.t[0]! > t ? 0 : this.indexAt(t) + 1;
    return new Series(this.t.slice(0, n), this.v.slice(0, n), this.source);
  }

  /** Values from `t` on. */
  since(t: number): readonly number[] {
    const i = this.indexAt(t);
    return this.v.slice(this.t[i]! < t && i + 1 < this.v.length ? i + 1 : i);
  }

  /** Median over time from `t` on: changes that come close together count no more than the time that they last. */
  medianSince(t: number): number {
    const from = Math.min(t, this.lastT);
    const step = (this.lastT - from) / MOMENTS;
    return median(Array.from({ length: MOMENTS + 1 }, (_, i) => this.at(from + i * step)));
  }
}

export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
