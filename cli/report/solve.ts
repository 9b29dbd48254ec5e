import type { Goal, Solution } from "../../replay/solve.ts";
import type { Prepared, WhatIfRun } from "../../replay/what-if.ts";
import { safeJson } from "../escape.ts";
import { formatBytes, formatCount, formatPercent } from "../sizes.ts";
import type { Terminal } from "../terminal.ts";
import { COLUMNS, wrap } from "./text.ts";
import { label, runJson, signed } from "./whatif.ts";

/** The document of `whatif --solve ... --json`. */
export function solveJson({ baseline }: Prepared, { goal, base, curve, best, limit }: Solution): string {
  const members: [string, unknown][] = [
    ["schema", "gopages/whatif/1"],
    ["inputs", baseline.inputs],
    ["baseline", { config: base.config, summary: runJson(base).summary, confidence: base.confidence }],
    ["partial", baseline.partial],
    ["goal", goal],
    ["best", best && runJson(best)],
    ["limit", limit && runJson(limit)],
  ];
  let text = "{\n";
  for (const [name, value] of members) text += `"${name}": ${safeJson(value)},\n`;
  return `${text}"runs": [\n${curve.map((run) => safeJson(runJson(run))).join(",\n")}\n]\n}\n`;
}

const BAR = 28;

export function solveReport(_: Prepared, solution: Solution, terminal: Terminal): string {
  const { goal, base, curve, best, limit } = solution;
  const lines: string[] = [];
  const say = (text: string) => lines.push(...wrap(text, COLUMNS));
  if (best) {
    const extreme = goal.figure === "gc-cpu" ? "lowest" : "highest";
    say(
      `${label(best, base)} is the ${extreme} GOGC tried that holds ${goalText(goal)}: peak RSS ` +
        `${formatBytes(best.summary.peakRss)} (${signed(best.summary.peakRss / base.summary.peakRss - 1)} against the recorded ` +
        `settings), ${formatCount(best.summary.gcCycles)} GCs, ${formatPercent(best.gcCpuShare)} of the CPU time in the GC ` +
        `(recorded settings: ${formatPercent(base.gcCpuShare)}). The peak may be off by ${formatPercent(best.confidence.peakRss)}.`,
    );
  } else say(`No GOGC from 10 to 1600 holds ${goalText(goal)}.`);
  if (limit) {
    say(
      `GOGC=off with GOMEMLIMIT=${formatBytes(limit.config.memoryLimit!)} holds it too: peak RSS ` +
        `${formatBytes(limit.summary.peakRss)}, ${formatCount(limit.summary.gcCycles)} GCs, ` +
        `${formatPercent(limit.gcCpuShare)} of the CPU time in the GC.`,
    );
  } else if (goal.figure !== "gc-cpu") say("No memory limit tried holds it without GCs back to back.");
  lines.push("", "RSS against GC work over GOGC (bar: peak RSS, |: mean):", "");
  const most = Math.max(...curve.map((run) => run.summary.peakRss));
  for (const run of curve) lines.push(curveLine(run, most, goal, terminal));
  return `${lines.join("\n")}\n`;
}

function curveLine(run: WhatIfRun, most: number, goal: Goal, terminal: Terminal): string {
  const { summary, gcCpuShare } = run;
  const peak = Math.max(1, Math.round((summary.peakRss / most) * BAR));
  const mean = Math.min(peak, Math.max(1, Math.round((summary.meanRss / most) * BAR)));
  const full = terminal.unicode ? "\u2588" : "#";
  const bar = `${full.repeat(mean - 1)}|${full.repeat(peak - mean)}`;
  const held = goal.figure === "gc-cpu" ? gcCpuShare <= goal.most : figure(run, goal) <= goal.most;
  const gogc = `GOGC=${run.config.gogc}`.padEnd(10);
  const gcs = `${formatCount(summary.gcCycles)} GCs`.padStart(10);
  return `${held ? "*" : " "} ${gogc}${bar.padEnd(BAR)} ${formatBytes(summary.peakRss).padStart(9)} ${gcs}  ${formatPercent(gcCpuShare)} CPU`;
}

function figure(run: WhatIfRun, goal: Goal): number {
  return goal.figure === "peak-rss" ? run.summary.peakRss : run.summary.meanRss;
}

function goalText({ figure, most }: Goal): string {
  if (figure === "gc-cpu") return `a GC that takes at most ${formatPercent(most)} of the CPU time`;
  return `a ${figure === "peak-rss" ? "peak" : "mean"} RSS of at most ${formatBytes(most)}`;
}
