/**
 * An address trace under a version that is asked for: not only the page heap may be another one, but the pacer, the size
 * classes and the order of sweeping, too, and with them which spans there are and when. So the recorded objects are simulated as
 * what-if does (simulate.ts), without the tracer's own heap, and the recorded spans and GCs are left alone. The recorded
 * version is simulated, too, when it is asked for by name: versions can be compared only if all ran without the tracer.
 *
 * When an object died is known only to within a GC cycle, and what a burst allocates during a mark is chance: the figures are
 * means over several draws, and the timeline is that of the draw nearest to them.
 */

import { eraFor } from "../allocator/eras/index.ts";
import { slotSizesFor } from "../allocator/size-classes.ts";
import { AccuracyCheck } from "./accuracy.ts";
import { baselineUnder } from "./baseline.ts";
import { Deaths } from "./death-tables.ts";
import { minorOf } from "./era-rules.ts";
import { type LearnedValues, learn } from "./learned.ts";
import { GROUPS_SINCE, mapShare, withBuckets } from "./map-buckets.ts";
import type { ProgramBuilder } from "./program.ts";
import { COL, Recorder } from "./recorder.ts";
import type { ReplayResult, TimelineMark } from "./result.ts";
import { nonHeapMapped, RUNTIME_BESIDE_HEAP } from "./runtime-memory.ts";
import type { Samples } from "./samples.ts";
import { toTimelineRow } from "./timeline.ts";
import { DRAWN, type Drawn, ledgerAt, type Result, runOnce, summaryOf } from "./what-if-run.ts";

/** Objects of all draws together at most: a long recording gets fewer draws. */
const MOST_OBJECTS = 12e6;
/**
 * Up to so many objects of all draws together, a short recording gets more draws than three. Where a GC falls just before or
 * after a burst decides for seconds how large the heap is, so one run of a program may have half as much again as another:
 * a mean over more draws is nearer to what a run is likely to have.
 */
const QUICK_OBJECTS = 1.4e6;
const LEAST_DRAWS = DRAWN.length;
const MOST_DRAWS = 3 * DRAWN.length;
/** Share of maps' arrays in what is allocated from which on it is told that they are converted. */
const TELLING_MAPS = 0.05;
/** Pages of stacks and work buffers that nobody has touched, as a share: what recordings show. */
const UNTOUCHED_MANUAL = 0.2;

export interface OtherPolicyInput {
  /** The replay of the recorded spans, the notes and inputs of which stay. */
  readonly recorded: ReplayResult;
  readonly program: ProgramBuilder;
  readonly recordedVersion: string;
  /** RSS beside the heap, as the recorded run had it: bytes. */
  readonly baseline: number;
  /** Whether the timeline is to have every row. */
  readonly all: boolean;
  readonly samples: Samples;
  readonly signal?: AbortSignal | undefined;
}

