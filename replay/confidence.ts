/** How far a run's figures may be off, and why. All fractions of the value, either way. */
import type { Confidence } from "./what-if.ts";

export interface ConfidenceInput {
  /** The same run under each draw of the deaths that the recording leaves open. */
  readonly draws: readonly { readonly peakRss: number; readonly meanRss: number; readonly gcs: number }[];
  readonly evidence: "exact" | "inferred" | "modelled";
  /** CPU time that writing the trace took, of all. */
  readonly tracedShare: number;
  /** Parts of the recording could not be read. */
  readonly damaged: boolean;
  readonly otherVersion: boolean;
  /** Peak close to the memory limit. */
  readonly nearLimit: boolean;
  /** GCs come back to back. */
  readonly limitTooLow: boolean;
}

/**
 * What remains when deaths are known: two real runs of one program differ by up to 6.6% in peak and 11% in GCs, and where a
 * program works in phases shorter than some GC cycles, deaths within them move the figures by more (bench/what-if.md).
 */
const FLOOR = { peakRss: 0.14, meanRss: 0.12, gcs: 0.14 };
/** Bounds from an address trace are never worth more than this. */
const CEILING = 0.15;
const OTHER_VERSION = 0.05;
const NEAR_LIMIT_GCS = 0.15;
/** Back to back the GCs of a program whose live heap is not known exactly were up to half off. */
const BACK_TO_BACK_GCS = 0.5;
/** Without addresses, spans live and die as wholes; out of a log, sizes are made up as well. */
const WIDER = { exact: 1, inferred: 1.8, modelled: 2.5 };

export function confidenceOf({
  draws,
  evidence,
  tracedShare,
  damaged,
  otherVersion,
  nearLimit,
  limitTooLow,
}: ConfidenceInput): Confidence {
  const reasons: string[] = ["two runs of one program differ: goroutines, timers and GCs fall differently each time"];
  const spread = (of: (draw: ConfidenceInput["draws"][number]) => number) => {
    const values = draws.map(of);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return mean > 0 ? (Math.max(...values) - Math.min(...values)) / 2 / mean : 0;
  };
  const open = { peakRss: spread((d) => d.peakRss), meanRss: spread((d) => d.meanRss), gcs: spread((d) => d.gcs) };
  if (Math.max(open.peakRss, open.meanRss, open.gcs) > 0.01) {
    reasons.push("the recording tells a death only to within a GC cycle");
  }
  if (tracedShare > 0.02)
    reasons.push(`writing the trace took some ${Math.round(tracedShare * 100)} % of the CPU time`);
  if (damaged) reasons.push("parts of the trace can't be read: what happened in them is missing, or comes too late");
  if (otherVersion) reasons.push("another version's runtime: its compiler's code and libraries may allocate otherwise");
  if (nearLimit) reasons.push("close to the memory limit small differences change the number of GCs much");
  if (evidence === "inferred") reasons.push("no addresses in the trace: whole spans stand for objects");
  if (evidence === "modelled") reasons.push("no allocations in the input: they are made up to agree with its totals");
  const total = (key: "peakRss" | "meanRss" | "gcs") => {
    const square =
      FLOOR[key] ** 2 +
      open[key] ** 2 +
      Math.min(0.1, tracedShare) ** 2 +
      (otherVersion ? OTHER_VERSION ** 2 : 0) +
      (nearLimit && key === "gcs" ? NEAR_LIMIT_GCS ** 2 : 0);
    return Math.min(CEILING, Math.sqrt(square)) * Math.max(WIDER[evidence], damaged ? WIDER.inferred : 1);
  };
  const gcs = limitTooLow && evidence !== "exact" ? Math.max(BACK_TO_BACK_GCS, total("gcs")) : total("gcs");
  if (limitTooLow) reasons.push("GCs back to back: how many there are depends on how fast the machine marks");
  return { peakRss: total("peakRss"), meanRss: total("meanRss"), gcs, reasons };
}
