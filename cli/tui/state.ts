import { countUpTo, type Data } from "./data.ts";

/** The views, in the order of their number keys. */
export const VIEWS = ["timeline", "heap", "ledger", "trust"] as const;
export type View = (typeof VIEWS)[number];

/** All that changes while the result is looked at. */
export interface State {
  readonly view: View;
  /** The moment whose figures are shown. */
  readonly cursor: number;
  /** The stretch of time that the timeline shows. */
  readonly from: number;
  readonly to: number;
  /** A moment to compare with. */
  readonly mark: number | null;
  /** The charts begin at 0; otherwise at the lowest value shown. */
  readonly fromZero: boolean;
  readonly help: boolean;
  /** First line shown of a text that is longer than the screen. */
  readonly scroll: number;
}

/** What a key does beside changing the state. */
export type Effect = "quit" | "interrupt" | "suspend" | null;

/** Names of keys that are no character; every other key is its character. */
export type Key = string;

export function initialState(data: Data): State {
  return {
    view: "timeline",
    cursor: data.peak,
    from: data.from,
    to: data.to,
    mark: null,
    fromZero: true,
    help: false,
    scroll: 0,
  };
}

/** Does the key leave the program (or stop it)? */
export function effectOf(state: State, key: Key): Effect {
  if (key === "ctrl-c") return "interrupt";
  if (key === "ctrl-z") return "suspend";
  // In help, q means "enough of this help" first.
  if (key === "q" && !state.help) return "quit";
  return null;
}

/** The state after a key was pressed; `columns` is the width of the plot, a column being the step of the cursor. */
export function update(data: Data, state: State, key: Key, columns: number): State {
  if (state.help) return updateHelp(state, key);
  const step = (state.to - state.from) / Math.max(1, columns);
  const texts = state.view === "trust";
  switch (key) {
    case "left":
    case "h":
      return moveTo(data, state, state.cursor - step);
    case "right":
    case "l":
      return moveTo(data, state, state.cursor + step);
    case "H":
    case "shift-left":
      return moveTo(data, state, state.cursor - 10 * step);
    case "L":
    case "shift-right":
      return moveTo(data, state, state.cursor + 10 * step);
    case "up":
      return texts ? scrollBy(state, -1) : zoom(data, state, 0.5);
    case "down":
      return texts ? scrollBy(state, 1) : zoom(data, state, 2);
    case "+":
    case "=":
      return zoom(data, state, 0.5);
    case "-":
    case "_":
      return zoom(data, state, 2);
    case "pageup":
      return texts ? scrollBy(state, -10) : moveTo(data, state, state.cursor - (state.to - state.from));
    case "pagedown":
      return texts ? scrollBy(state, 10) : moveTo(data, state, state.cursor + (state.to - state.from));
    case "a":
      return { ...state, from: data.from, to: data.to };
    case "g":
    case "home":
      return moveTo(data, state, data.from);
    case "G":
    case "end":
      return moveTo(data, state, data.to);
    case "x":
      return moveTo(data, state, data.peak);
    case "n":
    case "p":
      return toGc(data, state, key === "n");
    case "m":
      return { ...state, mark: state.mark === state.cursor ? null : state.cursor };
    case "z":
      return { ...state, fromZero: !state.fromZero };
    case "tab":
      return show(state, VIEWS[(VIEWS.indexOf(state.view) + 1) % VIEWS.length]!);
    case "shift-tab":
      return show(state, VIEWS[(VIEWS.indexOf(state.view) + VIEWS.length - 1) % VIEWS.length]!);
    case "1":
    case "2":
    case "3":
    case "4":
      return show(state, VIEWS[Number(key) - 1]!);
    case "?":
      return { ...state, help: true, scroll: 0 };
    case "escape":
      return { ...state, mark: null };
    default:
      return state;
  }
}

function updateHelp(state: State, key: Key): State {
  switch (key) {
    case "up":
      return scrollBy(state, -1);
    case "down":
      return scrollBy(state, 1);
    case "pageup":
      return scrollBy(state, -10);
    case "pagedown":
      return scrollBy(state, 10);
    case "?":
    case "q":
    case "escape":
    case "return":
      return { ...state, help: false, scroll: 0 };
    default:
      return state;
  }
}

function show(state: State, view: View): State {
  return { ...state, view, scroll: 0 };
}

/** The view knows how long its text is and stops at the end; here it only must not go before the beginning. */
function scrollBy(state: State, lines: number): State {
  return { ...state, scroll: Math.max(0, state.scroll + lines) };
}

/** Puts the cursor at t; the window follows it. */
function moveTo(data: Data, state: State, t: number): State {
  const cursor = Math.min(data.to, Math.max(data.from, t));
  const span = state.to - state.from;
  let { from, to } = state;
  if (cursor < from || cursor > to) {
    // A step outside moves the window by that step; a leap puts the cursor into the middle.
    const near = cursor < from ? from - cursor : cursor - to;
    if (near < span / 4) from = cursor < from ? cursor : cursor - span;
    else from = cursor - span / 2;
    from = Math.min(data.to - span, Math.max(data.from, from));
    to = from + span;
  }
  return { ...state, cursor, from, to };
}

/** Shows `factor` times as long a stretch; the cursor stays where it is on the screen. */
function zoom(data: Data, state: State, factor: number): State {
  const total = data.to - data.from;
  // Doubles hold ns of any run exactly; a window below a millionth of it or a microsecond shows nothing new.
  const least = Math.min(total, Math.max(1000, total / 1e6));
  const span = state.to - state.from;
  const wanted = Math.min(total, Math.max(least, span * factor));
  if (wanted === total) return { ...state, from: data.from, to: data.to };
  const place = (state.cursor - state.from) / span;
  const from = Math.min(data.to - wanted, Math.max(data.from, state.cursor - place * wanted));
  return { ...state, from, to: from + wanted };
}

function toGc(data: Data, state: State, next: boolean): State {
  const { gcs } = data;
  const i = next ? countUpTo(gcs, state.cursor) : countBelow(gcs, state.cursor) - 1;
  return i < 0 || i >= gcs.length ? state : moveTo(data, state, gcs[i]!);
}

function countBelow(values: Float64Array, t: number): number {
  let n = countUpTo(values, t);
  while (n > 0 && values[n - 1] === t) n--;
  return n;
}
