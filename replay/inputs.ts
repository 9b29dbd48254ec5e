/**
 * Which of a run's inputs drives the machine, and how: the one that tells most of the heap. Others of the same run are
 * companions: what they measured is held against the prediction.
 *
 * | input | drives by |
 * |---|---|
 * | trace with addresses, pagetrace | its own spans (a pagetrace under `--policy`: GCs inferred, reconstruct/pagetrace-gcs.ts) |
 * | any other trace | spans inferred from steps of the live heap (reconstruct/trace-spans.ts) |
 * | gctrace log | allocations that agree with its totals (reconstruct/log-spans.ts) |
 * | heap profiles | GCs and allocations that agree with what was alive and allocated (reconstruct/profile-spans.ts) |
 */
import { UnsupportedError } from "../parsers/errors.ts";
import type { EventSource, FormatId, SourceInfo } from "../parsers/event-source.ts";
import type { EventBatch } from "../parsers/events.ts";
import type { CompanionDetails } from "../parsers/observation-source.ts";
import { openInput } from "../parsers/open.ts";
import type { HeapProfile } from "../parsers/pprof/profile.ts";
import type { RunDescription } from "../parsers/run-description.ts";
import { minorOf } from "./era-rules.ts";
import { CyclePlan } from "./reconstruct/cycle-plan.ts";
import type { SpanDriver } from "./reconstruct/driver.ts";
import { LogSpans } from "./reconstruct/log-spans.ts";
import { LogCycles, PagetraceGcs, SweepFinder, sameStart, sweepsOf } from "./reconstruct/pagetrace-gcs.ts";
import { ProfileSpans } from "./reconstruct/profile-spans.ts";
import { TraceSpans } from "./reconstruct/trace-spans.ts";

const TRACES: readonly FormatId[] = ["go-trace-v1", "go-trace-v2"];
/** Formats whose events can drive the machine, the best first. */
const DRIVING: readonly (readonly FormatId[])[] = [TRACES, ["pagetrace"], ["gctrace"]];
const PROFILES: readonly FormatId[] = ["pprof-heap", "pprof-text"];

/** The input that carries the run's events; the others are companions. */
export function pickMain(sources: readonly EventSource[]): EventSource {
  for (const formats of DRIVING) {
    const of = sources.filter(({ format }) => formats.includes(format));
    if (of.length > 1) {
      throw new UnsupportedError(
        `${of.map(({ path }) => path).join(" and ")} are two recordings of one kind: one run has one; to compare runs use one command each`,
      );
    }
    if (of[0]) return of[0];
  }
  // Of several profiles the earliest begins the run.
  const profiles = sources.filter((source) => PROFILES.includes(source.format) && profilesOf(source).length > 0);
  const begin = ({ info }: EventSource) => info.wallClockStart ?? Number.POSITIVE_INFINITY;
  profiles.sort((a, b) => (begin(a) < begin(b) ? -1 : Number(begin(a) > begin(b))));
  if (profiles[0]) return profiles[0];
  throw new UnsupportedError(
    `${sources.map(({ path }) => path).join(", ")}: nothing among the inputs tells how the heap moved; record an execution trace (runtime/trace, /debug/pprof/trace), or run with GODEBUG=gctrace=1`,
  );
}

export interface Prepared {
  /** What makes spans out of the main input's events; null when it has its own. */
  readonly driver: SpanDriver | null;
  /** Times of the main input's GC starts, ns, where a companion's clock is found by them. */
  readonly gcStarts: readonly number[];
  /** About the length of the program's text, bytes; null if nothing tells. */
  readonly textSpan: number | null;
}

