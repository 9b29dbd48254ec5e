/** Opens everything that was given of a run, and collects what the rules look at. */
import { InputError, UnsupportedError } from "../../parsers/errors.ts";
import type { EventSource } from "../../parsers/event-source.ts";
import { GC_FORCED, OBSERVATIONS } from "../../parsers/events.ts";
import { GctraceSource } from "../../parsers/gctrace.ts";
import type { GoroutineDump } from "../../parsers/goroutines.ts";
import { isCompanion } from "../../parsers/observation-source.ts";
import { openInputs } from "../../parsers/open.ts";
import type { HeapProfile } from "../../parsers/pprof/profile.ts";
import type { RunDescription } from "../../parsers/run-description.ts";
import type { Smaps } from "../../parsers/smaps.ts";
import type { InputSummary, Note, ReplayResult } from "../result.ts";
import { type ReplayOptions, replay } from "../run.ts";
import { RunFacts } from "../run-facts.ts";
import { Samples } from "../samples.ts";
import { logAside, pairLog } from "./aside.ts";
import { readLog } from "./gc-log.ts";
import { Series } from "./series.ts";
import { GoVersion } from "./version.ts";

export interface DiagnoseOptions {
  /** What recordings often do not tell. */
  readonly goVersion?: string;
  readonly gogc?: number | "off";
  readonly memoryLimit?: number | null;
  readonly physPageSize?: number;
  readonly os?: string;
  /** A moment that a ledger is wanted for, ns. */
  readonly at?: number;
  /** The inputs' replay, where there is one already, with the facts that its `tap` collected: the trace is not read again. */
  readonly replayed?: { readonly result: ReplayResult; readonly facts: RunFacts };
  readonly onProgress?: ReplayOptions["onProgress"];
  readonly signal?: AbortSignal;
}

/** One GC cycle, out of a log or a trace. Bytes and ns; NaN where the input does not say. */
export interface GcFact {
  readonly n: number;
  readonly t: number;
  readonly end: number;
  readonly heapStart: number;
  readonly heapEnd: number;
  readonly marked: number;
  readonly goal: number;
  readonly stacks: number;
  /** Per cent of CPU time since the start. */
  readonly utilization: number;
  readonly cpuAssist: number;
  readonly procs: number;
  readonly forced: boolean;
  /** Forced because there was none for two minutes. */
  readonly periodic: boolean;
}

/** A line about returned memory. */
export interface ScavFact {
  /** The GC before it, as an index into gcs; -1 for none. */
  readonly afterGc: number;
  readonly work: number;
  readonly eager: number;
  readonly released: number;
  readonly inuse: number;
  readonly idle: number;
  readonly utilization: number;
  readonly forced: boolean;
}

export interface ProfileFact {
  readonly profile: HeapProfile;
  readonly source: string;
  /** ns on the run's clock; NaN when unknown. */
  readonly t: number;
}

export interface Settings {
  gogc: number | "off" | null;
  memoryLimit: number | null;
  /** False: nobody said whether there is a limit. */
  memoryLimitKnown: boolean;
  physPageSize: number | null;
  os: string | null;
  godebug: string | null;
}

export interface Collected {
  readonly inputs: InputSummary[];
  readonly notes: Note[];
  readonly partial: boolean;
  readonly version: GoVersion;
  readonly settings: Settings;
  readonly series: ReadonlyMap<string, Series>;
  readonly gcs: readonly GcFact[];
  readonly gcSource: string;
  readonly scavs: readonly ScavFact[];
  readonly profiles: readonly ProfileFact[];
  readonly smaps: readonly { readonly smaps: Smaps; readonly source: string }[];
  readonly goroutines: readonly { readonly dump: GoroutineDump; readonly source: string }[];
  readonly replay: ReplayResult | null;
  /**
   * What a replay makes up from a log alone: allocations whose totals agree with it. It fills the ledger; rules don't look at it,
   * for what it says beyond the log is no evidence.
   */
  readonly modelled: ReplayResult | null;
  readonly at: number | null;
}

const TRACES: readonly string[] = ["go-trace-v2", "go-trace-v1", "pagetrace"];
/** ms that modelling a heap out of a log may take: it is for the ledger only. */
const MODEL_TIME = 5000;
const TOO_LONG =
  "no ledger: the log is too long to model a heap from; give the part of it that matters, or MemStats or samples beside it";
