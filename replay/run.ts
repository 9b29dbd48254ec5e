/** A replay from inputs to result: opens and joins the inputs, drives the machine, sums up. */
import { eraFor } from "../allocator/eras/index.ts";
import { slotSizesFor } from "../allocator/size-classes.ts";
import { UnsupportedError } from "../parsers/errors.ts";
import type { EventSource, SourceInfo } from "../parsers/event-source.ts";
import type { EventBatch } from "../parsers/events.ts";
import { openInputs } from "../parsers/open.ts";
import type { RunDescription } from "../parsers/run-description.ts";
import { AccuracyCheck } from "./accuracy.ts";
import { backgroundFor } from "./background/index.ts";
import { baselineRss } from "./baseline.ts";
import { minorOf, rulesOf } from "./era-rules.ts";
import { HeapHistory } from "./heap-history/heap-history.ts";
import { HeapRecorder } from "./heap-history/heap-recorder.ts";
import { SlotsInUse } from "./heap-history/slots-in-use.ts";
import { HeapMaps } from "./heap-maps.ts";
import { pickMain, prepare, recordedVersionOf } from "./inputs.ts";
import { join } from "./join.ts";
import { type LedgerContext, ledgerOf } from "./ledger.ts";
import { Machine } from "./machine.ts";
import { ProgramBuilder } from "./program.ts";
import type { SpanDriver } from "./reconstruct/driver.ts";
import { NoReturns, RecordedReturns } from "./reconstruct/recorded-returns.ts";
import { gogcNotes, recordedGogc, roundingOf } from "./recorded-settings.ts";
import { COL, Recorder } from "./recorder.ts";
import type { Note, ReplayResult, TimelineRow } from "./result.ts";
import type { Samples } from "./samples.ts";
import { toTimelineRow } from "./timeline.ts";

export interface ReplayProgress {
  readonly phase: string;
  /** 0..1, or null when the size of the input is unknown. */
  readonly fraction: number | null;
  readonly events: number;
  /** The result as far as the input has been read; it costs some ms. Valid until the replay goes on. */
  readonly soFar?: () => ReplayResult;
}

/** Takes the rows of the timeline as they come to be. */
export interface RowSink {
  /** The next row, by time. */
  add(row: TimelineRow): void;
  /** Asked now and then: the replay goes on when it resolves. A rejection ends the replay. */
  drain(): Promise<void>;
}

export interface ReplayOptions {
  /**
   * Go version whose page heap and scavenger are modelled, e.g. "go1.27"; default: the recording's own, as recorded. Of an
   * address trace a version's pacer and size classes are, too, if it is asked for (other-policy.ts), unless spans were asked for
   * with a heap history or map.
   */
  readonly policy?: string;
  /** Physical page size in bytes, 4096 by default. */
  readonly physPageSize?: number;
  /** GOMEMLIMIT of the recorded run in bytes: a trace does not tell it. */
  readonly memoryLimit?: number | null;
  /** "all" keeps every change; a number bounds what the caller will show (more is kept, so that it can choose). */
  readonly samples?: number | "all";
  /** Is handed every change instead of the result's timeline, which is then thinned: for output that streams. */
  readonly rows?: RowSink;
  /** Keep heap maps over time. */
  readonly heapMaps?: boolean;
  /** Keep what happens to every page, so that the heap can be seen at any moment: some time, and a temporary file if it is long. */
  readonly heapHistory?: boolean;
  /** Sees every batch of the main input before it is replayed, with inferred spans where it has none of its own. */
  readonly tap?: (batch: EventBatch, info: SourceInfo) => void;
  readonly onProgress?: (progress: ReplayProgress) => void;
  readonly signal?: AbortSignal;
}

/** Programs write to nearly all that they allocate; of large objects on clean pages this share is let off. */
const UNWRITTEN_SHARE = 0.1;
const PROGRESS_EVERY = 200;
/** Timers, keys and signals get their turn this often, ms: batches can come without ever waiting for a file. */
const YIELD_EVERY = 30;
/** A page trace does not tell GOMAXPROCS: room for as many page caches as Ps that it is likely to show. */
const PAGETRACE_PROCS = 64;

/**
 * Replays one run. Throws InputError (unreadable), UnsupportedError (the input can't answer) and the signal's reason.
 */
export async function replay(paths: readonly string[], options: ReplayOptions = {}): Promise<ReplayResult> {
  const { sources, ignored, description } = await openInputs(paths, { threaded: true });
  try {
    if (sources.length === 0) {
      throw new UnsupportedError(
        `${paths.join(", ")}: tells how a run was made and nothing of its memory; give a recording of the run with it`,
      );
    }
    return await run(sources, ignored, description, options);
  } finally {
    await Promise.all(sources.map((source) => source.close()));
  }
}

