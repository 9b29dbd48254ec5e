/** Figures of a run by name: what budgets bound and comparisons hold side by side. */
import type { Collected } from "./diagnose/collect.ts";
import type { Diagnosis } from "./diagnose/diagnose.ts";
import { Facts } from "./diagnose/facts.ts";
import { CAPTURE } from "./diagnose/rule.ts";

export type Unit = "bytes" | "fraction" | "count" | "ns" | "per-second";

export interface FigureKind {
  readonly name: string;
  readonly unit: Unit;
  /** What is good: a budget without an operator is a bound on the other side. */
  readonly better: "less" | "more";
  readonly meaning: string;
  /** What records it, where the inputs do not tell it. */
  readonly capture: string;
}

const kind = (name: string, unit: Unit, better: "less" | "more", capture: string, meaning: string): FigureKind => ({
  name,
  unit,
  better,
  meaning,
  capture,
});

const { samples, gctrace, memstats } = CAPTURE;
/** A trace with every allocation (Go 1.23+). */
const trace = "GODEBUG=traceallocfree=1 ./program, and curl -so trace.out 'HOST/debug/pprof/trace?seconds=30'";

export const FIGURES: readonly FigureKind[] = [
  kind("peak-rss", "bytes", "less", samples, "highest RSS, measured or predicted"),
  kind("final-rss", "bytes", "less", samples, "RSS at the end"),
  kind("mean-rss", "bytes", "less", samples, "RSS, averaged over time"),
  kind("peak-heap-inuse", "bytes", "less", samples, "highest HeapInuse"),
  kind("peak-heap-live", "bytes", "less", gctrace, "most that a GC found alive"),
  kind("peak-heap-alloc", "bytes", "less", gctrace, "highest HeapAlloc, or heap at the end of a mark"),
  kind("peak-stacks", "bytes", "less", samples, "highest StackInuse"),
  kind("goroutines", "count", "less", samples, "most goroutines at once"),
  kind("goroutines-final", "count", "less", samples, "goroutines at the end"),
  kind("free-final", "bytes", "less", memstats, "HeapIdle - HeapReleased at the end"),
  kind("released-final", "bytes", "more", memstats, "HeapReleased at the end"),
  kind(
    "returned",
    "fraction",
    "more",
    memstats,
    "share of the idle heap that is returned at the end: HeapReleased / HeapIdle",
  ),
  kind("returned-total", "bytes", "more", trace, "bytes returned to the system, by the replay"),
  kind("page-faults", "bytes", "less", trace, "returned pages that were used again, in bytes, by the replay"),
  kind("occupancy", "fraction", "more", memstats, "HeapAlloc / HeapInuse at the end"),
  kind("gc-cpu", "fraction", "less", gctrace, "share of CPU time that went into GCs"),
  kind("gc-cycles", "count", "less", gctrace, "GC cycles"),
  kind("gc-rate", "per-second", "less", gctrace, "GC cycles a second"),
  kind("duration", "ns", "less", samples, "length of the recording"),
  kind("placement", "fraction", "more", trace, "spans that the model puts where the runtime did (address traces)"),
  kind(
    "rss-error",
    "fraction",
    "less",
    `${trace}; and samples beside it`,
    "mean difference of predicted and measured RSS",
  ),
  kind(
    "released-error",
    "fraction",
    "less",
    `${trace}; and samples beside it`,
    "mean difference of predicted and measured HeapReleased",
  ),
  kind("unexplained", "fraction", "less", samples, "share of RSS at its peak that no part explains"),
  kind("causes", "count", "less", samples, "causes found present that explain bytes"),
];

export type Figures = ReadonlyMap<string, number>;

/** Every figure that the inputs tell. */
export function figuresOf(collected: Collected, diagnosis: Diagnosis): Figures {
  const facts = new Facts(collected);
  const out = new Map<string, number>();
  const set = (name: string, value: number | null | undefined) => {
    if (value !== null && value !== undefined && Number.isFinite(value)) out.set(name, value);
  };
  const { replay } = collected;
  set("peak-rss", facts.rss ? facts.scale : facts.last("rss_peak"));
  set("final-rss", facts.rss?.last);
  set("mean-rss", facts.rss ? meanOf(facts.rss.t, facts.rss.v) : null);
  set("peak-heap-inuse", facts.max("heap_inuse"));
  const highest = (of: (gc: (typeof facts.gcs)[number]) => number) =>
    facts.gcs.reduce((most, gc) => Math.max(most, of(gc) || 0), 0);
  set(
    "peak-heap-live",
    Math.max(
      highest((gc) => gc.marked),
      facts.series("heap_live")?.max ?? 0,
    ) || null,
  );
  set("peak-heap-alloc", facts.series("heap_alloc")?.max ?? (highest((gc) => gc.heapEnd) || null));
  set("peak-stacks", facts.max("stack_inuse"));
  set("goroutines", facts.max("goroutines"));
  set("goroutines-final", facts.last("goroutines"));
  set("free-final", facts.free()?.last);
  set("released-final", facts.last("heap_released"));
  const idle = facts.idle()?.last ?? 0;
  if (idle > 0) set("returned", facts.last("heap_released") / idle);
  set("returned-total", replay?.summary.returnedTotal);
  set("page-faults", replay?.summary.pageFaultBytes);
  set("occupancy", facts.last("heap_alloc") / facts.last("heap_inuse"));
  const utilization = facts.gcs.at(-1)?.utilization ?? Number.NaN;
  set("gc-cpu", Number.isNaN(utilization) ? facts.last("gc_cpu_fraction") : utilization / 100);
  const count = facts.series("num_gc");
  const cycles = count && count.length > 1 ? count.last - count.first : facts.gcs.length > 0 ? facts.gcs.length : null;
  set("gc-cycles", cycles);
  if (cycles !== null && facts.endT > 0) set("gc-rate", cycles / (facts.endT / 1e9));
  set("duration", facts.endT);
  set("placement", replay?.placement?.exact);
  set("rss-error", replay?.accuracy?.rssMape);
  set("released-error", replay?.accuracy?.releasedMape);
  const peak = diagnosis.ledger.find(({ moment, measured }) => moment === "peak" && measured);
  if (peak) set("unexplained", Math.max(0, peak.parts.find(({ id }) => id === "unexplained")?.bytes ?? 0) / peak.rss);
  set("causes", diagnosis.causes.filter(({ verdict, bytes }) => verdict === "present" && bytes > 0).length);
  return out;
}

/** How far RSS may be off where it is predicted, bytes; null where it was measured, or is not known. */
export function rssMargin(collected: Collected): { readonly below: number; readonly above: number } | null {
  const facts = new Facts(collected);
  return facts.rss && !facts.rssMeasured ? (collected.replay?.uncertainty ?? null) : null;
}

/** Mean over time. */
export function meanOf(t: readonly number[], v: readonly number[]): number {
  if (v.length < 2) return v[0] ?? Number.NaN;
  let sum = 0;
  for (let i = 1; i < v.length; i++) sum += ((v[i]! + v[i - 1]!) / 2) * (t[i]! - t[i - 1]!);
  const length = t.at(-1)! - t[0]!;
  return length > 0 ? sum / length : v[0]!;
}
