import type { GoalAccuracy, GoalRow } from "../../replay/goal-accuracy.ts";
import type { ReplayResult } from "../../replay/result.ts";
import { formatBytes, formatCount, formatPercent } from "../sizes.ts";
import { painter } from "../style.ts";
import type { Terminal } from "../terminal.ts";
import { accuracyFacts, peakSentence, placementFacts, trustSentence } from "./figures.ts";
import { noteLines, runLines, section } from "./plain.ts";
import { COLUMNS, wrap } from "./text.ts";

/** The text report of `verify`: can the model be trusted on this recording, and what says so. */
export function verifyReport(result: ReplayResult, goals: GoalAccuracy | null, terminal: Terminal): string {
  const lines = [...wrap(verdict(result), COLUMNS), "", ...wrap(peakSentence(result), COLUMNS), ""];
  lines.push(...runLines(result));
  lines.push(...section("Placement", placementFacts(result)));
  lines.push(...section("GC pacer against the recorded GCs", goalFacts(goals)), ...goalTable(goals));
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

/** Heap goals and triggers that the pacer's rules give, against those recorded. */
function goalFacts(goals: GoalAccuracy | null): string[] {
  if (!goals) return ["no heap goals to compare: no GC told both what it marked and the goal after it"];
  const { cycles, mean, worst, triggers, gogc, roots } = goals;
  const facts = [
    `heap goals of ${formatCount(cycles)} GCs: off by ${formatPercent(mean)} on average, ${formatPercent(worst)} at most ` +
      `(GOGC=${gogc}, globals ${formatBytes(roots)})`,
  ];
  if (triggers) {
    facts.push(
      `live heap at which ${formatCount(triggers.cycles)} GCs began: off by ${formatPercent(triggers.mean)} of the goal on average, ` +
        `${formatPercent(triggers.worst)} at most`,
    );
  }
  return facts;
}

function goalTable(goals: GoalAccuracy | null): string[] {
  const rows = goals?.rows ?? [];
  const known = rows.flatMap((row, i) =>
    row.goal !== null && row.predictedGoal !== null ? [{ ...row, n: i + 1 }] : [],
  );
  if (known.length === 0) return [];
  const part = SHOWN_GOALS / 2;
  const shown = known.length > SHOWN_GOALS ? [...known.slice(0, part), ...known.slice(-part)] : known;
  const lines = [
    ["GC ", ...["marked", "goal", "predicted", "began at", "predicted"].map((title) => title.padStart(11))].join("  "),
  ];
  lines.push(...shown.map(goalRow));
  if (known.length > shown.length) lines.push(`... the first and last ${part}; all of them are in --json`);
  return lines.map((line) => `  ${line}`);
}

const SHOWN_GOALS = 10;

function goalRow({ n, marked, goal, predictedGoal, trigger, predictedTrigger }: GoalRow & { n: number }): string {
  const cell = (bytes: number | null) => (bytes === null ? "-" : formatBytes(bytes)).padStart(11);
  return [String(n).padEnd(3), ...[marked, goal, predictedGoal, trigger, predictedTrigger].map(cell)]
    .join("  ")
    .trimEnd();
}
