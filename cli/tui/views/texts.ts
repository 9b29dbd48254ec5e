import { escapeText } from "../../escape.ts";
import {
  accuracyFacts,
  configLine,
  inputLine,
  lossFacts,
  placementFacts,
  trustSentence,
} from "../../report/figures.ts";
import { wrap } from "../../report/text.ts";
import { type Line, plainLine } from "../canvas.ts";
import type { Data } from "../data.ts";
import { helpParts } from "../keys.ts";
import type { DrawView } from "./view.ts";

const MOST_COLUMNS = 100;

/** How far the figures can be trusted: what was measured, how it was placed, what was assumed and what was lost. */
export const trustView: DrawView = (data, state, box) => {
  const width = Math.min(MOST_COLUMNS, box.width) - 2;
  return scrolled(trustLines(data, width), state.scroll, box.height);
};

/** What the keys do. */
export const helpView: DrawView = (_data, state, box, { unicode }) => {
  const width = Math.min(MOST_COLUMNS, box.width) - 2;
  const lines: Line[] = [];
  for (const part of helpParts(state.view, unicode)) {
    if (lines.length > 0) lines.push([]);
    lines.push(plainLine(` ${part.title}`, "title"));
    for (const { keys, what } of part.lines) {
      const [first = "", ...rest] = wrap(what, Math.max(20, width - KEYS_WIDTH));
      lines.push([
        { text: ` ${keys.padEnd(KEYS_WIDTH)}`, style: "bold" },
        { text: first, style: "plain" },
      ]);
      for (const line of rest) lines.push(plainLine(" ".repeat(KEYS_WIDTH + 1) + line));
    }
  }
  lines.push([], plainLine(" What is shown", "title"));
  for (const text of EXPLAINED) lines.push(...wrap(text, width, "  ").map((line) => plainLine(` ${line}`)));
  return scrolled(lines, state.scroll, box.height);
};

const KEYS_WIDTH = 16;

const EXPLAINED = [
  "RSS: memory of the process that is in RAM, predicted as the sum of the ledger's parts.",
  "Margin: how far the prediction may be off, by what it rests on.",
  "In use: pages of spans with objects. Free kept: free pages that are still backed by RAM.",
  "Released: pages given back to the system (HeapReleased). Live, Goal: what the GC counts and aims at.",
  "Marks: GC, a | for each cycle that begins (or how many); ^ the heap grew; b returned in the background, g on growth, L for the memory limit, F forced (debug.FreeOSMemory).",
  "Evidence: exact, the recording says so; inferred, it follows from it by a rule; modelled, it agrees with its sums.",
];

function trustLines(data: Data, width: number): Line[] {
  const { result } = data;
  const lines: Line[] = [];
  const paragraph = (text: string, indent = "  "): void => {
    for (const line of wrap(text, width, indent)) lines.push(plainLine(` ${line}`));
  };
  const section = (title: string, facts: readonly string[]): void => {
    if (facts.length === 0) return;
    if (lines.length > 0) lines.push([]);
    lines.push(plainLine(` ${title}`, "title"));
    for (const fact of facts) paragraph(fact);
  };
  section("How sure", [trustSentence(result), ...accuracyFacts(result)]);
  section("Placement", placementFacts(result));
  const notes = [...result.notes].sort((a, b) => Number(b.level === "warning") - Number(a.level === "warning"));
  section(
    "Notes",
    notes.map((note) => `${note.level === "warning" ? "Warning: " : ""}${escapeText(note.text)}`),
  );
  section("Lost or skipped while reading", lossFacts(result));
  section("Inputs", result.inputs.map(inputLine));
  section("Replayed as", [configLine(result)]);
  return lines;
}

/** As many lines as fit from the one that is scrolled to, and a word when there are more. */
function scrolled(lines: readonly Line[], scroll: number, height: number): Line[] {
  if (lines.length <= height) return [...lines];
  const room = Math.max(1, height - 1);
  const first = Math.min(scroll, lines.length - room);
  const shown = lines.slice(first, first + room);
  if (height > 1) {
    shown.push(plainLine(` lines ${first + 1} to ${first + room} of ${lines.length}; up and down scroll`, "dim"));
  }
  return shown;
}
