/** Budgets for CI: what figures may be, as people write it, and by a baseline that they are held against. */
import { FIGURES, type FigureKind, type Figures, type Unit } from "./figures.ts";

export interface Budget {
  readonly figure: FigureKind;
  readonly op: "<=" | ">=";
  readonly bound: number;
  /** As the user wrote it. */
  readonly text: string;
  /** The figure in the baseline, when the bound comes from one. */
  readonly baseline?: number;
}

/** "unknown": the inputs do not tell the figure. */
export type BudgetOutcome = "kept" | "broken" | "unknown";

export interface BudgetResult {
  readonly budget: Budget;
  readonly value: number | null;
  readonly outcome: BudgetOutcome;
}

/** Why a text is no budget; `unknown` is a name that no figure has. */
export interface BudgetProblem {
  readonly text: string;
  readonly problem: string;
  readonly unknown?: string;
}

export function checkBudgets(budgets: readonly Budget[], figures: Figures): BudgetResult[] {
  return budgets.map((budget) => {
    const value = figures.get(budget.figure.name) ?? null;
    if (value === null) return { budget, value, outcome: "unknown" };
    const kept = budget.op === "<=" ? value <= budget.bound : value >= budget.bound;
    return { budget, value, outcome: kept ? "kept" : "broken" };
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
  if (unit === "bytes") return suffix === "" ? value : Object.hasOwn(SIZES, suffix) ? value * SIZES[suffix]! : null;
  if (unit === "ns") return Object.hasOwn(TIMES, suffix) ? value * TIMES[suffix]! : null;
  return suffix === "" || (unit === "per-second" && suffix === "/s") ? value : null;
}

/** "peak-rss=512MiB", "placement>=99%". */
export function parseBudget(text: string): Budget | BudgetProblem {
  const m = /^\s*([a-z][a-z-]*)\s*(<=|>=|=|<|>)\s*(.+?)\s*$/i.exec(text);
  if (!m) return { text, problem: "a budget looks like peak-rss=512MiB or placement>=99%" };
  const figure = FIGURES.find(({ name }) => name === m[1]);
  if (!figure) return { text, problem: `there is no figure ${m[1]}`, unknown: m[1]! };
  const bound = parseValue(m[3]!, figure.unit);
  if (bound === null) return { text, problem: `${figure.name} takes ${EXAMPLES[figure.unit]}` };
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

/** What is held against a baseline unless budgets name other figures. */
export const AGAINST_BASELINE: readonly string[] = [
  "peak-rss",
  "final-rss",
  "mean-rss",
  "peak-heap-inuse",
  "peak-heap-live",
  "peak-stacks",
  "gc-cpu",
];
/** Less than this is no regression, whatever its share: some pages of a stack, the whole per cent that logs print. */
const LEAST: Readonly<Partial<Record<Unit, number>>> = { bytes: 1 << 20, fraction: 0.01 };

/** Budgets out of a baseline: no figure that it has may be worse by more than the tolerance (and some page or two). */
export function budgetsOf(baseline: Figures, tolerance: number, names: readonly string[]): Budget[] {
  return FIGURES.filter(({ name }) => names.includes(name) && baseline.has(name)).map((figure) => {
    const was = baseline.get(figure.name)!;
    const slack = Math.max(tolerance * was, tolerance > 0 ? (LEAST[figure.unit] ?? 0) : 0);
    return {
      figure,
      op: figure.better === "less" ? "<=" : ">=",
      bound: figure.better === "less" ? was + slack : was - slack,
      text: `${figure.name} against the baseline`,
      baseline: was,
    };
  });
}
