import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bin, compileEntry, entry, type PtyOptions, PtyRun } from "./testing/pty.ts";
import { gcLine, WatchedLog } from "./testing/watched.ts";

const ENTER = "\x1b[?1049h";
const LEAVE = "\x1b[?1049l";
const SHOW_CURSOR = "\x1b[?25h";

const LEFT = "\x1b[D";
const RIGHT = "\x1b[C";
const UP = "\x1b[A";
const DOWN = "\x1b[B";
const HOME = "\x1b[H";
const END = "\x1b[F";
/** A run in which something happened. */
const EVENTFUL = { eventful: true } as const;
const PAGE_DOWN = "\x1b[6~";
const SHIFT_TAB = "\x1b[Z";

// One file for all tests that need the compiled program: two would compile it into each other's way.
beforeAll(compileEntry, 120_000);

describe("as a process", () => {
  const run = (file: string, ...argv: string[]) => spawnSync(process.execPath, [file, ...argv], { encoding: "utf8" });

  test("says its version without loading anything else", () => {
    const { status, stdout, stderr } = run(bin, "--version");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test("ends with the exit code of what went wrong", () => {
    expect(run(bin, "--nonsense").status).toBe(2);
    const missing = run(bin, "no-such-file.out");
    expect(missing.status).toBe(3);
    expect(missing.stdout).toBe("");
    expect(missing.stderr).toMatch(/^gopages: no-such-file\.out.*\n$/);
  });

  test.skipIf(process.platform === "win32")("a reader that closes the pipe hears no complaint", () => {
    const script = `{ "$0" "$1" trace.out --json --samples all; echo "code $?" >&2; } | head -c 100`;
    const { stdout, stderr } = spawnSync("/bin/sh", ["-c", script, process.execPath, entry], {
      encoding: "utf8",
      env: { ...process.env, FAKE: JSON.stringify({ rows: 50_000 }) },
    });
    expect(stdout).toHaveLength(100);
    expect(stderr).toBe("code 0\n");
  });
});

describe.skipIf(!existsSync("/dev/full"))("a full disk", () => {
  const trace = "fixtures/bursts-1.27/trace.out";
  const run = (script: string, ...argv: string[]) =>
    spawnSync("/bin/sh", ["-c", `"$0" "$@" ${script}`, process.execPath, bin, ...argv], { encoding: "utf8" });

  test.each([[["--version"]], [["--help"]], [["formats"]], [[trace, "--json"]], [["export", "--to", "csv", trace]]])(
    "behind standard output is one line and 3: %j",
    (argv) => {
      const { status, stderr } = run(">/dev/full", ...argv);
      expect({ status, stderr }).toEqual({
        status: 3,
        stderr: "gopages: standard output: can't be written: no space is left there\n",
      });
    },
  );

  test("behind a file is the same, with its name", () => {
    const { status, stderr } = run("", "export", "--to", "parquet", "-o", "/dev/full", trace);
    expect({ status, stderr }).toEqual({
      status: 3,
      stderr: "gopages: /dev/full: can't be written: no space is left there\n",
    });
  });
});

test.skipIf(process.platform === "win32")("an export that is interrupted leaves no half of a file", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "gopages-"));
  try {
    const file = path.join(folder, "run.csv");
    // Of standard input that never ends: it is under way when the signal comes.
    const child = spawn(process.execPath, [bin, "export", "--to", "csv", "-o", file, "-"]);
    const exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
    await expect.poll(() => readdirSync(folder), { timeout: 20_000 }).toEqual([expect.stringMatching(/^run\.csv\./)]);
    child.kill("SIGTERM");
    expect(await exited).toEqual({ code: null, signal: "SIGTERM" });
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe.skipIf(process.platform === "win32")("an export whose reader goes away", () => {
  test.each(["html", "csv", "perfetto", "events"])("ends quietly with 0: %s", (name) => {
    const script = `{ "$0" "$1" export --to ${name} --samples all fixtures/bursts-1.27/trace.out; echo "code $?" >&2; } | head -c 10`;
    const { stdout, stderr } = spawnSync("/bin/sh", ["-c", script, process.execPath, bin], { encoding: "latin1" });
    expect(stdout).toHaveLength(10);
    expect(stderr).toBe("code 0\n");
  });
});

// node-pty and sh are what these need; the model that draws has its own tests, which run anywhere.
describe.skipIf(process.platform === "win32")("on a terminal", () => {
  const runs: PtyRun[] = [];

  afterEach(() => {
    for (const run of runs.splice(0)) run.end();
  });

  async function start(options: PtyOptions = {}): Promise<PtyRun> {
    const run = new PtyRun(options);
    runs.push(run);
    if (!options.shell) await run.until("q quit");
    return run;
  }

  /** What was written since the alternate screen was last left must show the cursor. */
  function expectRestored(run: PtyRun): void {
    const { output } = run;
    expect(output).toContain(ENTER);
    expect(output.lastIndexOf(LEAVE)).toBeGreaterThan(output.lastIndexOf(ENTER));
    expect(output.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(output.lastIndexOf("\x1b[?25l"));
    expect(output.lastIndexOf("\x1b[?7h")).toBeGreaterThan(output.lastIndexOf("\x1b[?7l"));
    expect(output.lastIndexOf("\x1b[?1000l")).toBeGreaterThan(output.lastIndexOf("\x1b[?1000h"));
    expect(output.lastIndexOf("\x1b[?1006l")).toBeGreaterThan(output.lastIndexOf("\x1b[?1006h"));
    expect(run.terminal.buffer.active.type).toBe("normal");
  }

  test.each([
    [80, 24],
    [120, 40],
    [200, 50],
  ])("the first screen fills %dx%d", async (columns, rows) => {
    const run = await start({ columns, rows });
    const screen = await run.screen();
    expect(screen[0]).toMatch(
      /\[1 Timeline\] 2 Heap map {2}3 Ledger {2}4 What-if {2}5 Why {2}6 GCs {2}7 Events {2}8 Trust$/,
    );
    if (columns > 110) expect(screen[0]).toMatch(/^ gopages trace\.out as go1\.27 /);
    expect(screen[1]).toMatch(/^ Peak 162 MiB \(-2\.00\/\+5\.00 MiB\) at 4\.00 s, end 25\.6 MiB; 1\.3 % off measured/);
    expect(screen[rows - 1]).toMatch(/^ q quit {3}\? help/);
    const text = screen.join("\n");
    expect(text).toContain("RSS  ⣀ predicted  · margin  x measured  ┄ live  ─ in use  ═ goal");
    expect(text).toMatch(/Time +4\.00 s/);
    expect(text).toMatch(/RSS +162 MiB/);
    // The axis ends where the figures beside it begin, or at the edge.
    const axis = screen.find((line) => line.includes("└"))!;
    expect(axis.trimEnd().length).toBe(columns < 100 ? columns : columns - 36);
    expect(run.terminal.buffer.active.type).toBe("alternate");
  });

  // Screens to be read by people, in cli/tui/screens; `vitest -u` writes them anew.
  test.each([
    [80, 24],
    [120, 40],
    [200, 50],
  ])("every view looks as it should at %dx%d", async (columns, rows) => {
    const run = await start({ fake: EVENTFUL, columns, rows });
    const screens: [name: string, keys: string, expected: Parameters<PtyRun["until"]>[0]][] = [
      ["timeline", "gwwax", /Time +4\.00 s[\s\S]*A +1\.00 s/],
      ["heap-map", "2", "[2 Heap map]"],
      ["ledger", "3", "at cursor"],
      ["what-if", "4", "Change a setting"],
      ["what-if-played", RIGHT, "+25 %"],
      ["why", "5", "▸ 48 MiB were dead"],
      ["gcs", "6", "of 14 GCs"],
      ["events", "7", "events"],
      ["trust", "8", "How sure"],
      ["help", "?", "Everywhere"],
      ["palette", "q1:zoom", ":zoom▏"],
    ];
    for (const [name, keys, expected] of screens) {
      run.press(keys);
      const text = await run.settled(expected);
      // The heap map has its own.
      if (name !== "heap-map")
        await expect(`${text}\n`).toMatchFileSnapshot(`tui/screens/${name}-${columns}x${rows}.txt`);
    }
  });

  // The model has the same property over many more; here it is that the terminal is given back.
  test("no sequence of keys leaves the terminal raw", async () => {
    const keys = [
      ..."hjklHLgGnNpwWrRtTxabdzcu0U+-=_12345678?:@/fFsS \r\t\x1b\x7f\x10\x15",
      LEFT,
      RIGHT,
      UP,
      DOWN,
      HOME,
      END,
      PAGE_DOWN,
      SHIFT_TAB,
      "\x1b[<0;30;9M",
      "\x1b[<64;30;9M",
      "\x1b[<65;30;9M",
      "\x1b[<35;30;9M",
      "\x1b[99~",
      "\x00",
      "é",
      "😀",
    ];
    let seed = 12_345;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    const run = await start({ fake: EVENTFUL, shell: true });
    await run.prompt();
    for (let round = 0; round < 2; round++) {
      run.press("$RUN; echo co''de $?\r");
      await run.until("q quit");
      for (let sent = 0; sent < 200; sent += 10) {
        run.press(Array.from({ length: 10 }, () => keys[random(keys.length)]).join(""));
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      run.press("\x03");
      await run.until("code 130");
      expectRestored(run);
      run.press("clear; stty -a | grep -o ' icanon'\r");
      await run.until(" icanon");
      run.press("clear\r");
      await run.until((text) => !text.includes("icanon"));
    }
  });

  test("every key does what help says", async () => {
    const run = await start({ fake: EVENTFUL });
    const time = async (): Promise<string> => /Time ([\d.]+ s)/.exec(await run.text())?.[1] ?? "";
    const after = async (keys: string, expected: Parameters<PtyRun["until"]>[0]): Promise<void> => {
      run.press(keys);
      await run.until(expected);
    };
    expect(await time()).toBe("4.00 s");
    await after(RIGHT, "Time 4.15 s");
    await after("l", "Time 4.29 s");
    await after(LEFT, "Time 4.15 s");
    await after("h", "Time 4.00 s");
    await after("L", "Time 5.43 s");
    await after("H", "Time 4.00 s");
    await after("g", "Time 0.00 s");
    await after("G", "Time 10.00 s");
    await after(HOME, "Time 0.00 s");
    await after(END, "Time 10.00 s");
    await after("x", "Time 4.00 s");
    await after("n", "GC 6 of 14");
    await after("p", "GC 5 of 14");
    await after("x", "Time 4.00 s");
    await after("+", /2\.0 s +4\.5 s +7\.0 s/);
    await after(UP, /3\.0 s +4\.3 s +5\.5 s/);
    await after(DOWN, /2\.0 s +4\.5 s +7\.0 s/);
    await after("-", /0\.0 s +5\.0 s +10\.0 s/);
    await after("++0", /0\.0 s +5\.0 s +10\.0 s/);
    await after("u", /3\.0 s +4\.3 s +5\.5 s/);
    await after("U", /0\.0 s +5\.0 s +10\.0 s/);
    await after("gw", "Time 0.50 s");
    await after("W", "Time 0.00 s");
    await after("r", "Time 2.10 s");
    await after("rR", "Time 2.10 s");
    await after("gt", "Time 4.00 s");
    await after("Gt", "Time 10.00 s");
    await after("T", "Time 4.00 s");
    await after("@2.5s\r", "Time 2.50 s");
    await after("x", "Time 4.00 s");
    await after("a", "A 4.00 s");
    await after("l", "since 0.14 s");
    await after("b", "to B 0.14 s");
    await after("\x1b", (text) => !text.includes("since") && !text.includes("to B"));
    await after("z", (text) => !/^ +0 B │/m.test(text));
    await after("z", /^ +0 B │/m);
    await after("c", (text) => !text.includes("═ goal"));
    await after("c", "═ goal");
    await after("2", "[2 Heap map]");
    await after("3", "[3 Ledger]");
    await run.until(/Live heap +/);
    await after("d", "Mark a moment first");
    await after("ax", "at cursor");
    await after("d", "share");
    await after("d", "at cursor");
    await after("\x1b", "share");
    await after("4", "[4 What-if]");
    await run.until("as recorded");
    await after("5", "[5 Why]");
    await run.until("GOGC headroom");
    await after("6", "[6 GCs]");
    await after("7", "[7 Events]");
    await after("8", "[8 Trust]");
    await run.until("How sure");
    await after("\t", "[1 Timeline]");
    await after(SHIFT_TAB, "[8 Trust]");
    await after("1", "[1 Timeline]");
    await after("?", "Everywhere");
    await after(PAGE_DOWN, "lines 11 to");
    // In help q goes back; outside it quits.
    await after("q", "[1 Timeline]");
    run.press("q");
    expect(await run.exited()).toMatchObject({ exitCode: 0 });
    expectRestored(run);
  });

  test("keys of the tables: rows, sorting, filter, search, and the cursor that they share", async () => {
    const run = await start({ fake: EVENTFUL });
    const after = async (keys: string, expected: Parameters<PtyRun["until"]>[0]): Promise<void> => {
      run.press(keys);
      await run.until(expected);
    };
    await after("6", "5. of 14 GCs");
    await after("j", "6. of 14 GCs");
    await after("k", "5. of 14 GCs");
    await after("G", "14. of 14 GCs");
    await after("g", /> +1 +0\.679 s/);
    await after("s", "▲took");
    await after("ss", "▲at end");
    await after("S", "▼at end");
    await after("/free", /search: free/);
    await after("\r", /> {2}.*FreeOSMemory/);
    await after("frun", "1 GCs of 14 in all; filter: run");
    await after("\r", "q quit");
    await after("\x1b", (text) => !text.includes("filter:"));
    await after("F", "filter: cause=goal");
    await after("7", "[7 Events]");
    await after("fkind=growth\r", "8 events of");
    await after("G", "8. of 8 events");
    await after("\r", "[1 Timeline]");
    await run.until("Time 3.50 s");
    await after("u", "[1 Timeline]");
    run.press("q");
    expect(await run.exited()).toMatchObject({ exitCode: 0 });
  });

  test("keys of why and what-if: causes, their moments, and settings that are played", async () => {
    const run = await start({ fake: EVENTFUL, columns: 120, rows: 40 });
    const after = async (keys: string, expected: Parameters<PtyRun["until"]>[0]): Promise<void> => {
      run.press(keys);
      await run.until(expected);
    };
    await after("5", "▸ 48 MiB were dead");
    await after(RIGHT, "▸ at the end 4 MiB are");
    await after("\r", /\[1 Timeline\][\s\S]*Time +9\.00 s/);
    await after("u5", "[5 Why]");
    await after(`${DOWN}\r`, "there is no one moment");
    await after(DOWN, "Record: curl");
    await after("4", />GOGC +< +100>/);
    await after(RIGHT, />GOGC +< +150>\*/);
    await run.until(/Peak RSS +162 MiB +202 MiB +\+25 %/);
    await after(`${LEFT}${LEFT}`, /Peak RSS +162 MiB +142 MiB +-13 %/);
    await after("\r50\r", />GOGC +< +50>\*/);
    await run.until(/Peak RSS +162 MiB +121 MiB/);
    await after("\rmuch\r", "GOGC is a number of per cent, or off, not");
    await after("R", "Change a setting");
    await after(":limit 64MiB\r", />GOMEMLIMIT +< +64\.0 MiB>\*/);
    await run.until(/Peak RSS +162 MiB +64\.0 MiB/);
    await after("\x7f", />GOMEMLIMIT +< +off>/);
  });

  test("what-if says what it does, can be stopped, and leaves the keys free", async () => {
    const run = await start({ fake: { ...EVENTFUL, runMs: 60_000 } });
    run.press("4");
    await run.until("Playing the program as recorded; Esc stops it");
    run.press("1l");
    await run.until("Time 4.15 s");
    run.press("4");
    await run.until("[4 What-if]");
    run.press("\x1b");
    await run.until("Enter reads the recording once more");
    run.press("q");
    expect(await run.exited()).toMatchObject({ exitCode: 0 });
    expectRestored(run);
  });

  test("the palette finds commands, times and GCs", async () => {
    const run = await start({ fake: EVENTFUL });
    run.press(":");
    await run.until("Commands: 1 of");
    run.press("viewled\r");
    await run.until("[3 Ledger]");
    run.press("\x10gc 7\r");
    await run.until("RSS at 4.96 s");
    run.press(":1.5s\r");
    await run.until("RSS at 1.50 s");
    run.press(":nothing of the kind");
    await run.until("nothing matches");
    run.press("\x1b");
    await run.until((text) => !text.includes("Commands:"));
    // Escape and the next key in one piece.
    run.press(":x");
    await run.until("Commands:");
    run.press("\x1b6");
    await run.until("[6 GCs]");
    run.press(":quit\r");
    expect(await run.exited()).toMatchObject({ exitCode: 0 });
  });

  test("the mouse: a click sets the cursor, shows a view, sorts; the wheel zooms and scrolls", async () => {
    const run = await start({ fake: EVENTFUL });
    expect(run.output).toContain("\x1b[?1000h\x1b[?1006h");
    run.press("\x1b[<0;46;8M\x1b[<0;46;8m");
    await run.until("Time 5.07 s");
    run.press("\x1b[<64;46;8M");
    await run.until(/1\.0 s +5\.0 s +9\.0 s/);
    run.press("\x1b[<65;46;8M");
    await run.until(/0\.0 s +5\.0 s +10\.0 s/);
    // Its tab is 6 GCs.
    run.press("\x1b[<0;57;1M");
    await run.until("[6 GCs]");
    run.press("\x1b[<0;5;8M");
    await run.until("3. of 14 GCs");
    run.press("\x1b[<65;5;8M");
    await run.until("6. of 14 GCs");
    run.press("\x1b[<0;34;5M");
    await run.until(/▲heap/);
    run.press("M");
    await run.until("The mouse is the terminal's");
    expect(run.output.lastIndexOf("\x1b[?1000l")).toBeGreaterThan(run.output.lastIndexOf("\x1b[?1000h"));
    run.press("Mq");
    expect(await run.exited()).toMatchObject({ exitCode: 0 });
    expectRestored(run);
  });

  test("what is shown goes to the clipboard or a file, the run to a file that is not there", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "gopages-"));
    try {
      const run = await start({ fake: EVENTFUL });
      run.press("y");
      await run.until("Copied");
      const copied = /\x1b\]52;c;([A-Za-z0-9+/=]+)\x1b\\/.exec(run.output)?.[1] ?? "";
      expect(Buffer.from(copied, "base64").toString()).toMatch(/^ .*\[1 Timeline\][\s\S]*Time 4\.00 s/);
      const type = async (prompt: string, file: string, expected: string): Promise<void> => {
        await run.until(prompt);
        run.press(`\x15${path.join(folder, file)}\r`);
        await run.until(expected);
      };
      run.press("Y");
      await type("Write what is shown to: gopages-timeline.txt", "screen.txt", "Wrote");
      expect(readFileSync(path.join(folder, "screen.txt"), "utf8")).toMatch(/RSS {2}⣀ predicted/);
      run.press("Y");
      await type("Write what is shown to:", "screen.txt", "is there already");
      run.press("ecsv\r");
      await type("Export csv to: gopages.csv", "run.csv", "Wrote");
      const csv = readFileSync(path.join(folder, "run.csv"), "utf8").split("\n");
      expect(csv[0]).toMatch(/^t,rss,heapInuse/);
      expect(csv).toHaveLength(1002);
      run.press("ejson\r");
      await type("Export json to: gopages.json", "run.json", "Wrote");
      expect(JSON.parse(readFileSync(path.join(folder, "run.json"), "utf8"))).toMatchObject({
        schema: "gopages/replay/1",
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("while the input is read there is something to see, and all keys work", async () => {
    const run = await start({ fake: { ...EVENTFUL, reads: "well" } });
    const percent = /Reading: \d+(\.\d+)? %, [\d ]+ events/;
    const early = await run.until(percent);
    expect(early).toContain("RSS  ⣀ predicted");
    const end = (text: string): string | undefined => /so far ([\d.]+ \w+)/.exec(text)?.[1];
    await run.until((text) => end(text) !== end(early));
    run.press("6");
    await run.until("[6 GCs]");
    run.press("1");
    await run.until((text) => text.includes("[1 Timeline]") && text.includes("Reading"));
    process.kill(run.pty.pid, "SIGUSR2");
    await run.until((text) => !text.includes("Reading"));
    await run.until(/0\.0 s +5\.0 s +10\.0 s/);
  });

  test("while the input is read it can be left, and an input that breaks is said on the user's screen", async () => {
    const left = await start({ fake: { reads: "well" } });
    await left.until("Reading:");
    left.press("q");
    expect(await left.exited()).toMatchObject({ exitCode: 0 });
    expectRestored(left);
    const broken = await start({ fake: { reads: "badly" } });
    process.kill(broken.pty.pid, "SIGUSR2");
    await broken.until("trace.out: broken for a test");
    expect(await broken.exited()).toMatchObject({ exitCode: 3 });
    expectRestored(broken);
  });

  test("a real recording: its events, its causes, other settings in threads of their own, an export in a process", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "gopages-"));
    try {
      const run = await start({ real: ["replay", "fixtures/bursts-1.27/trace.out"] });
      await run.until("Peak 144 MiB");
      run.press("6");
      await run.until("of 26 GCs");
      run.press("5");
      await run.until(/\d+ causes present/);
      run.press("4");
      await run.until("Change a setting", 60_000);
      run.press(RIGHT);
      await run.until(/Peak RSS +[\d.]+ MiB +[\d.]+ MiB +[+-]/, 60_000);
      run.press("epprof\r");
      await run.until("Export pprof to");
      run.press(`\x15${path.join(folder, "run.pb.gz")}\r`);
      await run.until("Wrote", 60_000);
      expect(readFileSync(path.join(folder, "run.pb.gz")).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
      run.press("q");
      expect(await run.exited()).toMatchObject({ exitCode: 0 });
      expectRestored(run);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 180_000);

  test("many keys at once are all obeyed", async () => {
    const run = await start();
    run.press("glllllllllll");
    await run.until("Time 1.57 s");
  });

  test("Ctrl-C quits with the code of an interrupt, a partial input with its own", async () => {
    const run = await start();
    run.press("\x03");
    expect(await run.exited()).toMatchObject({ exitCode: 130 });
    expectRestored(run);
    const partial = await start({ fake: { partial: true } });
    await partial.until("partial input");
    partial.press("q");
    expect(await partial.exited()).toMatchObject({ exitCode: 4 });
    expectRestored(partial);
  });

  test("the screen follows the size of the window", async () => {
    const run = await start({ columns: 200, rows: 50 });
    for (const [columns, rows] of [
      [80, 24],
      [120, 40],
      [250, 70],
      [50, 14],
    ] as const) {
      run.resize(columns, rows);
      await run.until((text) => {
        const lines = text.split("\n");
        return lines[1]!.startsWith(" Peak") && lines[rows - 1]!.startsWith(" q quit");
      });
      const screen = await run.screen();
      expect(screen.filter((line) => line.includes("q quit"))).toHaveLength(1);
      expect(screen.filter((line) => line.startsWith(" Peak 162 MiB"))).toHaveLength(1);
    }
    run.resize(30, 8);
    await run.until("This terminal is 30x8");
    run.resize(80, 24);
    await run.until("[1 Timeline]");
  });

  test.each([
    ["SIGTERM", 15],
    ["SIGHUP", 1],
    ["SIGINT", 2],
  ] as const)("%s gives the terminal back and is what the process dies of", async (name, number) => {
    const run = await start();
    process.kill(run.pty.pid, name);
    expect(await run.exited()).toMatchObject({ signal: number });
    await run.text();
    expectRestored(run);
  });

  test("an error that nothing caught gives the terminal back and is said after that", async () => {
    const run = await start({ fake: { crashes: true } });
    process.kill(run.pty.pid, "SIGUSR2");
    expect(await run.exited()).toMatchObject({ exitCode: 70 });
    expect(await run.text()).toContain("a bug in gopages: crash for a test; please report");
    expectRestored(run);
  });

  test("Ctrl-Z gives the terminal back, fg takes it again", async () => {
    const run = await start({ shell: true });
    await run.prompt();
    run.press("$RUN\r");
    await run.until("q quit");
    run.press("l");
    await run.until("Time 4.15 s");
    run.press("\x1a");
    await run.until(/stopped|suspended/i);
    await run.prompt();
    expectRestored(run);
    // The shell's terminal echoes again.
    run.press("echo is''cooked\r");
    await run.until("iscooked");
    run.press("fg\r");
    await run.until((text) => text.includes("Time 4.15 s") && text.includes(" q quit"));
    run.press("\x1a");
    // The shell has it again, for the second time: what is typed before that may be lost.
    await run.until((text) => !text.includes("q quit") && (text.match(/stopped|suspended/gi) ?? []).length >= 2);
    await run.prompt();
    // A window that changed meanwhile is noticed.
    run.resize(100, 30);
    run.press("fg\r");
    await run.until((text) => text.split("\n")[29]!.startsWith(" q quit"));
    expect(await run.text()).toMatch(/Time +4\.15 s/);
    run.press("h");
    await run.until(/Time +3\.96 s/);
    run.press("q");
    await run.prompt();
    run.press("stty -a | grep -o ' icanon'; exit\r");
    await run.until(" icanon");
    expectRestored(run);
  });

  test("a terminal without colours or UTF-8 gets neither", async () => {
    const run = await start({ env: { LC_ALL: "C", NO_COLOR: "1" } });
    run.press("2");
    await run.until("[2 Heap map]");
    expect(await run.text()).not.toMatch(/[^\x00-\x7f]/);
    expect(run.output).not.toMatch(/\x1b\[[\d;]*3[0-8][;m]/);
    expect(await run.text()).toMatch(/# in use .*- free, kept .*\. released/);
  });

  test("a dumb terminal and a build server get the text", async () => {
    for (const env of [{ TERM: "dumb" }, { CI: "true" }]) {
      const run = new PtyRun({ rows: 60, env });
      runs.push(run);
      expect(await run.exited()).toMatchObject({ exitCode: 0 });
      expect(run.output).toContain("Peak RSS is predicted at");
      expect(run.output).not.toContain(ENTER);
    }
  });
});

describe.skipIf(process.platform === "win32")("watch on a terminal", () => {
  let folder = "";
  let run: PtyRun;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "gopages-"));
  });
  afterEach(() => {
    run.end();
    rmSync(folder, { recursive: true, force: true });
  });

  test("follows a log: forecast, budget, keys, a restart; gives the terminal back and tells of the broken budget", async () => {
    const log = new WatchedLog(path.join(folder, "gc.log"));
    log.add(5, 20);
    const command = `"${process.execPath}" "${bin}" watch "${log.file}" --budget rss=100MiB --window 60s`;
    run = new PtyRun({ columns: 100, rows: 30, shell: true, env: { WATCH: command } });
    await run.prompt();
    run.press("eval $WATCH; echo code $?\r");
    await run.until("q end");
    // The log was played ahead: 40 MiB at the goal, and what is no heap.
    await run.until(/RSS ahead, replayed: [45]\d(\.\d)? MiB \(/, 60_000);
    run.press("?");
    await run.until("hold the charts");
    run.press("?");
    await run.until((text) => !text.includes("hold the charts"));
    run.press("p");
    await run.until("HELD since");
    log.add(4, 60);
    await run.until("ALERT: RSS, predicted,", 90_000);
    run.press("p");
    await run.until((text) => !text.includes("HELD since") && text.includes("live heap, last"));
    log.restart();
    log.add(3, 10);
    await run.until("the program was started again");
    run.press("q");
    await run.until("code 1");
    expect(run.output).toContain(LEAVE);
    expect(await run.text()).toMatch(/1 restart\b/);
  }, 180_000);

  test("of the terminal itself there is nothing to watch", async () => {
    run = new PtyRun({ columns: 120, real: ["watch", "-"] });
    expect(await run.exited()).toMatchObject({ exitCode: 3 });
    expect(await run.text()).toContain("gopages: -: standard input is a terminal; pipe");
  });

  test("of a pipe: Ctrl-C is for the whole of it", async () => {
    const log = new WatchedLog(path.join(folder, "gc.log"));
    log.add(3, 10);
    run = new PtyRun({ columns: 100, rows: 30, shell: true });
    await run.prompt();
    run.press(`(cat "${log.file}"; exec sleep 600) | "${process.execPath}" "${bin}" watch -\r`);
    await run.until("q end");
    await run.until("GC 3");
    run.press("\x03");
    // The shell has all of the job back.
    await run.prompt();
    run.press("jobs; echo do''ne\r");
    expect(await run.until("done")).not.toMatch(/Running|Stopped/);
  });
});

describe.skipIf(process.platform !== "linux")("record on a terminal", () => {
  test("Ctrl-C reaches the program once, and what was recorded is kept", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "gopages-"));
    const bundle = path.join(folder, "bundle");
    const program = path.join(folder, "program.cjs");
    // A server that ends in good order: it says how often it was asked to.
    writeFileSync(
      program,
      `let asked = 0;
      process.on("SIGINT", () => { asked++; setTimeout(() => { console.log("asked " + asked); process.exit(3); }, 300); });
      console.error(${JSON.stringify(gcLine(1, 10))}); console.error(${JSON.stringify(gcLine(2, 12))});
      setInterval(() => {}, 1000); console.log("program is" + " up");`,
    );
    const run = new PtyRun({ columns: 120, rows: 30, shell: true });
    try {
      await run.prompt();
      run.press(
        `"${process.execPath}" "${bin}" record -o "${bundle}" -- "${process.execPath}" "${program}"; echo "code" $?\r`,
      );
      await run.until("program is up");
      run.press("\x03");
      await run.until("code 3");
      const text = await run.text();
      expect(text).toContain("asked 1");
      expect(text.replaceAll("\n", "")).toContain("gctrace.log");
      const manifest = JSON.parse(readFileSync(path.join(bundle, "manifest.json"), "utf8"));
      expect(manifest).toMatchObject({ exitCode: 3, files: ["samples.csv", "gctrace.log"] });
      expect(readFileSync(path.join(bundle, "gctrace.log"), "utf8")).toContain("gc 2 @2.000s");
      expect(readFileSync(path.join(bundle, "samples.csv"), "utf8").split("\n").length).toBeGreaterThan(3);
    } finally {
      run.end();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe.skipIf(process.platform === "win32")("watch of a URL", () => {
  test("goes on through trouble and a restart of the service, and says so", async () => {
    // What the service is doing: it counts its GCs, is away, has been started again.
    let gcs = 100;
    let away = false;
    let asked = 0;
    const page = (): string =>
      Object.entries({
        process_resident_memory_bytes: 80 * 2 ** 20,
        go_memstats_heap_alloc_bytes: 30 * 2 ** 20,
        go_memstats_heap_idle_bytes: 9 * 2 ** 20,
        go_memstats_heap_released_bytes: 5 * 2 ** 20,
        go_memstats_next_gc_bytes: 50 * 2 ** 20,
        go_gc_duration_seconds_count: gcs,
      })
        .map(([name, value]) => `${name} ${value}\n`)
        .join("");
    const server = createServer((_, response) => {
      asked++;
      if (away) response.writeHead(503).end();
      else response.end(page());
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
    const child = spawn(process.execPath, [bin, "watch", url, "--every", "100ms", "--budget", "rss=64MiB"]);
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString("utf8");
    });
    const code = new Promise((resolve) => child.once("exit", resolve));
    try {
      // Of 20 MiB until the next GC, 4 are free and backed: RSS goes to 80 + 16.
      await expect.poll(() => said, { timeout: 20_000 }).toContain("RSS goes to about 96.0 MiB");
      expect(said).toContain("ALERT: RSS 80.0 MiB is over its budget of 64.0 MiB");
      away = true;
      await expect.poll(() => said, { timeout: 20_000 }).toContain("the server answers 503");
      away = false;
      gcs = 3;
      await expect.poll(() => said, { timeout: 20_000 }).toContain("the program was started again");
      expect(said).toContain("it answers again");
      const before = asked;
      await expect.poll(() => asked, { timeout: 20_000 }).toBeGreaterThan(before + 2);
      child.kill("SIGINT");
      expect(await code).toBe(1);
    } finally {
      child.kill("SIGKILL");
      server.closeAllConnections();
      server.close();
    }
  });
});
