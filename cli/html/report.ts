/**
 * The HTML report: one file that needs nothing else. What matters is text in it already; a script adds charts. A content
 * security policy lets nothing but that script and the styles in, by their hashes, so that a string of a trace that
 * slipped through as markup still could not run.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { deflateRawSync } from "node:zlib";
import type { Ledger, ReplayResult } from "../../replay/result.ts";
import { escapeText } from "../escape.ts";
import type { Sink } from "../export/exporter.ts";
import { xml } from "../export/svg.ts";
import {
  accuracyFacts,
  compositionSentence,
  configLine,
  lossFacts,
  peakSentence,
  placementFacts,
  returnedSentence,
  trustSentence,
} from "../report/figures.ts";
import { figure } from "../report/ledger-table.ts";
import { runName } from "../run-name.ts";
import { formatBytes, formatCount, formatDuration, formatPercent } from "../sizes.ts";
import { version } from "../version.ts";
import { reportData } from "./data.ts";
import { PAGE_SCRIPT } from "./script.ts";
import { PAGE_STYLE } from "./style.ts";

/** What may stand in a report besides the replay's result. */
export interface ReportExtras {
  readonly causes?: readonly Cause[];
  /** Other settings side by side: a table, ready to be read. */
  readonly whatIf?: {
    /** What is to be said instead of a table. */
    readonly note?: string;
    readonly columns: readonly string[];
    readonly rows: readonly (readonly string[])[];
    /** Peak RSS (y, bytes) against the GC's share of the CPU (x). */
    readonly curve?: readonly { readonly label: string; readonly x: number; readonly y: number }[];
  };
}

export interface Cause {
  readonly title: string;
  readonly verdict: "present" | "ruled-out" | "not-enough-data";
  /** The verdict for people. */
  readonly word: string;
  readonly bytes: number | null;
  readonly evidence: readonly string[];
  readonly advice: string;
}

const BASE64_PIECE = 3 << 16;

export async function writeReport(result: ReplayResult, out: Sink, extras: ReportExtras = {}): Promise<void> {
  const { uplot, uplotStyle } = await library();
  const script = `${uplot}\n${PAGE_SCRIPT}`;
  const style = `${uplotStyle}\n${PAGE_STYLE}`;
  const policy = [
    "default-src 'none'",
    `script-src '${hash(script)}'`,
    `style-src '${hash(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  await out.write(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="gopages ${xml(version())}">
<meta name="referrer" content="no-referrer">
<title>${text(`Memory of ${nameOf(result) ?? "a Go program"}`)}</title>
<style>${style}</style>
</head>
<body>
${body(result, extras)}
<script type="application/octet-stream" id="data">
`);
  const packed = deflateRawSync(JSON.stringify(reportData(result)), { level: 9 });
  for (let at = 0; at < packed.length; at += BASE64_PIECE) {
    await out.write(packed.subarray(at, at + BASE64_PIECE).toString("base64"));
  }
  await out.write(`\n</script>\n<script>${script}</script>\n</body>\n</html>\n`);
}

function hash(content: string): string {
  return `sha256-${createHash("sha256").update(content, "utf8").digest("base64")}`;
}

async function library(): Promise<{ uplot: string; uplotStyle: string }> {
  const require = createRequire(import.meta.url);
  const [uplot, uplotStyle] = await Promise.all(
    ["uplot/dist/uPlot.iife.min.js", "uplot/dist/uPlot.min.css"].map((name) => readFile(require.resolve(name), "utf8")),
  );
  return { uplot: uplot!, uplotStyle: uplotStyle! };
}

/** Text from anywhere as HTML that shows it: control characters made visible, markup made text. */
function text(value: string): string {
  return xml(escapeText(value));
}

function nameOf({ inputs }: ReplayResult): string | undefined {
  return runName(inputs.map(({ path }) => path));
}

