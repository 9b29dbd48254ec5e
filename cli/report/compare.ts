import { type Comparison, type Difference, loadDiffers, type SettingDifference } from "../../replay/compare.ts";
import type { SettingsComparison } from "../../replay/compare-settings.ts";
import type { Unit } from "../../replay/figures.ts";
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

/** What both kinds of comparison have. */
type Compared = Pick<Comparison, "verdict" | "settings" | "figures" | "ledger"> &
  Partial<Pick<Comparison, "causes" | "loadRatio" | "durationRatio" | "sharedNs">>;

const SIZES_OF_SETTINGS: readonly string[] = ["GOMEMLIMIT", "page size"];

/** "GOGC 100 and then 50": as both have it. */
function setting({ name, a, b }: SettingDifference): string {
  const show = (value: string) =>
    SIZES_OF_SETTINGS.includes(name) && /^\d+$/.test(value) ? formatBytes(Number(value)) : value;
  return `${name === "Go version" ? "" : `${name} `}${show(a)}, then ${show(b)}`;
}

export function compareReport(result: Comparison, a: string, b: string): string {
  const { causes } = result;
  const lines = [
    ...wrap(summary(result), COLUMNS),
    "",
    `A: ${escapeText(a)} (${result.a.goVersion})`,
    `B: ${escapeText(b)} (${result.b.goVersion})`,
  ];
  for (const one of result.settings) lines.push(...wrap(`Set differently: ${setting(one)}`, COLUMNS, "  "));
  if (result.durationRatio !== null && Math.abs(Math.log(result.durationRatio)) > 0.1) {
    lines.push(
      ...wrap(
        `B is ${result.durationRatio.toFixed(2)} times as long as A: compare rates, not counts, and levels over the same time.`,
        COLUMNS,
      ),
    );
  }
  lines.push(...tables(result));
  const names = (title: string, items: readonly { title: string; bytes: number; noise: boolean }[]) => {
    if (items.length === 0) return;
    lines.push("", `${title}:`);
    for (const c of items) {
      const bytes = c.bytes > 0 ? `: ${formatBytes(c.bytes)}` : "";
      lines.push(...wrap(`  ${c.title}${bytes}${c.noise ? " (noise)" : ""}`, COLUMNS, "    "));
    }
  };
  names("Causes only in B", causes.came);
  names("Causes only in A", causes.went);
  if (causes.stayed.length > 0) {
    lines.push("", "Causes in both:");
    for (const c of causes.stayed)
      lines.push(
        ...wrap(
          `  ${c.title}${c.a || c.b ? `: ${formatBytes(c.a ?? 0)}, then ${formatBytes(c.b ?? 0)}${c.noise ? " (noise)" : ""}` : ""}`,
          COLUMNS,
          "    ",
        ),
      );
  }
  lines.push("", ...wrap(ABOUT_NOISE, COLUMNS));
  return `${lines.join("\n")}\n`;
}

const ABOUT_NOISE =
  '"noise": two runs of one program may differ by as much. How much that is, is taken from each run\'s own ups and downs: how far its highest GC ' +
  "cycles lie apart, whether a difference is there all along, how much a figure moves at the end.";

/** One recording under two settings. */
export function settingsReport(result: SettingsComparison): string {
  const [a, b] = result.confidence.map(formatPercent);
  const lines = [...wrap(summary(result), COLUMNS), ""];
  for (const one of result.settings) lines.push(...wrap(`${setting(one)}`, COLUMNS, "  "));
  lines.push(...tables(result));
  lines.push(
    "",
    ...wrap(
      `Both are simulated from the recording: figures are means of three draws, parts of RSS are of the first. Peak RSS may be off by ${a} in A and by ${b} in B. "noise": two real runs under one setting differ by as much.`,
      COLUMNS,
    ),
  );
  return `${lines.join("\n")}\n`;
}

function tables(result: Compared): string[] {
  const lines = ["", row("Figure", "A", "B", "B - A", "")];
  for (const f of result.figures) {
    const delta =
      f.delta === null
        ? ""
        : f.figure.unit === "bytes"
          ? formatDelta(f.delta)
          : `${f.delta > 0 ? "+" : f.delta < 0 ? "-" : ""}${formatFigure(Math.abs(f.delta), f.figure.unit)}`;
    lines.push(row(f.figure.name, formatFigure(f.a, f.figure.unit), formatFigure(f.b, f.figure.unit), delta, mark(f)));
  }
  const shared = result.figures.filter(({ sameTime }) => sameTime !== null);
  if (shared.length > 0 && result.sharedNs) {
    lines.push("", row(`Over the first ${formatDuration(result.sharedNs)}`, "A", "B", "B - A", ""));
    for (const { figure, sameTime: d } of shared) {
      const delta = figure.unit === "bytes" ? formatDelta(d!.delta!) : formatFigure(d!.delta, figure.unit);
      lines.push(row(figure.name, formatFigure(d!.a, figure.unit), formatFigure(d!.b, figure.unit), delta, mark(d!)));
    }
  }
  if (result.loadRatio !== undefined && loadDiffers({ loadRatio: result.loadRatio })) {
    lines.push("", row("For equal load", "A", "B", "B / A", ""));
    for (const { figure, perLoad } of result.figures) {
      if (perLoad === null || perLoad.a === null || perLoad.b === null || perLoad.a === 0) continue;
      if (figure.unit === "bytes" && perLoad.noise && !figure.name.endsWith("rss")) continue;
      const show = (value: number) =>
        figure.unit === "bytes" ? formatBytes(value) : value < 10 ? value.toFixed(2) : formatCount(value);
      const label = `${figure.name} ${perLoad.unit.replace(" allocated", "")}`;
      lines.push(
        row(label, show(perLoad.a), show(perLoad.b), `x ${(perLoad.b / perLoad.a).toFixed(2)}`, mark(perLoad)),
      );
    }
    lines.push("(MiB/s and GiB are of what is allocated)");
  }
  for (const { moment, parts } of result.ledger) {
    lines.push("", row(moment === "peak" ? "RSS at the peak" : "RSS at the end", "A", "B", "B - A", ""));
    for (const part of parts)
      lines.push(
        row(part.label, formatBytes(part.a ?? 0), formatBytes(part.b ?? 0), formatDelta(part.delta ?? 0), mark(part)),
      );
    const sum = (of: "a" | "b") => parts.reduce((total, part) => total + (part[of] ?? 0), 0);
    lines.push(
      row("RSS (the sum)", formatBytes(sum("a")), formatBytes(sum("b")), formatDelta(sum("b") - sum("a")), ""),
    );
  }
  return lines;
}

