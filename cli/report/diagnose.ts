import type { CauseVerdict, Diagnosis } from "../../replay/diagnose/diagnose.ts";
import type { MomentLedger } from "../../replay/diagnose/ledger.ts";
import type { LiveSite } from "../../replay/diagnose/live-sites.ts";
import type { Evidence, RuleMeta } from "../../replay/diagnose/rule.ts";
import { codeSpan, escapeMarkdown, escapeText, safeJson } from "../escape.ts";
import { formatBytes, formatCount, formatDuration, formatPercent } from "../sizes.ts";
import { painter } from "../style.ts";
import type { Terminal } from "../terminal.ts";
import { COLUMNS, list, wrap } from "./text.ts";

/** " (Go 1.12 to 1.15)", " (Go 1.21 and later)", "". */
export function versionsOf({ since, until }: Pick<RuleMeta, "since" | "until">): string {
  if (since === null && until === null) return "";
  if (since === null) return ` [Go up to 1.${until}]`;
  if (until === null) return ` [Go 1.${since} and later]`;
  return since === until ? ` [Go 1.${since}]` : ` [Go 1.${since} to 1.${until}]`;
}

function of(result: Diagnosis, verdict: CauseVerdict["verdict"]): CauseVerdict[] {
  return result.causes.filter((cause) => cause.verdict === verdict);
}

function share(result: Diagnosis, bytes: number): string {
  // Whole pages that are counted need not all be resident: more than all of it is no share.
  return result.scale.bytes && bytes <= result.scale.bytes ? ` (${formatPercent(bytes / result.scale.bytes)})` : "";
}

/** In the middle of a sentence; names like GOGC stay as they are. */
const lower = (title: string) =>
  /^(A |[A-Z][a-z])/.test(title) ? title.charAt(0).toLowerCase() + title.slice(1) : title;

/** The answer: two or three sentences to act on. */
export function answer(result: Diagnosis): string {
  const found = of(result, "present");
  const unknown = of(result, "not-enough-data");
  const peak = result.rssPeak;
  const end = result.rssFinal;
  const rss =
    peak === null
      ? ""
      : `RSS came to ${formatBytes(peak)}${end === null || end > 0.98 * peak ? "" : ` and was ${formatBytes(end)} at the end`}. `;
  const many = unknown.length > result.causes.length / 3;
  const next = captures(unknown)[0]?.command ?? "";
  const [main, ...others] = found.filter(({ bytes }) => bytes > 0);
  const suspect = unknown.find(({ bytes }) => bytes > 0);
  const points = suspect
    ? `${lower(suspect.title)}, ${formatBytes(suspect.bytes)}${share(result, suspect.bytes)}. To prove it, record: ${suspect.capture ?? ""}`
    : "";
  if (main) {
    const more = suspect && suspect.bytes > main.bytes ? ` Not proven, and more: ${points}` : "";
    const rest = others.slice(0, 2).map((c) => `${lower(c.title)} (${formatBytes(c.bytes)})`);
    const also = rest.length > 0 ? ` Also: ${list(rest)}.` : "";
    const rests =
      many && peak === null
        ? ` ${unknown.length} of ${result.causes.length} causes can't be told from what was given; record next: ${next}`
        : "";
    return `${rss}Main cause, ${formatBytes(main.bytes)}${share(result, main.bytes)}: ${lower(main.title)}. ${main.advice}${also}${more}${rests}`;
  }
  const harmless = found.length > 0 ? ` ${found[0]!.title}: it explains no bytes of RSS. ${found[0]!.advice}` : "";
  if (suspect) return `${rss}Not proven, but what was given points to one cause: ${points}${harmless}`;
  if (many)
    return `${rss}No cause shows in what was given, and ${unknown.length} of ${result.causes.length} can't be told from it. Record next: ${next}${harmless}`;
  return `${rss}No known cause of a high RSS shows: ${of(result, "ruled-out").length} of ${result.causes.length} are ruled out. The program seems to use what it keeps.${harmless}`;
}

/** What to record, by how many causes it decides. */
function captures(unknown: readonly CauseVerdict[]): { command: string; causes: CauseVerdict[] }[] {
  const by = new Map<string, CauseVerdict[]>();
  for (const cause of unknown) by.set(cause.capture ?? "", [...(by.get(cause.capture ?? "") ?? []), cause]);
  return [...by].map(([command, causes]) => ({ command, causes })).sort((a, b) => b.causes.length - a.causes.length);
}

