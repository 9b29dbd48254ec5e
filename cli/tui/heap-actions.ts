/** What the keys do in the heap map: choosing cells, going into them, and letting time run. */
import { CHUNK_PAGES, REGION_CHUNKS } from "../../replay/heap-history/heap-pages.ts";
import type { Action, Context } from "./actions.ts";
import type { Data } from "./data.ts";
import { ADDRESS, gridOf, HEAD, mapPlace, topRow } from "./heap-grid.ts";
import { type HeapLook, LEVELS, nextSpeed, SHOWN, speedFor } from "./heap-look.ts";
import { moveTo } from "./navigate.ts";
import type { State } from "./state.ts";
import { timeWidth } from "./views/timeline.ts";

/** Lines of the screen that are no view: those of layout.ts, which knows the actions and so can't be asked here. */
const FRAME = 3;
const LIST_PAGE = 10;

function looking(state: State, look: Partial<HeapLook>): State {
  return { ...state, heap: { ...state.heap, ...look } };
}

function gridIn({ data, state, size }: Context) {
  const pages = data.heap?.at(state.cursor);
  if (!pages) return null;
  const place = mapPlace(size.columns, size.rows - FRAME);
  const grid = gridOf(pages, state.heap, place);
  return grid && { grid, place, unit: grid.unitOf(state.heap.page ?? grid.first(0)) };
}

function choose(across: number, down: number): Action["run"] {
  return (context) => {
    const found = gridIn(context);
    if (!found) return context.state;
    const { grid, unit } = found;
    const to = unit + across + down * grid.perRow;
    // Past the ends of an arena or a chunk lies the next one, if the heap goes on there.
    if (to < 0 || to >= grid.units) return grid.level === "space" ? context.state : beyond(context, to < 0 ? -1 : 1);
    return looking(context.state, { page: grid.first(to) });
  };
}

function beyond({ data, state }: Context, by: 1 | -1): State {
  const { level, page } = state.heap;
  const chunks = data.heap!.at(state.cursor).chunks();
  const unit = level === "arena" ? REGION_CHUNKS : 1;
  const partOf = (chunk: number): number => Math.floor(chunk / unit);
  const here = partOf(page === null ? chunks[0]! : Math.floor(page / CHUNK_PAGES));
  const chunk =
    by > 0 ? chunks.find((other) => partOf(other) > here) : chunks.findLast((other) => partOf(other) < here);
  if (chunk === undefined) return state;
  return looking(state, { page: chunk * CHUNK_PAGES + (by > 0 ? 0 : CHUNK_PAGES - 1) });
}

/** In the list by a page of it, elsewhere by a screen of time. */
function screens(by: 1 | -1): Action["run"] {
  return (context) => {
    const { data, state } = context;
    if (state.heap.level !== "spans") return moveTo(data, state, state.cursor + by * (state.to - state.from));
    const found = gridIn(context);
    if (!found) return state;
    const { grid, unit } = found;
    const to = Math.min(grid.units - 1, Math.max(0, unit + by * LIST_PAGE));
    return looking(state, { page: grid.first(to) });
  };
}

function levels(by: 1 | -1): Action["run"] {
  return (context) => {
    const { state } = context;
    const to = LEVELS[LEVELS.indexOf(state.heap.level) + by];
    if (to === undefined) {
      return by < 0 ? { ...state, a: null, b: null } : { ...state, said: "These are single pages: nothing is smaller" };
    }
    const found = gridIn(context);
    return looking(state, { level: to, page: found ? found.grid.first(found.unit) : state.heap.page });
  };
}

/** Out of a span its first page stays chosen; out of a cell the page itself does. */
function out(context: Context): State {
  const { state } = context;
  const to = LEVELS[LEVELS.indexOf(state.heap.level) - 1];
  return to === undefined ? { ...state, a: null, b: null } : looking(state, { level: to });
}

function change(next: boolean): Action["run"] {
  return ({ data, state }) => {
    const t = next ? data.heap?.next(state.cursor) : data.heap?.previous(state.cursor);
    if (t === null || t === undefined) return { ...state, said: "No page changes any more" };
    return moveTo(data, looking(state, { play: 0 }), t);
  };
}

