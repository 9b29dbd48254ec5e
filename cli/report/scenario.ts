import { readFileSync } from "node:fs";
import type { FeedbackRow } from "../../replay/scenarios/feedback-scenario.ts";
import type { LockCurveRow } from "../../replay/scenarios/lock-curve.ts";
import type { ScenarioRun } from "../../replay/scenarios/play.ts";
import type { ScenarioResult } from "../../replay/scenarios/run.ts";
import type { Column, Scenario } from "../../replay/scenarios/scenario.ts";
import { safeJson } from "../escape.ts";
import { Series } from "../series.ts";
import { formatBytes, formatCount, formatDuration, formatPercent } from "../sizes.ts";
import { painter } from "../style.ts";
import type { Terminal } from "../terminal.ts";
import { areaChart, LABEL_WIDTH } from "./chart.ts";
import { COLUMNS, wrap } from "./text.ts";

const CHART_ROWS = 6;

/** What to look at, from the Markdown beside the scenario. */
function look(name: string): string {
  return readFileSync(new URL(`../../replay/scenarios/${name}.md`, import.meta.url), "utf8")
    .replace(/^# .*\n/, "")
    .trim();
}

export function scenarioList(scenarios: readonly Scenario[]): string {
  const width = Math.max(...scenarios.map((s) => s.name.length));
  const lines = scenarios.map((s) => `  ${s.name.padEnd(width)}  ${s.title}`);
  return `Scenarios (gopages scenario <name> ...):\n${lines.join("\n")}\n`;
}

export function scenarioListJson(scenarios: readonly Scenario[]): string {
  const list = scenarios.map(({ name, title, defaults }) => ({
    name,
    title,
    look: look(name),
    policies: defaults.policies,
  }));
  return `${safeJson({ schema: "gopages/scenarios/1", scenarios: list })}\n`;
}

/** One document; each scenario and each of its runs on lines of their own. */
export function scenarioJson(results: readonly { scenario: Scenario; result: ScenarioResult }[]): string {
  const one = ({ result }: { result: ScenarioResult }): string => {
    const runs = result.runs.map((run) => safeJson(run)).join(",\n");
    return (
      `{"name": ${safeJson(result.name)}, "title": ${safeJson(result.title)}, "look": ${safeJson(look(result.name))},\n` +
      `"lockCurve": ${safeJson(result.lockCurve)},\n"feedback": ${safeJson(result.feedback)},\n"runs": [\n${runs}\n]}`
    );
  };
  return `{"schema": "gopages/scenario/1",\n"scenarios": [\n${results.map(one).join(",\n")}\n]}\n`;
}

/** The text report: what it is, what to look at, the policies side by side, a picture. */
export function scenarioReport(scenario: Scenario, result: ScenarioResult, terminal: Terminal): string {
  const paint = painter(terminal);
  const lines = [paint(`${scenario.name}: ${scenario.title}`, "title"), ""];
  for (const paragraph of look(scenario.name).split(/\n\s*\n/)) {
    lines.push(...wrap(paragraph.replaceAll(/\s+/g, " "), COLUMNS), "");
  }
  if (result.runs.length > 0) {
    lines.push(...table(scenario, result.runs), "");
    lines.push(...pictures(scenario, result.runs, terminal));
  }
  if (result.lockCurve) lines.push(...lockTable(result.lockCurve), "");
  if (result.feedback) lines.push(...feedbackTable(result.feedback), "");
  return `${lines.join("\n").trimEnd()}\n`;
}

/** Labels are of two lines, so that a table of seven figures fits into 80 columns. */
const COLUMN: Record<Column, readonly [top: string, bottom: string, get: (run: ScenarioRun) => string]> = {
  "peak-rss": ["peak", "RSS", (r) => formatBytes(r.summary.peakRss)],
  "mean-rss": ["mean", "RSS", (r) => formatBytes(r.summary.meanRss)],
  "final-rss": ["RSS at", "the end", (r) => formatBytes(r.summary.finalRss)],
  "final-mapped": ["address", "space", (r) => formatBytes(r.summary.finalMapped)],
  returned: ["returned", "", (r) => formatBytes(r.summary.returnedTotal)],
  background: ["returned", "in backgr.", (r) => formatBytes(r.summary.returnedBackground)],
  growth: ["returned", "on growth", (r) => formatBytes(r.summary.returnedOnGrowth)],
  limit: ["returned", "for limit", (r) => formatBytes(r.summary.returnedForLimit)],
  "return-calls": ["return", "calls", (r) => formatCount(r.summary.returnCalls)],
  "used-again": ["released,", "used again", (r) => formatBytes(r.summary.pageFaultBytes)],
  faults: ["page", "faults", (r) => formatCount(r.summary.faults)],
  "huge-faults": ["of huge", "pages", (r) => formatCount(r.summary.hugeFaults)],
  filled: ["filled", "by THP", (r) => formatBytes(r.summary.collapsedFill)],
  lazy: ["in RSS,", "returned", (r) => formatBytes(r.summary.finalLazy)],
  footprint: ["charged", "at the end", (r) => formatBytes(r.summary.finalFootprint)],
  "peak-commit": ["peak", "commit", (r) => formatBytes(r.summary.peakCommit)],
  "final-commit": ["commit at", "the end", (r) => formatBytes(r.summary.finalCommit)],
  lock: ["heap lock", "taken", (r) => formatCount(r.summary.heapLockAcquisitions)],
  "lock-avoided": ["heap lock", "avoided", (r) => formatCount(r.summary.heapLockAvoided)],
  gcs: ["GC", "cycles", (r) => formatCount(r.summary.gcCycles)],
};

type Setting = readonly [name: string, value: (run: ScenarioRun) => string];

const SETTINGS: readonly Setting[] = [
  ["policy", (r) => r.config.policy],
  ["seed", (r) => String(r.config.seed)],
  ["os", (r) => r.config.os],
  ["pages", (r) => `${r.config.physPageSize / 1024} KiB`],
  ["THP", (r) => r.config.thp],
  ["none", (r) => String(r.config.maxPtesNone)],
  ["procs", (r) => String(r.config.procs)],
  ["GOGC", (r) => String(r.config.gogc)],
  ["limit", (r) => (r.config.memoryLimit === null ? "off" : formatBytes(r.config.memoryLimit))],
];

/** Settings that are not the same in all runs; the version always. */
function varying(runs: readonly ScenarioRun[]): Setting[] {
  return SETTINGS.filter(([name, value]) => name === "policy" || new Set(runs.map(value)).size > 1);
}

function table(scenario: Scenario, runs: readonly ScenarioRun[]): string[] {
  const settings = varying(runs);
  const columns = scenario.columns.map((column) => COLUMN[column]);
  const rows = [
    [...settings.map(() => ""), ...columns.map(([top]) => top)],
    [...settings.map(([name]) => name), ...columns.map(([, bottom]) => bottom)],
    ...runs.map((run) => [...settings.map(([, value]) => value(run)), ...columns.map(([, , get]) => get(run))]),
  ];
  return align(rows, settings.length);
}

/** Columns of text; the first `left` of them aligned to the left. */
function align(rows: readonly (readonly string[])[], left: number): string[] {
  const widths = rows[0]!.map((_, c) => Math.max(...rows.map((row) => row[c]!.length)));
  return rows.map((row) =>
    row
      .map((cell, c) => (c < left ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!)))
      .join("  ")
      .trimEnd(),
  );
}

