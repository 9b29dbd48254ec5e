import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fakeResult } from "../testing/fake-result.ts";
import { ACTIONS } from "./actions.ts";
import { keysOf } from "./app.tsx";
import { prepare } from "./data.ts";
import { helpParts } from "./keys.ts";
import { mouseKey } from "./mouse.ts";
import { fuzzy, itemsFor } from "./palette.ts";
import { press } from "./press.ts";
import { initialState, type State, VIEWS } from "./state.ts";

const NO_KEY = {
  upArrow: false,
  downArrow: false,
  leftArrow: false,
  rightArrow: false,
  pageDown: false,
  pageUp: false,
  home: false,
  end: false,
  return: false,
  escape: false,
  ctrl: false,
  shift: false,
  tab: false,
  backspace: false,
  delete: false,
  meta: false,
} as Parameters<typeof keysOf>[1];

test("no key does two things in one view", () => {
  for (const view of VIEWS) {
    const own = ACTIONS.filter(({ views }) => views?.includes(view)).flatMap(({ keys }) => keys);
    expect(new Set(own).size).toBe(own.length);
  }
  const everywhere = ACTIONS.filter(({ views }) => views === undefined).flatMap(({ keys }) => keys);
  expect(new Set(everywhere).size).toBe(everywhere.length);
});

test("help has every key of every view", () => {
  const shown = helpParts("timeline", false).flatMap(({ lines }) => lines.map(({ what }) => what));
  for (const { title, views } of ACTIONS) {
    // The tables share their keys.
    if (!views?.includes("events") || views.includes("gcs")) expect(shown).toContain(title);
  }
});

describe("docs/tui.md", () => {
  const file = new URL("../../docs/tui.md", import.meta.url);
  const BEGIN = "<!-- keys: written by cli/tui/keys.test.ts -->";
  const END = "<!-- /keys -->";

  test("lists the keys that there are (UPDATE_DOCS=1 writes them)", () => {
    const cell = (text: string): string => text.replaceAll("|", "\\|");
    const tables = helpParts("timeline", true).map(
      ({ title, lines }) =>
        `### ${title}\n\n| keys | |\n|---|---|\n${lines
          .map(
            ({ keys, what }) =>
              `| ${keys
                .split(" ")
                .map((key) => `\`${cell(key)}\``)
                .join(" ")} | ${cell(what)} |`,
          )
          .join("\n")}\n`,
    );
    const text = readFileSync(file, "utf8");
    const [before = "", rest = ""] = text.split(BEGIN);
    const after = rest.split(END)[1] ?? "";
    const wanted = `${before}${BEGIN}\n\n${tables.join("\n")}\n${END}${after}`;
    if (process.env.UPDATE_DOCS === "1") writeFileSync(file, wanted);
    else expect(text).toBe(wanted);
  });
});

test.each([
  ["[<0;12;5M", "click:11:4"],
  ["[<16;1;1M", "click:0:0"],
  ["[<32;300;5M", "click:299:4"],
  ["[<64;2;3M", "wheel-up:1:2"],
  ["[<65;2;3M", "wheel-down:1:2"],
  ["[<0;12;5m", null],
  ["[<2;12;5M", null],
  ["[<35;12;5M", null],
  ["[<0;12M", null],
])("the report %s of the mouse is %s", (report, expected) => {
  expect(mouseKey(report)).toBe(expected);
  expect(keysOf(report, NO_KEY)).toEqual(expected === null ? [] : [expected]);
});

test("what a terminal sends at once is as many keys; control characters have names or do nothing", () => {
  expect(keysOf("ab\r\x7f\t\x10\x00\x01é", NO_KEY)).toEqual(["a", "b", "return", "backspace", "tab", "ctrl-p", "é"]);
  // Escape and a key that came in one piece; what is no key of a keyboard is none.
  expect(keysOf("x", { ...NO_KEY, meta: true })).toEqual(["escape", "x"]);
  expect(keysOf("[99~", { ...NO_KEY, meta: true })).toEqual([]);
  expect(keysOf("", { ...NO_KEY, delete: true })).toEqual(["backspace"]);
});

describe("palette", () => {
  const data = prepare(fakeResult());
  const size = { columns: 80, rows: 24 };
  const titles = (text: string, state: State = initialState(data)): string[] =>
    itemsFor(text, { data, state, size }).map(({ title }) => title);

  test.each([
    ["12.5s", "Go to 12.500 s"],
    ["go to 350 ms", "Go to 0.350 s"],
    ["gc 14", "Go to GC 14"],
    ["3", "Go to GC 3"],
    ["gogc 200", "What if GOGC were 200"],
    ["limit=512MiB", "What if GOMEMLIMIT were 512 MiB"],
    ["policy 1.19", "What if Policy (Go) were go1.19"],
    ["events kind=growth", "Filter events by kind=growth"],
    ["zin", "Zoom in"],
    ["quit", "Quit"],
    ["led", "View: Ledger"],
    ["export html", "Export html"],
  ])("%s: %s", (text, title) => {
    expect(titles(text)[0]).toBe(title);
  });

  test("what is no GC and no value is not offered", () => {
    expect(titles("gc 999")).not.toContain("Go to GC 999");
    expect(titles("gogc -3").some((title) => title.startsWith("What if"))).toBe(false);
    expect(titles("xyzzy")).toEqual([]);
  });

  test("actions of other views are not offered", () => {
    expect(titles("")).not.toContain("Search");
    expect(titles("", { ...initialState(data), view: "gcs" })[0]).toBe("Row above");
  });

  test("an item that is chosen is done", () => {
    let state = initialState(data);
    for (const key of [":", ..."gc 7", "return"]) state = press(data, state, key, size).state;
    expect(state.prompt).toBeNull();
    expect(state.cursor).toBe(data.gcs[6]);
    for (const key of ["u"]) state = press(data, state, key, size).state;
    expect(state.cursor).toBe(data.peak);
  });

  test.each([
    ["abc", "a b c", true],
    ["acb", "a b c", false],
    ["GC", "Next GC", true],
  ])("%s in %s: %s", (text, title, found) => {
    expect(fuzzy(text, title) > 0).toBe(found);
  });
});
