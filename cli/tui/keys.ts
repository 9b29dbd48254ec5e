/** Names of keys as they are shown, and the keys of the status line and of help. */
import { ACTIONS, type Action } from "./actions.ts";
import type { Key, State, View } from "./state.ts";

const NAMES: Readonly<Record<Key, readonly [unicode: string, ascii: string]>> = {
  left: ["←", "left"],
  right: ["→", "right"],
  up: ["↑", "up"],
  down: ["↓", "down"],
  "shift-left": ["Shift-←", "Shift-left"],
  "shift-right": ["Shift-→", "Shift-right"],
  pageup: ["PgUp", "PgUp"],
  pagedown: ["PgDn", "PgDn"],
  home: ["Home", "Home"],
  end: ["End", "End"],
  tab: ["Tab", "Tab"],
  "shift-tab": ["Shift-Tab", "Shift-Tab"],
  return: ["Enter", "Enter"],
  escape: ["Esc", "Esc"],
  backspace: ["Backspace", "Backspace"],
  " ": ["Space", "Space"],
  "ctrl-p": ["Ctrl-P", "Ctrl-P"],
};

export function keyName(key: Key, unicode: boolean): string {
  return NAMES[key]?.[unicode ? 0 : 1] ?? key;
}

export interface KeyLine {
  readonly keys: string;
  readonly what: string;
}

/** Of the status line, in the order of need: first what leaves and explains, then what the view does, then the rest. */
const FIRST: readonly string[] = ["quit", "help"];
const ORDER: readonly string[] = [
  "commands",
  "move",
  "zoom",
  "GC",
  "view",
  "undo",
  "mark",
  "growth",
  "return",
  "peak",
  "all",
  "copy",
  "export",
];

const lines = new Map<string, readonly KeyLine[]>();

/** Keys of the status line, most needed first; it shows as many as fit. */
export function statusKeys(state: State, unicode: boolean): readonly KeyLine[] {
  if (state.help) return [named("q", "back"), { keys: unicode ? "↑↓" : "up/down", what: "scroll" }];
  const id = `${state.view} ${unicode}`;
  const known = lines.get(id);
  if (known) return known;
  const own = ACTIONS.filter(({ views, status }) => status !== undefined && views?.includes(state.view));
  const taken = new Set(ACTIONS.flatMap(({ views, keys }) => (views?.includes(state.view) ? keys : [])));
  const free = ({ views, keys }: Action): boolean => views === undefined && !taken.has(keys[0]!);
  const names = [...FIRST, ...new Set(own.map(({ status }) => status!)), ...ORDER];
  const result: KeyLine[] = [];
  for (const name of names) {
    const some = own.filter(({ status }) => status === name);
    const actions = some.length > 0 ? some : ACTIONS.filter((action) => action.status === name && free(action));
    if (actions.length === 0 || result.some(({ what }) => what === name)) continue;
    const keys = actions.map((action) => keyName(action.keys[0]!, unicode));
    const arrows = keys.every((key) => [..."←→↑↓+-"].includes(key));
    result.push({ keys: keys.join(arrows ? "" : "/"), what: name });
  }
  lines.set(id, result);
  return result;
}

function named(keys: string, what: string): KeyLine {
  return { keys, what };
}

/** A part of help: its title, and what its keys do. */
export interface HelpPart {
  readonly title: string;
  readonly lines: readonly KeyLine[];
}

const PARTS: readonly (readonly [part: Action["part"], title: string])[] = [
  ["do", "Everywhere"],
  ["move", "Moving in time"],
  ["zoom", "Zoom"],
  ["jump", "To the next ..."],
  ["mark", "Comparing two moments"],
  ["view", "Views"],
];

const OWN: readonly (readonly [view: View, title: string])[] = [
  ["heap", "In the heap map"],
  ["ledger", "In the ledger"],
  ["whatif", "In what-if"],
  ["why", "In why"],
  ["gcs", "In the tables of GCs and events"],
  ["trust", "In trust"],
];

/** All keys: those of the view that was left for help first. */
export function helpParts(view: View, unicode: boolean): HelpPart[] {
  const line = ({ keys, title }: Action): KeyLine => ({
    keys: keys.map((key) => keyName(key, unicode)).join(" "),
    what: title,
  });
  const parts = PARTS.map(([part, title]) => ({
    title,
    lines: ACTIONS.filter((action) => action.views === undefined && action.part === part).map(line),
  }));
  const table: View = view === "events" ? "gcs" : view;
  const own = OWN.map(([of, title]) => ({
    of,
    title,
    lines: ACTIONS.filter(({ views }) => views?.includes(of)).map(line),
  })).filter(({ lines }) => lines.length > 0);
  own.sort((a, b) => Number(b.of === table) - Number(a.of === table));
  const mouse = {
    title: "Mouse, where the terminal has it",
    lines: [
      { keys: "wheel", what: "zooms in time, scrolls tables and texts" },
      { keys: "click", what: "sets the cursor, chooses a row, sorts by a title, shows a view" },
    ],
  };
  const rest = own.filter(({ of }) => of !== table);
  return [...own.filter(({ of }) => of === table), ...parts, ...rest, mouse];
}
