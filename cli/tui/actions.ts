/** Everything that can be done, each with its keys: what the keys do, the palette, help and the status line come from here. */
import type { Data } from "./data.ts";
import { HEAP_ACTIONS } from "./heap-actions.ts";
import { jumpTo, moveTo, redo, showAll, toNext, undo, zoom } from "./navigate.ts";
import { openPrompt } from "./prompt.ts";
import { type Effect, type Key, type Outcome, type Size, type State, VIEWS, type View } from "./state.ts";
import { TABLE_ACTIONS } from "./table-actions.ts";
import { timeWidth } from "./views/timeline.ts";
import { WHAT_IF_ACTIONS } from "./what-if-actions.ts";
import { WHY_ACTIONS } from "./why-actions.ts";

export interface Context {
  readonly data: Data;
  readonly state: State;
  readonly size: Size;
}

export interface Action {
  readonly title: string;
  readonly keys: readonly Key[];
  /** How help writes the keys, where they are not just listed. */
  readonly shown?: string;
  /** Only in these views; there it goes before what a key does everywhere. */
  readonly views?: readonly View[];
  /** Name on the status line, for what is needed most. Actions of one name stand there together. */
  readonly status?: string;
  /** Part of help that it stands in. */
  readonly part: "move" | "zoom" | "jump" | "view" | "mark" | "table" | "do";
  run(context: Context): State | Outcome;
}

export const TITLES: Readonly<Record<View, string>> = {
  timeline: "Timeline",
  heap: "Heap map",
  ledger: "Ledger",
  whatif: "What-if",
  why: "Why",
  gcs: "GCs",
  events: "Events",
  trust: "Trust",
};

/** Time that a column of the timeline stands for. */
function columnStep({ state, size }: Context): number {
  return (state.to - state.from) / timeWidth(state.view, size.columns);
}

function by(columns: number): Action["run"] {
  return (context) => moveTo(context.data, context.state, context.state.cursor + columns * columnStep(context));
}

function screens(count: number): Action["run"] {
  return ({ data, state }) => moveTo(data, state, state.cursor + count * (state.to - state.from));
}

function next(moments: (data: Data) => Float64Array, forward: boolean): Action["run"] {
  return ({ data, state }) => toNext(data, state, moments(data), forward);
}

/** Does something outside the state. */
export function act(effect: Effect): Action["run"] {
  return ({ state }) => ({ state, effect });
}

export function show(state: State, view: View): State {
  return { ...state, view, scroll: 0 };
}

function turn(by: number): Action["run"] {
  return ({ state }) => show(state, VIEWS[(VIEWS.indexOf(state.view) + by + VIEWS.length) % VIEWS.length]!);
}

/** The view knows how long its text is and stops at the end; here it only must not go before the beginning. */
export function scrollBy(state: State, lines: number): State {
  return { ...state, scroll: Math.max(0, state.scroll + lines) };
}

function scrolls(lines: number): Action["run"] {
  return ({ state }) => scrollBy(state, lines);
}

const SCROLL_ACTIONS: readonly Action[] = [
  { title: "Scroll up", keys: ["up", "k"], status: "scroll", run: scrolls(-1) },
  { title: "Scroll down", keys: ["down", "j"], status: "scroll", run: scrolls(1) },
  { title: "A screen up", keys: ["pageup"], run: scrolls(-10) },
  { title: "A screen down", keys: ["pagedown"], run: scrolls(10) },
].map((action) => ({ ...action, part: "move", views: ["trust"] }) as Action);

const LEDGER_ACTIONS: readonly Action[] = [
  {
    title: "Ledger: what changed since A (or from A to B), or the moment itself",
    keys: ["d"],
    status: "difference",
    part: "mark",
    views: ["ledger"],
    run: ({ state }) =>
      state.a === null
        ? { ...state, said: "Mark a moment first: a here, then b (or just move) for the other" }
        : { ...state, difference: !state.difference },
  },
];

