/**
 * How far two runs of one program differ by luck alone, judged by each run's own ups and downs.
 *
 * A share of the figure does not do. Of the lab's programs run twice (loads and server, 26 pairs), a steady server's peak RSS differs by 1 to 6 %,
 * one with a few bursts by 12 to 32 %: there the peak depends on whether a GC falls into a burst. What tells the two apart is inside one run: how
 * far its highest GC cycles lie from each other, whether the difference of the two is there all along, and how much the figure moves at its end.
 */
import type { Facts } from "./diagnose/facts.ts";
import type { Series } from "./diagnose/series.ts";

/** Shares within which figures differ between two runs even of steady programs (peaks 1 to 6 %, counts of GCs up to 11 %). */
export const NOISE = { peak: 0.07, end: 0.1, count: 0.11, other: 0.1 } as const;

/** Differences below this are noise, whatever their share: page caches, chunks of 4 MiB, thread stacks. */
export const SMALL_BYTES = 4 << 20;

/**
 * If a run's n stretches are n draws, another n draws all stay below its k-th highest with a chance of (1 - k/n)^n, about e^-k: below 5 %
 * for the third below the highest.
 */
const DRAWS = 3;
/** Stretches that a run without GCs is cut into, and those that two runs are compared over. */
const STRETCHES = 20;
/** Rows that a series needs to be cut so. */
const ROWS = 2 * STRETCHES;
/** The last stretch of a run: this share of it, and this many GC cycles. */
const LAST_SHARE = 0.1;
const LAST_CYCLES = 3;
/** ... but no more than this share. */
const MOST_SHARE = 0.25;
/** RSS this close to its peak is near it. */
const NEAR = 0.85;
const SAMPLES = 48;
/** Student's t from which on a difference over all stretches is not luck: pairs of equal runs gave up to 3.2. */
const CLEAR = 3.5;
/** Counts of n vary by about its root: twice that. */
const COUNT_SPREAD = 2;

/** By how much another run's highest value may be lower, by luck: how far the highest draws lie apart. Their unit. */
export function luckOfPeak(draws: readonly number[]): number {
  const sorted = draws.filter(Number.isFinite).sort((a, b) => b - a);
  return sorted.length < 2 ? 0 : sorted[0]! - sorted[Math.min(DRAWS, sorted.length - 1)]!;
}

/** Highest value in each stretch of equal length; empty when the series is too short. */
export function stretchPeaks(series: Series | null): number[] {
  if (!series || series.length < ROWS) return [];
  const start = series.t[0]!;
  const length = (series.lastT - start) / STRETCHES || 1;
  const out = new Array<number>(STRETCHES).fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < series.length; i++) {
    const k = Math.min(STRETCHES - 1, Math.floor((series.t[i]! - start) / length));
    out[k] = Math.max(out[k]!, series.v[i]!);
  }
  return out.filter(Number.isFinite);
}

/** Mean over time in each stretch; null when the series is too short. */
function stretchMeans(series: Series | null): number[] | null {
  if (!series || series.length < ROWS || !(series.lastT > series.t[0]!)) return null;
  const start = series.t[0]!;
  const length = (series.lastT - start) / STRETCHES;
  const sum = new Float64Array(STRETCHES);
  const weight = new Float64Array(STRETCHES);
  for (let i = 1; i < series.length; i++) {
    const middle = (series.t[i]! + series.t[i - 1]!) / 2;
    const k = Math.min(STRETCHES - 1, Math.floor((middle - start) / length));
    const w = series.t[i]! - series.t[i - 1]!;
    sum[k]! += w * ((series.v[i]! + series.v[i - 1]!) / 2);
    weight[k]! += w;
  }
  const out: number[] = [];
  for (let k = 0; k < STRETCHES; k++) out.push(weight[k]! > 0 ? sum[k]! / weight[k]! : (out.at(-1) ?? series.v[0]!));
  return out;
}

/**
 * Whether one series lies above the other all along, and not now and then: Student's t of the differences of their stretches, which
 * count for less where neighbours are alike. null when the series are too short to tell.
 */
export function clearlyApart(a: Series | null, b: Series | null): boolean | null {
  const x = stretchMeans(a);
  const y = stretchMeans(b);
  if (!x || !y) return null;
  const d = x.map((v, k) => y[k]! - v);
  const mean = d.reduce((sum, v) => sum + v, 0) / STRETCHES;
  let variance = 0;
  let alike = 0;
  for (let k = 0; k < STRETCHES; k++) {
    variance += (d[k]! - mean) ** 2;
    if (k > 0) alike += (d[k]! - mean) * (d[k - 1]! - mean);
  }
  if (variance === 0) return mean !== 0;
  const correlation = Math.min(0.9, Math.max(0, alike / variance));
  const independent = (STRETCHES * (1 - correlation)) / (1 + correlation);
  return Math.abs(mean) / Math.sqrt(variance / (STRETCHES - 1) / independent) >= CLEAR;
}

