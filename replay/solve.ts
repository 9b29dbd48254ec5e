/** The setting that holds a goal, and what memory costs in GC work: RSS against GC CPU over GOGC. */
import { minorOf } from "./era-rules.ts";
import { type Prepared, runPrepared, type Setting, type WhatIfOptions, type WhatIfRun } from "./what-if.ts";

/** A figure that must not be exceeded: bytes, or a share of the CPU time. */
export interface Goal {
  readonly figure: "peak-rss" | "mean-rss" | "gc-cpu";
  readonly most: number;
}

export interface Solution {
  readonly goal: Goal;
  /** The program under its recorded settings. */
  readonly base: WhatIfRun;
  /** Runs over GOGC, ascending: the trade-off. */
  readonly curve: readonly WhatIfRun[];
  /** The best that holds the goal; null if nothing tried does. */
  readonly best: WhatIfRun | null;
  /** For a goal in RSS: GOGC=off with a memory limit, the highest that holds it, where the version has limits. */
  readonly limit: WhatIfRun | null;
}

/** GOGC values tried first: about equal steps of memory and of GC work. */
const COARSE = [10, 20, 35, 50, 75, 100, 150, 200, 300, 400, 600, 800, 1600];
/** Values tried between the last that holds and the first that does not. */
const REFINED = 6;
/** Parts of a goal in RSS that a limit may be: the binary and whatever the limit does not count come on top. */
const LIMIT_PARTS = [1, 0.97, 0.94, 0.9, 0.85, 0.8];

export async function solve(
  prepared: Prepared,
  goal: Goal,
  options: Pick<WhatIfOptions, "onProgress" | "signal" | "threads"> = {},
): Promise<Solution> {
  const { recorded } = prepared;
  const of = (gogc: number): Setting => ({ ...recorded, gogc });
  const [base, ...coarse] = await runPrepared(prepared, [recorded, ...COARSE.map(of)], options);
  let curve = coarse;
  const bracket = edge(curve, goal);
  if (bracket) {
    const [holds, breaks] = bracket;
    const values = between(holds, breaks);
    if (values.length > 0) curve = sorted([...curve, ...(await runPrepared(prepared, values.map(of), options))]);
  }
  const holding = curve.filter((run) => holds(run, goal));
  // Less RSS comes with less GOGC, less GC work with more: the best is the one that gives up least of the other.
  const best = goal.figure === "gc-cpu" ? holding[0] : holding.at(-1);
  const limits =
    goal.figure === "gc-cpu" || minorOf(recorded.policy) < 19
      ? []
      : await runPrepared(
          prepared,
          LIMIT_PARTS.map((part) => ({
            ...recorded,
            gogc: Number.POSITIVE_INFINITY,
            memoryLimit: Math.floor(goal.most * part),
          })),
          options,
        );
  const limit = limits.find((run) => holds(run, goal) && !run.limitTooLow) ?? null;
  return { goal, base: base!, curve, best: best ?? null, limit };
}

export function holds(run: WhatIfRun, { figure, most }: Goal): boolean {
  if (figure === "gc-cpu") return run.gcCpuShare <= most;
  return (figure === "peak-rss" ? run.summary.peakRss : run.summary.meanRss) <= most;
}

function gogcOf(run: WhatIfRun): number {
  return run.config.gogc === "off" ? Number.POSITIVE_INFINITY : run.config.gogc;
}

function sorted(runs: readonly WhatIfRun[]): WhatIfRun[] {
  return [...runs].sort((a, b) => gogcOf(a) - gogcOf(b));
}

/** GOGC of the outermost run that holds, and of its neighbour that does not. */
function edge(curve: readonly WhatIfRun[], goal: Goal): [holds: number, breaks: number] | null {
  const good = curve.map((run) => holds(run, goal));
  const at = goal.figure === "gc-cpu" ? good.indexOf(true) : good.lastIndexOf(true);
  const next = goal.figure === "gc-cpu" ? at - 1 : at + 1;
  if (at < 0 || next < 0 || next >= curve.length) return null;
  return [gogcOf(curve[at]!), gogcOf(curve[next]!)];
}

function between(a: number, b: number): number[] {
  const low = Math.min(a, b);
  const step = (Math.max(a, b) - low) / (REFINED + 1);
  const values = Array.from({ length: REFINED }, (_, i) => Math.round(low + step * (i + 1)));
  return values.filter((value, i) => value !== a && value !== b && values.indexOf(value) === i);
}
