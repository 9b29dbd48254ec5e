import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { render } from "ink";
import { createElement } from "react";
import { expect, test } from "vitest";
import { painter } from "../style.ts";
import { fakeResult } from "../testing/fake-result.ts";
import { App } from "./app.tsx";
import { Screen } from "./screen.ts";
import { type Services, Session } from "./session.ts";

test("frames come by themselves while the heap map plays, and end with it", async () => {
  let frames = 0;
  const stdout = Object.assign(new EventEmitter(), {
    isTTY: true,
    columns: 80,
    rows: 24,
    write: (text: string) => {
      if (text.includes("\u001b[?2026l")) frames++;
      return true;
    },
  });
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode() {}, ref() {}, unref() {} });
  const screen = new Screen(stdout as unknown as NodeJS.WriteStream);
  screen.enter();
  const terminal = { isTty: true, columns: 80, rows: 24, unicode: true, color: 3, attributes: true } as const;
  const session = new Session({} as Services, fakeResult());
  const app = render(createElement(App, { session, screen, terminal, paint: painter(terminal), onEffect() {} }), {
    stdout: screen as unknown as NodeJS.WriteStream,
    stdin: stdin as unknown as NodeJS.ReadStream,
    debug: true,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  const answered = async (key: string): Promise<void> => {
    const before = frames;
    stdin.write(key);
    while (frames === before) await sleep(1);
  };
  await answered("2");
  await answered("g");
  await answered("]");
  const from = frames;
  const start = performance.now();
  while (frames < from + 10) await sleep(5);
  // 20 a second where nothing else runs; the bar of 10 is that of the bench.
  expect(performance.now() - start).toBeLessThan(5000);
  await answered(" ");
  await sleep(50);
  const stopped = frames;
  await sleep(200);
  expect(frames).toBe(stopped);
  app.unmount();
  session.close();
});
