/**
 * The same program under other settings. The recording is read once; every run gets the same program and starts from its
 * beginning, in as many threads as there are cores.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Learned } from "./learned.ts";
import type { Program } from "./program.ts";
import type { ReplayConfig, ReplayResult, ReplaySummary } from "./result.ts";

/** One combination of settings. */
export interface Setting {
  /** GOGC in per cent, Infinity for off. */
  readonly gogc: number;
  /** GOMEMLIMIT in bytes, Infinity for none. */
  readonly memoryLimit: number;
  readonly policy: string;
  readonly physPageSize: number;
  readonly procs: number;
  readonly goos: "linux" | "windows" | "darwin";
  /** debug.FreeOSMemory every so many ns; Infinity for never. */
  readonly freeOsMemoryEvery: number;
}

/** How sure a run's figures are. Fractions of the value, either way. */
export interface Confidence {
  readonly peakRss: number;
  readonly meanRss: number;
  readonly gcs: number;
  readonly reasons: readonly string[];
}

export interface WhatIfRun {
  readonly config: ReplayConfig;
  readonly summary: ReplaySummary;
  /** ns of CPU that the GC takes, and its share of the run's CPU time. */
  readonly gcCpuNs: number;
  readonly gcCpuShare: number;
  /** The limit is below what the program needs: GCs come back to back. */
  readonly limitTooLow: boolean;
  readonly confidence: Confidence;
  readonly timeline: readonly { t: number; rss: number }[];
}

export interface WhatIfResult {
  readonly baseline: ReplayResult;
  readonly runs: readonly WhatIfRun[];
}

/** What a worker is given: all of it can be cloned or shared. */
export interface WorkerJob {
  readonly program: Program;
  readonly learned: LearnedValues;
  readonly baselineBytes: number;
  readonly recordedVersion: string;
  readonly settings: readonly (Setting & { index: number })[];
}

/** `Learned` as plain numbers. */
export interface LearnedValues {
  readonly markFixedNs: number;
  readonly markNsPerByte: number;
  readonly cores: number;
  readonly runwayFactor: number;
  readonly progressWhileMarking: number;
  readonly sweepSpansPerNs: number;
  readonly roots: number;
  readonly nonHeapMapped: number;
  readonly untouchedManual: number;
  readonly untouchedObjects: number;
}

export type { Learned };

/** Runs every setting; results in the settings' order. `onDone` hears of each. */
export async function runAll(
  job: Omit<WorkerJob, "settings">,
  settings: readonly Setting[],
  onDone: (done: number) => void = () => {},
  signal?: AbortSignal,
): Promise<WhatIfRun[]> {
  const indexed = settings.map((setting, index) => ({ ...setting, index }));
  const threads = Math.max(1, Math.min(availableParallelism(), indexed.length));
  if (threads === 1) {
    const { runSetting, prepare } = await import("./what-if-run.ts");
    const prepared = prepare(job);
    return indexed.map((setting, i) => {
      signal?.throwIfAborted();
      const run = runSetting(prepared, setting);
      onDone(i + 1);
      return run;
    });
  }
  const runs: WhatIfRun[] = new Array(indexed.length);
  let next = 0;
  let done = 0;
  await Promise.all(
    Array.from({ length: threads }, () => {
      const worker = new Worker(new URL("./what-if-worker.js", import.meta.url), { workerData: job });
      return new Promise<void>((resolve, reject) => {
        const stop = () => {
          worker.terminate().then(() => reject(signal?.reason), reject);
        };
        signal?.addEventListener("abort", stop, { once: true });
        const give = () => {
          const setting = indexed[next++];
          if (setting) worker.postMessage(setting);
          else {
            signal?.removeEventListener("abort", stop);
            worker.terminate().then(() => resolve(), reject);
          }
        };
        worker.on("message", ({ index, run }: { index: number; run: WhatIfRun }) => {
          runs[index] = run;
          onDone(++done);
          give();
        });
        worker.on("error", reject);
        give();
      });
    }),
  );
  return runs;
}