const mark = (d: Difference) => (d.delta === null ? "" : d.noise ? "noise" : "");

function row(label: string, a: string, b: string, delta: string, note: string): string {
  const name = escapeText(label);
  return `${(name.length > 32 ? `${name.slice(0, 29)}...` : name).padEnd(32)}${a.padStart(12)}${b.padStart(12)}${delta.padStart(13)}  ${note}`.trimEnd();
}

/** The answer: two or three sentences. */
export function summary(result: Compared): string {
  const parts: string[] = [];
  const rss = result.figures.find(({ figure }) => figure.name === "peak-rss");
  const known = rss !== undefined && rss.delta !== null;
  const cause = result.settings.length > 0 ? ` (${list(result.settings.map(setting))})` : "";
  if (result.verdict === "noise") {
    parts.push(
      `No difference beyond noise${cause === "" ? "" : `, though they are set differently${cause}`}: two runs of one program differ by as much.`,
    );
    if (known) parts.push(`Peak RSS is ${formatBytes(rss.a!)} and ${formatBytes(rss.b!)}${overShared(result, rss)}.`);
  } else if (known && !rss.noise) {
    parts.push(
      `Peak RSS ${rss.delta > 0 ? "grew" : "fell"} by ${formatBytes(Math.abs(rss.delta))} (${formatPercent(Math.abs(rss.delta) / rss.a!)}), from ${formatBytes(rss.a!)} to ${formatBytes(rss.b!)}${overShared(result, rss)}${cause}.`,
    );
    const moved = (result.ledger.find(({ moment }) => moment === "peak")?.parts ?? [])
      .filter((p) => !p.noise && p.delta !== null && Math.sign(p.delta) === Math.sign(rss.delta!))
      .sort((x, y) => Math.abs(y.delta!) - Math.abs(x.delta!))
      .slice(0, 2);
    if (moved.length > 0) parts.push(`Most of it: ${list(moved.map((p) => `${p.label} (${formatDelta(p.delta!)})`))}.`);
  } else {
    parts.push(
      known
        ? `Peak RSS is the same within noise: ${formatBytes(rss.a!)} and ${formatBytes(rss.b!)}${cause}.`
        : `RSS is not known in both runs${cause}.`,
    );
    const others = result.figures
      .filter((f) => f.delta !== null && !f.noise && !f.sameTime?.noise && SAID.includes(f.figure.name))
      .slice(0, 2);
    if (others.length > 0) {
      const said = others.map(
        ({ figure, a, b }) =>
          `${figure.name} went from ${formatFigure(a, figure.unit)} to ${formatFigure(b, figure.unit)}`,
      );
      parts.push(`But ${list(said)}.`);
    }
  }
  const load = result.loadRatio ?? null;
  if (load !== null && loadDiffers({ loadRatio: load })) {
    const perLoad = rss?.perLoad;
    parts.push(
      `B allocates ${load.toFixed(2)} times as much a second: the load was not the same${
        perLoad?.delta !== null && perLoad?.delta !== undefined && perLoad.a! > 0
          ? `; for each MiB/s, peak RSS is ${(perLoad.b! / perLoad.a!).toFixed(2)} times that of A`
          : ""
      }.`,
    );
  }
  const real = (items: Comparison["causes"]["came"] = []) => items.filter(({ noise }) => !noise).slice(0, 3);
  const came = real(result.causes?.came);
  const went = real(result.causes?.went);
  if (came.length > 0) parts.push(`New causes: ${list(came.map((c) => c.id))}.`);
  if (went.length > 0) parts.push(`Gone: ${list(went.map((c) => c.id))}.`);
  return parts.join(" ");
}

/** ", over the first 10 s of both 52 and 54 MiB" where that is another story. */
function overShared({ sharedNs }: Compared, { sameTime, noise }: Compared["figures"][number]): string {
  if (!sameTime || !sharedNs || sameTime.noise === noise) return "";
  return ` (over the first ${formatDuration(sharedNs)} of both: ${formatBytes(sameTime.a!)} and ${formatBytes(sameTime.b!)})`;
}

/** Figures that are named when peak RSS is the same or not known. */
const SAID: readonly string[] = [
  "final-rss",
  "mean-rss",
  "peak-heap-live",
  "peak-heap-alloc",
  "peak-stacks",
  "gc-cycles",
];

export function compareJson(result: Comparison | SettingsComparison): string {
  return `${safeJson({ schema: "gopages/compare/1", summary: summary(result), ...result }, 1)}\n`;
}