export async function collect(paths: readonly string[], options: DiagnoseOptions = {}): Promise<Collected> {
  // Standard input can be read once only.
  const again = options.replayed ? paths.filter((path) => path !== "-") : paths;
  const { sources, ignored, description } = await openInputs(again);
  const notes: Note[] = [];
  const settings: Settings = {
    gogc: options.gogc ?? null,
    memoryLimit: options.memoryLimit ?? null,
    memoryLimitKnown: options.memoryLimit !== undefined,
    physPageSize: options.physPageSize ?? null,
    os: options.os ?? null,
    godebug: null,
  };
  for (const { path, reason } of ignored) notes.push({ level: "info", text: `${path} is left out: ${reason}` });
  if (description) applyDescription(description, settings);

  const raw: { source: EventSource; samples: Samples }[] = [];
  let gcs: GcFact[] = [];
  let scavs: ScavFact[] = [];
  let gcSource = "";
  const profiles: ProfileFact[] = [];
  const smaps: { smaps: Smaps; source: string }[] = [];
  const goroutines: { dump: GoroutineDump; source: string }[] = [];
  let hasTrace = options.replayed?.result.inputs.some(({ format }) => TRACES.includes(format)) ?? false;
  try {
    for (const source of sources) {
      options.signal?.throwIfAborted();
      if (TRACES.includes(source.format)) {
        hasTrace = true;
        continue;
      }
      if (source instanceof GctraceSource) {
        const log = await readLog(source);
        if (log.gcs.length >= gcs.length) {
          ({ gcs, scavs } = log);
          gcSource = source.path;
        }
        raw.push({ source, samples: new Samples() });
        continue;
      }
      const samples = new Samples();
      for await (const batch of source.batches()) samples.add(batch);
      raw.push({ source, samples });
      if (isCompanion(source)) {
        for (const profile of source.profiles) {
          if (!profile.isDelta) profiles.push({ profile, source: source.path, t: Number.NaN });
        }
        for (const dump of source.goroutines) goroutines.push({ dump, source: source.path });
        for (const dump of source.smaps) smaps.push({ smaps: dump, source: source.path });
      }
    }
  } finally {
    await Promise.all(sources.map((source) => source.close()));
  }

  let inputs: InputSummary[] = sources.map((source) => ({
    path: source.path,
    format: source.format,
    goVersion: source.info.goVersion,
    evidence: source.info.evidence,
    events: source.info.events,
    losses: source.losses.toJSON(),
  }));
  let partial = sources.some((source) => source.losses.partial);
  let result: ReplayResult | null = null;
  const series = mergeSeries(raw);
  addShared(series);
  const aside = hasTrace ? await logAside(again) : null;
  if (hasTrace) {
    const facts = options.replayed?.facts ?? new RunFacts();
    try {
      result =
        options.replayed?.result ??
        (await replay(paths, {
          ...(options.memoryLimit === undefined ? {} : { memoryLimit: options.memoryLimit }),
          ...(options.physPageSize === undefined ? {} : { physPageSize: options.physPageSize }),
          ...(options.onProgress ? { onProgress: options.onProgress } : {}),
          ...(options.signal ? { signal: options.signal } : {}),
          tap: facts.take,
        }));
    } catch (error) {
      // What else was given may still answer; a trace alone may not.
      if ((error as Error).name === "AbortError" || series.size + gcs.length + profiles.length + smaps.length === 0)
        throw error;
      notes.push({ level: "warning", text: `the trace is left out: ${(error as Error).message}` });
    }
    if (result) {
      ({ inputs, partial } = result);
      notes.push(...result.notes);
      addReplay(series, result, facts);
      if (gcs.length === 0) {
        const alloc = series.get("heap_alloc") ?? null;
        gcs = result.gcs.map((gc, i) => ofTrace(gc, result!, alloc, ((facts.gcFlags[i] ?? 0) & GC_FORCED) !== 0));
        gcSource = result.inputs.find(({ format }) => TRACES.includes(format))?.path ?? "replay";
        if (aside) ({ gcs, scavs } = pairLog(gcs, aside));
      }
    }
  }

  let modelled: ReplayResult | null = null;
  if (!hasTrace && gcs.length > 0 && !series.has("heap_inuse")) {
    const timeout = AbortSignal.timeout(MODEL_TIME);
    try {
      modelled = await replay(paths, {
        ...(options.memoryLimit === undefined ? {} : { memoryLimit: options.memoryLimit }),
        ...(options.physPageSize === undefined ? {} : { physPageSize: options.physPageSize }),
        ...(options.onProgress ? { onProgress: options.onProgress } : {}),
        signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
      });
    } catch (error) {
      options.signal?.throwIfAborted();
      // The log alone still answers for its cycles.
      if (timeout.aborted) notes.push({ level: "info", text: TOO_LONG });
      else if (!(error instanceof InputError || error instanceof UnsupportedError)) throw error;
    }
  }

  return {
    inputs,
    notes,
    partial,
    version: versionOf(options.goVersion ?? description?.goVersion ?? null, sources, result, aside?.goVersions ?? []),
    settings: withObserved(settings, series),
    series,
    gcs,
    gcSource,
    scavs,
    profiles: placeProfiles(profiles, raw),
    smaps,
    goroutines,
    replay: result,
    modelled,
    at: options.at ?? null,
  };
}

