import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RunEvent } from "../../replay/event-table.ts";
import { eventTableOf } from "./columns.ts";
import { find, initialTable, orderOf, placeOf, type TableState } from "./table.ts";

const event = (t: number, kind: RunEvent["kind"], bytes: number | null = null, ns: number | null = null): RunEvent => ({
  t,
  kind,
  bytes,
  ns,
  gc: kind === "gc" ? t : null,
  reason: kind === "stop" ? "GC mark termination" : "",
});
const MIB = 2 ** 20;
const TABLE = eventTableOf([
  event(1, "growth", 4 * MIB),
  event(2, "gc", null, 3e6),
  event(2, "stop", null, 20e3),
  event(3, "return-growth", MIB),
  event(4, "return-background", 8 * MIB),
  event(5, "peak", 100 * MIB),
]);
const state = (change: Partial<TableState>): TableState => ({ ...initialTable("time"), ...change });
const rows = (change: Partial<TableState>): number[] => [...orderOf(TABLE, state(change))];

describe("filter", () => {
  test.each([
    ["", [0, 1, 2, 3, 4, 5]],
    ["kind=growth", [0]],
    ["kind=return", [3, 4]],
    ["kind!=return", [0, 1, 2, 5]],
    ["bytes>1MiB", [0, 4, 5]],
    ["bytes>=1MiB bytes<100MiB", [0, 3, 4]],
    ["took>1ms", [1]],
    ["took<=20us", [2]],
    ["gc=2", [1]],
    ["mark", [2]],
    ["!return", [0, 1, 2, 5]],
    ["RETURN background", [4]],
    ["nonsense", []],
    ["bytes>what", []],
    ["unknown=1", []],
  ])("%s", (filter, expected) => {
    expect(rows({ filter })).toEqual(expected);
  });
});

test("sorting: by value, not by text; what has none is last either way", () => {
  expect(rows({ sort: "bytes" })).toEqual([3, 0, 4, 5, 1, 2]);
  expect(rows({ sort: "bytes", descending: true })).toEqual([5, 4, 0, 3, 1, 2]);
  expect(rows({ sort: "time", descending: true })).toEqual([5, 4, 3, 2, 1, 0]);
  expect(rows({ sort: "no such column" })).toEqual([0, 1, 2, 3, 4, 5]);
});

test("the row at the cursor: the chosen one of several at one time, else the last one up to it", () => {
  expect(placeOf(TABLE, state({}), 2)).toBe(2);
  expect(placeOf(TABLE, state({ row: 1 }), 2)).toBe(1);
  expect(placeOf(TABLE, state({ row: 1 }), 4.5)).toBe(4);
  expect(placeOf(TABLE, state({}), 0)).toBe(-1);
  // Sorted by bytes, descending, the peak is first.
  expect(placeOf(TABLE, state({ sort: "bytes", descending: true }), 9)).toBe(0);
});

test("a search goes around the end, either way", () => {
  const search = state({ search: "Return" });
  expect(find(TABLE, search, 0, true)).toBe(3);
  expect(find(TABLE, search, 3, true)).toBe(4);
  expect(find(TABLE, search, 4, true)).toBe(3);
  expect(find(TABLE, search, 3, false)).toBe(4);
  expect(find(TABLE, search, 3, true, true)).toBe(3);
  expect(find(TABLE, state({ search: "nowhere" }), 0, true)).toBe(-1);
});

test("an order has each row that passes once, whatever it is sorted by", () => {
  const ids = TABLE.columns.map(({ id }) => id);
  fc.assert(
    fc.property(
      fc.constantFrom(...ids),
      fc.boolean(),
      fc.constantFrom("", "gc", "kind=return"),
      (sort, descending, filter) => {
        const sorted = rows({ sort, descending, filter });
        expect([...sorted].sort()).toEqual(rows({ filter }));
      },
    ),
  );
});
