/**
 * How quick the terminal UI is on a real recording, and how much memory it takes: `npm run bench:tui -- trace.out`.
 *
 * gopages runs in a pseudo-terminal. After the recording is read, each view gets its usual keys, one after the other; from the
 * key to the end of the frame that answers it is the time. Then the heap map plays. The bars: 50 ms for half of the keys, 150 ms
 * for 99 of 100, more than 10 frames a second, 400 MiB.
 *
 * bench/tui-load.go.txt is a program that writes a trace of the size wanted (500 MB: GOMAXPROCS=2 GODEBUG=traceallocfree=1).
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import pty from "@lydell/node-pty";
import xterm from "@xterm/headless";

const FRAME_END = "\u001b[?2026l";
const COLUMNS = 200;
const ROWS = 50;
/** A key that nothing answers within this changed nothing, ms. */
const SILENCE = 300;
const ROUNDS = 8;

const LEFT = "\u001b[D";
const RIGHT = "\u001b[C";
const UP = "\u001b[A";
const DOWN = "\u001b[B";
const PAGE_UP = "\u001b[5~";
const PAGE_DOWN = "\u001b[6~";

/** Keys of each view: those that move in time come in every one. */
const TIME = ["g", "n", "n", "p", "L", "L", "H", "w", "r", "R", "x", "G", "T", "W"];
const VIEWS: readonly (readonly [name: string, view: string, keys: readonly string[]])[] = [
  ["timeline", "1", [...TIME, LEFT, RIGHT, "+", "+", RIGHT, "-", "0", "c", "z", PAGE_UP, PAGE_DOWN]],
  ["heap map: space", "2", [...TIME, RIGHT, DOWN, LEFT, UP, "v", ".", ",", ">", "<"]],
  ["heap map: arena", "\r", [...TIME, RIGHT, DOWN, LEFT, UP, "v", ".", ","]],
  ["heap map: chunk", "\r", [...TIME, RIGHT, DOWN, LEFT, UP, ".", ","]],
  ["heap map: spans", "\r", [...TIME, DOWN, DOWN, UP, PAGE_DOWN, PAGE_UP, ".", ","]],
  ["ledger", "3", [...TIME, LEFT, RIGHT, "a", "l", "d", "\u001b"]],
  ["why", "5", [DOWN, DOWN, UP]],
  ["GCs", "6", [DOWN, DOWN, UP, "G", "g", "s", "S", PAGE_DOWN]],
  ["events", "7", [DOWN, DOWN, UP, "G", "g", "s", "S", PAGE_DOWN]],
];

async function main(): Promise<number> {
  const [input] = process.argv.slice(2);
  if (input === undefined || process.platform === "win32") {
    process.stderr.write("usage: npm run bench:tui -- trace.out   (a big one: see bench/tui-load.go.txt)\n");
    return 2;
  }
  const bin = path.join(import.meta.dirname, "..", "cli", "main.js");
  const child = pty.spawn(process.execPath, [bin, "replay", input], {
    name: "xterm-256color",
    cols: COLUMNS,
    rows: ROWS,
    env: { ...process.env, LANG: "C.UTF-8", CI: "", TERM: "xterm-256color" },
  });
  const terminal = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
  let ended = false;
  let frames = 0;
  let onFrame: (() => void) | null = null;
  let tail = "";
  child.onData((text) => {
    terminal.write(text);
    // The end of a frame may be cut in two.
    const seen = tail + text;
    const parts = seen.split(FRAME_END);
    tail = parts.at(-1)!.slice(-FRAME_END.length);
    frames += parts.length - 1;
    if (parts.length > 1) onFrame?.();
  });
  child.onExit(() => {
    ended = true;
  });
  const line = async (y: number): Promise<string> => {
    await new Promise<void>((resolve) => terminal.write("", resolve));
    return terminal.buffer.active.getLine(y)?.translateToString(true) ?? "";
  };
  /** ms from the key to the end of the frame that answers it; null if none did. */
  const press = async (key: string): Promise<number | null> => {
    const start = performance.now();
    child.write(key);
    const answered = await Promise.race([
      new Promise<boolean>((resolve) => {
        onFrame = () => resolve(true);
      }),
      sleep(SILENCE, false),
    ]);
    onFrame = null;
    return answered ? performance.now() - start : null;
  };

  const start = performance.now();
  let firstFrame = Number.NaN;
  for (;;) {
    await sleep(50);
    if (ended) {
      process.stderr.write(`${(await line(0)) || "gopages"} ended early\n`);
      return 1;
    }
    if (frames > 0 && Number.isNaN(firstFrame)) firstFrame = performance.now() - start;
    if ((await line(1)).startsWith(" Peak")) break;
  }
  const loaded = performance.now() - start;
  await sleep(500);
  const out = (text: string): void => void process.stdout.write(`${text}\n`);
  out(`first frame after ${(firstFrame / 1000).toFixed(1)} s, all read after ${(loaded / 1000).toFixed(1)} s`);
  out(`processor time till then: ${cpuSeconds(child.pid)} s; memory: ${memory(child.pid)}`);

  out(
    `${"view".padEnd(18)}${"keys".padStart(6)}${"median ms".padStart(11)}${"99th ms".padStart(10)}${"most ms".padStart(10)}`,
  );
  const all: number[] = [];
  for (const [name, view, keys] of VIEWS) {
    await press(view);
    // The diagnosis takes its own time.
    if (name === "why") await sleep(5000);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const key of keys) {
        const time = await press(key);
        if (time !== null) times.push(time);
        await sleep(5);
      }
    }
    report(name, times);
    all.push(...times);
  }
  report("all", all);

  await press("2");
  for (let i = 0; i < 4; i++) await press("\u001b");
  for (const [name, back] of [
    ["forward", false],
    ["backward", true],
  ] as const) {
    await press(back ? "G" : "g");
    await press(back ? "[" : "]");
    const before = frames;
    const from = performance.now();
    await sleep(8000);
    out(`playback ${name}: ${(((frames - before) * 1000) / (performance.now() - from)).toFixed(1)} frames a second`);
    await press(" ");
  }
  out(`memory at the end: ${memory(child.pid)}`);
  child.write("q");
  for (let i = 0; i < 100 && !ended; i++) await sleep(50);
  if (!ended) child.kill();
  return 0;

  function report(name: string, times: number[]): void {
    if (times.length === 0) return;
    times.sort((a, b) => a - b);
    const at = (share: number): string =>
      times[Math.min(times.length - 1, Math.floor(times.length * share))]!.toFixed(1);
    out(
      `${name.padEnd(18)}${String(times.length).padStart(6)}${at(0.5).padStart(11)}${at(0.99).padStart(10)}${at(1).padStart(10)}`,
    );
  }
}

/** Of all its threads; what is shown does not depend on what else the machine does. */
function cpuSeconds(pid: number): string {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    // utime and stime, in ticks of 10 ms on Linux.
    return ((Number(fields[11]) + Number(fields[12])) / 100).toFixed(1);
  } catch {
    return "unknown";
  }
}

/** Resident now, and the most it was. */
function memory(pid: number): string {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const mib = (name: string): string =>
      `${(Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024).toFixed(0)} MiB`;
    return `${mib("VmRSS")}, most ${mib("VmHWM")}`;
  } catch {
    return "not told by this system";
  }
}

process.exitCode = await main();
