import { spawnSync } from "node:child_process";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { bin, compileEntry, entry, type PtyOptions, PtyRun } from "./testing/pty.ts";

const ENTER = "\x1b[?1049h";
const LEAVE = "\x1b[?1049l";
const SHOW_CURSOR = "\x1b[?25h";

const LEFT = "\x1b[D";
const RIGHT = "\x1b[C";
const UP = "\x1b[A";
const DOWN = "\x1b[B";
const HOME = "\x1b[H";
const END = "\x1b[F";
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
    expect(run.terminal.buffer.active.type).toBe("normal");
  }

  test.each([
    [80, 24],
    [120, 40],
    [200, 50],
  ])("the first screen fills %dx%d", async (columns, rows) => {
    const run = await start({ columns, rows });
    const screen = await run.screen();
    expect(screen[0]).toMatch(/gopages trace\.out as go1\.27 .*\[1 Timeline\] 2 Heap map {2}3 Ledger {2}4 Trust$/);
    expect(screen[1]).toBe(" Peak 162 MiB (-2.00/+5.00 MiB) at 4.00 s, end 25.6 MiB; 1.3 % off measured");
    expect(screen[rows - 1]).toMatch(/^ q quit {3}\? help/);
    const text = screen.join("\n");
    expect(text).toContain("RSS  ⣀ predicted  · margin  x measured");
    expect(text).toMatch(/Time +4\.00 s/);
    expect(text).toMatch(/RSS +162 MiB/);
    // The axis ends where the figures beside it begin, or at the edge.
    const axis = screen.find((line) => line.includes("└"))!;
    expect(axis.trimEnd().length).toBe(columns < 100 ? columns : columns - 36);
    expect(run.terminal.buffer.active.type).toBe("alternate");
  });

  test("every key does what help says", async () => {
    const run = await start();
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
    await after("++a", /0\.0 s +5\.0 s +10\.0 s/);
    await after("m", "Mark 4.00 s");
    await after("l", "since 0.14 s");
    await after("\x1b", (text) => !text.includes("Mark"));
    await after("z", (text) => !/^ +0 B │/m.test(text));
    await after("z", /^ +0 B │/m);
    await after("2", "[2 Heap map]");
    await run.until("chunks of 4 MiB");
    await after("3", "[3 Ledger]");
    await run.until(/Live heap +/);
    await after("4", "[4 Trust]");
    await run.until("How sure");
    await after("\t", "[1 Timeline]");
    await after(SHIFT_TAB, "[4 Trust]");
    await after("1", "[1 Timeline]");
    await after("?", "What is shown");
    await after(PAGE_DOWN, "lines 5 to 24 of 24");
    // In help q goes back; outside it quits.
    await after("q", "[1 Timeline]");
    run.press("q");
    expect(await run.exited()).toMatchObject({ exitCode: 0 });
    expectRestored(run);
  });

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
    const run = await start({ fake: { crashAfterMs: 3000 } as object });
    expect(await run.exited()).toMatchObject({ exitCode: 70 });
    expect(await run.text()).toContain("a bug in gopages: crash for a test; please report");
    expectRestored(run);
  });

  test("Ctrl-Z gives the terminal back, fg takes it again", async () => {
    const run = await start({ shell: true });
    await run.until("$");
    run.press("$RUN\r");
    await run.until("q quit");
    run.press("l");
    await run.until("Time 4.15 s");
    run.press("\x1a");
    await run.until(/stopped|suspended/i);
    expectRestored(run);
    // The shell's terminal echoes again.
    run.press("echo is''cooked\r");
    await run.until("iscooked");
    run.press("fg\r");
    await run.until((text) => text.includes("Time 4.15 s") && text.includes(" q quit"));
    run.press("\x1a");
    await run.until((text) => !text.includes("q quit"));
    // A window that changed meanwhile is noticed.
    run.resize(100, 30);
    run.press("fg\r");
    await run.until((text) => text.split("\n")[29]!.startsWith(" q quit"));
    expect(await run.text()).toMatch(/Time +4\.15 s/);
    run.press("h");
    await run.until(/Time +3\.96 s/);
    run.press("q");
    await run.until((text) => !text.includes("[1 Timeline]"));
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
