/**
 * The same program under other settings. The recording is read once; every run gets the same program and starts from its
 * beginning, in as many threads as there are cores.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { eraFor } from "../allocator/eras/index.ts";
import type { ThpMode } from "../allocator/os-pages.ts";
import { slotSizesFor } from "../allocator/size-classes.ts";
import { UnsupportedError } from "../parsers/errors.ts";
import { type DeathTables, deathTables } from "./death-tables.ts";
import { bytesBefore } from "./deaths.ts";
import { minorOf } from "./era-rules.ts";
import { type GcCost, type LearnedValues, learn } from "./learned.ts";
import { byClock, type MutatorClock, mutatorClock } from "./mutator-clock.ts";
import { type Program, ProgramBuilder } from "./program.ts";
import type { Ledger, ReplayConfig, ReplayResult, ReplaySummary } from "./result.ts";
import { type ReplayProgress, replay } from "./run.ts";
import { nonHeapMapped, RUNTIME_BESIDE_HEAP } from "./runtime-memory.ts";
import { sharedProgram, sharedTables } from "./shared-program.ts";

/** One combination of settings. */
export interface Setting {
  /** GOGC in per cent, Infinity for off. */
  readonly gogc: number;
  /** GOMEMLIMIT in bytes, Infinity for none. */
  readonly memoryLimit: number;
  readonly policy: string;
  readonly physPageSize: number;
  /** The runtime's own page in bytes: 8192 in every Go version. Another one makes other size classes, spans and chunks. */
  readonly pageSize: number;
  readonly procs: number;
  readonly goos: "linux" | "windows" | "darwin";
  /** Transparent huge pages of Linux, as in /sys/kernel/mm/transparent_hugepage/enabled. */
  readonly thp: ThpMode;
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
  /** debug.FreeOSMemory every so many ns; Infinity for never. */
  readonly freeOsMemoryEvery: number;
  readonly summary: ReplaySummary;
  /** ns of CPU that the GC takes, and its share of the run's CPU time. */
  readonly gcCpuNs: number;
  /** Its parts: marking in the background, assists of allocating goroutines, all Ps while the world was stopped. */
  readonly gcCpu: GcCost;
  readonly gcCpuShare: number;
  /** The limit is below what the program needs: GCs come back to back. */
  readonly limitTooLow: boolean;
  readonly confidence: Confidence;
  readonly timeline: readonly { t: number; rss: number }[];
  /** Where RSS is, in the first of the draws that the summary is the mean of. */
  readonly ledgerPeak: Ledger;
  readonly ledgerFinal: Ledger;
}

export interface WhatIfResult {
  /** The recording as it was, tracer and all. */
  readonly baseline: ReplayResult;
  /** The program as recorded, without the tracer, under the recorded settings: what the runs are compared with. */
  readonly base: WhatIfRun;
  readonly runs: readonly WhatIfRun[];
  /** Objects and whole spans that were replayed, and bytes of the tracer's own heap that were left out. */
  readonly objects: number;
  readonly recorderBytes: number;
}

/** Settings to combine, each with each; what is not given is as recorded. */
export interface WhatIfOptions {
  readonly gogc?: readonly number[];
  readonly memoryLimit?: readonly number[];
  readonly policy?: readonly string[];
  readonly physPageSize?: readonly number[];
  readonly pageSize?: readonly number[];
  readonly procs?: readonly number[];
  readonly goos?: readonly Setting["goos"][];
  readonly thp?: readonly ThpMode[];
  readonly freeOsMemoryEvery?: readonly number[];
  /** Settings that the recording ran under: a trace does not tell them. */
  readonly recordedGogc?: number;
  readonly recordedMemoryLimit?: number;
  /** Threads at most; default: as many as there are processors. */
  readonly threads?: number;
  readonly onProgress?: (progress: ReplayProgress) => void;
  readonly signal?: AbortSignal;
}

/** What every thread is given: all of it can be cloned or shared. */
export interface WorkerJob {
  /** The program under each draw of its deaths; the first is the one that is reported, the others tell how far it may be off. */
  readonly programs: readonly Program[];
  /** Their deaths by time, for those that are known. */
  readonly tables: readonly DeathTables[];
  readonly learned: LearnedValues;
  /** ns for which a mark holds the program up, for each ns by which it goes on meanwhile. */
  readonly heldUp: number;
  readonly baselineBytes: number;
  readonly recordedVersion: string;
  readonly evidence: "exact" | "inferred" | "modelled";
  /** Parts of the trace could not be read. */
  readonly damaged: boolean;
  /** Events of the trace for each ns of one processor: what tracing cost. */
  readonly tracedShare: number;
}

/** A recording read and made ready for runs under other settings. */
export interface Prepared {
  readonly baseline: ReplayResult;
  readonly job: WorkerJob;
  readonly recorded: Setting;
  readonly recorderBytes: number;
}