/** With the bytes that it would explain, where something points to it. */
const unknownName = (cause: CauseVerdict) =>
  cause.bytes > 0 ? `${cause.id} (${formatBytes(cause.bytes)}, if it is)` : cause.id;

function evidenceText(evidence: Evidence): string {
  return `${escapeText(evidence.text)}${evidence.source === "" ? "" : ` (${escapeText(evidence.source)})`}`;
}

/** The text report. */
export function diagnoseReport(result: Diagnosis, terminal: Terminal, all: boolean): string {
  const paint = painter(terminal);
  const lines: string[] = [...wrap(escapeText(answer(result)), COLUMNS), ""];
  const found = of(result, "present");
  if (found.length > 0) lines.push(paint("Causes found", "title"));
  found.forEach((cause, i) => {
    const figure =
      cause.bytes > 0 ? `${formatBytes(cause.bytes)}${share(result, cause.bytes)}` : "explains no bytes of RSS";
    lines.push(...wrap(`${i + 1}. ${cause.title}: ${figure}  [${cause.id}]`, COLUMNS, "   "));
    for (const e of cause.evidence) lines.push(...indented(`- ${evidenceText(e)}`));
    lines.push(...indented(`To do: ${escapeText(cause.advice)}`), "");
  });
  const unknown = of(result, "not-enough-data");
  if (unknown.length > 0) {
    lines.push(paint("Not enough data for", "title"));
    for (const { command, causes } of captures(unknown)) {
      lines.push(...wrap(`  ${list(causes.map(unknownName))}`, COLUMNS, "  "), `    record: ${escapeText(command)}`);
      if (all)
        for (const c of causes) for (const e of c.evidence) lines.push(...indented(`- ${c.id}: ${evidenceText(e)}`));
    }
    lines.push("");
  }
  const out = of(result, "ruled-out");
  if (out.length > 0) {
    lines.push(paint("Ruled out", "title"));
    if (all) for (const c of out) lines.push(...indented(`- ${c.id}: ${c.evidence.map(evidenceText).join("; ")}`));
    else lines.push(...wrap(`  ${list(out.map((c) => c.id))} (--all shows why)`, COLUMNS, "  "));
    lines.push("");
  }
  for (const { title, ledger } of titled(result)) lines.push(...ledgerLines(title, ledger), "");
  lines.push(...siteLines(result), "");
  for (const input of result.inputs)
    lines.push(...wrap(`Input: ${escapeText(input.path)} (${input.format})`, COLUMNS, "  "));
  lines.push(`Go version: ${result.goVersion}`);
  for (const note of result.notes)
    lines.push(...wrap(`${note.level === "warning" ? "Warning" : "Note"}: ${escapeText(note.text)}`, COLUMNS, "  "));
  return `${lines
    .join("\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trimEnd()}\n`;
}

function indented(text: string): string[] {
  return wrap(text, COLUMNS - 3, "  ").map((line) => `   ${line}`);
}

const MOMENTS = { peak: "at the peak", end: "at the end", at: "at the moment asked for" } as const;

export function ledgerTitle(ledger: MomentLedger, when: string = MOMENTS[ledger.moment]): string {
  const rss = ledger.measured
    ? `RSS${ledger.modelled ? " (measured; its parts are modelled from the log)" : ""}`
    : ledger.modelled
      ? "RSS (modelled from the log alone)"
      : "RSS (predicted, or the sum of what is known)";
  return `${rss} ${when}, ${formatDuration(ledger.t)}: ${formatBytes(ledger.rss)}`;
}

/** With their titles. Evidence of one moment has one ledger, not one at the peak and one at the end. */
function titled({ ledger }: Diagnosis): { title: string; ledger: MomentLedger }[] {
  const [peak, end, ...at] = ledger;
  if (peak?.moment === "peak" && end?.moment === "end" && peak.t === end.t && peak.rss === end.rss)
    return [
      { title: ledgerTitle(peak, "at the peak and at the end"), ledger: peak },
      ...at.map((one) => ({ title: ledgerTitle(one), ledger: one })),
    ];
  return ledger.map((one) => ({ title: ledgerTitle(one), ledger: one }));
}

