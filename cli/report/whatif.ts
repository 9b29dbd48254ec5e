import type { WhatIfResult, WhatIfRun } from "../../replay/what-if.ts";
import { escapeText, safeJson } from "../escape.ts";
import { formatBytes, formatCount, formatDuration, formatPercent } from "../sizes.ts";
import type { Terminal } from "../terminal.ts";
import { lossFacts } from "./figures.ts";
import { COLUMNS, wrap } from "./text.ts";

/** A run as the document has it. */
export function runJson(run: WhatIfRun) {
  const { config, summary, confidence, gcCpuNs, gcCpu, gcCpuShare, limitTooLow } = run;
  const gc = {
    gcCpuNs: Math.round(gcCpuNs),
    gcCpuShare,
    gcMarkCpuNs: Math.round(gcCpu.mark),
    gcAssistCpuNs: Math.round(gcCpu.assist),
    gcStoppedCpuNs: Math.round(gcCpu.stopped),
  };
  return { config, summary: { ...summary, ...gc }, limitTooLow, confidence };
}

/** The document of `whatif --json`. */
export function whatIfJson(result: WhatIfResult): string {
  const { baseline, base, runs } = result;
  const members: [string, unknown][] = [
    ["schema", "gopages/whatif/1"],
    ["inputs", baseline.inputs],
    ["baseline", { config: base.config, summary: runJson(base).summary, confidence: base.confidence }],
    ["recorded", { config: baseline.config, summary: baseline.summary }],
    ["notes", notes(result).map((text) => ({ level: "info", text }))],
    ["partial", baseline.partial],
  ];
  let text = "{\n";
  for (const [name, value] of members) text += `"${name}": ${safeJson(value)},\n`;
  return `${text}"runs": [\n${runs.map((run) => safeJson(runJson(run))).join(",\n")}\n]\n}\n`;
}

const HEADER = [
  "setting",
  "peak RSS",
  "vs base",
  "mean RSS",
  "end",
  "returned",
  "GCs",
  "GC CPU",
  "faults",
  "+-peak/GCs",
];

/** The text: what differs, as a table, and what the figures rest on. */
export function whatIfReport(result: WhatIfResult, _terminal: Terminal): string {
  const { base, runs, baseline } = result;
  const lines: string[] = [];
  lines.push(...wrap(answer(result), COLUMNS), "");
  lines.push(...table(base, runs), "", "CPU time of the GC, and its change:", ...workTable(base, runs), "");
  const low = runs.filter((run) => run.limitTooLow);
  for (const run of low) {
    lines.push(
      ...wrap(
        `Warning: ${label(run, base)}: the limit is below what the program needs. GCs come back to back (the GC takes ` +
          `${formatPercent(run.gcCpuShare)} of the CPU time in this prediction), and the real program would be slowed down.`,
        COLUMNS,
        "  ",
      ),
    );
  }
  for (const note of notes(result)) lines.push(...wrap(`Note: ${note}`, COLUMNS, "  "));
  const reasons = [...new Set([base, ...runs].flatMap(({ confidence }) => confidence.reasons))];
  lines.push("", "Why the figures are not exact:");
  for (const reason of reasons) lines.push(...wrap(`- ${reason}`, COLUMNS - 2, "  ").map((line) => `  ${line}`));
  const losses = lossFacts(baseline);
  if (losses.length > 0) lines.push("", "Lost or skipped while reading:", ...losses.map((loss) => `  ${loss}`));
  return `${lines.join("\n")}\n`;
}

function answer({ base, runs }: WhatIfResult): string {
  const sorted = runs.filter((run) => !run.limitTooLow).sort((a, b) => a.summary.peakRss - b.summary.peakRss);
  const best = sorted[0];
  const peak = base.summary.peakRss;
  const start = `Without its trace, at the recorded settings (${configText(base)}), the program peaks at ${formatBytes(peak)} of RSS.`;
  if (!best) return start;
  const change = best.summary.peakRss / peak - 1;
  if (Math.abs(change) <= best.confidence.peakRss) {
    return `${start} No setting asked for changes that by more than the prediction's own margin.`;
  }
  return (
    `${start} The lowest peak is ${formatBytes(best.summary.peakRss)} (${signed(change)}) with ${label(best, base)}, ` +
    `for ${formatPercent(best.gcCpuShare)} of the CPU time in the GC instead of ${formatPercent(base.gcCpuShare)}.`
  );
}

/** Columns as wide as they need: more than 80 if the settings are many, since a broken row can't be read. */
function table(base: WhatIfRun, runs: readonly WhatIfRun[]): string[] {
  return aligned([HEADER, cells("baseline", base, base), ...runs.map((run) => cells(label(run, base), run, base))]);
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ")
      .trimEnd(),
  );
}