/** ns of CPU that writing one event of an allocation trace costs, roughly: runtime.traceAllocFree on a current machine. */
const NS_PER_EVENT = 60;
const DRAWS = [0, 1, 2];
/** Losses of a trace that leave time without its events (parsers/trace/losses.ts). */
const DAMAGE = ["damaged-batches", "missing-generations"];

/** Reads the inputs once, for the baseline and for every run. */
export async function prepareWhatIf(paths: readonly string[], options: WhatIfOptions = {}): Promise<Prepared> {
  let builder: ProgramBuilder | null = null;
  let version = "go1.27";
  let goos: Setting["goos"] = "linux";
  const baseline = await replay(paths, {
    ...(options.recordedMemoryLimit === undefined ? {} : { memoryLimit: finiteOrNull(options.recordedMemoryLimit) }),
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
    tap: (batch, info) => {
      if (!builder) {
        version = info.goVersion ?? `go${info.goVersions.at(-1) ?? "1.27"}`;
        if (info.goos === "windows" || info.goos === "darwin") goos = info.goos;
        builder = new ProgramBuilder(slotSizesFor(version));
      }
      builder.add(batch);
    },
  });
  const built = builder as ProgramBuilder | null;
  const traced = baseline.inputs.some(({ format }) => format.startsWith("go-trace"));
  const recorded = built ? DRAWS.map((seed) => built.finish(seed, traced)) : [];
  const program = recorded[0];
  if (!program || program.objects === 0) {
    throw new UnsupportedError(
      `${paths.join(", ")}: no allocations in it to replay under other settings; record a trace with GODEBUG=traceallocfree=1 (Go 1.23+)`,
    );
  }
  const recordedGogc = options.recordedGogc ?? baseline.recordedGogc.gogc;
  const minor = minorOf(version);
  const asRecorded = learn(program, recordedGogc, {
    nonHeapMapped: nonHeapMapped(minor),
    untouchedManual: 0.2,
    untouchedObjects: 0,
  });
  const allocatedBefore = bytesBefore(program.size);
  const input = baseline.inputs[0];
  const binary = baseline.ledgerFinal.parts.find(({ id }) => id === "binary")?.bytes ?? 3.5e6;
  const events = baseline.inputs.reduce((sum, { events }) => sum + events, 0);
  const tracedNs = traced && program.flow === null ? (events * NS_PER_EVENT) / program.objects : 0;
  const clock = mutatorClock(program, { progress: asRecorded.progressWhileMarking, tracedNs });
  const programs = (clock ? byClock(recorded, clock) : recorded).map(sharedProgram);
  const learned = clock ? learnedByClock(asRecorded, clock, programs[0]!, tracedNs) : asRecorded;
  return {
    baseline,
    recorderBytes: program.recorderBytes,
    job: {
      programs,
      heldUp: clock ? 1 / learned.progressWhileMarking - 1 : 0,
      tables: programs.map((program) => sharedTables(deathTables(program, allocatedBefore))),
      learned,
      baselineBytes: binary + RUNTIME_BESIDE_HEAP,
      recordedVersion: version,
      evidence: input?.evidence ?? "modelled",
      damaged: baseline.inputs.some(({ losses }) => DAMAGE.some((kind) => (losses[kind] ?? 0) > 0)),
      tracedShare: (events * NS_PER_EVENT) / Math.max(1, program.end * program.procs),
    },
    recorded: {
      gogc: recordedGogc,
      memoryLimit: options.recordedMemoryLimit ?? baseline.config.memoryLimit ?? shownLimit(baseline),
      policy: version,
      physPageSize: baseline.config.physPageSize,
      pageSize: GO_PAGE_SIZE,
      procs: baseline.config.procs,
      goos,
      thp: "never",
      freeOsMemoryEvery: Number.POSITIVE_INFINITY,
    },
  };
}