/** The same of inputs that are open already; whoever opened them closes them. */
export function replaySources(sources: readonly EventSource[], options: ReplayOptions = {}): Promise<ReplayResult> {
  return run(sources, [], null, options);
}

async function run(
  sources: readonly EventSource[],
  ignored: readonly { path: string; reason: string }[],
  description: RunDescription | null,
  options: ReplayOptions,
): Promise<ReplayResult> {
  const main = pickMain(sources);
  const notes: Note[] = ignored.map(({ path, reason }) => ({ level: "info", text: `${path} is left out: ${reason}` }));
  const batches = main.batches()[Symbol.asyncIterator]();
  let step = await batches.next();
  const { info } = main;
  const { driver, gcStarts, textSpan } = await prepare(main, sources, {
    predictReturns: options.policy !== undefined,
  });
  const { samples, returns, notes: unjoined } = await join(main, sources, { gcStarts, signal: options.signal });
  for (const text of unjoined) notes.push({ level: "info", text });
  const { version: recordedVersion, note: versionNote } = recordedVersionOf(main, sources, options.policy, description);
  if (versionNote) notes.push({ level: "info", text: versionNote });
  const policy = options.policy ?? recordedVersion;
  const era = eraFor(policy);
  const recordedEra = eraFor(recordedVersion);
  const correct = era.name === recordedEra.name || options.policy === undefined;
  const physPageSize = options.physPageSize ?? description?.physPageSize ?? 4096;
  const toldLimit = options.memoryLimit === undefined ? description?.memoryLimit : options.memoryLimit;
  const memoryLimit = toldLimit ?? observedLimit(samples, "gomemlimit") ?? Number.POSITIVE_INFINITY;
  const baseline = baselineRss({ textSpan });
  const recorder = new Recorder(2048, options.samples === "all" && options.rows === undefined);
  const procs = info.procs ?? description?.gomaxprocs ?? (main.format === "pagetrace" ? PAGETRACE_PROCS : 1);
  const recorded = driver?.returns ?? returns;
  const playsReturns = main.format === "pagetrace" && driver === null;
  const slotSizes = slotSizesFor(recordedVersion);
  const slots = options.heapHistory ? new SlotsInUse(slotSizes, !correct) : null;
  const machine = new Machine({
    era,
    heap: {
      physPageSize,
      physHugePageSize: 2 << 20,
      goos: "linux",
      procs,
      ...(info.minHeapAddr !== null ? { heapBase: info.minHeapAddr } : {}),
    },
    playsReturns,
    background: (world) => {
      if (playsReturns) return new NoReturns();
      const model = backgroundFor(era, world);
      return recorded && correct ? new RecordedReturns(world, model, recorded) : model;
    },
    recorder,
    slotSizes,
    ...(slots ? { objects: slots } : {}),
    baseline: baseline.bytes,
    uncorrected: info.hasAddresses && correct,
    correct,
    losesSpans: info.goVersions.includes("1.23"),
    memoryLimit,
    minHeapAddr: () => info.minHeapAddr,
  });
  // Under a version asked for, the recorded one too, objects are simulated: which spans there are, and when, follows from its
  // pacer and size classes, and the tracer's part in it is left out, so that versions can be compared. But what was measured beside
  // the recording is of the recorded run; and where several versions may have written it, another than is assumed tells it.
  const assumed = recordedVersionOf(main, sources, undefined, description).version;
  const told = info.goVersion === null && minorOf(assumed) !== minorOf(policy);
  const asRecorded = correct && (samples.length > 0 || told);
  // A heap history and maps are of the recorded spans, and so must be the timeline beside them.
  const wantsSpans = options.heapHistory === true || options.heapMaps === true;
  const simulates = options.policy !== undefined && !asRecorded && info.hasAddresses && driver === null && !wantsSpans;
  const program = simulates ? new ProgramBuilder(slotSizes, { typeName: (type) => info.types.get(type)?.name }) : null;
  const maps = options.heapMaps ? new HeapMaps(machine) : null;
  const history = slots
    ? new HeapRecorder(
        { heap: machine.heap, objects: slots, placed: correct },
        new HeapHistory({ slotSizes, holdsDense: rulesOf(era).minor >= 21, hasObjects: info.hasAddresses }),
      )
    : null;
  if (history) machine.onSpan = history.spanTaken;
  const rowSink = program ? undefined : options.rows;
  const band = driver?.band ?? null;
  // A reconstructed heap is laid down at the first instant: the row before that is of no process.
  let beforeHeap = driver !== null;
  if (maps || rowSink || history) {
    machine.onRow = (t) => {
      maps?.take(t);
      history?.commit(t);
      if (rowSink && !(beforeHeap && Number.isNaN(machine.row[COL.measuredRss]))) {
        const row = toTimelineRow(machine.row);
        rowSink.add(band === null ? row : withBand(row, band));
      }
      beforeHeap = false;
    };
  }
  const accuracy = new AccuracyCheck();
  attachSamples(machine, samples, accuracy);

  let lastReport = 0;
  let lastYield = Date.now();
  /** Lets timers, keys and signals through now and then. */
  const breathe = async (): Promise<void> => {
    if (Date.now() - lastYield < YIELD_EVERY) return;
    await new Promise((resolve) => setImmediate(resolve));
    lastYield = Date.now();
    options.signal?.throwIfAborted();
  };
  while (!step.done) {
    options.signal?.throwIfAborted();
    if (driver) {
      // One batch of a log's lines makes many of made-up spans.
      for (const batch of driver.transform(step.value)) {
        options.tap?.(batch, info);
        machine.process(batch);
        history?.batchDone(batch, machine.now);
        if (rowSink) await rowSink.drain();
        await breathe();
      }
    } else {
      options.tap?.(step.value, info);
      program?.add(step.value);
      machine.process(step.value);
      history?.batchDone(step.value, machine.now);
    }
    if (rowSink) await rowSink.drain();
    const now = Date.now();
    if (options.onProgress && now - lastReport >= PROGRESS_EVERY) {
      lastReport = now;
      options.onProgress({
        phase: "replaying",
        fraction: main.progress(),
        events: info.events,
        soFar: () => resultNow(),
      });
    }
    await breathe();
    step = await batches.next();
  }
  if (driver) {
    for (const batch of driver.finish()) {
      options.tap?.(batch, info);
      machine.process(batch);
      history?.batchDone(batch, machine.now);
      if (rowSink) await rowSink.drain();
      await breathe();
    }
  }
  machine.finish(machine.now);
  history?.finish(machine.now);
  maps?.take(machine.now, true);
  if (rowSink) await rowSink.drain();
  if (info.events === 0 || (recorder.rows <= 1 && machine.counts.spans === 0 && machine.gcs.length === 0)) {
    throw new UnsupportedError(
      `${main.path}: no memory events in it; record at least one GC, e.g. with runtime/trace over some seconds of load`,
    );
  }

  if (program) {
    const { underOtherPolicy } = await import("./other-policy.ts");
    const result = await underOtherPolicy({
      recorded: resultNow(),
      program,
      recordedVersion,
      baseline: baseline.bytes,
      all: options.samples === "all" && options.rows === undefined,
      samples,
      signal: options.signal,
    });
    for (const row of (result ?? resultNow()).timeline) {
      options.rows?.add(row);
      await options.rows?.drain();
    }
    if (result) return result;
  }
  return resultNow();

  function resultNow(): ReplayResult {
    const context: LedgerContext = {
      exactSpans: info.hasAddresses,
      hasObjects: info.hasAddresses,
      baseline: baseline.bytes,
      baselineUncertainty: baseline.uncertainty,
    };
    const gogc = recordedGogc(machine.gcs, recordedVersion, roundingOf(main), description);
    if (history) history.history.types = info.types;
    const rows = [...recorder.kept()];
    // A reconstructed heap is laid down at the first instant: the row before that is of no process.
    if (driver && rows.length > 1 && Number.isNaN(rows[0]![COL.measuredRss])) rows.shift();
    const { stats } = machine.heap;
    const { returned } = stats;
    const uncertain = Math.max(baseline.uncertainty, recorder.peak[COL.rss]! * (driver?.spread ?? 0.05));
    const assumed = recorder.peak[COL.assumed]!;
    return {
      inputs: sources.map((source) => ({
        path: source.path,
        format: source.container ?? source.format,
        goVersion: source.info.goVersion,
        evidence: source === main && driver ? driver.evidence : source.info.evidence,
        events: source.info.events,
        losses: source.losses.toJSON(),
      })),
      config: {
        policy,
        gogc: Number.isFinite(gogc.gogc) ? gogc.gogc : "off",
        memoryLimit: Number.isFinite(memoryLimit) ? memoryLimit : null,
        physPageSize,
        pageSize: machine.heap.config.pageSize,
        procs,
        os: machine.heap.config.goos,
      },
      summary: {
        durationNs: machine.now - recorder.start,
        gcCycles: machine.gcs.filter((gc) => gc.markTermination !== null).length,
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
      },
      placement: machine.placement.result(),
      accuracy: accuracy.result(),
      timeline: driver?.band ? rows.map((row) => withBand(toTimelineRow(row), driver.band!)) : rows.map(toTimelineRow),
      uncertainty: driver?.band
        ? { below: recorder.maxRss * (1 - 1 / driver.band), above: recorder.maxRss * (driver.band - 1) }
        : { below: uncertain + assumed * UNWRITTEN_SHARE, above: uncertain },
      ledgerPeak: ledgerOf(recorder.peak, context),
      ledgerFinal: ledgerOf(recorder.last, context),
      ledgerAt: (t) => ledgerOf(rowAt(rows, t), context),
      heapMapAt: (t) => maps?.at(t) ?? null,
      heapHistory: history?.history ?? null,
      marks: machine.marks,
      gcs: machine.gcs,
      recordedGogc: gogc,
      limits: {
        memory: Number.isFinite(memoryLimit) ? memoryLimit : null,
        container: observedLimit(samples, "cgroup_limit"),
      },
      notes: [...notes, ...gogcNotes(gogc, memoryLimit), ...notesOn(machine, main, driver)],
      partial: sources.some((source) => source.losses.partial),
    };
  }
}