/** RSS over time of some of the runs, all to one scale. */
function pictures(scenario: Scenario, runs: readonly ScenarioRun[], terminal: Terminal): string[] {
  const first = runs[0]!;
  const like = (run: ScenarioRun): boolean =>
    varying(runs).every(([name, value]) => name === "policy" || value(run) === value(first));
  const comparable = runs.filter(like);
  let drawn = comparable;
  const wanted = scenario.drawn;
  if (wanted) {
    if (wanted.length === 0) return [];
    drawn = comparable.filter((run) => wanted.includes(run.config.policy));
  }
  // Policies of the user's own choice: the first and the last of them.
  if (drawn.length === 0) drawn = comparable.length > 2 ? [comparable[0]!, comparable.at(-1)!] : comparable;
  const to = first.summary.durationNs;
  const paint = painter(terminal);
  const others = varying(runs)
    .filter(([name]) => name !== "policy")
    .map(([name, value]) => `, ${name} ${value(first)}`)
    .join("");
  return drawn.flatMap((run) => [
    `RSS over ${formatDuration(to)}, ${run.config.policy}${others}`,
    ...areaChart(
      Series.of(run.timeline, (row) => row.rss),
      { width: COLUMNS - LABEL_WIDTH - 2, height: CHART_ROWS, from: 0, to, unicode: terminal.unicode },
    ).map((line, i) =>
      i < CHART_ROWS ? line.slice(0, LABEL_WIDTH + 1) + paint(line.slice(LABEL_WIDTH + 1), "predicted") : line,
    ),
    "",
  ]);
}

const millions = (perSecond: number): string => (perSecond / 1e6).toFixed(perSecond < 9.95e6 ? 1 : 0);

function lockTable(curve: readonly LockCurveRow[]): string[] {
  return (["small", "large"] as const).flatMap((heap) => {
    const rows = curve.filter((row) => row.heap === heap);
    const top = Math.max(...rows.map((row) => Math.max(row.go113, row.go114)));
    const bar = (value: number): string => "#".repeat(Math.max(1, Math.round((value / top) * 12)));
    return [
      `Millions of objects of 1 KiB a second, all cores together, ${heap} heap:`,
      ...align(
        [
          ["cores", "1.13", "", "+queue", "1.14", "", "lock held, 1.13", "1.14"],
          ...rows.map((row) => [
            String(row.cores),
            millions(row.go113),
            bar(row.go113).padEnd(12),
            millions(row.go113Queue),
            millions(row.go114),
            bar(row.go114).padEnd(12),
            formatPercent(row.utilization113),
            formatPercent(row.utilization114),
          ]),
        ],
        0,
      ),
      "",
    ];
  });
}

function feedbackTable(rows: readonly FeedbackRow[]): string[] {
  return align(
    [
      ["", "speed of", "", "", "GC,", "of which", "time in", "really"],
      ["bound", "a P", "trigger", "GCs/s", "of CPU", "assists", "cycles", "allocated"],
      ...rows.map((row) => [
        row.bounded ? "0.6" : "none",
        `${formatBytes(row.allocRate)}/s`,
        row.trigger.toFixed(2),
        row.gcsPerSecond.toFixed(1),
        formatPercent(row.gcCpu),
        formatPercent(row.assistCpu),
        formatPercent(row.marking),
        `${formatBytes(row.allocPerSecond)}/s`,
      ]),
    ],
    1,
  );
}
