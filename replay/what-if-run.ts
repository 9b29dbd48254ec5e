/** One setting's run: the simulation under each draw of the deaths, summed up. */
import { eraFor } from "../allocator/eras/index.ts";
import { slotSizesFor, spanLayoutFor } from "../allocator/size-classes.ts";
import { backgroundFor } from "./background/index.ts";
import { baselineUnder } from "./baseline.ts";
import { confidenceOf } from "./confidence.ts";
import { Deaths } from "./death-tables.ts";
import { minorOf } from "./era-rules.ts";
import { learnedFrom } from "./learned.ts";
import { ledgerOf } from "./ledger.ts";
import type { Program } from "./program.ts";
import { COL, Recorder } from "./recorder.ts";
import type { Ledger, ReplayConfig, ReplaySummary } from "./result.ts";
import { RUNTIME_BESIDE_HEAP } from "./runtime-memory.ts";
import { Simulation, type SimulationOutcome } from "./simulate.ts";
import { GO_PAGE_SIZE, type Setting, type WhatIfRun, type WorkerJob } from "./what-if.ts";

const BUCKETS = 256;
/** Part of the time with GCs back to back, or the CPU limiter at work, from which on a limit is too low. */
const SQUEEZED_SHARE = 0.01;

/** A job with what every run of it shares. */
export interface PreparedJob extends WorkerJob {
  readonly deaths: readonly Deaths[];
}

export function prepare(job: WorkerJob): PreparedJob {
  return { ...job, deaths: job.programs.map((program, i) => new Deaths(program, job.tables[i])) };
}

/** Runs the program under one setting. */
export function runSetting(recorded: PreparedJob, setting: Setting): WhatIfRun {
  const job = { ...recorded, baselineBytes: baselineOf(recorded, setting.policy) };
  const results = job.programs.map((program, i) =>
    runOnce(job, program, job.deaths[i]!, DRAWN[i % DRAWN.length]!, setting),
  );
  const first = results[0]!;
  const { outcome, recorder } = first;
  const duration = Math.max(1, outcome.endTime - recorder.start);
  const mean = (of: (result: Result) => number) => results.reduce((sum, r) => sum + of(r), 0) / results.length;
  const config: ReplayConfig = {
    policy: setting.policy,
    gogc: Number.isFinite(setting.gogc) ? setting.gogc : "off",
    memoryLimit: Number.isFinite(setting.memoryLimit) ? setting.memoryLimit : null,
    physPageSize: setting.physPageSize,
    pageSize: outcome.heap.config.pageSize,
    procs: setting.procs,
    os: setting.goos,
    thp: setting.thp,
  };
  const summary = summaryOf(results);
  const squeezed = mean(({ outcome }) => outcome.backToBackNs + outcome.limitedNs);
  const limited = Number.isFinite(setting.memoryLimit);
  const limitTooLow =
    limited && (squeezed > SQUEEZED_SHARE * duration || summary.peakRss > setting.memoryLimit * OVER_LIMIT);
  const gcCpu = {
    mark: mean(({ outcome }) => outcome.gcCpu.mark),
    assist: mean(({ outcome }) => outcome.gcCpu.assist),
    stopped: mean(({ outcome }) => outcome.gcCpu.stopped),
  };
  const busyNs = job.learned.busyShare * job.programs[0]!.end * job.learned.procs;
  const gcCpuNs = gcCpu.mark + gcCpu.assist + gcCpu.stopped;
  return {
    config,
    freeOsMemoryEvery: setting.freeOsMemoryEvery,
    summary,
    gcCpuNs,
    gcCpu,
    // Where the program leaves less idle than the GC takes, the run gets longer.
    gcCpuShare: gcCpuNs / Math.max(duration * setting.procs, busyNs + gcCpuNs),
    limitTooLow,
    confidence: confidenceOf({
      draws: results.map(({ outcome, recorder }) => ({
        peakRss: recorder.maxRss,
        meanRss: recorder.meanRss,
        gcs: outcome.gcs,
      })),
      evidence: job.evidence,
      tracedShare: job.tracedShare,
      damaged: job.damaged,
      otherVersion: eraFor(job.recordedVersion).name !== eraFor(setting.policy).name,
      limitTooLow,
      nearLimit: limited && summary.peakRss > setting.memoryLimit * NEAR_LIMIT,
    }),
    timeline: [...recorder.kept()].map((row) => ({ t: row[COL.t]!, rss: row[COL.rss]! })),
    ledgerPeak: ledgerAt(job, recorder.peak),
    ledgerFinal: ledgerAt(job, recorder.last),
  };
}

/** RSS beside the heap as built by the version that is asked for. */
function baselineOf({ recordedVersion, baselineBytes }: WorkerJob, policy: string): number {
  const binary = baselineBytes - RUNTIME_BESIDE_HEAP;
  return baselineUnder(binary, minorOf(recordedVersion), minorOf(policy)) + RUNTIME_BESIDE_HEAP;
}