/** A limit as measured; null for none. */
function observedLimit(samples: Samples, name: "cgroup_limit" | "gomemlimit"): number | null {
  const bytes = samples.has(name) ? samples.max(name) : Number.NaN;
  // "No limit" is written as 2^63 and thereabouts.
  return bytes > 0 && bytes < 2 ** 62 ? bytes : null;
}

function withBand(row: TimelineRow, factor: number): TimelineRow {
  row.rssLow = row.rss / factor;
  row.rssHigh = row.rss * factor;
  return row;
}

/** Stops simulated time at each sample, so that the prediction is compared with it at its own moment. */
function attachSamples(machine: Machine, samples: Samples, accuracy: AccuracyCheck): void {
  if (samples.length === 0) return;
  let i = 0;
  machine.nextTick = samples.times[0]!;
  machine.onTick = (now) => {
    const measured = {
      rss: samples.value("rss", i),
      released: samples.value("heap_released", i),
      inuse: samples.value("heap_inuse", i),
    };
    const { row } = machine;
    accuracy.add({ rss: row[COL.rss]!, released: row[COL.heapReleased]!, inuse: row[COL.heapInuse]! }, measured);
    if (!Number.isNaN(measured.rss)) row[COL.measuredRss] = measured.rss;
    if (!Number.isNaN(measured.released)) row[COL.measuredReleased] = measured.released;
    if (!Number.isNaN(measured.inuse)) row[COL.measuredInuse] = measured.inuse;
    machine.touch();
    machine.record(now);
    i++;
    return samples.times[i] ?? Number.POSITIVE_INFINITY;
  };
}