function body(result: ReplayResult, extras: ReportExtras): string {
  const { summary } = result;
  const answer = [
    peakSentence(result),
    compositionSentence(result.ledgerPeak),
    trustSentence(result),
    returnedSentence(result),
  ];
  const figures: [string, string][] = [
    ["peak RSS, predicted", formatBytes(summary.peakRss)],
    ["RSS at the end", formatBytes(summary.finalRss)],
    ["mean RSS", formatBytes(summary.meanRss)],
    ["peak of the live heap", formatBytes(summary.peakHeapLive)],
    ["returned to the system", formatBytes(summary.returnedTotal)],
    ["GC cycles", formatCount(summary.gcCycles)],
    ["duration", formatDuration(summary.durationNs)],
  ];
  return `<header><h1>${text(nameOf(result) ?? "Memory of a Go program")}</h1><button id="theme" class="noprint" aria-label="Light or dark">&#9680;</button></header>
<p class="answer">${text(answer.filter((sentence) => sentence !== "").join(" "))}</p>
<div class="figures">${figures.map(([what, value]) => `<div><b>${text(value)}</b><span>${text(what)}</span></div>`).join("")}</div>
${warnings(result)}
<p id="state" class="dim noprint" role="status">Drawing…</p>
<h2>Memory over time</h2>
<div class="bar noprint"><button id="zoom-in">Zoom in</button><button id="zoom-out">Zoom out</button><button id="zoom-all">Whole run</button>
<span class="dim">Drag to zoom, Alt-drag to move, wheel when selected; keys: + - 0, arrows, Shift-arrows</span></div>
<p id="readout" class="readout" aria-live="off"></p>
<div id="timeline" class="chart" tabindex="0" role="img" aria-label="${text(peakSentence(result))}"></div>
<h2>What RSS consists of</h2>
<div id="ledger" class="chart" tabindex="0" role="img" aria-label="${text(compositionSentence(result.ledgerPeak))}"></div>
<div class="scroll">${ledgerTable(result.ledgerPeak, result.ledgerFinal)}</div>
${causes(extras.causes)}
${whatIf(extras.whatIf)}
<section id="map-section"><h2>Heap map</h2>
<p class="dim">One square is 4 MiB of the heap's address space (or a few of them, in a large heap), filled from below.</p>
<p><span class="key"><i class="k-inuse"></i>in use</span><span class="key"><i class="k-cached"></i>in a P's page cache</span><span class="key"><i class="k-free"></i>free, backed</span><span class="key"><i class="k-released"></i>returned</span></p>
<div class="bar noprint"><button id="map-play">Play</button><input id="map-time" type="range" min="0" max="0" value="0" aria-label="Moment of the heap map"></div>
<p id="map-text" class="readout"></p>
<canvas id="map" class="map" role="img" aria-label="Heap map"></canvas><p id="map-cell" class="readout dim"></p></section>
<h2>GC cycles</h2>
<div class="bar noprint"><input id="gc-search" type="search" placeholder="number, time, or &gt;64MiB live" aria-label="Search GC cycles"><span id="gc-count" class="dim"></span></div>
<div class="scroll tall"><table class="numbers"><thead><tr><th>GC</th><th>start</th><th>marking</th><th>sweeping</th><th>live at start</th><th>marked</th><th>goal</th></tr></thead><tbody id="gc-rows"></tbody></table></div>
<h2>What this rests on</h2>
<p>Replayed as ${text(configLine(result))}.</p>
<div class="scroll"><table><thead><tr><th>input</th><th class="text">format</th><th class="text">Go</th><th class="text">evidence</th><th>events</th></tr></thead><tbody>
${result.inputs.map(inputRow).join("\n")}
</tbody></table></div>
${list("Against what was measured", accuracyFacts(result))}
${list("Placement", placementFacts(result))}
${list(
  "Notes",
  result.notes.filter(({ level }) => level === "info").map((note) => note.text),
)}
${list("Lost or skipped while reading", lossFacts(result))}
<p class="dim">Made by gopages ${text(version())}. A model of the page allocator, not a measurement, unless a figure says measured.</p>`;
}

function inputRow(input: ReplayResult["inputs"][number]): string {
  const { path, format, goVersion, evidence, events } = input;
  const cells = [format, goVersion ?? "not told", evidence].map((cell) => `<td class="text">${text(cell)}</td>`);
  return `<tr><td>${text(path)}</td>${cells.join("")}<td>${formatCount(events)}</td></tr>`;
}

function warnings({ notes, partial }: ReplayResult): string {
  const texts = notes.filter(({ level }) => level === "warning").map((note) => note.text);
  if (partial) texts.unshift("An input was truncated or lossy: figures are of what could be read.");
  return texts.map((warning) => `<p class="warning">${text(warning)}</p>`).join("\n");
}

function list(title: string, facts: readonly string[]): string {
  if (facts.length === 0) return "";
  return `<h2>${text(title)}</h2><ul>${facts.map((fact) => `<li>${text(fact)}</li>`).join("")}</ul>`;
}

