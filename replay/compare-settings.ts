/** One recording under two settings, side by side: what `compare` says of two runs, said of one program simulated twice. */

import type { Comparison, Difference, FigureDifference, SettingDifference } from "./compare.ts";
import { FIGURES } from "./figures.ts";
import { NOISE, noiseOfCount, SMALL_BYTES } from "./noise.ts";
import type { InputSummary, Ledger, ReplayConfig, ReplaySummary } from "./result.ts";
import { type WhatIfOptions, type WhatIfRun, whatIf } from "./what-if.ts";

export interface SettingsComparison {
  readonly inputs: readonly InputSummary[];
  readonly a: ReplayConfig;
  readonly b: ReplayConfig;
  /** "noise": two real runs of one program, under one setting, differ by as much. */
  readonly verdict: "different" | "noise";
  readonly settings: readonly SettingDifference[];
  readonly figures: readonly FigureDifference[];
  readonly ledger: Comparison["ledger"];
  /** How far peak RSS may be off in each, fractions either way. */
  readonly confidence: readonly [number, number];
  readonly partial: boolean;
}

/** What a run's summary has of the figures. */
const OF: Readonly<Record<string, (run: WhatIfRun) => number>> = {
  "peak-rss": summed("peakRss"),
  "final-rss": summed("finalRss"),
  "mean-rss": summed("meanRss"),
  "peak-heap-inuse": summed("peakHeapInuse"),
  "peak-heap-live": summed("peakHeapLive"),
  "released-final": summed("heapReleasedFinal"),
  "returned-total": summed("returnedTotal"),
  "page-faults": summed("pageFaultBytes"),
  "gc-cycles": summed("gcCycles"),
  "gc-cpu": ({ gcCpuShare }) => gcCpuShare,
};
const DECIDING = ["peak-rss", "final-rss", "mean-rss", "gc-cycles"];
/** What one pays for another setting in CPU time is no noise from one point of a hundred on. */
const SMALL_SHARE = 0.01;

function summed(name: keyof ReplaySummary): (run: WhatIfRun) => number {
  return ({ summary }) => summary[name];
}

/**
 * Compares the two settings asked for, or the recorded one with the one asked for. Throws RangeError when there are more, and what
 * `whatIf` throws.
 */
export async function compareSettings(paths: readonly string[], options: WhatIfOptions): Promise<SettingsComparison> {
  const { base, runs, baseline } = await whatIf(paths, options);
  if (runs.length > 2) throw new RangeError(`compare takes two settings, not ${runs.length}`);
  const [a, b] = runs.length === 2 ? [runs[0]!, runs[1]!] : [base, runs[0]!];
  const figures = FIGURES.flatMap((figure): FigureDifference[] => {
    const of = OF[figure.name];
    if (!of) return [];
    const cycles = Math.min(a.summary.gcCycles, b.summary.gcCycles);
    const share =
      figure.unit === "count" ? noiseOfCount(cycles) : figure.name.startsWith("peak") ? NOISE.peak : NOISE.other;
    const small = figure.unit === "bytes" ? SMALL_BYTES : figure.unit === "fraction" ? SMALL_SHARE : 0;
    return [{ figure, ...difference(of(a), of(b), small, share), perLoad: null, sameTime: null }];
  });
  const small = Math.max(SMALL_BYTES, NOISE.peak * Math.max(a.summary.peakRss, b.summary.peakRss));
  return {
    inputs: baseline.inputs,
    a: a.config,
    b: b.config,
    verdict: figures.some(({ figure, noise }) => DECIDING.includes(figure.name) && !noise) ? "different" : "noise",
    settings: settingsOf(a, b),
    figures,
    ledger: [
      { moment: "peak", parts: parts(a.ledgerPeak, b.ledgerPeak, small) },
      { moment: "end", parts: parts(a.ledgerFinal, b.ledgerFinal, small) },
    ],
    confidence: [a.confidence.peakRss, b.confidence.peakRss],
    partial: baseline.partial,
  };
}

function parts(a: Ledger, b: Ledger, small: number): Comparison["ledger"][number]["parts"] {
  const ids = [...new Set([...a.parts, ...b.parts].map(({ id }) => id))];
  return ids.map((id) => {
    const x = a.parts.find((part) => part.id === id);
    const y = b.parts.find((part) => part.id === id);
    return { id, label: (x ?? y)!.label, ...difference(x?.bytes ?? 0, y?.bytes ?? 0, small, NOISE.other) };
  });
}

function difference(a: number, b: number, small: number, share: number): Difference {
  const delta = b - a;
  return { a, b, delta, noise: Math.abs(delta) <= Math.max(small, share * Math.max(Math.abs(a), Math.abs(b))) };
}

function settingsOf(a: WhatIfRun, b: WhatIfRun): SettingDifference[] {
  const out: SettingDifference[] = [];
  const add = (name: SettingDifference["name"], x: string, y: string) => {
    if (x !== y) out.push({ name, a: x, b: y });
  };
  const limit = ({ config: { memoryLimit } }: WhatIfRun) => (memoryLimit === null ? "off" : String(memoryLimit));
  const every = ({ freeOsMemoryEvery }: WhatIfRun) =>
    Number.isFinite(freeOsMemoryEvery) ? `every ${freeOsMemoryEvery / 1e9} s` : "off";
  add("Go version", a.config.policy, b.config.policy);
  add("GOGC", String(a.config.gogc), String(b.config.gogc));
  add("GOMEMLIMIT", limit(a), limit(b));
  add("page size", String(a.config.physPageSize), String(b.config.physPageSize));
  add("operating system", a.config.os, b.config.os);
  add("GOMAXPROCS", String(a.config.procs), String(b.config.procs));
  add("FreeOSMemory", every(a), every(b));
  return out;
}
