/** Keys of the tables: moving in one moves the cursor in time. */
import type { Action, Context } from "./actions.ts";
import type { Data } from "./data.ts";
import { jumpTo, moveTo } from "./navigate.ts";
import { openPrompt } from "./prompt.ts";
import type { Size, State, TableView, View } from "./state.ts";
import { find, orderOf, placeOf, type Table, type TableState } from "./table.ts";

const VIEWS: readonly View[] = ["gcs", "events"];

/** Lines of a screen that are no rows of the table. */
const OTHER_LINES = 8;

export function isTable(view: View): view is TableView {
  return view === "gcs" || view === "events";
}

/** The table that is shown; rows of either are told apart by nothing that follows. */
export function tableOf(data: Data, view: TableView): Table<object> {
  return (view === "gcs" ? data.gcTable : data.eventTable) as Table<object>;
}

export function withTable(state: State, view: TableView, change: Partial<TableState>): State {
  return { ...state, tables: { ...state.tables, [view]: { ...state.tables[view], ...change } } };
}

/** Chooses the row at that place of the order; the cursor goes to its time. */
export function choose(data: Data, state: State, view: TableView, place: number): State {
  const table = tableOf(data, view);
  const order = orderOf(table, state.tables[view]);
  if (order.length === 0) return state;
  const row = order[Math.min(order.length - 1, Math.max(0, place))]!;
  return withTable(moveTo(data, state, table.time(table.rows[row]!)), view, { row });
}

/** Goes to the next match of what is searched for, or says that there is none. */
export function searchOn(data: Data, state: State, view: TableView, next: boolean, itself = false): State {
  const table = tableOf(data, view);
  const { search } = state.tables[view];
  if (search === "") return { ...state, said: "Nothing to search for: / begins a search" };
  const place = find(table, state.tables[view], placeOf(table, state.tables[view], state.cursor), next, itself);
  return place < 0 ? { ...state, said: `No row has "${search}"` } : choose(data, state, view, place);
}

/** Sorts by a column; by the one that it is sorted by already, the other way round. */
export function sortBy(state: State, view: TableView, id: string): State {
  const { sort, descending } = state.tables[view];
  return withTable(state, view, { sort: id, descending: sort === id ? !descending : false });
}

function rows({ rows }: Size): number {
  return Math.max(1, rows - OTHER_LINES);
}

type Run = (context: Context & { view: TableView; table: Table<object>; own: TableState }) => State;

function inTable(run: Run): Action["run"] {
  return (context) => {
    const { data, state } = context;
    if (!isTable(state.view)) return state;
    return run({ ...context, view: state.view, table: tableOf(data, state.view), own: state.tables[state.view] });
  };
}

function move(by: (size: Size) => number): Action["run"] {
  return inTable(({ data, state, size, view, table, own }) =>
    choose(data, state, view, placeOf(table, own, state.cursor) + by(size)),
  );
}

function nextSort(by: number): Action["run"] {
  return inTable(({ state, view, table, own }) => {
    const { columns } = table;
    const at = columns.findIndex(({ id }) => id === own.sort);
    const column = columns[(at + by + columns.length) % columns.length]!;
    return withTable(state, view, { sort: column.id, descending: false });
  });
}

export const TABLE_ACTIONS: readonly Action[] = (
  [
    { title: "Row above", keys: ["up", "k"], status: "row", run: move(() => -1) },
    { title: "Row below", keys: ["down", "j"], status: "row", run: move(() => 1) },
    { title: "A screen of rows up", keys: ["pageup"], run: move((size) => -rows(size)) },
    { title: "A screen of rows down", keys: ["pagedown"], run: move(rows) },
    { title: "First row", keys: ["home", "g"], run: move(() => Number.NEGATIVE_INFINITY) },
    { title: "Last row", keys: ["end", "G"], run: move(() => Number.POSITIVE_INFINITY) },
    {
      title: "Go to this moment on the timeline",
      keys: ["return"],
      status: "show",
      run: inTable(({ data, state }) => ({ ...jumpTo(data, state, state.cursor), view: "timeline", scroll: 0 })),
    },
    { title: "Sort by the next column", keys: ["s"], status: "sort", run: nextSort(1) },
    {
      title: "Sort the other way round",
      keys: ["S"],
      status: "sort",
      run: inTable(({ state, view, own }) => withTable(state, view, { descending: !own.descending })),
    },
    {
      title: "Search",
      keys: ["/"],
      status: "search",
      run: inTable(({ state, view }) => openPrompt(state, { kind: "search", view }, "Search: ")),
    },
    {
      title: "Next match of the search",
      keys: ["n"],
      status: "next",
      run: inTable(({ data, state, view }) => searchOn(data, state, view, true)),
    },
    {
      title: "Previous match of the search",
      keys: ["N"],
      status: "next",
      run: inTable(({ data, state, view }) => searchOn(data, state, view, false)),
    },
    {
      title: "Filter by words (kind=growth bytes>1MiB took>=2ms !background)",
      keys: ["f"],
      status: "filter",
      run: inTable(({ state, view, own }) => openPrompt(state, { kind: "filter", view }, "Filter: ", own.filter)),
    },
    {
      title: "Filter by the next kind, at last by none",
      keys: ["F"],
      status: "filter",
      run: inTable(({ state, view, table, own }) => {
        const all = ["", ...table.filters];
        return withTable(state, view, { filter: all[(all.indexOf(own.filter) + 1) % all.length]! });
      }),
    },
    {
      title: "Take filter and search away",
      keys: ["escape"],
      run: inTable(({ state, view, own }) =>
        own.filter === "" && own.search === ""
          ? { ...state, a: null, b: null }
          : withTable(state, view, { filter: "", search: "" }),
      ),
    },
  ] satisfies Omit<Action, "part">[]
).map((action) => ({ ...action, part: "table", views: VIEWS }));
