import type { Ledger, LedgerPart } from "../../replay/result.ts";
import { escapeText } from "../escape.ts";
import { formatBytes } from "../sizes.ts";
import { COLUMNS, wrap } from "./text.ts";

const LABEL = 27;
// One more than the longest, "-48.0 KiB +-24.0 KiB".
const FIGURE = 21;

/** "98.2 MiB +-1.00 MiB"; exact figures have no margin. */
export function figure(part: Pick<LedgerPart, "bytes" | "uncertainty">): string {
  const bytes = formatBytes(part.bytes);
  return part.uncertainty > 0 ? `${bytes} +-${formatBytes(part.uncertainty)}` : bytes;
}

/** What RSS consists of at the peak and at the end, and below what each figure rests on. */
export function ledgerTable(peak: Ledger, final: Ledger): string[] {
  // The parts of both ledgers, in the order in which they come.
  const ids = [...new Set([...peak.parts, ...final.parts].map((part) => part.id))];
  const lines = row("What RSS consists of", "at the peak", "at the end", "");
  const bases: string[] = [];
  for (const id of ids) {
    const atPeak = peak.parts.find((part) => part.id === id);
    const atEnd = final.parts.find((part) => part.id === id);
    const part = atPeak ?? atEnd!;
    if (!(Math.abs(atPeak?.bytes ?? 0) > 0) && !(Math.abs(atEnd?.bytes ?? 0) > 0)) continue;
    const label = escapeText(part.label);
    lines.push(...row(label, atPeak ? figure(atPeak) : "-", atEnd ? figure(atEnd) : "-", part.evidence));
    bases.push(...wrap(`${label}: ${escapeText(part.basis)}`, COLUMNS - 2, "  ").map((line) => `  ${line}`));
  }
  lines.push(...row("RSS (the sum)", formatBytes(peak.rss), formatBytes(final.rss), ""));
  return [...lines, "", "What the figures rest on:", ...bases];
}

function row(label: string, atPeak: string, atEnd: string, evidence: string): string[] {
  const [first = "", ...rest] = wrap(label, LABEL - 1, "  ");
  return [`${first.padEnd(LABEL)}${atPeak.padStart(FIGURE)}${atEnd.padStart(FIGURE)}  ${evidence}`.trimEnd(), ...rest];
}