function ledgerLines(title: string, ledger: MomentLedger): string[] {
  const width = Math.max(...ledger.parts.map((part) => part.label.length), SUM.length);
  return [
    `${title} =`,
    ...ledger.parts.map(
      (part) => `  ${escapeText(part.label).padEnd(width)}  ${formatBytes(part.bytes).padStart(10)}  ${part.evidence}`,
    ),
    `  ${SUM.padEnd(width)}  ${formatBytes(ledger.rss).padStart(10)}`,
  ];
}

const SUM = "RSS (the sum)";

/** Who holds what is alive. */
function siteLines({ sites }: Diagnosis): string[] {
  if (!sites) return [];
  const title = `Live bytes by place: ${formatBytes(sites.total)} in ${escapeText(sites.source)}`;
  const lines = wrap(title, COLUMNS, "  ");
  for (const site of sites.sites) {
    const figures = `${formatBytes(site.bytes).padStart(10)} ${formatPercent(site.bytes / sites.total).padStart(6)}  `;
    const text = wrap(`${escapeText(place(site))}${caller(site, escapeText)}`, COLUMNS - figures.length, "  ");
    lines.push(...text.map((line, i) => `${i === 0 ? figures : " ".repeat(figures.length)}${line}`));
  }
  return lines;
}

/** "pkg.Function file.go:12". */
function place({ function: name, file, line }: LiveSite): string {
  return `${name}${file === "" ? "" : ` ${file.split("/").at(-1)}:${line}`}`;
}

const caller = (site: LiveSite, show: (text: string) => string) =>
  site.caller === "" ? "" : ` (for ${show(site.caller)})`;

/** For an issue: headings, a table, nothing that a renderer would take for markup of its own. */
export function diagnoseMarkdown(result: Diagnosis): string {
  const md = escapeMarkdown;
  const lines = [md(answer(result)), ""];
  const found = of(result, "present");
  if (found.length > 0) {
    lines.push("### Causes found", "");
    for (const [i, cause] of found.entries()) {
      lines.push(
        `${i + 1}. **${md(cause.title)}**: ${cause.bytes > 0 ? formatBytes(cause.bytes) + share(result, cause.bytes) : "explains no bytes of RSS"} (\`${cause.id}\`)`,
      );
      for (const e of cause.evidence) lines.push(`   - ${md(e.text)}${e.source === "" ? "" : ` (${md(e.source)})`}`);
      lines.push(`   - To do: ${md(cause.advice)}`);
    }
    lines.push("");
  }
  for (const { title, ledger } of titled(result)) {
    lines.push(`### ${md(title)}`, "", "| part | bytes | evidence |", "|---|---:|---|");
    for (const part of ledger.parts)
      lines.push(`| ${md(part.label)} | ${formatBytes(part.bytes)} | ${part.evidence} |`);
    lines.push(`| **${SUM}** | ${formatBytes(ledger.rss)} | |`, "");
  }
  if (result.sites) {
    lines.push(
      `### Live bytes by place: ${formatBytes(result.sites.total)} in ${md(result.sites.source)}`,
      "",
      "| bytes | objects | place |",
      "|---:|---:|---|",
      ...result.sites.sites.map(
        (site) =>
          `| ${formatBytes(site.bytes)} | ${formatCount(site.objects)} | ${codeSpan(place(site))}${caller(site, codeSpan)} |`,
      ),
      "",
    );
  }
  const unknown = of(result, "not-enough-data");
  if (unknown.length > 0) {
    lines.push("### Not enough data", "");
    for (const { command, causes } of captures(unknown))
      lines.push(
        `- ${causes.map((c) => `\`${c.id}\`${c.bytes > 0 ? ` (${formatBytes(c.bytes)}, if it is)` : ""}`).join(", ")}: record ${codeSpan(command)}`,
      );
    lines.push("");
  }
  lines.push(
    `Ruled out: ${
      of(result, "ruled-out")
        .map((c) => `\`${c.id}\``)
        .join(", ") || "nothing"
    }`,
    "",
  );
  for (const note of result.notes) lines.push(`${note.level === "warning" ? "Warning" : "Note"}: ${md(note.text)}`, "");
  lines.push(`${md(result.goVersion)}; inputs: ${result.inputs.map((i) => `${md(i.path)} (${i.format})`).join(", ")}`);
  return `${lines.join("\n")}\n`;
}

export function diagnoseJson(result: Diagnosis): string {
  return `${safeJson({ schema: "gopages/diagnose/1", answer: answer(result), ...result }, 1)}\n`;
}
