import { escapeText } from "../../escape.ts";
import { cut } from "../../report/text.ts";
import { formatCount } from "../../sizes.ts";
import { Canvas } from "../canvas.ts";
import { timeStep } from "../figures.ts";
import { HEADER } from "../layout.ts";
import type { Size, TableView } from "../state.ts";
import { orderOf, placeOf, type Table, type TableState, textOfRow } from "../table.ts";
import { tableOf } from "../table-actions.ts";
import { drawStrip } from "./timeline.ts";
import type { DrawView } from "./view.ts";

/** Lines above the rows: course of RSS, cursor, titles; and the one below them that counts. */
const HEAD = 3;
const FOOT = 1;

export const gcsView: DrawView = tableView("gcs");
export const eventsView: DrawView = tableView("events");

/** Blanks between columns: what is left over of a wide screen, within these. */
const GAP_LEAST = 1;
const GAP_MOST = 4;

/** Where each column begins, as many as fit; the last one takes what is left. */
function places(table: Table<object>, width: number): { x: number; width: number }[] {
  const { columns } = table;
  const all = columns.reduce((sum, column) => sum + column.width, 1);
  const gap = Math.max(GAP_LEAST, Math.min(GAP_MOST, Math.floor((width - all) / columns.length)));
  const result: { x: number; width: number }[] = [];
  let x = 1;
  for (const [i, column] of columns.entries()) {
    const room = Math.min(column.width, width - x);
    if (room < Math.min(column.width, LEAST_ROOM)) break;
    const last = i === columns.length - 1;
    result.push({ x, width: last ? width - x : room });
    x += room + gap;
  }
  return result;
}

/** A column is left out, with all after it, where it has less room than this. */
const LEAST_ROOM = 6;

/** Id of the column whose title is at that column of the screen. */
export function columnAt(table: Table<object>, columns: number, x: number): string | null {
  const at = places(table, columns).findIndex((place) => x >= place.x - GAP_LEAST && x < place.x + place.width);
  return at < 0 ? null : table.columns[at]!.id;
}

/** First place that is shown, so that the chosen one is in the middle where it can be. */
function firstShown(count: number, chosen: number, rows: number): number {
  return Math.max(0, Math.min(count - rows, chosen - Math.floor(rows / 2)));
}

/** Place in the order of the row at a line of the view; of the chosen one for null. -1 where there is none. */
export function placeAt(
  table: Table<object>,
  own: TableState,
  cursor: number,
  { rows }: Size,
  line: number | null,
): number {
  const chosen = placeOf(table, own, cursor);
  if (line === null) return chosen;
  const room = rows - HEADER - 1 - HEAD - FOOT;
  const count = orderOf(table, own).length;
  const place = firstShown(count, Math.max(0, chosen), room) + line - HEAD;
  return line >= HEAD && line < HEAD + room && place < count ? place : -1;
}

function tableView(view: TableView): DrawView {
  return (data, state, box, { unicode }) => {
    const canvas = new Canvas(box.width, box.height);
    drawStrip(canvas, 0, data.rss, state, unicode);
    const table = tableOf(data, view);
    const own = state.tables[view];
    const order = orderOf(table, own);
    const columns = places(table, box.width);
    for (const [i, { x, width }] of columns.entries()) {
      const { id, title, right } = table.columns[i]!;
      const arrow = id === own.sort ? (own.descending ? (unicode ? "▼" : "v") : unicode ? "▲" : "^") : "";
      const text = right ? `${arrow}${title}`.padStart(width) : `${title}${arrow}`;
      canvas.text(x, 2, cut(text, width), "title");
    }
    const rows = Math.max(0, box.height - HEAD - FOOT);
    const chosen = placeOf(table, own, state.cursor);
    const first = firstShown(order.length, Math.max(0, chosen), rows);
    const step = timeStep(state);
    const search = own.search.toLowerCase();
    for (let i = 0; i < rows && first + i < order.length; i++) {
      const row = table.rows[order[first + i]!]!;
      const y = HEAD + i;
      for (const [c, { x, width }] of columns.entries()) {
        const column = table.columns[c]!;
        const text = cut(escapeText(column.text(row, step)), width);
        canvas.text(x, y, column.right ? text.padStart(width) : text);
      }
      const isChosen = first + i === chosen;
      if (isChosen) canvas.put(0, y, ">", "plain");
      const matches = search !== "" && textOfRow(table, row).includes(search);
      // A match is told by its mark too, not by its colour alone.
      if (matches && !isChosen) canvas.put(0, y, "*", "mark");
      if (isChosen || matches) {
        for (let x = isChosen ? 0 : 1; x < box.width; x++) canvas.restyle(x, y, isChosen ? "inverse" : "bold");
      }
    }
    if (order.length === 0) canvas.text(1, HEAD, noRows(table));
    canvas.text(1, box.height - 1, cut(countLine(table, own, order.length, chosen), box.width - 1), "dim");
    return canvas.lines();
  };
}

function noRows(table: Table<object>): string {
  if (table.rows.length === 0) return `The recording has no ${table.what}.`;
  return `None of ${formatCount(table.rows.length)} ${table.what} passes the filter; Esc takes it away.`;
}

function countLine(table: Table<object>, own: TableState, count: number, chosen: number): string {
  const parts: string[] = [];
  const of = own.filter === "" ? "" : ` of ${formatCount(table.rows.length)}`;
  const at = chosen < 0 ? "" : `${formatCount(chosen + 1)}. of `;
  parts.push(`${at}${formatCount(count)} ${table.what}${count === table.rows.length ? "" : `${of} in all`}`);
  if (own.filter !== "") parts.push(`filter: ${escapeText(own.filter)}`);
  if (own.search !== "") parts.push(`search: ${escapeText(own.search)}`);
  return parts.join("; ");
}
