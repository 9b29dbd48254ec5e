import type { Ledger, LedgerPart, ReplayResult } from "../../replay/result.ts";
import { escapeText } from "../escape.ts";
import { formatBytes, formatCount, formatDuration, formatPercent } from "../sizes.ts";
import { list } from "./text.ts";

/** Sentences about a result that the text reports and the terminal UI share. */

/** "trace.out (go-trace-v2, go1.27.0, exact, 123 456 events)". */
export function inputLine(input: ReplayResult["inputs"][number]): string {
  const facts = [input.format, ...(input.goVersion === null ? [] : [input.goVersion]), input.evidence];
  return `${escapeText(input.path)} (${facts.map(escapeText).join(", ")}, ${formatCount(input.events)} events)`;
}

/** "go1.27, GOGC=100, no memory limit, 4 Ps, 4 KiB pages, linux". */
export function configLine(result: ReplayResult): string {
  const { policy, gogc, memoryLimit, procs, physPageSize, os } = result.config;
  const limit = memoryLimit === null ? "no memory limit" : `GOMEMLIMIT=${formatBytes(memoryLimit)}`;
  const pages = `${physPageSize / 1024} KiB pages`;
  return `${escapeText(policy)}, GOGC=${gogc}, ${limit}, GOMAXPROCS=${procs}, ${pages}, ${escapeText(os)}`;
}

/** The answer: peak, end, and how far the figures may be off. */
export function peakSentence(result: ReplayResult): string {
  const { summary, ledgerPeak } = result;
  const cycles = `${formatCount(summary.gcCycles)} GC ${summary.gcCycles === 1 ? "cycle" : "cycles"}`;
  return (
    `Peak RSS is predicted at ${formatBytes(summary.peakRss)}${band(result, summary.peakRss)}, ` +
    `at ${formatDuration(ledgerPeak.t)}; at the end, after ${formatDuration(summary.durationNs)} and ${cycles}, ` +
    `it is ${formatBytes(summary.finalRss)}.`
  );
}

/** " (within 159 MiB to 166 MiB)", or nothing when the figure is exact. */
function band(result: ReplayResult, rss: number): string {
  const { below, above } = result.uncertainty;
  if (!(below > 0) && !(above > 0)) return "";
  return ` (within ${formatBytes(Math.max(0, rss - below))} to ${formatBytes(rss + above)})`;
}

/** What the peak consists of, largest first. */
export function compositionSentence(ledger: Ledger): string {
  const parts = [...ledger.parts].filter((part) => part.bytes > 0).sort((a, b) => b.bytes - a.bytes);
  if (parts.length === 0 || ledger.rss <= 0) return "";
  const named = parts.slice(0, 3).map((part) => `${formatPercent(part.bytes / ledger.rss)} ${lower(part)}`);
  return `At the peak it is ${list(named)}${parts.length > 3 ? ", and smaller parts" : ""}.`;
}

/** A label inside a sentence: first letter small, unless it is a name or an abbreviation. */
function lower(part: LedgerPart): string {
  const label = escapeText(part.label);
  return /^[A-Z][a-z]/.test(label) && !label.startsWith("Go") ? label[0]!.toLowerCase() + label.slice(1) : label;
}

/** How sure: against measurements where there are any, and whether they bear out the margin that is claimed. */
export function trustSentence(result: ReplayResult): string {
  const { accuracy, summary, uncertainty } = result;
  if (accuracy && accuracy.samples > 0 && accuracy.rssMape !== null) {
    const margin = Math.max(uncertainty.below, uncertainty.above) / summary.peakRss;
    return (
      `Against ${formatCount(accuracy.samples)} measured samples it is off by ` +
      `${formatPercent(accuracy.rssMape)} of the peak on average` +
      `${accuracy.rssMape > margin ? ", more than its margin: do not rely on it here." : "."}`
    );
  }
  return "No measured RSS came with this recording, so the prediction is unchecked: give samples beside it to check it.";
}

/** The differences to what was measured, by figure. */
export function accuracyFacts(result: ReplayResult): string[] {
  const { accuracy } = result;
  if (!accuracy) return [];
  const facts: string[] = [];
  const add = (label: string, mape: number | null): void => {
    facts.push(`${label}: ${mape === null ? "not measured" : `off by ${formatPercent(mape)} on average`}`);
  };
  add("RSS", accuracy.rssMape);
  add("released memory", accuracy.releasedMape);
  add("heap in use", accuracy.inuseMape);
  return facts;
}

/** How often the model puts a span where the program's runtime did. */
export function placementFacts(result: ReplayResult): string[] {
  const { placement } = result;
  if (!placement) return [];
  const facts = [
    `spans predicted: ${formatCount(placement.spans)}`,
    `same page, corrected after each miss: ${formatPercent(placement.exact)}`,
    `same page, never corrected: ${formatPercent(placement.exactUncorrected)}`,
    `same 4 MiB chunk: ${formatPercent(placement.sameChunk)}`,
  ];
  const first = placement.firstDivergence;
  if (first) {
    facts.push(
      `first miss: span ${formatCount(first.span)} (${formatCount(first.pages)} pages, P ${first.p}) at ` +
        `${formatDuration(first.t)}: recorded 0x${first.recorded.toString(16)}, predicted 0x${first.predicted.toString(16)}`,
    );
  } else if (placement.spans > 0) facts.push("no misses");
  return facts;
}

/** Memory returned to the system, by reason; only reasons that happened. */
export function returnedSentence(result: ReplayResult): string {
  const { summary } = result;
  if (!(summary.returnedTotal > 0)) return "No memory was returned to the system.";
  const reasons: [number, string][] = [
    [summary.returnedBackground, "by the background scavenger"],
    [summary.returnedOnGrowth, "when the heap grew"],
    [summary.returnedForLimit, "for the memory limit"],
    [summary.returnedForced, "by debug.FreeOSMemory"],
  ];
  const named = reasons.filter(([bytes]) => bytes > 0).map(([bytes, why]) => `${formatBytes(bytes)} ${why}`);
  const again =
    summary.pageFaultBytes > 0
      ? ` ${formatBytes(summary.pageFaultBytes)} of returned pages were used again (page faults).`
      : "";
  return `${formatBytes(summary.returnedTotal)} was returned to the system (modelled): ${list(named)}.${again}`;
}

/** Losses of every input, as counters. */
export function lossFacts(result: ReplayResult): string[] {
  return result.inputs.flatMap((input) =>
    Object.entries(input.losses).map(
      ([name, count]) => `${escapeText(input.path)}: ${escapeText(name)} ${formatCount(count)}`,
    ),
  );
}
