/** Budgets for CI: figures of a run by name, what they may be, and a baseline that they are held against. */
import { readFile } from "node:fs/promises";
import { InputError } from "../parsers/errors.ts";
import type { Collected } from "./diagnose/collect.ts";
import type { Diagnosis } from "./diagnose/diagnose.ts";
import { Facts } from "./diagnose/facts.ts";

export type Unit = "bytes" | "fraction" | "count" | "ns" | "per-second";

export interface FigureKind {
  readonly name: string;
  readonly unit: Unit;
  /** What is good: a budget without an operator is a bound on the other side. */
  readonly better: "less" | "more";
  readonly meaning: string;
}

const kind = (name: string, unit: Unit, better: "less" | "more", meaning: string): FigureKind => ({
  name,
  unit,
  better,
  meaning,
});

export const FIGURES: readonly FigureKind[] = [
  kind("peak-rss", "bytes", "less", "highest RSS, measured or predicted"),
  kind("final-rss", "bytes", "less", "RSS at the end"),
  kind("mean-rss", "bytes", "less", "RSS, averaged over time"),
  kind("peak-heap-inuse", "bytes", "less", "highest HeapInuse"),
  kind("peak-heap-live", "bytes", "less", "most that a GC found alive"),
  kind("peak-heap-alloc", "bytes", "less", "highest HeapAlloc"),
  kind("peak-stacks", "bytes", "less", "highest StackInuse"),
  kind("goroutines", "count", "less", "most goroutines at once"),
  kind("free-final", "bytes", "less", "HeapIdle - HeapReleased at the end"),
  kind("released-final", "bytes", "more", "HeapReleased at the end"),
  kind("returned", "fraction", "more", "share of the idle heap that is returned at the end: HeapReleased / HeapIdle"),
  kind("returned-total", "bytes", "more", "bytes returned to the system, by the replay"),
  kind("page-faults", "bytes", "less", "returned pages that were used again, in bytes, by the replay"),
  kind("occupancy", "fraction", "more", "HeapAlloc / HeapInuse at the end"),
  kind("gc-cpu", "fraction", "less", "share of CPU time that went into GCs"),
  kind("gc-cycles", "count", "less", "GC cycles"),
  kind("gc-rate", "per-second", "less", "GC cycles a second"),
  kind("duration", "ns", "less", "length of the recording"),
  kind("placement", "fraction", "more", "spans that the model puts where the runtime did (address traces)"),
  kind("rss-error", "fraction", "less", "mean difference of predicted and measured RSS"),
  kind("unexplained", "fraction", "less", "share of RSS at its peak that no part explains"),
  kind("causes", "count", "less", "causes found present that explain bytes"),
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
  set("mean-rss", facts.rss ? mean(facts.rss.t, facts.rss.v) : null);
  set("peak-heap-inuse", facts.max("heap_inuse"));
  set(
    "peak-heap-live",
    Math.max(
      facts.gcs.reduce((a, gc) => Math.max(a, gc.marked || 0), 0),
      facts.series("heap_live")?.max ?? 0,
    ) || null,
  );
  set("peak-heap-alloc", facts.max("heap_alloc"));
  set("peak-stacks", facts.max("stack_inuse"));
  set("goroutines", facts.max("goroutines"));
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
  const peak = diagnosis.ledger.find(({ moment, measured }) => moment === "peak" && measured);
  if (peak) set("unexplained", Math.max(0, peak.parts.find(({ id }) => id === "unexplained")?.bytes ?? 0) / peak.rss);
  set("causes", diagnosis.causes.filter(({ verdict, bytes }) => verdict === "present" && bytes > 0).length);
  return out;
}

function mean(t: readonly number[], v: readonly number[]): number {
  if (v.length < 2) return v[0] ?? Number.NaN;
  let sum = 0;
  for (let i = 1; i < v.length; i++) sum += ((v[i]! + v[i - 1]!) / 2) * (t[i]! - t[i - 1]!);
  const length = t.at(-1)! - t[0]!;
  return length > 0 ? sum / length : v[0]!;
}

export interface Budget {
  readonly figure: FigureKind;
  readonly op: "<=" | ">=";
  readonly bound: number;
  /** As the user wrote it. */
  readonly text: string;
  /** The figure in the baseline, when the bound comes from one. */
  readonly baseline?: number;
}

export interface BudgetResult {
  readonly budget: Budget;
  /** null: the inputs don't tell this figure. */
  readonly value: number | null;
  readonly broken: boolean;
}

export function checkBudgets(budgets: readonly Budget[], figures: Figures): BudgetResult[] {
  return budgets.map((budget) => {
    const value = figures.get(budget.figure.name) ?? null;
    const broken = value === null || (budget.op === "<=" ? value > budget.bound : value < budget.bound);
    return { budget, value, broken };
  });
}

const SIZES: Readonly<Record<string, number>> = {
  b: 1,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
};
const TIMES: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, min: 60e9, h: 3600e9 };