/** Looks ahead in the main input as far as its companions and its reconstruction need. Call after its first batch. */
export async function prepare(
  main: EventSource,
  sources: readonly EventSource[],
  options: { readonly predictReturns: boolean },
): Promise<Prepared> {
  if (main.format === "pagetrace" && options.predictReturns && canReopen(main.path)) {
    const finder = new SweepFinder();
    await readAgain(main.path, (batch) => finder.add(batch));
    let { sweeps } = finder;
    const log = sources.find(({ format }) => format === "gctrace");
    if (log && canReopen(log.path)) {
      const cycles = new LogCycles();
      await readAgain(log.path, (batch) => cycles.add(batch));
      if (sameStart(cycles.markEnds, sweeps)) sweeps = sweepsOf(cycles);
    }
    return { driver: new PagetraceGcs(sweeps), gcStarts: [], textSpan: textSpanOf(null, sources) };
  }
  if (PROFILES.includes(main.format)) {
    return { driver: new ProfileSpans(sources.flatMap(profilesOf)), gcStarts: [], textSpan: textSpanOf(null, sources) };
  }
  if (main.format === "gctrace") return { driver: new LogSpans(), gcStarts: [], textSpan: textSpanOf(null, sources) };
  const trace = TRACES.includes(main.format);
  const hasLog = sources.some(({ format }) => format === "gctrace");
  if (!trace || (main.info.hasAddresses && !hasLog)) {
    return { driver: null, gcStarts: [], textSpan: textSpanOf(main.info.textSpan, sources) };
  }
  const plan = await planOf(main.path);
  return {
    driver: main.info.hasAddresses ? null : new TraceSpans(plan),
    gcStarts: plan.gcStarts,
    // Stacks come all along: what the first batch showed is not all of the program.
    textSpan: textSpanOf(plan.textSpan ?? main.info.textSpan, sources),
  };
}

/** A source's heap profiles; differences (?seconds=N) are none. */
function profilesOf(source: EventSource): readonly HeapProfile[] {
  const { profiles = [] } = source as EventSource & Partial<CompanionDetails>;
  return profiles.filter((profile) => !profile.isDelta);
}

/**
 * About the length of the program's text: as the trace's stacks tell it, else as a profile's mappings do (the first is the
 * program itself). null if nothing does.
 */
function textSpanOf(seen: number | null, sources: readonly EventSource[]): number | null {
  if (seen !== null) return seen;
  for (const source of sources) {
    for (const { data } of profilesOf(source)) {
      const program = data.mappings[0];
      if (program && program.limit > program.start) return program.limit - program.start;
    }
  }
  return null;
}

/**
 * The Go version that was recorded: the main input's, else a companion's, else the newest of those that all inputs allow; where
 * several are possible, the asked policy's if it is one of them. Call when the companions are read.
 */
export function recordedVersionOf(
  main: EventSource,
  sources: readonly EventSource[],
  policy: string | undefined,
  description: RunDescription | null = null,
): { version: string; note: string | null } {
  if (main.info.goVersion) return { version: main.info.goVersion, note: null };
  let possible = main.info.goVersions;
  for (const { info } of sources) {
    const common = possible.filter((version) => info.goVersions.includes(version));
    if (common.length > 0) possible = common;
    const exact = info.goVersion;
    const allowed = possible.length === 0 || possible.some((version) => exact && releaseOf(exact) === version);
    if (exact && allowed) return { version: exact, note: null };
  }
  const told = description?.goVersion;
  if (told && (possible.length === 0 || possible.includes(releaseOf(told))))
    return { version: `go${told}`, note: null };
  if (policy !== undefined && possible.includes(releaseOf(policy))) return { version: policy, note: null };
  const version = possible.at(-1) ?? NEWEST;
  const others = possible.length > 0 ? possible : ["any"];
  const note =
    others.length === 1 && others[0] === version
      ? null
      : `${main.path} does not tell which Go version wrote it (possible: ${span(others)}): taken for go${version}; say --policy go1.N if you know`;
  return { version: `go${version}`, note };
}

const NEWEST = "1.27";

/** "1.22" of "go1.22.3". */
function releaseOf(version: string): string {
  return /^(?:go)?(1\.\d+)/.exec(version)?.[1] ?? version;
}

function span(versions: readonly string[]): string {
  return versions.length > 2 ? `${versions[0]} to ${versions.at(-1)}` : versions.join(", ");
}

/** A pass over a trace that is read for its cycles only; an empty plan for one that can be read just once. */
async function planOf(path: string): Promise<CyclePlan> {
  const plan = new CyclePlan();
  if (!canReopen(path)) return plan;
  const info = await readAgain(path, (batch) => plan.add(batch));
  plan.finish(minorOf(info.goVersion ?? info.goVersions[0] ?? NEWEST));
  plan.textSpan = info.textSpan;
  return plan;
}

function canReopen(path: string): boolean {
  return path !== "-" && !/^https?:\/\//.test(path);
}

async function readAgain(path: string, each: (batch: EventBatch) => void): Promise<SourceInfo> {
  const source = await openInput(path, { objects: false });
  try {
    for await (const batch of source.batches()) each(batch);
  } finally {
    await source.close();
  }
  return source.info;
}
