/**
 * What a recording teaches about the machine and the program, for runs under other settings: how long marking takes, how
 * fast sweeping goes, how far before its goal the GC starts. Medians over the recording's own cycles.
 */
import type { Program } from "./program.ts";

/** Used where the recording has no GC to learn from: 1 ms, and 1 ns a byte, as Go's collector needs on current machines. */
const FIXED_MARK_NS = 3e5;
const DEFAULT_MARK_NS_PER_BYTE = 0.5;
/** Background sweeping of some 10^6 spans a second. */
const DEFAULT_SWEEP_SPANS_PER_NS = 1e-3;
/** Share of CPU that dedicated workers take while marking (mgcpacer.go:gcBackgroundUtilization). */
const BACKGROUND_UTILIZATION = 0.25;

export interface Learned {
  /** Wall time of a mark phase that finds `bytes` reachable, ns. */
  markNs(bytes: number): number;
  /** CPU time of one cycle that finds `bytes` reachable, ns. */
  cpuNs(bytes: number): number;
  /** Bytes before its goal at which the GC is started, given the bytes marked by the last one. */
  runway(marked: number): number;
  readonly sweepSpansPerNs: number;
  /** Stacks and globals that count into the goal, bytes. */
  readonly roots: number;
  /** Mapped memory outside the heap that counts against a memory limit, bytes. */
  readonly nonHeapMapped: number;
  /** Shares of manual and object pages that nobody has touched. */
  readonly untouchedManual: number;
  readonly untouchedObjects: number;
}

export function learn(
  program: Program,
  gogc: number,
  rest: Pick<Learned, "nonHeapMapped" | "untouchedManual" | "untouchedObjects">,
): Learned {
  const perByte: number[] = [];
  const runways: number[] = [];
  const roots: number[] = [];
  let before: (typeof program.cycles)[number] | undefined;
  for (const cycle of program.cycles) {
    const duration = cycle.end - cycle.start;
    if (cycle.marked > 0) perByte.push(Math.max(0, duration - FIXED_MARK_NS) / cycle.marked);
    if (before && !cycle.forced && Number.isFinite(cycle.goalBefore) && before.marked > 0 && cycle.liveAtStart > 0) {
      runways.push(Math.max(0, cycle.goalBefore - cycle.liveAtStart) / before.marked);
    }
    // goal = marked + (marked + roots) * GOGC/100, but for the heap minimum.
    if (Number.isFinite(cycle.goalAfter) && cycle.goalAfter > 4.5e6) {
      roots.push(((cycle.goalAfter - cycle.marked) * 100) / gogc - cycle.marked);
    }
    before = cycle;
  }
  const nsPerByte = median(perByte) ?? DEFAULT_MARK_NS_PER_BYTE;
  const runwayShare = median(runways) ?? 0;
  const cores = Math.max(1, program.procs * BACKGROUND_UTILIZATION);
  return {
    markNs: (bytes) => FIXED_MARK_NS + nsPerByte * bytes,
    cpuNs: (bytes) => cores * (FIXED_MARK_NS + nsPerByte * bytes),
    runway: (marked) => runwayShare * marked,
    sweepSpansPerNs: DEFAULT_SWEEP_SPANS_PER_NS,
    roots: Math.max(0, median(roots) ?? 0),
    ...rest,
  };
}

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