const WORK_HEADER = ["setting", "marking", "assists", "world stopped", "total", "vs base"];

/** What memory saved costs: who does the GC's work. */
function workTable(base: WhatIfRun, runs: readonly WhatIfRun[]): string[] {
  const cellsOf = (name: string, run: WhatIfRun) => [
    name,
    ...[run.gcCpu.mark, run.gcCpu.assist, run.gcCpu.stopped, run.gcCpuNs].map((ns) => formatDuration(Math.max(0, ns))),
    run === base || base.gcCpuNs <= 0 ? "" : signed(run.gcCpuNs / base.gcCpuNs - 1),
  ];
  return aligned([WORK_HEADER, cellsOf("baseline", base), ...runs.map((run) => cellsOf(label(run, base), run))]);
}

function cells(name: string, run: WhatIfRun, base: WhatIfRun): string[] {
  const { summary, confidence } = run;
  return [
    run.limitTooLow ? `${name} (!)` : name,
    formatBytes(summary.peakRss),
    run === base ? "" : signed(summary.peakRss / base.summary.peakRss - 1),
    formatBytes(summary.meanRss),
    formatBytes(summary.finalRss),
    formatBytes(summary.returnedTotal),
    formatCount(summary.gcCycles),
    formatPercent(run.gcCpuShare),
    formatBytes(summary.pageFaultBytes),
    `${Math.round(confidence.peakRss * 100)}/${Math.round(confidence.gcs * 100)} %`,
  ];
}

export function signed(fraction: number): string {
  const percent = fraction * 100;
  return `${percent >= 0 ? "+" : ""}${Math.abs(percent) < 9.95 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}

/** What of a run's settings is not the baseline's. */
export function label(run: WhatIfRun, base: WhatIfRun): string {
  const { config } = run;
  const parts: string[] = [];
  if (config.policy !== base.config.policy) parts.push(config.policy);
  if (config.gogc !== base.config.gogc) parts.push(`GOGC=${config.gogc}`);
  if (config.memoryLimit !== base.config.memoryLimit) parts.push(limitText(config.memoryLimit));
  if (config.procs !== base.config.procs) parts.push(`GOMAXPROCS=${config.procs}`);
  if (config.physPageSize !== base.config.physPageSize) parts.push(`${config.physPageSize / 1024} KiB physical pages`);
  if (config.pageSize !== base.config.pageSize) parts.push(`${config.pageSize / 1024} KiB runtime pages`);
  if (config.thp !== base.config.thp) parts.push(`THP ${config.thp}`);
  if (config.os !== base.config.os) parts.push(config.os);
  if (run.freeOsMemoryEvery !== base.freeOsMemoryEvery) {
    parts.push(`FreeOSMemory each ${run.freeOsMemoryEvery / 1e9} s`);
  }
  return escapeText(parts.length > 0 ? parts.join(", ") : "as recorded");
}

function limitText(limit: number | null): string {
  return limit === null ? "no limit" : `limit ${formatBytes(limit)}`;
}

function configText({ config }: WhatIfRun): string {
  const { policy, gogc, memoryLimit, procs } = config;
  return escapeText(`${policy}, GOGC=${gogc}, ${limitText(memoryLimit)}, GOMAXPROCS=${procs}`);
}

/** The recorded run is not within what the simulated one says of itself. */
function strays(baseline: WhatIfResult["baseline"], { summary, confidence }: WhatIfRun): boolean {
  return Math.abs(baseline.summary.peakRss / summary.peakRss - 1) > confidence.peakRss;
}

function notes({ recorderBytes, baseline, base, runs }: WhatIfResult): string[] {
  const out: string[] = [];
  if (recorderBytes > 0) {
    out.push(
      `the baseline is the program without its trace: ${formatBytes(recorderBytes)} of heap that the tracer itself held is left out ` +
        `(the recorded run: a peak of ${formatBytes(baseline.summary.peakRss)}, ${formatCount(baseline.summary.gcCycles)} GCs` +
        `${strays(baseline, base) ? "; which of a burst's objects a GC finds alive differs from run to run" : ""})`,
    );
  }
  if (runs.some(({ config }) => config.pageSize !== base.config.pageSize)) {
    out.push(
      "with another page size of the runtime, size classes and spans are made as mksizeclasses.go would, and mark bits, " +
        "chunks of 512 pages and page caches of 64 follow the page; objects keep the sizes that Go's own classes gave them, and stacks theirs",
    );
  }
  for (const note of baseline.notes) if (note.level === "warning") out.push(note.text);
  return out;
}
