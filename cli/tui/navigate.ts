/** Moving in time: the cursor, and the stretch of time around it that is shown. */
import { countUpTo, type Data } from "./data.ts";
import type { State, Stretch } from "./state.ts";

/** The shortest stretch that can be shown, ns: single events are apart by less, but nothing else changes within it. */
const LEAST_SPAN = 1000;
const MOST_PAST = 100;

/** Puts the cursor at t; the window follows it. */
export function moveTo(data: Data, state: State, t: number): State {
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

/** The same, to be taken back by undo: for leaps to somewhere else. */
export function jumpTo(data: Data, state: State, t: number): State {
  return remember(state, moveTo(data, state, t));
}

/** Shows `factor` times as long a stretch; what is at `around` (the cursor) stays where it is on the screen. */
export function zoom(data: Data, state: State, factor: number, around: number = state.cursor): State {
  const total = data.to - data.from;
  const least = Math.min(total, LEAST_SPAN);
  const span = state.to - state.from;
  const wanted = Math.min(total, Math.max(least, span * factor));
  if (wanted === span) return state;
  if (wanted === total) return showAll(data, state);
  const place = (around - state.from) / span;
  const from = Math.min(data.to - wanted, Math.max(data.from, around - place * wanted));
  return remember(state, { ...state, from, to: from + wanted });
}

export function showAll(data: Data, state: State): State {
  return remember(state, { ...state, from: data.from, to: data.to });
}

/** Shows exactly that stretch, or the part of it that is of the run; the cursor is brought inside. */
export function showStretch(data: Data, state: State, from: number, to: number): State {
  const start = Math.min(data.to - 1, Math.max(data.from, Math.min(from, to)));
  const end = Math.min(data.to, Math.max(start + LEAST_SPAN, Math.max(from, to)));
  if (!(start < end)) return state;
  const cursor = Math.min(end, Math.max(start, state.cursor));
  return remember(state, { ...state, cursor, from: start, to: end });
}

/** To the next of some moments (ascending) after the cursor, or the last one before it; stays where there is none. */
export function toNext(data: Data, state: State, moments: Float64Array, next: boolean): State {
  const i = next ? countUpTo(moments, state.cursor) : countBelow(moments, state.cursor) - 1;
  return i < 0 || i >= moments.length ? state : moveTo(data, state, moments[i]!);
}

export function undo(state: State): State {
  const last = state.past.at(-1);
  if (!last) return { ...state, said: "Nothing to undo" };
  return { ...state, ...last, past: state.past.slice(0, -1), future: [...state.future, stretchOf(state)] };
}

export function redo(state: State): State {
  const next = state.future.at(-1);
  if (!next) return { ...state, said: "Nothing to do again" };
  return { ...state, ...next, past: [...state.past, stretchOf(state)], future: state.future.slice(0, -1) };
}

function remember(before: State, after: State): State {
  if (before.from === after.from && before.to === after.to && before.cursor === after.cursor) return after;
  return { ...after, past: [...before.past.slice(1 - MOST_PAST), stretchOf(before)], future: [] };
}

function stretchOf({ cursor, from, to }: State): Stretch {
  return { cursor, from, to };
}

function countBelow(values: Float64Array, t: number): number {
  let n = countUpTo(values, t);
  while (n > 0 && values[n - 1] === t) n--;
  return n;
}