function play(way: 1 | -1): Action["run"] {
  return ({ data, state }) => {
    const { heap } = state;
    if (heap.play === way) return looking(state, { play: 0 });
    // From the end on there is nothing to play: begin anew.
    const from = way > 0 && state.cursor >= data.to ? moveTo(data, state, data.from) : state;
    return looking(from, { play: way, speed: heap.speed ?? speedFor(state.to - state.from) });
  };
}

function speed(by: 1 | -1): Action["run"] {
  return ({ state }) => looking(state, { speed: nextSpeed(state.heap.speed ?? speedFor(state.to - state.from), by) });
}

function column(by: 1 | -1): Action["run"] {
  return ({ data, state, size }) =>
    moveTo(data, state, state.cursor + (by * (state.to - state.from)) / timeWidth("heap", size.columns));
}

/** Playback goes on by `elapsed` ms of the user's time. */
export function playOn(data: Data, state: State, elapsed: number): State {
  const { play, speed: asked } = state.heap;
  if (play === 0 || state.prompt !== null || state.help) return state;
  if (state.view !== "heap") return looking(state, { play: 0 });
  const t = state.cursor + play * elapsed * 1e6 * (asked ?? 1);
  const moved = moveTo(data, state, t);
  return t <= data.from || t >= data.to ? looking(moved, { play: 0 }) : moved;
}

/** A click into the map chooses what is there; a second one goes into it. `row` counts from the view's first line. */
export function clickedMap(context: Context, x: number, row: number): State {
  const found = gridIn(context);
  if (!found) return context.state;
  const { grid, place, unit } = found;
  const line = row - HEAD;
  if (line < 0 || line >= place.height) return context.state;
  const across = grid.level === "spans" ? 0 : Math.floor((x - ADDRESS) / (grid.cells + grid.gap));
  if (across < 0 || across >= grid.perRow) return context.state;
  const to = (topRow(grid, unit, place.height) + line) * grid.perRow + across;
  if (to < 0 || to >= grid.units) return context.state;
  if (to === unit && grid.level !== "spans") return levels(1)(context) as State;
  return looking(context.state, { page: grid.first(to) });
}

const LIST: readonly Omit<Action, "views" | "part">[] = [
  { title: "Cell to the left", keys: ["left", "h"], status: "cell", run: choose(-1, 0) },
  { title: "Cell to the right", keys: ["right", "l"], status: "cell", run: choose(1, 0) },
  { title: "Cell above", keys: ["up", "k"], status: "cell", run: choose(0, -1) },
  { title: "Cell below", keys: ["down", "j"], status: "cell", run: choose(0, 1) },
  { title: "Into the cell: arena, chunk, its spans", keys: ["return"], status: "in", run: levels(1) },
  { title: "Out again", keys: ["escape", "backspace"], status: "out", run: out },
  {
    title: "Play, or stop",
    keys: [" "],
    status: "play",
    run: (context) => (context.state.heap.play === 0 ? play(1)(context) : looking(context.state, { play: 0 })),
  },
  { title: "Play backward", keys: ["["], status: "back/on", run: play(-1) },
  { title: "Play forward", keys: ["]"], status: "back/on", run: play(1) },
  { title: "Slower", keys: ["-", "_"], status: "speed", run: speed(-1) },
  { title: "Faster", keys: ["+", "="], status: "speed", run: speed(1) },
  { title: "To the change of pages before", keys: [","], status: "change", run: change(false) },
  { title: "To the next change of pages", keys: ["."], status: "change", run: change(true) },
  { title: "Back by a column of time", keys: ["<"], run: column(-1) },
  { title: "On by a column of time", keys: [">"], run: column(1) },
  { title: "A screen back in time (of the list: up)", keys: ["pageup"], run: screens(-1) },
  { title: "A screen on in time (of the list: down)", keys: ["pagedown"], run: screens(1) },
  {
    title: "What cells show: pages, dense chunks, huge pages, how full spans are",
    keys: ["v"],
    status: "show",
    run: ({ state }) => looking(state, { shown: SHOWN[(SHOWN.indexOf(state.heap.shown) + 1) % SHOWN.length]! }),
  },
];

export const HEAP_ACTIONS: readonly Action[] = LIST.map((action) => ({ ...action, part: "move", views: ["heap"] }));