/** Share by which counts of so many may differ. */
export function noiseOfCount(least: number): number {
  return Math.max(NOISE.count, COUNT_SPREAD / Math.sqrt(Math.max(1, least)));
}

/** Moments of the stretch around the peak, when RSS was near it, or of the last stretch: some GC cycles, or a share of the run. */
export function momentsAround(facts: Facts, moment: "peak" | "end"): number[] {
  const { endT, peakT, rss } = facts;
  const ends = cycleEnds(facts);
  const least = LAST_SHARE * endT;
  const most = MOST_SHARE * endT;
  const bound = (length: number) => Math.min(Math.max(length, least), most);
  if (moment === "end") return momentsOf(endT - bound(endT - (ends.at(-LAST_CYCLES - 1) ?? endT)), endT);
  const next = ends.findIndex((end) => end > peakT);
  const at = next < 0 ? ends.length : next;
  const from = peakT - bound(peakT - (ends[at - 1 - LAST_CYCLES] ?? peakT));
  const to = peakT + bound((ends[at + LAST_CYCLES] ?? peakT) - peakT);
  const moments = momentsOf(Math.max(0, from), Math.min(endT, to));
  return [peakT, ...(rss ? moments.filter((t) => rss.at(t) >= NEAR * rss.max) : moments)];
}

function cycleEnds(facts: Facts): number[] {
  if (facts.gcs.length > 0) return facts.gcs.map(({ end }) => end);
  const count = facts.series("num_gc");
  return count ? count.t.filter((_, i) => i > 0 && count.v[i]! > count.v[i - 1]!) : [];
}

/** A figure over a stretch of a run. */
export interface Spread {
  readonly low: number;
  readonly high: number;
  readonly mean: number;
  readonly deviation: number;
}

/** Values taken at even distances; null for none. */
export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
  return { low: Math.min(...values), high: Math.max(...values), mean, deviation: Math.sqrt(variance) };
}

/** A series at some moments. */
export function spreadAt(series: Series | null, moments: readonly number[]): Spread | null {
  return series && series.length > 0 ? spreadOf(moments.map((t) => series.at(t))) : null;
}

/** Moments at even distances, the last one included. */
function momentsOf(from: number, to: number): number[] {
  return Array.from({ length: SAMPLES + 1 }, (_, k) => from + ((to - from) * k) / SAMPLES);
}

/**
 * Whether two stretches may be of one program. Under the same settings they may if their values overlap: at which point of a GC cycle
 * each one was looked at is luck. Under other settings there is a reason to differ, and their means must be close.
 */
export function alike(a: Spread | null, b: Spread | null, sameSettings: boolean): boolean {
  if (!a || !b) return false;
  if (sameSettings) return a.low <= b.high && b.low <= a.high;
  const error = Math.sqrt((a.deviation ** 2 + b.deviation ** 2) / (2 * LAST_CYCLES));
  return Math.abs(a.mean - b.mean) <= Math.max(2 * error, NOISE.other * Math.max(Math.abs(a.mean), Math.abs(b.mean)));
}

/** Bytes by which peaks of another run of this program may differ, by luck. */
export interface PeakLuck {
  readonly heap: number;
  readonly live: number;
  readonly stacks: number;
  readonly goroutines: number;
  readonly rss: number;
}

export function peakLuck(facts: Facts): PeakLuck {
  const cycles = facts.gcs.length > 0 ? facts.gcs.map(({ heapEnd }) => heapEnd) : peaksBetween(facts);
  const heap = luckOfPeak(cycles);
  const marked = facts.series("heap_live");
  const live = luckOfPeak(
    facts.gcs.length > 0 ? facts.gcs.map((gc) => gc.marked) : cycleEnds(facts).map((t) => marked?.at(t) ?? Number.NaN),
  );
  const stacks = luckOfPeak(stretchPeaks(facts.series("stack_inuse")));
  return {
    heap,
    live,
    stacks,
    goroutines: luckOfPeak(stretchPeaks(facts.series("goroutines"))),
    rss: Math.max(heap + stacks, luckOfPeak(stretchPeaks(facts.rss))),
  };
}

/** HeapAlloc at its highest between two GCs, where samples tell and no log. */
function peaksBetween(facts: Facts): number[] {
  const alloc = facts.series("heap_alloc");
  const ends = cycleEnds(facts);
  if (!alloc || ends.length === 0) return [];
  const out: number[] = [];
  let k = 0;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < alloc.length; i++) {
    while (k < ends.length && alloc.t[i]! >= ends[k]!) {
      out.push(most);
      most = Number.NEGATIVE_INFINITY;
      k++;
    }
    most = Math.max(most, alloc.v[i]!);
  }
  out.push(most);
  return out;
}