function ofTrace(gc: ReplayResult["gcs"][number], result: ReplayResult, alloc: Series | null, forced: boolean): GcFact {
  const nan = Number.NaN;
  return {
    n: gc.n,
    t: gc.start,
    end: gc.markTermination ?? gc.start,
    heapStart: gc.liveAtStart ?? nan,
    // The heap does not shrink while the GC marks.
    heapEnd: gc.liveAtMark ?? Math.max(gc.liveAtStart ?? nan, alloc?.at((gc.markTermination ?? gc.start) - 1) ?? 0),
    marked: gc.liveMarked ?? nan,
    goal: gc.goal ?? nan,
    stacks: nan,
    utilization: nan,
    cpuAssist: nan,
    procs: result.config.procs,
    forced,
    periodic: false,
  };
}

/** RssFile of /proc is without RssShmem: what of RSS is not anonymous is both. */
function addShared(series: Map<string, Series>): void {
  const rss = series.get("rss");
  const anon = series.get("rss_anon");
  if (!rss || !anon || rss.source !== anon.source || rss.length !== anon.length) return;
  const v = rss.v.map((value, i) => Math.max(0, value - anon.v[i]!));
  series.set("rss_file", new Series(rss.t, v, rss.source));
}

/** One series a figure, of the input that measured it most often; single dumps stand where their time says, else at the end. */
function mergeSeries(raw: readonly { source: EventSource; samples: Samples }[]): Map<string, Series> {
  const anchor = raw.find(({ source, samples }) => samples.length > 1 && source.info.wallClockStart !== null);
  const end = Math.max(0, ...raw.map(({ samples }) => samples.times.at(-1) ?? 0));
  const order = (source: EventSource) => (isCompanion(source) ? (source.sequence ?? source.notBefore) : null);
  const singles = raw
    .filter(({ samples }) => samples.length === 1)
    .sort((a, b) => (order(a.source) ?? 0) - (order(b.source) ?? 0));
  const shift = new Map<Samples, number>();
  singles.forEach(({ source, samples }, i) => {
    const wall = source.info.wallClockStart;
    if (anchor && wall !== null) shift.set(samples, (wall - anchor.source.info.wallClockStart!) * 1e6);
    else shift.set(samples, end + (singles.length > 1 && end === 0 ? i * 1e9 : 0));
  });
  const out = new Map<string, Series>();
  for (const name of OBSERVATIONS) {
    const candidates = raw
      .map(({ source, samples }) => {
        const t: number[] = [];
        const v: number[] = [];
        if (!samples.has(name)) return new Series(t, v, source.path);
        for (let i = 0; i < samples.length; i++) {
          const value = samples.value(name, i);
          if (Number.isNaN(value)) continue;
          // With GOGC=off there is no goal: 2^63 and more, by version.
          const shown = name === "next_gc" && value > 2 ** 61 ? Number.POSITIVE_INFINITY : value;
          t.push(samples.times[i]! + (shift.get(samples) ?? 0));
          v.push(shown);
        }
        return new Series(t, v, source.path);
      })
      .filter(({ length }) => length > 0);
    if (candidates.length === 0) continue;
    const best = candidates.reduce((a, b) => (b.length > a.length ? b : a));
    const many = candidates.filter(({ length }) => length === 1);
    if (best.length === 1 && many.length > 1) {
      const rows = many.map(({ t, v }) => [t[0]!, v[0]!] as const).sort((a, b) => a[0] - b[0]);
      out.set(
        name,
        new Series(
          rows.map(([t]) => t),
          rows.map(([, v]) => v),
          best.source,
        ),
      );
    } else out.set(name, best);
  }
  return out;
}

/** Cycles and their goals as steps: a goal is of the cycle after the mark's end that set it. */
function addCycles(series: Map<string, Series>, result: ReplayResult): void {
  const last = result.timeline.at(-1)!;
  const t = [0];
  const count = [0];
  const goal = [result.gcs[0]?.goal ?? Number.NaN];
  const push = (time: number, n: number, next: number) => {
    t.push(time);
    count.push(n);
    goal.push(next);
  };
  for (const [i, { markTermination }] of result.gcs.entries()) {
    if (markTermination === null) continue;
    const n = count.at(-1)!;
    push(markTermination - 1, n, goal.at(-1)!);
    push(markTermination, n + 1, result.gcs[i + 1]?.goal ?? last.heapGoal ?? Number.NaN);
  }
  push(last.t, count.at(-1)!, goal.at(-1)!);
  series.set("num_gc", new Series(t, count, "replay"));
  const known = goal.findIndex((v) => Number.isFinite(v));
  if (known >= 0) series.set("next_gc", new Series(t.slice(known), goal.slice(known), "replay"));
}

