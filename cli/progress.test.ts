import { expect, test } from "vitest";
import { Progress } from "./progress.ts";

function watch(tty: boolean, enabled = true) {
  const written: string[] = [];
  let now = 0;
  const stream = { isTTY: tty, columns: 40, write: (text: string) => written.push(text) };
  const progress = new Progress(stream as unknown as NodeJS.WriteStream, enabled, () => now);
  return {
    written,
    progress,
    at(ms: number, fraction: number | null = 0.5) {
      now = ms;
      progress.report({ phase: "replaying", fraction, events: 1_234_567 });
    },
  };
}

test("the first second is silent", () => {
  const { at, progress, written } = watch(true);
  at(0);
  at(999);
  progress.done();
  expect(written).toEqual([]);
});

test("on a terminal one line is rewritten, fits, and goes away", () => {
  const { at, progress, written } = watch(true);
  at(1000);
  at(1050);
  at(1100, null);
  progress.done();
  expect(written).toEqual([
    "\rreplaying 50 %, 1 234 567 events, 1 s\x1b[K",
    "\rreplaying, 1 234 567 events, 1 s\x1b[K",
    "\r\x1b[K",
  ]);
});

test("elsewhere there is a line every five seconds", () => {
  const { at, progress, written } = watch(false);
  for (let ms = 0; ms <= 11_000; ms += 500) at(ms);
  progress.done();
  expect(written).toEqual([
    "gopages: replaying 50 %, 1 234 567 events, 5 s\n",
    "gopages: replaying 50 %, 1 234 567 events, 10 s\n",
  ]);
});

test("--no-progress says nothing", () => {
  const { at, written } = watch(true, false);
  at(5000);
  expect(written).toEqual([]);
});
