/**
 * Where RSS goes from here: the last stretch of a gctrace log, played again and again after what was recorded, through the
 * same replay as a recording. "The load stays" means just that: the same cycles at the same intervals, and where the marked
 * heap grew steadily over the stretch, cycles that go on growing.
 */
import { gctrace } from "../parsers/gctrace-format.ts";
import { type GcLine, parseGctraceLine, unescapeJson } from "../parsers/gctrace-line.ts";
import { bytesSource } from "../parsers/source.ts";
import { replaySources } from "./run.ts";

export interface Ahead {
  /** Bytes that the model has in RSS at the last line. */
  readonly now: number;
  /** The highest RSS of the time ahead, bytes, and its band. */
  readonly peak: number;
  readonly low: number;
  readonly high: number;
  /** RSS at the end of the time ahead, bytes. */
  readonly end: number;
  /** The time ahead, ns. */
  readonly horizon: number;
  /** Bytes that the marked heap is taken to grow a second; 0 when it does not grow steadily. */
  readonly growth: number;
}

/** Fewer cycles say nothing of how it goes on. */
const MIN_CYCLES = 3;
/** A log's stretch for growth to be seen in it. */
const MIN_GROWTH_CYCLES = 8;
/** Growth over the stretch, as a share of the mean, and the share of the variance that a line explains, to be called steady. */
const MIN_GROWTH = 0.1;
const MIN_FIT = 0.5;
const MAX_FACTOR = 20;
const LEAD_NS = 1e7;
/** Allocation that is played, bytes, of what was and of what comes: some 0.5 s of work each. */
const MAX_VOLUME = 4 * 2 ** 30;

/**
 * Plays what the lines (of one process, in order) tell and up to `asked` ns more. Null when they are too few or can't be played.
 */
export async function rssAhead(lines: readonly string[], asked: number): Promise<Ahead | null> {
  const all = lines.flatMap((line) => {
    const text = unescapeJson(line);
    const gc = parseGctraceLine(text);
    return gc ? [{ gc, text: text.slice(text.search(/gc \d+ @/)) }] : [];
  });
  if (all.length < MIN_CYCLES) return null;
  const cycles = all.slice(-affordable(all.map(({ gc }) => gc)));
  const first = cycles[0]!.gc.at;
  const now = cycles.at(-1)!.gc.at;
  // Of a long log with few cycles all is in reach; of one that allocates gigabytes a second, some of its last.
  const horizon = Math.min(asked, Math.max(now - first, 1e9));
  const stretch = cycles.filter(({ gc }) => gc.at >= now - horizon);
  if (stretch.length < MIN_CYCLES) stretch.unshift(...cycles.slice(-MIN_CYCLES, -stretch.length));
  const from = stretch[0]!.gc.at;
  // From the last cycle of the stretch to the first of its repetition passes as long as between two of it.
  const period = Math.max(1e6, ((now - from) * stretch.length) / (stretch.length - 1));
  const growth = steadyGrowth(stretch.map(({ gc }) => gc));
  const log = cycles.map(({ gc, text }) => moved(text, gc.cycle, gc.at - first + LEAD_NS, 1));
  let cycle = cycles.at(-1)!.gc.cycle;
  for (let round = 1; ; round++) {
    const shift = round * period;
    if (from + shift > now + horizon || log.length > 20_000) break;
    for (const { gc, text } of stretch) {
      const at = gc.at + shift;
      if (at > now + horizon) break;
      const factor = gc.heapMarked > 0 ? 1 + (growth * shift) / 1e9 / gc.heapMarked : 1;
      log.push(moved(text, ++cycle, at - first + LEAD_NS, Math.min(MAX_FACTOR, Math.max(0.05, factor))));
    }
  }
  const source = await gctrace.open(await bytesSource(Buffer.from(`${log.join("\n")}\n`)), {});
  try {
    const { timeline, uncertainty } = await replaySources([source]);
    const boundary = now - first + LEAD_NS;
    let before = timeline[0]!.rss;
    let peak = 0;
    for (const row of timeline) {
      if (row.t <= boundary) before = row.rss;
      else peak = Math.max(peak, row.rss);
    }
    peak = Math.max(peak, before);
    return {
      now: before,
      peak,
      low: Math.max(0, peak - uncertainty.below),
      high: peak + uncertainty.above,
      end: timeline.at(-1)!.rss,
      horizon,
      growth,
    };
  } catch (error) {
    if ((error as Error).name === "UnsupportedError" || (error as Error).name === "InputError") return null;
    throw error;
  } finally {
    await source.close();
  }
}

/** How many of the last cycles allocate no more than is played. */
function affordable(cycles: readonly GcLine[]): number {
  let volume = 0;
  for (let i = cycles.length - 1; i > 0; i--) {
    volume += Math.max(0, cycles[i]!.heapStart - cycles[i - 1]!.heapMarked);
    if (volume > MAX_VOLUME) return Math.max(MIN_CYCLES, cycles.length - i);
  }
  return cycles.length;
}

/** Least-squares slope of the marked heap, bytes a second, where it is steep and straight enough; else 0. */
function steadyGrowth(cycles: readonly GcLine[]): number {
  const n = cycles.length;
  if (n < MIN_GROWTH_CYCLES) return 0;
  const mean = (of: (gc: GcLine) => number): number => cycles.reduce((sum, gc) => sum + of(gc) / n, 0);
  const t = mean((gc) => gc.at);
  const v = mean((gc) => gc.heapMarked);
  let tt = 0;
  let tv = 0;
  let vv = 0;
  for (const { at, heapMarked } of cycles) {
    tt += (at - t) ** 2;
    tv += (at - t) * (heapMarked - v);
    vv += (heapMarked - v) ** 2;
  }
  if (tt === 0 || vv === 0 || (tv * tv) / (tt * vv) < MIN_FIT) return 0;
  const slope = tv / tt;
  const span = cycles.at(-1)!.at - cycles[0]!.at;
  return Math.abs(slope * span) < MIN_GROWTH * v ? 0 : slope * 1e9;
}

/** The line of another cycle at another time (ns), with its heap scaled. */
function moved(text: string, cycle: number, at: number, factor: number): string {
  const line = text.replace(/^gc \d+ @[\d.]+s/, `gc ${cycle} @${(at / 1e9).toFixed(3)}s`);
  if (factor === 1) return line;
  const mib = (value: string): string => String(Math.round(Number(value) * factor));
  return line.replace(
    /(\d+)->(\d+)->(\d+) MB, (\d+) MB goal/,
    (_, a, b, c, d) => `${mib(a)}->${mib(b)}->${mib(c)} MB, ${mib(d)} MB goal`,
  );
}