/** A value as people write it for a figure: "512MiB", "80%", "0.8", "120", "30s". null when it is none. */
export function parseValue(text: string, unit: Unit): number | null {
  const m = /^(\d+(?:\.\d+)?)\s*([a-z%/]+)?$/i.exec(text.trim());
  if (!m) return null;
  const value = Number(m[1]);
  const suffix = (m[2] ?? "").toLowerCase();
  if (unit === "fraction") return suffix === "%" ? value / 100 : suffix === "" && value <= 1 ? value : null;
  if (unit === "bytes") return suffix === "" ? value : suffix in SIZES ? value * SIZES[suffix]! : null;
  if (unit === "ns") return suffix in TIMES ? value * TIMES[suffix]! : null;
  return suffix === "" || (unit === "per-second" && suffix === "/s") ? value : null;
}

/** "peak-rss=512MiB", "placement>=99%": the message says what is wrong when it is no budget. */
export function parseBudget(text: string): Budget | string {
  const m = /^\s*([a-z][a-z-]*)\s*(<=|>=|=|<|>)\s*(.+?)\s*$/.exec(text);
  if (!m) return "a budget looks like peak-rss=512MiB or placement>=99%";
  const figure = FIGURES.find(({ name }) => name === m[1]);
  if (!figure) return `there is no figure ${m[1]}; there are ${FIGURES.map(({ name }) => name).join(", ")}`;
  const bound = parseValue(m[3]!, figure.unit);
  if (bound === null) return `${figure.name} takes ${EXAMPLES[figure.unit]}`;
  const op = m[2]!.startsWith("<") ? "<=" : m[2]!.startsWith(">") ? ">=" : figure.better === "less" ? "<=" : ">=";
  return { figure, op, bound, text };
}

const EXAMPLES: Readonly<Record<Unit, string>> = {
  bytes: "a size (512MiB, 64KB, 4096)",
  fraction: "per cent (80%) or a fraction (0.8)",
  count: "a number",
  ns: "a time (30s, 2min)",
  "per-second": "a number a second",
};

/** gopages.budgets.json: {"peak-rss": "512MiB", "placement": ">=99%"}, or {"budgets": {...}} or a list of texts. */
export async function readBudgets(path: string): Promise<Budget[]> {
  const value = await readJson(path);
  const inner =
    typeof value === "object" && value !== null && "budgets" in value ? (value as { budgets: unknown }).budgets : value;
  const texts = Array.isArray(inner)
    ? inner.map(String)
    : typeof inner === "object" && inner !== null
      ? Object.entries(inner).map(([name, bound]) =>
          /^\s*[<>=]/.test(String(bound)) ? `${name}${bound}` : `${name}=${bound}`,
        )
      : null;
  if (texts === null || texts.length === 0)
    throw new InputError(`${path}: holds no budgets; write {"peak-rss": "512MiB", "placement": ">=99%"}`);
  return texts.map((text) => {
    const budget = parseBudget(text);
    if (typeof budget === "string") throw new InputError(`${path}: ${text}: ${budget}`);
    return budget;
  });
}

/**
 * Figures of an earlier run: what `check --json` or `diagnose --json` printed, a replay document, or {"peak-rss": 123, ...}. Returns
 * those that gopages knows.
 */
export async function readBaseline(path: string): Promise<Figures> {
  const value = (await readJson(path)) as Record<string, unknown>;
  const out = new Map<string, number>();
  const take = (object: unknown) => {
    if (typeof object !== "object" || object === null) return;
    for (const { name } of FIGURES) {
      const v = (object as Record<string, unknown>)[name];
      if (typeof v === "number" && Number.isFinite(v)) out.set(name, v);
    }
  };
  take(value?.figures);
  take(value);
  const summary = value?.summary as Record<string, unknown> | undefined;
  const from = (name: string, v: unknown) => {
    if (!out.has(name) && typeof v === "number" && Number.isFinite(v)) out.set(name, v);
  };
  from("peak-rss", summary?.peakRss ?? value?.rssPeak);
  from("final-rss", summary?.finalRss ?? value?.rssFinal);
  from("mean-rss", summary?.meanRss);
  from("peak-heap-inuse", summary?.peakHeapInuse);
  from("peak-heap-live", summary?.peakHeapLive);
  from("gc-cycles", summary?.gcCycles);
  if (out.size === 0)
    throw new InputError(`${path}: holds no figures; write it with: gopages check <inputs> --json > ${path}`);
  return out;
}

/** Budgets out of a baseline: no figure that both runs have may be worse by more than the tolerance. */
export function budgetsOf(baseline: Figures, tolerance: number, names: readonly string[]): Budget[] {
  return FIGURES.filter(({ name }) => names.includes(name) && baseline.has(name)).map((figure) => {
    const was = baseline.get(figure.name)!;
    const bound = figure.better === "less" ? was * (1 + tolerance) : was * (1 - tolerance);
    return {
      figure,
      op: figure.better === "less" ? "<=" : ">=",
      bound,
      text: `${figure.name} against the baseline`,
      baseline: was,
    };
  });
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new InputError(`${path}: can't be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new InputError(`${path}: is no JSON`);
  }
}