/** The row at or before `t`; the first one before the beginning. */
function rowAt(rows: readonly Float64Array[], t: number): Float64Array {
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (rows[middle]![0]! <= t) low = middle;
    else high = middle - 1;
  }
  return rows[low]!;
}

function notesOn(machine: Machine, main: EventSource, driver: SpanDriver | null): Note[] {
  const notes: Note[] = [];
  const { counts } = machine;
  for (const text of driver?.notes() ?? []) notes.push({ level: "warning", text: `${main.path}: ${text}` });
  const assumed = machine.recorder.peak[COL.assumed]!;
  if (assumed > 0.02 * machine.recorder.maxRss) {
    notes.push({
      level: "info",
      text: `at the peak ${(assumed / 2 ** 20).toFixed(1)} MiB are large objects on clean pages: they count as resident, but are not until the program writes to them`,
    });
  }
  if (counts.unplaced > 0) {
    notes.push({
      level: "warning",
      text: `${counts.unplaced} spans were recorded on pages that the model had in use; they were placed elsewhere`,
    });
  }
  if (counts.overtakenFrees > 0) {
    notes.push({
      level: "info",
      text: `${counts.overtakenFrees} spans were taken before the recording says that they were free: the processors' clocks differ by some microseconds`,
    });
  }
  if (counts.lateFrees > 0) {
    notes.push({
      level: "warning",
      text: `${counts.lateFrees} spans were freed that the recording never showed being taken`,
    });
  }
  if (machine.objects.orphans > 0) {
    notes.push({ level: "info", text: `${machine.objects.orphans} events name objects outside every known span` });
  }
  for (const { kind, count, first } of main.losses) {
    notes.push({
      level: kind.severity === "info" ? "info" : "warning",
      text: `${kind.name}: ${count}${first ? ` (first at ${first})` : ""}: ${kind.meaning}`,
    });
  }
  return notes;
}