const EVERYWHERE: readonly Action[] = [
  { title: "Quit", keys: ["q"], status: "quit", part: "do", run: act({ do: "quit" }) },
  {
    title: "Help: all keys",
    keys: ["?"],
    status: "help",
    part: "do",
    run: ({ state }) => ({ ...state, help: true, scroll: 0 }),
  },
  {
    title: "Palette: every command, a time (12.5s), a GC (gc 14), a setting (gogc 200)",
    keys: [":", "ctrl-p"],
    status: "commands",
    part: "do",
    run: ({ state }) => openPrompt(state, { kind: "palette" }, ":"),
  },
  { title: "Cursor to the left by a column", keys: ["left", "h"], status: "move", part: "move", run: by(-1) },
  { title: "Cursor to the right by a column", keys: ["right", "l"], status: "move", part: "move", run: by(1) },
  { title: "Cursor to the left by ten", keys: ["shift-left", "H"], part: "move", run: by(-10) },
  { title: "Cursor to the right by ten", keys: ["shift-right", "L"], part: "move", run: by(10) },
  { title: "A screen back", keys: ["pageup"], part: "move", run: screens(-1) },
  { title: "A screen on", keys: ["pagedown"], part: "move", run: screens(1) },
  {
    title: "To the beginning",
    keys: ["home", "g"],
    part: "move",
    run: ({ data, state }) => moveTo(data, state, data.from),
  },
  { title: "To the end", keys: ["end", "G"], part: "move", run: ({ data, state }) => moveTo(data, state, data.to) },
  {
    title: "Zoom in",
    keys: ["+", "=", "up", "k"],
    status: "zoom",
    part: "zoom",
    run: ({ data, state }) => zoom(data, state, 0.5),
  },
  {
    title: "Zoom out",
    keys: ["-", "_", "down", "j"],
    status: "zoom",
    part: "zoom",
    run: ({ data, state }) => zoom(data, state, 2),
  },
  {
    title: "Show the whole run",
    keys: ["0"],
    status: "all",
    part: "zoom",
    run: ({ data, state }) => showAll(data, state),
  },
  { title: "Take back a zoom or a jump", keys: ["u"], status: "undo", part: "zoom", run: ({ state }) => undo(state) },
  { title: "Do it again after all", keys: ["U"], part: "zoom", run: ({ state }) => redo(state) },
  { title: "Next GC", keys: ["n"], status: "GC", part: "jump", run: next(({ gcs }) => gcs, true) },
  { title: "Previous GC", keys: ["p", "N"], status: "GC", part: "jump", run: next(({ gcs }) => gcs, false) },
  {
    title: "Next growth of the heap",
    keys: ["w"],
    status: "growth",
    part: "jump",
    run: next(({ growths }) => growths, true),
  },
  {
    title: "Previous growth of the heap",
    keys: ["W"],
    status: "growth",
    part: "jump",
    run: next(({ growths }) => growths, false),
  },
  {
    title: "Next return of memory",
    keys: ["r"],
    status: "return",
    part: "jump",
    run: next(({ returns }) => returns, true),
  },
  {
    title: "Previous return of memory",
    keys: ["R"],
    status: "return",
    part: "jump",
    run: next(({ returns }) => returns, false),
  },
  { title: "Next peak of RSS", keys: ["t"], status: "peak", part: "jump", run: next(({ peaks }) => peaks, true) },
  { title: "Previous peak of RSS", keys: ["T"], status: "peak", part: "jump", run: next(({ peaks }) => peaks, false) },
  {
    title: "To the highest RSS of all",
    keys: ["x"],
    part: "jump",
    run: ({ data, state }) => jumpTo(data, state, data.peak),
  },
  {
    title: "Go to a time",
    keys: ["@"],
    part: "jump",
    run: ({ state }) => openPrompt(state, { kind: "time" }, "Go to time (12.5s): "),
  },
  {
    title: "Mark this moment as A",
    keys: ["a"],
    status: "mark",
    part: "mark",
    run: ({ state }) => ({ ...state, a: state.a === state.cursor ? null : state.cursor }),
  },
  {
    title: "Mark this moment as B",
    keys: ["b"],
    status: "mark",
    part: "mark",
    run: ({ state }) => ({ ...state, b: state.b === state.cursor ? null : state.cursor }),
  },
  {
    title: "Take the marks away",
    keys: ["escape"],
    part: "mark",
    run: ({ state }) => ({ ...state, a: null, b: null }),
  },
  {
    title: "Next view",
    keys: ["tab"],
    status: "view",
    part: "view",
    run: turn(1),
  },
  { title: "Previous view", keys: ["shift-tab"], part: "view", run: turn(-1) },
  ...VIEWS.map(
    (view, i): Action => ({
      title: `View: ${TITLES[view]}`,
      keys: [String(i + 1)],
      part: "view",
      run: ({ state }) => show(state, view),
    }),
  ),
  {
    title: "Charts from zero, or from the lowest value shown",
    keys: ["z"],
    part: "zoom",
    run: ({ state }) => ({ ...state, fromZero: !state.fromZero }),
  },
  {
    title: "Timeline: heap in use, live and goal beside RSS, or RSS alone",
    keys: ["c"],
    part: "view",
    run: ({ state }) => ({ ...state, curves: !state.curves }),
  },
  { title: "Copy what is shown to the clipboard", keys: ["y"], status: "copy", part: "do", run: act({ do: "copy" }) },
  {
    title: "Write what is shown to a file",
    keys: ["Y"],
    part: "do",
    run: ({ state }) => openPrompt(state, { kind: "write" }, "Write what is shown to: ", `gopages-${state.view}.txt`),
  },
  {
    title: "Export the run: csv, json, html, ...",
    keys: ["e"],
    status: "export",
    part: "do",
    run: ({ state }) => openPrompt(state, { kind: "palette" }, ":", "export "),
  },
  {
    title: "Mouse for gopages, or left to the terminal (to select text)",
    keys: ["M"],
    part: "do",
    run: act({ do: "mouse" }),
  },
];

/** What a view does goes before what is done everywhere. */
export const ACTIONS: readonly Action[] = [
  ...SCROLL_ACTIONS,
  ...HEAP_ACTIONS,
  ...LEDGER_ACTIONS,
  ...WHAT_IF_ACTIONS,
  ...WHY_ACTIONS,
  ...TABLE_ACTIONS,
  ...EVERYWHERE,
];

const byKey = new Map<string, Action>();
for (const action of ACTIONS) {
  for (const view of action.views ?? VIEWS) {
    for (const key of action.keys) {
      const name = `${view} ${key}`;
      if (!byKey.has(name)) byKey.set(name, action);
    }
  }
}

export function actionOf(view: View, key: Key): Action | undefined {
  return byKey.get(`${view} ${key}`);
}
