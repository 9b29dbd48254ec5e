import type { ReplayResult } from "../../replay/result.ts";
import { formatPercent } from "../sizes.ts";
import { painter } from "../style.ts";
import type { Terminal } from "../terminal.ts";
import { accuracyFacts, peakSentence, placementFacts, trustSentence } from "./figures.ts";
import { noteLines, runLines, section } from "./plain.ts";
import { COLUMNS, wrap } from "./text.ts";

/** The text report of `verify`: can the model be trusted on this recording, and what says so. */
export function verifyReport(result: ReplayResult, terminal: Terminal): string {
  const lines = [...wrap(verdict(result), COLUMNS), "", ...wrap(peakSentence(result), COLUMNS), ""];
  lines.push(...runLines(result));
  lines.push(...section("Placement", placementFacts(result)));
  lines.push(...section("Against what was measured", accuracyFacts(result)));
  lines.push(...noteLines(result, painter(terminal)));
  return `${lines
    .join("\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trimEnd()}\n`;
}

function verdict(result: ReplayResult): string {
  const { placement } = result;
  const placed =
    placement && placement.spans > 0
      ? `The model puts ${formatPercent(placement.exact)} of the recorded spans on the very page where the program's ` +
        `runtime did, ${formatPercent(placement.exactUncorrected)} without ever being corrected.`
      : "Placement can't be checked: this recording has no addresses (record with GODEBUG=traceallocfree=1 to have them).";
  return `${placed} ${trustSentence(result)}`;
}