/** Fewer moments than this are no course. */
const FEW = 3;
/** How far a dump and the replay may be apart at the end, as a share of RSS at its peak. */
const AGREES = 0.1;

/** What the replay predicts stands in where nothing was measured. */
function addReplay(series: Map<string, Series>, result: ReplayResult, { goroutines }: RunFacts): void {
  const rows = result.timeline;
  const t = rows.map((row) => row.t);
  const last = rows.at(-1);
  if (!last) return;
  // A dump or two say nothing of the course of things; but a replay that they contradict says nothing at all.
  const measured = (name: string) => (series.get(name)?.length ?? 0) >= FEW;
  const agrees = (name: string, end: number) => {
    const dump = series.get(name);
    return !dump || Math.abs(dump.last - end) <= AGREES * result.summary.peakRss;
  };
  const add = (name: string, of: (row: (typeof rows)[number]) => number | null) => {
    const v = rows.map((row) => of(row) ?? Number.NaN);
    const known = v.findIndex((value) => !Number.isNaN(value));
    if (known >= 0) series.set(name, new Series(t.slice(known), v.slice(known), "replay"));
  };
  if (
    !measured("heap_inuse") &&
    agrees("heap_inuse", last.heapInuse) &&
    agrees("heap_alloc", last.heapLive) &&
    agrees("heap_released", last.heapReleased)
  ) {
    add("heap_inuse", (row) => row.heapInuse);
    add("heap_idle", (row) => row.heapFree + row.heapReleased);
    add("heap_released", (row) => row.heapReleased);
    add("heap_sys", (row) => row.heapInuse + row.heapFree + row.heapReleased);
    add("heap_alloc", (row) => row.heapLive);
    series.delete("sys");
  }
  // Without addresses a trace does not tell stacks.
  const exact = result.inputs.some(({ evidence, format }) => TRACES.includes(format) && evidence === "exact");
  if (exact && !measured("stack_inuse")) add("stack_inuse", (row) => row.stacks);
  if (!measured("num_gc")) addCycles(series, result);
  if (!series.has("goroutines") && goroutines.t.length > 0)
    series.set("goroutines", new Series(goroutines.t, goroutines.v, "replay"));
}

function placeProfiles(
  profiles: ProfileFact[],
  raw: readonly { source: EventSource; samples: Samples }[],
): ProfileFact[] {
  const anchor = raw.find(({ source, samples }) => samples.length > 1 && source.info.wallClockStart !== null);
  return profiles
    .map((p) => {
      const ms = p.profile.timeNanos > 0 ? p.profile.timeNanos / 1e6 : Number.NaN;
      return { ...p, t: anchor ? (ms - anchor.source.info.wallClockStart!) * 1e6 : Number.NaN };
    })
    .sort((a, b) => a.profile.timeNanos - b.profile.timeNanos);
}

function versionOf(
  given: string | null,
  sources: readonly EventSource[],
  result: ReplayResult | null,
  byAside: readonly string[],
): GoVersion {
  const exact = [
    given,
    ...sources.map(({ info }) => info.goVersion),
    ...(result?.inputs.map((i) => i.goVersion) ?? []),
  ];
  let best: GoVersion | null = null;
  for (const text of exact) {
    const parsed = text ? GoVersion.parse(text) : null;
    if (parsed && (best === null || (best.patch === null && parsed.patch !== null && parsed.minor === best.minor)))
      best = parsed;
  }
  if (best) return best;
  const narrowest = [...sources.map(({ info }) => info.goVersions), byAside]
    .filter((versions) => versions.length > 0)
    .sort((a, b) => a.length - b.length)[0];
  return new GoVersion((narrowest ?? []).map((version) => Number(version.split(".")[1])).filter(Number.isFinite), null);
}

function withObserved(settings: Settings, series: ReadonlyMap<string, Series>): Settings {
  const gogc = series.get("gogc")?.last;
  if (settings.gogc === null && gogc !== undefined) settings.gogc = gogc > 1e9 || gogc < 0 ? "off" : gogc;
  const limit = series.get("gomemlimit")?.last;
  if (!settings.memoryLimitKnown && limit !== undefined) {
    settings.memoryLimit = limit > 2 ** 62 ? null : limit;
    settings.memoryLimitKnown = true;
  }
  return settings;
}

/** Settings as the run's own description tells them, where nobody said otherwise. */
function applyDescription(run: RunDescription, settings: Settings): void {
  settings.gogc ??= run.gogc;
  if (!settings.memoryLimitKnown && run.hasEnv) {
    settings.memoryLimit = run.memoryLimit;
    settings.memoryLimitKnown = true;
  }
  settings.godebug ??= run.godebug;
  settings.os ??= run.os;
  settings.physPageSize ??= run.physPageSize;
}
