/** The mouse: reports of the terminal (SGR, mode 1006) as keys, and what they do. */
import { type Context, scrollBy, show } from "./actions.ts";
import { clickedMap } from "./heap-actions.ts";
import { HEADER, tabAt } from "./layout.ts";
import { moveTo, zoom } from "./navigate.ts";
import { type Key, type State, VIEWS } from "./state.ts";
import { choose, isTable, sortBy, tableOf, withTable } from "./table-actions.ts";
import { columnAt, placeAt } from "./views/table.ts";
import { plotTime, timeWidth } from "./views/timeline.ts";
import { fieldAt } from "./views/what-if.ts";
import { causeAt } from "./views/why.ts";

const REPORT = /^\[<(\d+);(\d+);(\d+)([Mm])$/;
const WHEEL_ROWS = 3;

/** A report without its escape, as a key: "click:COLUMN:ROW", "wheel-up:...", "wheel-down:..."; null for what does nothing. */
export function mouseKey(report: string): Key | null {
  const match = REPORT.exec(report);
  if (!match) return null;
  const button = Number(match[1]);
  const at = `${Number(match[2]) - 1}:${Number(match[3]) - 1}`;
  // Shift, Alt and Ctrl add 4, 8 and 16; 32 is a movement; 64 and 65 are the wheel.
  if ((button & ~28) === 64) return `wheel-up:${at}`;
  if ((button & ~28) === 65) return `wheel-down:${at}`;
  if ((button & ~(28 | 32)) === 0 && match[4] === "M") return `click:${at}`;
  return null;
}

export function isMouse(key: Key): boolean {
  return key.startsWith("click:") || key.startsWith("wheel-");
}

/** The moment that a column of the screen stands for. */
function timeAt({ state, size }: Context, x: number): number | null {
  return plotTime(state, timeWidth(state.view, size.columns), x);
}

function placeOfMouse(key: Key): { x: number; y: number } {
  const [, x = "0", y = "0"] = key.split(":");
  return { x: Number(x), y: Number(y) };
}

/** The wheel zooms the timeline around where the mouse is, and scrolls what is longer than the screen. */
export function wheeled(context: Context, key: Key): State {
  const { data, state, size } = context;
  const up = key.startsWith("wheel-up");
  const { x } = placeOfMouse(key);
  if (isTable(state.view)) {
    const table = state.tables[state.view];
    const order = tableOf(data, state.view);
    const top = placeAt(order, table, state.cursor, size, null);
    return choose(data, state, state.view, top + (up ? -WHEEL_ROWS : WHEEL_ROWS));
  }
  if (state.view === "trust" || state.view === "why") return scrollBy(state, up ? -WHEEL_ROWS : WHEEL_ROWS);
  return zoom(data, state, up ? 0.8 : 1.25, timeAt(context, x) ?? state.cursor);
}

/** A click on a tab shows its view, in a chart it sets the cursor, in a list it chooses; on a column's title it sorts. */
export function clicked(context: Context, key: Key): State {
  const { data, state, size } = context;
  const { x, y } = placeOfMouse(key);
  if (y === 0) {
    const tab = tabAt(size.columns, state.view, x);
    return tab === null ? state : show(state, VIEWS[tab]!);
  }
  const row = y - HEADER;
  if (row < 0 || y >= size.rows - 1) return state;
  const t = timeAt(context, x);
  // All views but these have time from left to right, those below their first lines.
  const strip = row < 2;
  switch (state.view) {
    case "gcs":
    case "events": {
      if (strip) break;
      const table = tableOf(data, state.view);
      if (row === 2) {
        const id = columnAt(table, size.columns, x);
        return id === null ? state : sortBy(state, state.view, id);
      }
      const place = placeAt(table, state.tables[state.view], state.cursor, size, row);
      return place < 0 ? state : choose(data, withTable(state, state.view, {}), state.view, place);
    }
    case "why": {
      const cause = causeAt(data, state, size, x, row);
      return cause === null ? state : { ...state, scroll: 0, why: { cause, moment: 0 } };
    }
    case "whatif": {
      const field = fieldAt(size, x, row);
      if (field !== null) return { ...state, whatIf: { ...state.whatIf, field } };
      break;
    }
    case "trust":
      return state;
    case "heap":
      if (!strip) return clickedMap(context, x, row);
      break;
    case "ledger":
      if (!strip) return state;
      break;
    default:
      break;
  }
  return t === null ? state : moveTo(data, state, t);
}
