import { expect, test } from "vitest";
import { painter } from "./style.ts";
import { describeTerminal } from "./terminal.ts";

const tty = { isTTY: true, columns: 120, rows: 40 } as NodeJS.WriteStream;
const pipe = {} as NodeJS.WriteStream;

test.each([
  [{ LANG: "en_US.UTF-8" }, true],
  [{ LC_CTYPE: "C.utf8", LANG: "C" }, true],
  [{ LC_ALL: "C", LANG: "en_US.UTF-8" }, false],
  [{ LANG: "de_DE.ISO-8859-1" }, false],
  [{}, false],
  [{ TERM: "linux", LANG: "en_US.UTF-8" }, false],
])("%j can show blocks and braille: %s", (env, unicode) => {
  expect(describeTerminal(tty, env, "linux").unicode).toBe(unicode);
});

test.each([
  [{ TERM: "xterm" }, 1],
  [{ TERM: "xterm-256color" }, 2],
  [{ TERM: "xterm-256color", COLORTERM: "truecolor" }, 3],
  [{ TERM: "xterm-256color", NO_COLOR: "1" }, 0],
  [{ TERM: "dumb" }, 0],
  [{ TERM: "xterm", FORCE_COLOR: "3" }, 3],
])("%j has colour level %d", (env, level) => {
  expect(describeTerminal(tty, env, "linux").color).toBe(level);
});

test("a pipe gets neither colours nor attributes", () => {
  const terminal = describeTerminal(pipe, { TERM: "xterm-256color", LANG: "C.UTF-8" }, "linux");
  expect(terminal).toEqual({ isTty: false, columns: 80, rows: 24, unicode: true, color: 0, attributes: false });
  expect(painter(terminal)("x", "warning")).toBe("x");
});

test("a style is drawn with what the terminal has", () => {
  const shades = ([0, 1, 2, 3] as const).map((color) => painter({ color, attributes: true })("x", "warning"));
  expect(shades).toEqual([
    "\x1b[1mx\x1b[0m",
    "\x1b[1;91mx\x1b[0m",
    "\x1b[1;38;5;166mx\x1b[0m",
    "\x1b[1;38;2;213;94;0mx\x1b[0m",
  ]);
});