/** The same run under `recorded.config.policy`. Null if the input has no objects. Throws the signal's reason. */
export async function underOtherPolicy(input: OtherPolicyInput): Promise<ReplayResult | null> {
  const { recorded, recordedVersion } = input;
  const { config } = recorded;
  const gogc = config.gogc === "off" ? Number.POSITIVE_INFINITY : config.gogc;
  const recordedMinor = minorOf(recordedVersion);
  const minor = minorOf(config.policy);
  const baselineBytes = baselineUnder(input.baseline, recordedMinor, minor) + RUNTIME_BESIDE_HEAP;
  const otherMaps = recordedMinor >= GROUPS_SINCE && minor < GROUPS_SINCE;
  let mapsShare = 0;
  const draws = drawsFor(input.program.objects);
  const rest = {
    nonHeapMapped: nonHeapMapped(minor),
    untouchedManual: UNTOUCHED_MANUAL,
    untouchedObjects: 0,
    // Of spans that stand for objects: here are the objects themselves.
  };
  const results: Result[] = [];
  let learned: LearnedValues | null = null;
  for (let draw = 0; draw < draws; draw++) {
    // One program at a time is in memory.
    let program = input.program.finish(draw);
    if (program.objects === 0 || program.flow !== null) return null;
    learned ??= learn(program, gogc, rest);
    if (otherMaps) {
      if (draw === 0) mapsShare = mapShare(program, input.program.mapGroups);
      if (mapsShare > 0) {
        program = withBuckets(program, input.program.mapGroups, slotSizesFor(recordedVersion), 1 + draw);
      }
    }
    const job = { recordedVersion, learned, baselineBytes };
    const setting = {
      gogc,
      memoryLimit: config.memoryLimit ?? Number.POSITIVE_INFINITY,
      policy: config.policy,
      physPageSize: config.physPageSize,
      pageSize: config.pageSize,
      procs: config.procs,
      goos: "linux" as const,
      thp: "never" as const,
      freeOsMemoryEvery: Number.POSITIVE_INFINITY,
    };
    results.push(
      runOnce(job, program, new Deaths(program), drawn(draw), setting, new Recorder(2048, input.all && draw === 0)),
    );
    await new Promise((resolve) => setImmediate(resolve));
    input.signal?.throwIfAborted();
  }
  const summary = summaryOf(results);
  const { recorder, outcome } = input.all ? results[0]! : nearest(results, summary.meanRss);
  const rows = [...recorder.kept()];
  const measured = heldAgainst(rows, input.samples);
  const spread = (of: (result: Result) => number, mean: number) =>
    Math.max(...results.map((result) => Math.abs(of(result) - mean)));
  const peakSpread = spread(({ recorder }) => recorder.maxRss, summary.peakRss);
  const meanSpread = spread(({ recorder }) => recorder.meanRss, summary.meanRss);
  const rowAt = (t: number) => rows[Math.max(0, rowBefore(rows, t))]!;
  const ledger = (row: Float64Array) => ledgerAt({ evidence: "modelled", baselineBytes }, row);
  return {
    ...recorded,
    summary,
    placement: eraFor(recordedVersion).name === eraFor(config.policy).name ? recorded.placement : null,
    accuracy: measured,
    timeline: rows.map(toTimelineRow),
    uncertainty: {
      below: Math.max(recorded.uncertainty.below, peakSpread),
      above: Math.max(recorded.uncertainty.above, peakSpread),
    },
    ledgerPeak: ledger(recorder.peak),
    ledgerFinal: ledger(recorder.last),
    ledgerAt: (t) => ledger(rowAt(t)),
    marks: marksOf(outcome.cycles),
    gcs: outcome.cycles,
    notes: [
      ...recorded.notes,
      ...(mapsShare >= TELLING_MAPS
        ? [
            {
              level: "info" as const,
              text: `${Math.round(100 * mapsShare)}% of what is allocated are arrays of maps, which were laid out and grew otherwise before 1.24: they are taken as that version's, a map's size as likely as another`,
            },
          ]
        : []),
      {
        level: "info",
        text: `GCs come when ${config.policy} would start them, without the tracer's own heap; ${results.length} runs that differ in chance only have a mean RSS within ${Math.round((100 * meanSpread) / Math.max(1, summary.meanRss))}% of this one`,
      },
    ],
  };
}

/** How many draws a program of so many objects gets. */
export function drawsFor(objects: number): number {
  const within = (budget: number) => Math.floor(budget / Math.max(1, objects));
  return Math.max(1, Math.min(within(MOST_OBJECTS), MOST_DRAWS, Math.max(LEAST_DRAWS, within(QUICK_OBJECTS))));
}

/** Each pace in turn, and another seed each time. */
export function drawn(draw: number): Drawn {
  const { pace } = DRAWN[draw % DRAWN.length]!;
  return { pace, seed: 1 + draw };
}

function nearest(results: readonly Result[], meanRss: number): Result {
  const off = ({ recorder }: Result) => Math.abs(recorder.meanRss - meanRss);
  return results.reduce((best, result) => (off(result) < off(best) ? result : best));
}

function marksOf(cycles: ReplayResult["gcs"]): TimelineMark[] {
  return cycles.flatMap(({ n, start, markTermination }) => [
    { t: start, kind: "gc" as const, value: n },
    ...(markTermination === null ? [] : [{ t: markTermination, kind: "gc-end" as const, value: n }]),
  ]);
}

/** Index of the last row at or before `t`, -1 if there is none. */
function rowBefore(rows: readonly Float64Array[], t: number): number {
  let low = -1;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (rows[middle]![COL.t]! <= t) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Compares rows with what was measured of a run under that version, and enters it into them. */
function heldAgainst(rows: readonly Float64Array[], samples: Samples): ReplayResult["accuracy"] {
  const check = new AccuracyCheck();
  for (let i = 0; i < samples.length; i++) {
    const at = rowBefore(rows, samples.times[i]!);
    if (at < 0) continue;
    const row = rows[at]!;
    const measured = {
      rss: samples.value("rss", i),
      released: samples.value("heap_released", i),
      inuse: samples.value("heap_inuse", i),
    };
    check.add({ rss: row[COL.rss]!, released: row[COL.heapReleased]!, inuse: row[COL.heapInuse]! }, measured);
    row[COL.measuredRss] = measured.rss;
    row[COL.measuredReleased] = measured.released;
    row[COL.measuredInuse] = measured.inuse;
  }
  return check.result();
}