/** The ledger of a row; what the parts leave is pages that were returned with MADV_FREE and are still resident (1.12-1.15). */
export function ledgerAt(job: Pick<WorkerJob, "evidence" | "baselineBytes">, row: Float64Array): Ledger {
  const own = row.slice();
  own[COL.sinceMark] = Math.max(0, row[COL.objects]! - row[COL.marked]!);
  const { t, rss, parts } = ledgerOf(own, {
    exactSpans: job.evidence === "exact",
    hasObjects: true,
    baseline: job.baselineBytes,
    baselineUncertainty: 0,
  });
  const lazy = Math.round(rss - parts.reduce((sum, { bytes }) => sum + bytes, 0));
  const modelled = parts.map((part) => ({ ...part, evidence: "modelled" as const }));
  if (lazy <= 0) return { t, rss, parts: modelled };
  const label = "returned, and still resident (MADV_FREE)";
  return {
    t,
    rss,
    parts: [
      ...modelled,
      { id: "lazily-freed", label, bytes: lazy, evidence: "modelled", uncertainty: 0, basis: "no page was short" },
    ],
  };
}

/** First arena hint of amd64 (malloc.go:mallocinit). */
const ARENA_HINT = 0xc000000000;

/** Means over runs of one setting. */
export function summaryOf(results: readonly Result[]): ReplaySummary {
  const mean = (of: (result: Result) => number) => results.reduce((sum, r) => sum + of(r), 0) / results.length;
  const { outcome, recorder } = results[0]!;
  const summary: ReplaySummary = {
    durationNs: Math.max(1, outcome.endTime - recorder.start),
    gcCycles: Math.round(mean(({ outcome }) => outcome.gcs)),
    peakRss: mean(({ recorder }) => recorder.maxRss),
    finalRss: mean(({ recorder }) => recorder.last[COL.rss]!),
    meanRss: mean(({ recorder }) => recorder.meanRss),
    peakHeapInuse: mean(({ recorder }) => recorder.maxInuse),
    peakHeapLive: mean(({ recorder }) => recorder.maxLive),
    heapReleasedFinal: mean(({ outcome }) => outcome.heap.stats.released),
    meanHeapReleased: mean(({ recorder }) => recorder.meanReleased),
    returnedTotal: mean(({ outcome }) => {
      const { background, growth, limit, forced } = outcome.heap.stats.returned;
      return background + growth + limit + forced;
    }),
    returnedBackground: mean(({ outcome }) => outcome.heap.stats.returned.background),
    returnedOnGrowth: mean(({ outcome }) => outcome.heap.stats.returned.growth),
    returnedForLimit: mean(({ outcome }) => outcome.heap.stats.returned.limit),
    returnedForced: mean(({ outcome }) => outcome.heap.stats.returned.forced),
    pageFaultBytes: mean(({ outcome }) => outcome.heap.stats.faulted),
    heapLockAcquisitions: Math.round(mean(({ outcome }) => outcome.heap.stats.lockAcquisitions)),
    heapLockAvoided: Math.round(mean(({ outcome }) => outcome.heap.stats.lockAvoided)),
  };
  for (const key of Object.keys(summary) as (keyof ReplaySummary)[]) summary[key] = Math.round(summary[key]);
  return summary;
}

/** The limit counts no binary, and spans that stand for objects are counted whole: RSS may be a little over it and all is well. */
const OVER_LIMIT = 1.25;
const NEAR_LIMIT = 0.9;

/**
 * What else differs between draws. How much a burst allocates while a mark goes on decides whether the rest of the burst is marked
 * with it, and so when the next GC comes: `pace` is the program's speed during a mark against the recording's; `seed` is of
 * what is chance in each mark.
 */
export interface Drawn {
  readonly pace: number;
  readonly seed: number;
}
export const DRAWN: readonly Drawn[] = [
  { pace: 1, seed: 1 },
  { pace: 0.7, seed: 2 },
  { pace: 1.5, seed: 3 },
];

export interface Result {
  readonly outcome: SimulationOutcome;
  readonly recorder: Recorder;
}

export function runOnce(
  job: Pick<WorkerJob, "recordedVersion" | "learned" | "baselineBytes"> & Partial<Pick<WorkerJob, "heldUp">>,
  program: Program,
  deaths: Deaths,
  drawn: Drawn,
  setting: Setting,
  recorder = new Recorder(BUCKETS),
): Result {
  const era = eraFor(setting.policy);
  // The development version of 1.12 has 1.12's size classes and pacer.
  const version = setting.policy.replace(/-dev$/, "");
  const minor = minorOf(version);
  const outcome = new Simulation(program, deaths, {
    era,
    minor,
    heap: {
      physPageSize: setting.physPageSize,
      physHugePageSize: setting.physPageSize > 16384 ? 0 : 2 << 20,
      goos: setting.goos,
      procs: setting.procs,
      // Another page has other chunks: the random base of 1.26 is a multiple of Go's own.
      ...(setting.pageSize === GO_PAGE_SIZE ? {} : { pageSize: setting.pageSize, heapBase: ARENA_HINT }),
    },
    layout: spanLayoutFor(version, setting.pageSize),
    thp: setting.thp,
    recordedSlots: slotSizesFor(job.recordedVersion),
    gogc: setting.gogc,
    memoryLimit: setting.memoryLimit,
    learned: learnedFrom(job.learned, setting.procs),
    background: (world) => backgroundFor(era, world),
    recorder,
    baseline: job.baselineBytes,
    pace: drawn.pace,
    heldUp: job.heldUp ?? 0,
    seed: drawn.seed,
    freeOsMemoryEvery: setting.freeOsMemoryEvery,
  }).run();
  return { outcome, recorder };
}
