/** What the terminal UI asks for beside a result, made up: causes, a program that can be played, facts of a tap. */

import type { EventBatch } from "../../parsers/events.ts";
import { GC_FORCED, GC_FREES_OS_MEMORY, GC_START, GC_WORK, STW_BEGIN, STW_END } from "../../parsers/events.ts";
import { STW_REASONS } from "../../parsers/trace/stw-reasons.ts";
import type { Diagnosis } from "../../replay/diagnose/diagnose.ts";
import type { ReplayResult } from "../../replay/result.ts";
import type { Setting, WhatIfRun } from "../../replay/what-if.ts";
import type { Player, Services } from "../tui/session.ts";

const MIB = 2 ** 20;

export function fakeDiagnosis(result: ReplayResult): Diagnosis {
  const { durationNs } = result.summary;
  const peak = result.ledgerPeak.t;
  // As much of one as is shown.
  const diagnosis: Partial<Diagnosis> = {
    inputs: result.inputs,
    goVersion: "go1.27.0",
    scale: { bytes: result.summary.peakRss, is: "the predicted peak of RSS" },
    rssPeak: result.summary.peakRss,
    rssFinal: result.summary.finalRss,
    durationNs,
    ledger: [],
    causes: [
      {
        id: "gogc-headroom",
        number: 1,
        title: "GOGC headroom: the dead heap up to the next goal",
        verdict: "present",
        bytes: 48 * MIB,
        evidence: [
          { text: "48 MiB were dead when the cycle of the peak began", source: "trace.out", t: peak },
          { text: "at the end 4 MiB are", source: "trace.out", t: durationNs * 0.9 },
          { text: "GOGC is 100", source: "replay" },
        ],
        advice: "Lower GOGC, or set GOMEMLIMIT: the what-if view shows what it costs.",
      },
      {
        id: "released-gauge",
        number: 29,
        title: "HeapReleased is a gauge: it falls when memory is used again",
        verdict: "present",
        bytes: 0,
        evidence: [{ text: "it fell 3 times", source: "replay" }],
        advice: "Watch RSS.",
      },
      {
        id: "stale-profile",
        number: 7,
        title: "The heap profile is older than the growth",
        verdict: "not-enough-data",
        bytes: 0,
        evidence: [],
        advice: "",
        capture: "curl -so heap.pb.gz HOST/debug/pprof/heap",
      },
      {
        id: "stacks",
        number: 12,
        title: "Goroutine stacks",
        verdict: "ruled-out",
        bytes: 0,
        evidence: [{ text: "stacks are 2 MiB at most", source: "replay" }],
        advice: "",
      },
    ],
    notes: [],
    partial: false,
  };
  return diagnosis as Diagnosis;
}

const RECORDED: Setting = {
  gogc: 100,
  memoryLimit: Number.POSITIVE_INFINITY,
  policy: "go1.27",
  physPageSize: 4096,
  pageSize: 8192,
  procs: 4,
  goos: "linux",
  thp: "never",
  freeOsMemoryEvery: Number.POSITIVE_INFINITY,
} as Setting;

/** A program whose RSS goes with GOGC and stays below a limit. */
export function fakeRun(result: ReplayResult, setting: Setting): WhatIfRun {
  const factor = Number.isFinite(setting.gogc) ? (1 + setting.gogc / 100) / 2 : 3;
  const rssOf = (rss: number): number => Math.round(Math.min(rss * factor, setting.memoryLimit));
  const { summary, config } = result;
  const gcs = Math.round(summary.gcCycles / factor);
  // As much of one as is shown.
  const run: Partial<WhatIfRun> = {
    config: { ...config, gogc: Number.isFinite(setting.gogc) ? setting.gogc : "off", policy: setting.policy },
    freeOsMemoryEvery: setting.freeOsMemoryEvery,
    gcCpu: { mark: 0, assist: 0, stopped: 0 },
    summary: {
      ...summary,
      gcCycles: gcs,
      peakRss: rssOf(summary.peakRss),
      meanRss: rssOf(summary.meanRss),
      finalRss: rssOf(summary.finalRss),
    },
    gcCpuNs: gcs * 5e6,
    gcCpuShare: (gcs * 5e6) / (summary.durationNs * setting.procs),
    limitTooLow: setting.memoryLimit < 32 * MIB,
    confidence: { peakRss: 0.1, meanRss: 0.08, gcs: 0.12, reasons: ["two runs of one program differ"] },
    ledgerPeak: result.ledgerPeak,
    ledgerFinal: result.ledgerFinal,
    timeline: result.timeline.map(({ t, rss }) => ({ t, rss: rssOf(rss) })),
  };
  return run as WhatIfRun;
}

/** `runMs`: how long each run takes; a run that is stopped rejects at once. */
export function fakePlayer(result: ReplayResult, runMs = 0): Player {
  return {
    recorded: RECORDED,
    run: async (settings, signal) => {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(resolve, runMs);
        signal.addEventListener("abort", () => {
          clearTimeout(timer);
          reject(signal.reason);
        });
      });
      return settings.map((setting) => fakeRun(result, setting));
    },
  };
}

export function fakeServices(result: ReplayResult, runMs = 0): Services {
  return {
    diagnose: async () => fakeDiagnosis(result),
    openPlayer: async () => fakePlayer(result, runMs),
    export: async () => {},
  };
}

/** Events that a tap sees: of the result's GCs one in five is asked for, and each stops the world twice. */
export function fakeBatch({ gcs }: ReplayResult): EventBatch {
  const events: [kind: number, time: number, size: number, aux: number][] = [];
  const sweepTermination = STW_REASONS.indexOf("GC sweep termination");
  for (const [i, { n, start, markTermination }] of gcs.entries()) {
    const end = markTermination ?? start;
    const flags = i % 10 === 4 ? GC_FORCED : i % 10 === 9 ? GC_FORCED | GC_FREES_OS_MEMORY : 0;
    events.push([STW_BEGIN, start, 0, sweepTermination], [GC_START, start, n, flags], [STW_END, start + 50_000, 0, 0]);
    events.push([GC_WORK, end, 2 * (end - start), 0]);
  }
  return {
    length: events.length,
    kind: Uint8Array.from(events, ([kind]) => kind),
    time: Float64Array.from(events, ([, time]) => time),
    p: new Int16Array(events.length),
    addr: new Float64Array(events.length),
    size: Float64Array.from(events, ([, , size]) => size),
    aux: Int32Array.from(events, ([, , , aux]) => aux),
  };
}
