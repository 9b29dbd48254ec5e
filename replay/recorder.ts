/**
 * Keeps the timeline in bounded memory: rows in buckets of time, of each the first, the lowest, the highest and the last
 * by RSS, so that peaks and dips survive; when there are too many buckets, neighbours are merged. Means and maxima are
 * taken over every row offered, not over those kept.
 */

/** Columns of a row, in this order. All in bytes but t (ns). */
export const COLUMNS = [
  "t",
  "rss",
  "heapInuse",
  "heapFree",
  "heapReleased",
  "manual",
  "heapLive",
  "heapGoal",
  "mapped",
  "objects",
  "sinceMark",
  "marked",
  "untouched",
  "metadata",
  "assumed",
  "measuredRss",
  "measuredReleased",
  "measuredInuse",
] as const;
export type Column = (typeof COLUMNS)[number];
export const WIDTH = COLUMNS.length;
/** Index of each column in a row. */
export const COL = Object.fromEntries(COLUMNS.map((name, i) => [name, i])) as Record<Column, number>;

const PEAK_TOLERANCE = 0.005;

const FIRST = 0;
const LOWEST = 1;
const HIGHEST = 2;
const LAST = 3;
const SLOTS = 4;

export class Recorder {
  /**
   * The moment RSS first came to its peak, give or take PEAK_TOLERANCE: memory that is freed and kept stays as high, and
   * what it was before that tells more.
   */
  readonly peak = new Float64Array(WIDTH);
  /** The highest RSS of all rows, bytes. */
  maxRss = 0;
  readonly last = new Float64Array(WIDTH);
  rows = 0;
  maxInuse = 0;
  maxLive = 0;
  #rssIntegral = 0;
  #releasedIntegral = 0;
  #startTime = Number.NaN;
  #width: number;
  readonly #buckets: number;
  readonly #keepAll: boolean;
  #data: Float64Array;
  #filled: Uint8Array;
  #all: Float64Array[] = [];

  /** @param buckets most buckets kept; `all` keeps every row offered */
  constructor(buckets = 2048, all = false) {
    this.#buckets = buckets;
    this.#keepAll = all;
    this.#width = 1e6;
    this.#data = new Float64Array(all ? 0 : buckets * SLOTS * WIDTH);
    this.#filled = new Uint8Array(all ? 0 : buckets);
  }

  /** Offers a row; its values are copied. Times must not go back. */
  add(row: Float64Array): void {
    const t = row[0]!;
    if (this.rows++ === 0) this.#startTime = t;
    else {
      const dt = t - this.last[0]!;
      this.#rssIntegral += this.last[COL.rss]! * dt;
      this.#releasedIntegral += this.last[COL.heapReleased]! * dt;
    }
    const rss = row[COL.rss]!;
    if (rss > this.maxRss) this.maxRss = rss;
    if (this.rows === 1 || rss > this.peak[COL.rss]! * (1 + PEAK_TOLERANCE)) this.peak.set(row);
    if (row[COL.heapInuse]! > this.maxInuse) this.maxInuse = row[COL.heapInuse]!;
    if (row[COL.heapLive]! > this.maxLive) this.maxLive = row[COL.heapLive]!;
    this.last.set(row);
    if (this.#keepAll) {
      this.#all.push(row.slice());
      return;
    }
    let bucket = Math.floor(t / this.#width);
    while (bucket >= this.#buckets) {
      this.#halve();
      bucket = Math.floor(t / this.#width);
    }
    this.#put(bucket, row);
  }

  #put(bucket: number, row: Float64Array): void {
    const at = bucket * SLOTS * WIDTH;
    const data = this.#data;
    if (this.#filled[bucket] === 0) {
      this.#filled[bucket] = 1;
      for (let s = 0; s < SLOTS; s++) data.set(row, at + s * WIDTH);
      return;
    }
    const rss = row[COL.rss]!;
    if (rss < data[at + LOWEST * WIDTH + COL.rss]!) data.set(row, at + LOWEST * WIDTH);
    if (rss > data[at + HIGHEST * WIDTH + COL.rss]!) data.set(row, at + HIGHEST * WIDTH);
    // A measured row is kept as the last one of its bucket unless a later measured one comes.
    data.set(row, at + LAST * WIDTH);
  }

  #halve(): void {
    this.#width *= 2;
    const filled = this.#filled;
    const data = this.#data;
    const row = new Float64Array(WIDTH);
    const old = data.slice();
    const oldFilled = filled.slice();
    filled.fill(0);
    for (let b = 0; b < this.#buckets; b++) {
      if (oldFilled[b] === 0) continue;
      // In order of time, so that "last" stays the last.
      for (const at of orderOf(old, b)) {
        row.set(old.subarray(at, at + WIDTH));
        this.#put(b >> 1, row);
      }
    }
  }

  /** The rows kept, by time, each once. */
  *kept(): Generator<Float64Array> {
    if (this.#keepAll) {
      yield* this.#all;
      return;
    }
    for (let b = 0; b < this.#buckets; b++) {
      if (this.#filled[b] === 0) continue;
      let before = Number.NEGATIVE_INFINITY;
      let beforeRss = Number.NaN;
      for (const at of orderOf(this.#data, b)) {
        const row = this.#data.subarray(at, at + WIDTH);
        if (row[0] === before && row[COL.rss] === beforeRss) continue;
        before = row[0]!;
        beforeRss = row[COL.rss]!;
        yield row;
      }
    }
  }

  get start(): number {
    return Number.isNaN(this.#startTime) ? 0 : this.#startTime;
  }

  #mean(integral: number, column: number): number {
    const span = this.last[0]! - this.start;
    return span > 0 ? integral / span : this.last[column]!;
  }

  /** Time-weighted means, in bytes. */
  get meanRss(): number {
    return this.#mean(this.#rssIntegral, COL.rss);
  }

  get meanReleased(): number {
    return this.#mean(this.#releasedIntegral, COL.heapReleased);
  }
}

/** Offsets of a bucket's rows in order of time. */
function orderOf(data: Float64Array, bucket: number): number[] {
  const at = bucket * SLOTS * WIDTH;
  const offsets = [at + FIRST * WIDTH, at + LOWEST * WIDTH, at + HIGHEST * WIDTH, at + LAST * WIDTH];
  return offsets.sort((a, b) => data[a]! - data[b]! || a - b);
}
