import type { Ledger, ReplayResult } from "../../replay/result.ts";
import { escapeMarkdown as md } from "../escape.ts";
import {
  accuracyFacts,
  compositionSentence,
  configLine,
  inputLine,
  lossFacts,
  peakSentence,
  placementFacts,
  returnedSentence,
  trustSentence,
} from "../report/figures.ts";
import { figure } from "../report/ledger-table.ts";
import { formatBytes } from "../sizes.ts";
import type { Exporter } from "./exporter.ts";

/** The summary for an issue or a pull request. */
export const markdown: Exporter = {
  name: "markdown",
  title: "summary in Markdown",
  extension: "md",
  binary: false,
  streams: false,
  async write(job, out) {
    const result = await job.replay();
    await out.write(markdownReport(result));
    return { partial: result.partial };
  },
};

export function markdownReport(result: ReplayResult): string {
  const answer = [peakSentence(result), compositionSentence(result.ledgerPeak), trustSentence(result)];
  const lines = ["## Memory of a Go program", "", md(answer.filter((text) => text !== "").join(" ")), ""];
  lines.push(...ledger(result.ledgerPeak, result.ledgerFinal), "", md(returnedSentence(result)), "");
  lines.push(...result.inputs.map((input) => `- Input: ${md(inputLine(input))}`));
  lines.push(`- Replayed as: ${md(configLine(result))}`);
  lines.push(...section("Against what was measured", accuracyFacts(result)));
  lines.push(...section("Placement", placementFacts(result)));
  lines.push(
    ...section(
      "Notes",
      result.notes.map(({ level, text }) => `${level === "warning" ? "**Warning:** " : ""}${md(text)}`),
      true,
    ),
  );
  lines.push(...section("Lost or skipped while reading", lossFacts(result)));
  return `${lines.join("\n")}\n`;
}

function ledger(peak: Ledger, final: Ledger): string[] {
  const lines = ["| What RSS consists of | At the peak | At the end | Evidence |", "|---|---:|---:|---|"];
  for (const id of new Set([...peak.parts, ...final.parts].map((part) => part.id))) {
    const atPeak = peak.parts.find((part) => part.id === id);
    const atEnd = final.parts.find((part) => part.id === id);
    if (!atPeak?.bytes && !atEnd?.bytes) continue;
    const { label, evidence } = atPeak ?? atEnd!;
    const cells = [atPeak, atEnd].map((part) => (part ? figure(part) : "-"));
    lines.push(`| ${md(label)} | ${cells.join(" | ")} | ${evidence} |`);
  }
  lines.push(`| **RSS (the sum)** | **${formatBytes(peak.rss)}** | **${formatBytes(final.rss)}** | |`);
  return lines;
}

function section(title: string, facts: readonly string[], ready = false): string[] {
  if (facts.length === 0) return [];
  return ["", `### ${title}`, "", ...facts.map((fact) => `- ${ready ? fact : md(fact)}`)];
}