/** What was learned from a recording, for the program by its own clock. */
function learnedByClock(
  learned: LearnedValues,
  clock: MutatorClock,
  { end, busyNs, procs, objects }: Program,
  tracedNs: number,
): LearnedValues {
  const { time, factor } = learned.markPace;
  const own = Math.max(0, busyNs - objects * tracedNs);
  return {
    ...learned,
    markPace: { time: time.map((t) => clock.at(t)), factor },
    busyShare: own > 0 ? Math.min(1, own / (end * procs)) : 1,
  };
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** GOMEMLIMIT as the goals that it held down show it, to some per cent: that heap, the headroom, and what is mapped beside it. */
function shownLimit({ recordedGogc: { limit }, ledgerPeak }: ReplayResult): number {
  if (!limit) return Number.POSITIVE_INFINITY;
  const beside = ledgerPeak.parts.filter(({ id }) => ["span-slack", "stacks", "metadata"].includes(id));
  return Math.round(limit.goal / 0.97 + beside.reduce((sum, { bytes }) => sum + Math.max(0, bytes), 0));
}

/** Every combination of the settings asked for. */
export function combine(recorded: Setting, options: WhatIfOptions): Setting[] {
  let all: Setting[] = [recorded];
  const each = <K extends keyof Setting>(key: K, values: readonly Setting[K][] | undefined) => {
    if (values?.length) all = all.flatMap((setting) => values.map((value) => ({ ...setting, [key]: value })));
  };
  each("policy", options.policy);
  each("goos", options.goos);
  each("thp", options.thp);
  each("procs", options.procs);
  each("pageSize", options.pageSize);
  each("physPageSize", options.physPageSize);
  each("memoryLimit", options.memoryLimit);
  each("gogc", options.gogc);
  each("freeOsMemoryEvery", options.freeOsMemoryEvery);
  return all;
}

/** The runtime's page in every Go version (pageShift = 13). */
export const GO_PAGE_SIZE = 8192;

/** First minor version that has a memory limit (runtime/debug.SetMemoryLimit). */
export const MEMORY_LIMIT_SINCE = 19;

/** What is wrong with a setting: the version did not have what it asks for. Null if nothing is. */
export function settingProblem(setting: Setting): string | null {
  const era = eraFor(setting.policy);
  const minor = minorOf(era.since);
  if (Number.isFinite(setting.memoryLimit) && minor < MEMORY_LIMIT_SINCE) {
    return `${setting.policy} has no memory limit: GOMEMLIMIT came with Go 1.${MEMORY_LIMIT_SINCE}`;
  }
  if (setting.thp !== "never" && setting.goos !== "linux") {
    return `${setting.goos} has no transparent huge pages: thp=${setting.thp} is for linux`;
  }
  if (setting.pageSize > GO_PAGE_SIZE && setting.goos === "windows") {
    return `on windows arenas are 4 MiB, less than a chunk of 512 pages of ${setting.pageSize / 1024} KiB: there pages are at most 8 KiB`;
  }
  return null;
}

/**
 * What the same program would have used under other settings. Throws InputError (unreadable), UnsupportedError (the input
 * can't answer), RangeError (a setting that its version did not have) and the signal's reason.
 */
export async function whatIf(paths: readonly string[], options: WhatIfOptions = {}): Promise<WhatIfResult> {
  const prepared = await prepareWhatIf(paths, options);
  const settings = combine(prepared.recorded, options);
  for (const setting of settings) {
    const problem = settingProblem(setting);
    if (problem) throw new RangeError(problem);
  }
  const [base, ...runs] = await runPrepared(prepared, [prepared.recorded, ...settings], options);
  return {
    baseline: prepared.baseline,
    base: base!,
    runs,
    objects: prepared.job.programs[0]!.objects,
    recorderBytes: prepared.recorderBytes,
  };
}

/** Runs settings of a prepared recording, with progress. */
export function runPrepared(
  { job }: Prepared,
  settings: readonly Setting[],
  { onProgress, signal, threads }: Pick<WhatIfOptions, "onProgress" | "signal" | "threads"> = {},
): Promise<WhatIfRun[]> {
  const { objects } = job.programs[0]!;
  const report = (done: number) =>
    onProgress?.({ phase: "simulating", fraction: done / settings.length, events: objects * done });
  return runAll(job, settings, { onDone: report, ...(signal ? { signal } : {}), ...(threads ? { threads } : {}) });
}

/** Runs every setting; results in the settings' order. `onDone` hears of each. */
export async function runAll(
  job: WorkerJob,
  settings: readonly Setting[],
  options: { onDone?: (done: number) => void; signal?: AbortSignal; threads?: number } = {},
): Promise<WhatIfRun[]> {
  const { onDone = () => {}, signal } = options;
  const wanted = import.meta.url.endsWith(".ts") ? 1 : (options.threads ?? availableParallelism());
  const threads = Math.max(1, Math.min(wanted, settings.length));
  const runs: WhatIfRun[] = new Array(settings.length);
  const workers: Worker[] = [];
  let done = 0;
  const finished = (index: number, run: WhatIfRun) => {
    runs[index] = run;
    onDone(++done);
  };
  // Threads take the next setting by themselves, this one too: none waits for another.
  const next = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  try {
    const others = Array.from({ length: threads - 1 }, () => {
      const worker = new Worker(new URL(WORKER_FILE, import.meta.url), { workerData: { job, settings, next } });
      workers.push(worker);
      return new Promise<void>((resolve, reject) => {
        worker.on("message", ({ index, run }: { index: number; run: WhatIfRun }) => finished(index, run));
        worker.on("error", reject);
        worker.on("exit", () => resolve());
      });
    });
    const all = Promise.all(others);
    // A worker that fails while this thread is at work must not count as unhandled.
    all.catch(() => {});
    const { runSetting, prepare } = await import("./what-if-run.ts");
    const prepared = prepare(job);
    for (;;) {
      // Lets messages and an abort come through between runs.
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      const index = Atomics.add(next, 0, 1);
      if (index >= settings.length) break;
      finished(index, runSetting(prepared, settings[index]!));
    }
    await Promise.race([all, aborted(signal)]);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return runs;
}

/** Rejects when the signal is aborted; never resolves. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** The worker as built: in tests this file is TypeScript, which a worker can't load, and one thread does it all. */
const WORKER_FILE = "./what-if-worker.js";
