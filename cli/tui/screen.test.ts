import { EventEmitter } from "node:events";
import xterm from "@xterm/headless";
import { expect, test } from "vitest";
import { Screen } from "./screen.ts";

/** A screen on an emulated terminal, with what was written to it since last asked. */
function emulate(columns: number, rows: number) {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  let written = "";
  const stream = Object.assign(new EventEmitter(), {
    isTTY: true,
    columns,
    rows,
    write(text: string) {
      written += text;
      terminal.write(text);
      return true;
    },
  });
  return {
    screen: new Screen(stream as unknown as NodeJS.WriteStream),
    stream,
    terminal,
    written() {
      const text = written;
      written = "";
      return text;
    },
    async lines() {
      await new Promise<void>((resolve) => terminal.write("", resolve));
      const { active } = terminal.buffer;
      return Array.from({ length: terminal.rows }, (_, y) => active.getLine(y)!.translateToString(true));
    },
  };
}

test("only rows that changed are written, to the last column and row", async () => {
  const { lines, screen, written } = emulate(4, 3);
  screen.enter();
  screen.show(["aaaa", "bbbb", "cccc"]);
  expect(await lines()).toEqual(["aaaa", "bbbb", "cccc"]);
  written();
  screen.show(["aaaa", "b", "cccd"]);
  expect(await lines()).toEqual(["aaaa", "b", "cccd"]);
  expect(written()).not.toContain("aaaa");
  screen.show(["aaaa", "b", "cccd"]);
  expect(written()).toBe("");
});

test("coming back paints the frame that was there, or the one shown meanwhile", async () => {
  const { lines, screen, terminal } = emulate(4, 2);
  screen.enter();
  screen.show(["one", "two"]);
  screen.leave();
  await lines();
  expect(terminal.buffer.active.type).toBe("normal");
  screen.enter();
  expect(await lines()).toEqual(["one", "two"]);
  screen.leave();
  screen.show(["three", "four"]);
  expect(await lines()).not.toContain("four");
  screen.enter();
  expect(await lines()).toEqual(["thre", "four"]);
});

test("leaving twice, or without having entered, writes nothing more", () => {
  const { screen, written } = emulate(4, 2);
  screen.leave();
  expect(written()).toBe("");
  screen.enter();
  screen.leave();
  written();
  screen.leave();
  expect(written()).toBe("");
});

test("the scrollback of the user's terminal is left alone", async () => {
  const { lines, screen, terminal, written } = emulate(8, 2);
  terminal.write("before\r\nmy\r\nwork");
  screen.enter();
  for (let i = 0; i < 5; i++) screen.show([`row ${i}`, "full"]);
  screen.leave();
  expect(await lines()).toEqual(["before", "my"]);
  expect(terminal.buffer.active.length).toBe(3);
  expect(written()).not.toContain("\x1b[3J");
});
