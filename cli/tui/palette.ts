/** The command palette: actions by name, and what can be typed straight away. */
import { EXPORT_NAMES } from "../commands/export.ts";
import { formatMoment } from "../sizes.ts";
import { ACTIONS, type Context, show } from "./actions.ts";
import { jumpTo } from "./navigate.ts";
import { openPrompt } from "./prompt.ts";
import type { Key, Outcome, State, View } from "./state.ts";
import { withTable } from "./table-actions.ts";
import { parseTime } from "./times.ts";
import { setField } from "./what-if-actions.ts";
import { FIELDS } from "./what-if-settings.ts";

export interface Item {
  readonly title: string;
  /** Its keys, for the right edge. */
  readonly keys: readonly Key[];
  run(context: Context): State | Outcome;
}

/** Formats that the interface can export to: those of `gopages export`, and the document of `--json`. */
export const EXPORT_FORMATS: readonly string[] = ["csv", "json", ...EXPORT_NAMES.filter((name) => name !== "csv")];

/** Where an export goes unless another name is typed. */
export function exportPath(format: string): string {
  const extensions: Readonly<Record<string, string>> = {
    markdown: "md",
    perfetto: "pftrace",
    speedscope: "speedscope.json",
    pprof: "pb.gz",
    events: "events.ndjson",
  };
  return `gopages.${extensions[format] ?? format}`;
}

function actionItems(view: View): Item[] {
  const here = ACTIONS.filter(({ views }) => views?.includes(view));
  const everywhere = ACTIONS.filter(({ views }) => views === undefined);
  return [...here, ...everywhere].map(({ title, keys, run }) => ({ title, keys, run }));
}

const EXPORTS: readonly Item[] = EXPORT_FORMATS.map((format) => ({
  title: `Export ${format}`,
  keys: [],
  run: ({ state }) => openPrompt(state, { kind: "export", format }, `Export ${format} to: `, exportPath(format)),
}));

/** What the text says by itself: a time, the number of a GC, a setting, a filter. */
function direct(text: string, { data }: Context): Item[] {
  const items: Item[] = [];
  const add = (title: string, run: Item["run"]): void => void items.push({ title, keys: [], run });
  const t = parseTime(text.replace(/^(go\s*to|goto|time|@)\s*/i, ""));
  if (t !== null) {
    add(`Go to ${formatMoment(t, 1e6)}`, ({ data, state }) => jumpTo(data, state, t));
  }
  const gc = /^(?:gc\s*)?#?(\d{1,9})$/i.exec(text);
  const row = gc && data.gcTable.rows.find(({ n }) => n === Number(gc[1]));
  if (row) add(`Go to GC ${row.n}`, ({ data, state }) => jumpTo(data, state, row.start));
  const setting = /^(?:set\s+)?([a-z-]+)[\s=]+(\S+)$/i.exec(text);
  if (setting) {
    const name = setting[1]!.toLowerCase();
    const index = FIELDS.findIndex(({ names }) => names.includes(name));
    const field = FIELDS[index];
    const value = field?.parse(setting[2]!) ?? null;
    if (field && value !== null) {
      add(`What if ${field.title} were ${field.format(value)}`, ({ data, state }) =>
        show(setField(data, state, index, value), "whatif"),
      );
    }
  }
  const filter = /^(gcs|events)\s+(.+)$/i.exec(text);
  if (filter) {
    const view = filter[1]!.toLowerCase() as "gcs" | "events";
    add(`Filter ${view === "gcs" ? "GCs" : "events"} by ${filter[2]}`, ({ state }) =>
      show(withTable(state, view, { filter: filter[2]! }), view),
    );
  }
  return items;
}

/** What the palette offers for a text: what it says by itself first, then by how well it matches. */
export function itemsFor(text: string, context: Context): Item[] {
  const wanted = text.trim();
  const all = [...actionItems(context.state.view), ...EXPORTS];
  if (wanted === "") return all;
  const scored = all
    .map((item, i) => ({ item, i, score: fuzzy(wanted, item.title) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.i - b.i);
  return [...direct(wanted, context), ...scored.map(({ item }) => item)];
}

/**
 * How well the text's characters are found in the title, in their order: 0 if they are not. Runs of characters and beginnings of
 * words count more.
 */
export function fuzzy(text: string, title: string): number {
  const wanted = text.toLowerCase().replaceAll(/\s+/g, "");
  const name = title.toLowerCase();
  let score = 0;
  let at = 0;
  let run = 0;
  for (const char of wanted) {
    const found = name.indexOf(char, at);
    if (found < 0) return 0;
    // A blank that was typed stands for any gap: the next word is as near as the next character.
    const adjacent = found === at || (found === at + 1 && name[at] === " ");
    run = adjacent && at > 0 ? run + 1 : 0;
    const begins = found === 0 || /[^a-z0-9]/.test(name[found - 1]!);
    score += 1 + 2 * run + (begins ? 3 : 0);
    at = found + 1;
  }
  return score / (1 + name.length / 200);
}