function ledgerTable(peak: Ledger, final: Ledger): string {
  const rows: string[] = [];
  for (const id of new Set([...peak.parts, ...final.parts].map((part) => part.id))) {
    const atPeak = peak.parts.find((part) => part.id === id);
    const atEnd = final.parts.find((part) => part.id === id);
    if (!atPeak?.bytes && !atEnd?.bytes) continue;
    const { label, evidence, basis } = atPeak ?? atEnd!;
    const cells = [atPeak, atEnd].map((part) => `<td>${part ? text(figure(part)) : "-"}</td>`).join("");
    rows.push(
      `<tr><td>${text(label)}</td>${cells}<td class="text">${text(evidence)}</td><td class="text dim">${text(basis)}</td></tr>`,
    );
  }
  rows.push(
    `<tr><td><b>RSS (the sum)</b></td><td><b>${text(formatBytes(peak.rss))}</b></td><td><b>${text(formatBytes(final.rss))}</b></td><td></td><td></td></tr>`,
  );
  return `<table><thead><tr><th>part</th><th>at the peak</th><th>at the end</th><th class="text">evidence</th><th class="text">rests on</th></tr></thead><tbody>${rows.join("\n")}</tbody></table>`;
}

function causes(found: ReportExtras["causes"]): string {
  if (!found || found.length === 0) return "";
  const item = ({ title, word, bytes, evidence, advice }: Cause): string => {
    const size = bytes === null || bytes === 0 ? "" : `, ${formatBytes(bytes)}`;
    return `<li><b>${text(title)}</b> (${text(word + size)})<br>${text(evidence.join("; "))}<br><span class="dim">${text(advice)}</span></li>`;
  };
  const present = found.filter(({ verdict }) => verdict === "present");
  const others = found.filter(({ verdict }) => verdict !== "present");
  const shown = present.length > 0 ? `<ol>${present.map(item).join("")}</ol>` : "<p>None that the inputs show.</p>";
  const rest =
    others.length > 0
      ? `<details><summary>${others.length} more: ruled out, or not enough data</summary><ul>${others.map(item).join("")}</ul></details>`
      : "";
  return `<h2>Causes of a high RSS</h2>${shown}${rest}`;
}

function whatIf(table: ReportExtras["whatIf"]): string {
  if (!table) return "";
  if (table.note !== undefined) return `<h2>Under other settings</h2><p class="dim">${text(table.note)}</p>`;
  const cells = (row: readonly string[], tag: string) => row.map((cell) => `<${tag}>${text(cell)}</${tag}>`).join("");
  const rows = table.rows.map((row) => `<tr>${cells(row, "td")}</tr>`);
  return `<h2>Under other settings</h2><div class="scroll"><table><thead><tr>${cells(table.columns, "th")}</tr></thead><tbody>${rows.join("\n")}</tbody></table></div>${curve(table.curve ?? [])}`;
}

/** Memory against GC work, as a picture. */
function curve(points: NonNullable<NonNullable<ReportExtras["whatIf"]>["curve"]>): string {
  if (points.length < 2) return "";
  const maxX = Math.max(...points.map(({ x }) => x), 1e-6) * 1.1;
  const maxY = Math.max(...points.map(({ y }) => y), 1) * 1.15;
  const at = ({ x, y }: { x: number; y: number }): [string, string] => [
    (70 + (x / maxX) * 430).toFixed(1),
    (190 - (y / maxY) * 170).toFixed(1),
  ];
  const marks = points.map((point) => {
    const [x, y] = at(point);
    return `<circle cx="${x}" cy="${y}" r="4" fill="#0072b2"/><text x="${x}" y="${y}" dx="6" dy="-6" font-size="12" fill="currentColor">${text(point.label)}</text>`;
  });
  const line = points.map((point) => at(point).join(",")).join(" ");
  return `<svg viewBox="0 0 520 220" width="520" class="curve" role="img" aria-label="Peak RSS against the GC's share of the CPU, by GOGC">
<polyline points="${line}" fill="none" stroke="#0072b2"/><path d="M70 10V190H510" fill="none" stroke="currentColor"/>${marks.join("")}
<text x="64" y="24" text-anchor="end" font-size="12" fill="currentColor">${text(formatBytes(maxY))}</text><text x="64" y="190" text-anchor="end" font-size="12" fill="currentColor">0 B</text>
<text x="510" y="210" text-anchor="end" font-size="12" fill="currentColor">GC CPU ${text(formatPercent(maxX))}</text><text x="70" y="210" font-size="12" fill="currentColor">0 %</text></svg>`;
}
