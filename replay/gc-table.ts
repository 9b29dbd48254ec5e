/** The GC cycles of a run as rows of a table. */
import { GC_ALREADY_RUNNING, GC_FORCED, GC_FREES_OS_MEMORY } from "../parsers/events.ts";
import type { GcRow, ReplayResult } from "./result.ts";
import type { RunFacts } from "./run-facts.ts";

/**
 * Why a cycle began: the heap came to its goal; nobody collected for two minutes (sysmon, proc.go:forcegcperiod); the program
 * asked for it (runtime.GC, or debug.FreeOSMemory); the recording began inside it.
 */
export type GcCause = "goal" | "periodic" | "forced" | "free-os-memory" | "before" | "unknown";

/** Bytes and ns; null where the input does not say. */
export interface GcTableRow {
  readonly n: number;
  readonly start: number;
  /** From its start to the end of its mark. */
  readonly durationNs: number | null;
  readonly heapStart: number | null;
  readonly heapEnd: number | null;
  /** Bytes that the mark found alive. */
  readonly marked: number | null;
  readonly goal: number | null;
  readonly cause: GcCause;
  readonly forced: boolean;
  /** CPU time of mark workers and assists. */
  readonly cpuNs: number | null;
  /** "exact": summed up from the recording; "modelled": a quarter of the processors for as long as the mark took. */
  readonly cpuEvidence: "exact" | "modelled";
}

/** proc.go:forcegcperiod, the same from Go 1.11 to 1.27. */
const FORCE_GC_PERIOD = 120e9;
/** sysmon looks now and then: a periodic GC comes a little later than it might, never before. */
const PERIODIC_FROM = 0.999 * FORCE_GC_PERIOD;
/** mgcpacer.go:gcBackgroundUtilization. */
const BACKGROUND_UTILIZATION = 0.25;

/** `facts` of the same replay tell causes and CPU; without them the former are unknown and the latter an estimate. */
export function gcTable(result: Pick<ReplayResult, "gcs" | "config">, facts: RunFacts | null): GcTableRow[] {
  return result.gcs.map((gc, i) => {
    const durationNs = gc.markTermination === null ? null : gc.markTermination - gc.start;
    const work = facts?.gcWorkNs[i] ?? 0;
    const flags = facts?.gcFlags[i] ?? null;
    const estimate = durationNs === null ? null : durationNs * BACKGROUND_UTILIZATION * result.config.procs;
    return {
      n: gc.n,
      start: gc.start,
      durationNs,
      heapStart: gc.liveAtStart,
      heapEnd: gc.liveAtMark ?? gc.liveMarked,
      marked: gc.liveMarked,
      goal: gc.goal,
      cause: causeOf(gc, result.gcs[i - 1] ?? null, flags),
      forced: flags !== null && (flags & (GC_FORCED | GC_FREES_OS_MEMORY)) !== 0,
      cpuNs: work > 0 ? work : estimate,
      cpuEvidence: work > 0 ? "exact" : "modelled",
    };
  });
}

function causeOf(gc: GcRow, before: GcRow | null, flags: number | null): GcCause {
  if (flags === null) return "unknown";
  if (flags & GC_ALREADY_RUNNING) return "before";
  if (flags & GC_FREES_OS_MEMORY) return "free-os-memory";
  if (flags & GC_FORCED) return "forced";
  // memstats.last_gc_nanotime is the end of the mark.
  const last = before === null ? null : (before.markTermination ?? before.start);
  return last !== null && gc.start - last >= PERIODIC_FROM ? "periodic" : "goal";
}
