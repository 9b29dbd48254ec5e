import { eraFor } from "../allocator/eras/index.ts";
import { slotSizesFor, spanLayoutFor } from "../allocator/size-classes.ts";
import { backgroundFor } from "./background/index.ts";
import type { Learned } from "./learned.ts";
import { COL, Recorder } from "./recorder.ts";
import type { ReplayConfig, ReplaySummary } from "./result.ts";
import { Deaths, Simulation } from "./simulate.ts";
import type { Setting, WhatIfRun, WorkerJob } from "./what-if.ts";

const BUCKETS = 256;

/** A job with what every run of it shares. */
export interface Prepared extends Omit<WorkerJob, "settings"> {
  readonly deaths: Deaths;
}

export function prepare(job: Omit<WorkerJob, "settings">): Prepared {
  return { ...job, deaths: new Deaths(job.program) };
}

/** Runs the program under one setting. */
export function runSetting(job: Prepared, setting: Setting): WhatIfRun {
  const { program, learned, baselineBytes } = job;
  const era = eraFor(setting.policy);
  const version = setting.policy.startsWith("go1.12-") ? "go1.12" : setting.policy;
  const minor = Number(/1\.(\d+)/.exec(version)?.[1] ?? 27);
  const recorder = new Recorder(BUCKETS);
  const outcome = new Simulation(program, job.deaths, {
    era,
    minor,
    heap: {
      physPageSize: setting.physPageSize,
      physHugePageSize: setting.physPageSize === 65536 ? 0 : 2 << 20,
      goos: setting.goos,
      procs: setting.procs,
    },
    layout: spanLayoutFor(version),
    recordedSlots: slotSizesFor(job.recordedVersion),
    gogc: setting.gogc,
    memoryLimit: setting.memoryLimit,
    learned: learnedFrom(learned),
    background: (world) => backgroundFor(era, world),
    recorder,
    baseline: baselineBytes,
    freeOsMemoryEvery: setting.freeOsMemoryEvery,
  }).run();
  const { stats } = outcome.heap;
  const { returned } = stats;
  const duration = Math.max(1, outcome.endTime - recorder.start);
  const config: ReplayConfig = {
    policy: era.name,
    gogc: Number.isFinite(setting.gogc) ? setting.gogc : "off",
    memoryLimit: Number.isFinite(setting.memoryLimit) ? setting.memoryLimit : null,
    physPageSize: setting.physPageSize,
    pageSize: outcome.heap.config.pageSize,
    procs: setting.procs,
    os: setting.goos,
  };
  const summary: ReplaySummary = {
    durationNs: duration,
    gcCycles: outcome.gcs,
    peakRss: recorder.maxRss,
    finalRss: recorder.last[COL.rss]!,
    meanRss: recorder.meanRss,
    peakHeapInuse: recorder.maxInuse,
    peakHeapLive: recorder.maxLive,
    heapReleasedFinal: stats.released,
    meanHeapReleased: recorder.meanReleased,
    returnedTotal: returned.background + returned.growth + returned.limit + returned.forced,
    returnedBackground: returned.background,
    returnedOnGrowth: returned.growth,
    returnedForLimit: returned.limit,
    returnedForced: returned.forced,
    pageFaultBytes: stats.faulted,
    heapLockAcquisitions: stats.lockAcquisitions,
    heapLockAvoided: stats.lockAvoided,
  };
  const tooLow = Number.isFinite(setting.memoryLimit) && outcome.backToBack > 0.5 && outcome.gcs > 10;
  return {
    config,
    summary,
    gcCpuNs: outcome.gcCpuNs,
    gcCpuShare: outcome.gcCpuNs / (duration * setting.procs),
    limitTooLow: tooLow,
    confidence: { peakRss: 0.1, meanRss: 0.1, gcs: 0.1, reasons: [] },
    timeline: [...recorder.kept()].map((row) => ({ t: row[COL.t]!, rss: row[COL.rss]! })),
  };
}

function learnedFrom(values: WorkerJob["learned"]): Learned {
  const mark = (bytes: number) => values.markFixedNs + values.markNsPerByte * bytes;
  return {
    markNs: mark,
    cpuNs: (bytes) => values.cores * mark(bytes),
    runwayFactor: values.runwayFactor,
    progressWhileMarking: values.progressWhileMarking,
    sweepSpansPerNs: values.sweepSpansPerNs,
    roots: values.roots,
    nonHeapMapped: values.nonHeapMapped,
    untouchedManual: values.untouchedManual,
    untouchedObjects: values.untouchedObjects,
  };
}
