import { type Goal, holds, type Solution } from "../../replay/solve.ts";
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
    ["curve", curve.map(curvePoint)],
  ];
  let text = "{\n";
  for (const [name, value] of members) text += `"${name}": ${safeJson(value)},\n`;
  return `${text}"runs": [\n${curve.map((run) => safeJson(runJson(run))).join(",\n")}\n]\n}\n`;
}

/** What the trade-off is drawn from: a point for each GOGC tried. */
function curvePoint({ config, summary, gcCpuShare }: WhatIfRun) {
  const { peakRss, meanRss, gcCycles } = summary;
  return { gogc: config.gogc, peakRss, meanRss, gcCycles, gcCpuShare };
}

const BAR = 26;
const CPU_BAR = 12;

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
  const full = terminal.unicode ? "\u2588" : "#";
  lines.push(
    "",
    "RSS against GC work over GOGC. Left: peak RSS, mean RSS up to |. Right: CPU time",
    `in the GC.${curve.some((run) => holds(run, goal)) ? ` *: holds ${goalText(goal)}.` : ""}`,
    "",
  );
  const most = Math.max(...curve.map((run) => run.summary.peakRss));
  const busiest = Math.max(...curve.map((run) => run.gcCpuShare), 1e-9);
  for (const run of curve) {
    const { summary, gcCpuShare } = run;
    const peak = Math.max(1, Math.round((summary.peakRss / most) * BAR));
    const mean = Math.min(peak, Math.max(1, Math.round((summary.meanRss / most) * BAR)));
    const rss = `${full.repeat(mean - 1)}|${full.repeat(peak - mean)}`.padEnd(BAR);
    const cpu = full.repeat(Math.round((gcCpuShare / busiest) * CPU_BAR)).padEnd(CPU_BAR);
    const gogc = `GOGC=${run.config.gogc}`.padEnd(10);
    const figures = `${formatBytes(summary.peakRss).padStart(8)}  ${cpu} ${formatPercent(gcCpuShare)}`;
    lines.push(`${holds(run, goal) ? "*" : " "} ${gogc}${rss} ${figures}`.trimEnd());
  }
  return `${lines.join("\n")}\n`;
}

function goalText({ figure, most }: Goal): string {
  if (figure === "gc-cpu") return `a GC that takes at most ${formatPercent(most)} of the CPU time`;
  return `a ${figure === "peak-rss" ? "peak" : "mean"} RSS of at most ${formatBytes(most)}`;
}
