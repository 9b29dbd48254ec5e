/** A table that can be sorted, filtered and searched: what it holds, and how a view of it changes. */
import { escapeText } from "../escape.ts";
import { parseSize } from "../sizes.ts";
import { parseTime } from "./times.ts";

export interface Column<Row> {
  /** What filters and the sorting call it. */
  readonly id: string;
  readonly title: string;
  /** Room on the screen; the last column takes what is left. */
  readonly width: number;
  readonly right: boolean;
  /** Sorted and compared by; null sorts last either way. */
  value(row: Row): number | string | null;
  /** Shown and searched. `step` is the shortest time that the screen tells apart, ns. */
  text(row: Row, step: number): string;
}

export interface Table<Row> {
  readonly columns: readonly Column<Row>[];
  /** In order of time. */
  readonly rows: readonly Row[];
  /** What a row is called in the plural. */
  readonly what: string;
  /** Words that filters are made of, for a key that goes through them. */
  readonly filters: readonly string[];
  time(row: Row): number;
}

export interface TableState {
  /** Id of the column. */
  readonly sort: string;
  readonly descending: boolean;
  readonly filter: string;
  readonly search: string;
  /** Index of the row that was chosen; the cursor tells where it is not at that row's time. */
  readonly row: number | null;
}

export function initialTable(sort: string): TableState {
  return { sort, descending: false, filter: "", search: "", row: null };
}

const orders = new WeakMap<object, { key: string; order: Int32Array }>();

/** Indexes of the rows that pass the filter, as sorted. */
export function orderOf<Row extends object>(table: Table<Row>, state: TableState): Int32Array {
  const key = `${state.sort}\u0000${state.descending}\u0000${state.filter}`;
  const known = orders.get(table);
  if (known?.key === key) return known.order;
  const passes = filterOf(table, state.filter);
  const kept: number[] = [];
  for (let i = 0; i < table.rows.length; i++) if (passes(table.rows[i]!)) kept.push(i);
  const order = Int32Array.from(kept);
  const column = table.columns.find(({ id }) => id === state.sort) ?? table.columns[0]!;
  const values = table.rows.map((row) => column.value(row));
  const sign = state.descending ? -1 : 1;
  order.sort((i, j) => {
    const a = values[i]!;
    const b = values[j]!;
    if (a === null || b === null) return a === b ? i - j : a === null ? 1 : -1;
    if (a === b) return sign * (i - j);
    return a < b ? -sign : sign;
  });
  orders.set(table, { key, order });
  return order;
}

/** Place in the order of the row that is at the cursor: the chosen one if it is, else the last one up to it; -1 if none is. */
export function placeOf<Row extends object>(table: Table<Row>, state: TableState, cursor: number): number {
  const order = orderOf(table, state);
  const { row } = state;
  if (row !== null && row < table.rows.length && table.time(table.rows[row]!) === cursor) {
    const at = order.indexOf(row);
    if (at >= 0) return at;
  }
  let best = -1;
  let bestTime = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < order.length; i++) {
    const t = table.time(table.rows[order[i]!]!);
    if (t <= cursor && t >= bestTime) {
      bestTime = t;
      best = i;
    }
  }
  return best;
}

/** Place of the next row (or the last one before) that has the searched text, around the end; -1 if there is none. */
export function find<Row extends object>(
  table: Table<Row>,
  state: TableState,
  from: number,
  next: boolean,
  itself = false,
): number {
  const order = orderOf(table, state);
  const wanted = state.search.toLowerCase();
  if (wanted === "" || order.length === 0) return -1;
  const step = next ? 1 : -1;
  for (let n = itself ? 0 : 1; n <= order.length; n++) {
    const place = (((from + step * n) % order.length) + order.length) % order.length;
    if (textOfRow(table, table.rows[order[place]!]!).includes(wanted)) return place;
  }
  return -1;
}

const texts = new WeakMap<object, string>();

/** What a search looks at; rows keep theirs, since every key of a search looks at all of them. */
export function textOfRow<Row extends object>(table: Table<Row>, row: Row): string {
  let text = texts.get(row);
  if (text === undefined) {
    text = escapeText(table.columns.map((column) => column.text(row, 1e6)).join(" ")).toLowerCase();
    texts.set(row, text);
  }
  return text;
}

const WORDS = /[^\p{L}\d]+/u;
const COMPARISON = /^([a-z-]+)(>=|<=|!=|>|<|=)(.+)$/i;

/**
 * What a filter lets through: words apart by blanks must all hold. `heap>64MiB`, `duration>=1.5ms`, `gc=12`, `kind!=stop` compare a
 * column (text by the beginnings of its words); any other word is looked for in the row's text; with a ! before it, it must not be there.
 */
export function filterOf<Row extends object>(table: Table<Row>, filter: string): (row: Row) => boolean {
  const tests = filter
    .trim()
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word) => testOf(table, word));
  return (row) => tests.every((test) => test(row));
}

function testOf<Row extends object>(table: Table<Row>, word: string): (row: Row) => boolean {
  const match = COMPARISON.exec(word);
  const column = match && table.columns.find(({ id }) => id.startsWith(match[1]!));
  if (match && column) {
    const [, , operator, text] = match as unknown as [string, string, string, string];
    const number = parseTime(text) ?? parseSize(text);
    return (row) => {
      const value = column.value(row);
      if (value === null) return operator === "!=";
      if (typeof value === "string") {
        const equal = value
          .toLowerCase()
          .split(WORDS)
          .some((word) => word.startsWith(text));
        return operator === "=" ? equal : operator === "!=" ? !equal : false;
      }
      if (number === null) return false;
      if (operator === ">") return value > number;
      if (operator === ">=") return value >= number;
      if (operator === "<") return value < number;
      if (operator === "<=") return value <= number;
      return (value === number) === (operator === "=");
    };
  }
  if (word.startsWith("!") && word.length > 1) return (row) => !textOfRow(table, row).includes(word.slice(1));
  return (row) => textOfRow(table, row).includes(word);
}
