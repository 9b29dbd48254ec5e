import type { Unit } from "../../replay/budgets.ts";
import type { Comparison, Difference } from "../../replay/compare.ts";
import { escapeText, safeJson } from "../escape.ts";
import { formatBytes, formatCount, formatDelta, formatDuration, formatPercent } from "../sizes.ts";
import { COLUMNS, list, wrap } from "./text.ts";

/** A figure in its unit. */
export function formatFigure(value: number | null, unit: Unit): string {
  if (value === null) return "-";
  if (unit === "bytes") return formatBytes(value);
  if (unit === "fraction") return formatPercent(value);
  if (unit === "ns") return formatDuration(value);
  return unit === "per-second" ? `${value.toFixed(2)}/s` : formatCount(value);
}

export function compareReport(result: Comparison, a: string, b: string): string {
  const { causes } = result;
  const lines = [
    ...wrap(summary(result), COLUMNS),
    "",
    `A: ${escapeText(a)} (${result.a.goVersion})`,
    `B: ${escapeText(b)} (${result.b.goVersion})`,
  ];
  if (result.durationRatio !== null && Math.abs(Math.log(result.durationRatio)) > 0.1) {
    lines.push(
      ...wrap(`B is ${result.durationRatio.toFixed(2)} times as long as A: compare rates, not counts.`, COLUMNS),
    );
  }
  if (result.loadRatio !== null && Math.abs(Math.log(result.loadRatio)) > 0.15) {
    lines.push(
      ...wrap(
        `B allocates ${result.loadRatio.toFixed(2)} times as much a second as A: the load was not the same.`,
        COLUMNS,
      ),
    );
  }
  lines.push("", row("Figure", "A", "B", "B - A", ""));
  for (const f of result.figures) {
    const delta =
      f.delta === null
        ? ""
        : f.figure.unit === "bytes"
          ? formatDelta(f.delta)
          : `${f.delta > 0 ? "+" : f.delta < 0 ? "-" : ""}${formatFigure(Math.abs(f.delta), f.figure.unit)}`;
    lines.push(row(f.figure.name, formatFigure(f.a, f.figure.unit), formatFigure(f.b, f.figure.unit), delta, mark(f)));
  }
  for (const { moment, parts } of result.ledger) {
    lines.push("", row(moment === "peak" ? "RSS at the peak" : "RSS at the end", "A", "B", "B - A", ""));
    for (const part of parts)
      lines.push(
        row(part.label, formatBytes(part.a ?? 0), formatBytes(part.b ?? 0), formatDelta(part.delta ?? 0), mark(part)),
      );
  }
  const names = (title: string, items: readonly { title: string; bytes: number }[]) => {
    if (items.length > 0)
      lines.push(
        "",
        `${title}:`,
        ...items.flatMap((c) => wrap(`  ${c.title}${c.bytes > 0 ? `: ${formatBytes(c.bytes)}` : ""}`, COLUMNS, "  ")),
      );
  };
  names("Causes only in B", causes.came);
  names("Causes only in A", causes.went);
  if (causes.stayed.length > 0) {
    lines.push("", "Causes in both:");
    for (const c of causes.stayed)
      lines.push(
        ...wrap(
          `  ${c.title}: ${formatBytes(c.a ?? 0)}, then ${formatBytes(c.b ?? 0)}${c.noise ? " (noise)" : ""}`,
          COLUMNS,
          "  ",
        ),
      );
  }
  lines.push(
    "",
    ...wrap(
      '"noise": two runs of one program differ by as much: 1 to 7 % in peak RSS, up to 11 % in GCs, some MiB in any part.',
      COLUMNS,
    ),
  );
  return `${lines.join("\n")}\n`;
}

const mark = (d: Difference) => (d.delta === null ? "" : d.noise ? "noise" : "");

function row(label: string, a: string, b: string, delta: string, note: string): string {
  const name = escapeText(label);
  return `${(name.length > 32 ? `${name.slice(0, 29)}...` : name).padEnd(32)}${a.padStart(12)}${b.padStart(12)}${delta.padStart(13)}  ${note}`.trimEnd();
}

function summary(result: Comparison): string {
  const rss = result.figures.find(({ figure }) => figure.name === "peak-rss");
  const parts: string[] = [];
  if (rss && rss.delta !== null) {
    parts.push(
      rss.noise
        ? `Peak RSS is the same within noise: ${formatBytes(rss.a!)} and ${formatBytes(rss.b!)}.`
        : `Peak RSS ${rss.delta > 0 ? "grew" : "fell"} by ${formatBytes(Math.abs(rss.delta))} (${formatPercent(Math.abs(rss.delta) / rss.a!)}), from ${formatBytes(rss.a!)} to ${formatBytes(rss.b!)}.`,
    );
    const moved = (result.ledger.find(({ moment }) => moment === "peak")?.parts ?? [])
      .filter((p) => !p.noise && p.delta !== null && Math.sign(p.delta) === Math.sign(rss.delta!))
      .sort((x, y) => Math.abs(y.delta!) - Math.abs(x.delta!))
      .slice(0, 2);
    if (!rss.noise && moved.length > 0)
      parts.push(`Most of it: ${list(moved.map((p) => `${p.label} (${formatDelta(p.delta!)})`))}.`);
  } else parts.push("RSS is not known in both runs.");
  const { came, went } = result.causes;
  if (came.length > 0) parts.push(`New causes: ${list(came.slice(0, 3).map((c) => c.id))}.`);
  if (went.length > 0) parts.push(`Gone: ${list(went.slice(0, 3).map((c) => c.id))}.`);
  return parts.join(" ");
}

export function compareJson(result: Comparison): string {
  return `${safeJson({ schema: "gopages/compare/1", summary: summary(result), ...result }, 1)}\n`;
}
