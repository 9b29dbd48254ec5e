import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fixture } from "../../parsers/testing/observed.ts";
import { rssAhead } from "../../replay/ahead.ts";
import { HORIZON_NS } from "./forecast.ts";
import { FOLLOWING, press } from "./keys.ts";
import { fileLines, LineCutter } from "./lines.ts";
import { type Alert, WatchModel } from "./model.ts";
import { look, watchedUrl } from "./poll.ts";
import { alertLine, statusLine, watchFrame } from "./view.ts";
import { slope, Window } from "./window.ts";

const MIB = 2 ** 20;

function gc(cycle: number, at: number, live: number, cpu = 2): string {
  return `gc ${cycle} @${at.toFixed(3)}s ${cpu}%: 0.07+1.8+0.01 ms clock, 0.1+0.1/0.6/0+0.03 ms cpu, ${live * 2}->${live * 2}->${live} MB, ${live * 2} MB goal, 1 MB stacks, 0 MB globals, 2 P`;
}

const START = Date.UTC(2024, 0, 1);
const paint = (text: string): string => text;

describe("model", () => {
  test("24 hours at 10 lines a second: flat memory, no drift", () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const model = new WatchModel(600, [{ name: "live", limit: 1e12 }]);
    const used = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    let at1h = 0;
    const lines = 24 * 3600 * 10;
    for (let i = 0; i < lines; i++) {
      const ms = START + i * 100;
      if (i % 10 === 0) model.line(gc(i / 10 + 1, i / 10, 20 + (i % 7)), ms);
      else model.line(`2024/01/01 request ${i} served`, ms);
      if (i === 36_000) at1h = used();
    }
    const end = START + lines * 100;
    expect(used() - at1h).toBeLessThan(MIB);
    expect(model.gcs).toBe(24 * 3600);
    const { t } = model.window.values("live", end);
    // One GC a second, one piece of time a second: each has one, at its own time.
    expect(t.length).toBeGreaterThanOrEqual(599);
    for (let i = 1; i < t.length; i++) expect(t[i]! - t[i - 1]!).toBe(1000);
    expect(end - t.at(-1)!).toBeLessThan(2000);
  });

  test("a restart is noticed by the cycle number or the clock, and the window goes on", () => {
    let restarts = 0;
    const model = new WatchModel(60, [], undefined, () => restarts++);
    model.line(gc(8, 30, 10), START);
    model.line(gc(9, 31, 10), START + 1000);
    model.line(gc(1, 0.5, 5), START + 2000);
    expect([restarts, model.restarts]).toEqual([1, 1]);
    expect(model.window.values("live", START + 2000).v.length).toBe(3);
  });

  test("alerts once when a budget is broken, and once when it is kept again", () => {
    const alerts: Alert[] = [];
    const model = new WatchModel(60, [{ name: "live", limit: 100 * MIB }], (alert) => alerts.push(alert));
    for (const [i, live] of [40, 60, 70, 49, 30, 60, 49].entries()) model.line(gc(i + 1, i, live), START + i * 1000);
    expect(alerts.map(({ broken, value }) => [broken, value / MIB])).toEqual([
      [true, 120],
      [false, 60],
      [true, 120],
    ]);
    expect(model.anyBroken).toBe(true);
  });

  test("where RSS goes is above the goal, and silence is only what no quiet program explains", () => {
    const model = new WatchModel(60);
    expect(model.ahead).toBeNaN();
    model.line(gc(1, 1, 50), START);
    expect(model.ahead).toBeGreaterThan(100 * MIB);
    expect(model.ahead).toBeLessThan(130 * MIB);
    expect(model.silence(START + 120_000)).toBe(0);
    expect(model.silence(START + 200_000)).toBe(200_000);
  });

  test("measured figures: RSS as it is, or as MemStats say it must be", () => {
    const model = new WatchModel(60);
    model.observe(
      new Map([
        ["rss", 77 * MIB],
        ["num_gc", 5],
      ] as const),
      START,
    );
    expect(model.rss).toBe(77 * MIB);
    model.observe(new Map([["num_gc", 9]] as const), START + 1000);
    expect(model.gcs).toBe(4);
    model.observe(new Map([["num_gc", 1]] as const), START + 2000);
    expect(model.restarts).toBe(1);
    const other = new WatchModel(60);
    const values = [
      ["heap_inuse", 50],
      ["heap_idle", 30],
      ["heap_released", 20],
      ["stack_inuse", 1],
    ] as const;
    other.observe(new Map(values.map(([name, mib]) => [name, mib * MIB])), START);
    expect(other.rss).toBe((50 + 30 - 20 + 1 + 6) * MIB);
  });
});

describe("where RSS goes", () => {
  const ahead = { now: 1, peak: 300 * MIB, low: 280 * MIB, high: 330 * MIB, end: 1, horizon: 60e9, growth: MIB };

  test("by a replay of the last lines, which a budget is held against where nothing measures RSS", async () => {
    const alerts: Alert[] = [];
    const model = new WatchModel(60, [{ name: "rss", limit: 200 * MIB }], (alert) => alerts.push(alert));
    for (let i = 0; i < 8; i++) model.line(`svc | ${gc(i + 1, i, 50)}`, START + i * 1000);
    const replayed = (await rssAhead(model.recent, HORIZON_NS))!;
    model.foresee(replayed, START + 20_000);
    expect(model.ahead).toBe(replayed.peak);
    expect(model.ahead / MIB).toBeCloseTo(110, -1);
    expect(alerts).toEqual([]);
    model.foresee(ahead, START + 21_000);
    expect(alerts.map(({ predicted, broken, value }) => [predicted, broken, value / MIB])).toEqual([[true, true, 300]]);
    expect(statusLine(model, START + 21_000)).toContain(
      "RSS ahead, replayed: 300 MiB (280 MiB to 330 MiB) within 1 min 00 s if it goes on growing by 60.0 MiB a minute",
    );
    expect(alertLine(alerts[0]!)).toBe("ALERT: RSS, predicted, 300 MiB is over its budget of 200 MiB");
    // Measured, it is what it is.
    model.observe(new Map([["rss", 90 * MIB]] as const), START + 22_000);
    model.foresee(ahead, START + 23_000);
    expect(model.isBroken("rss")).toBe(false);
  });

  test("a restart takes the forecast and its lines away; of a long log only the last lines are kept", () => {
    const model = new WatchModel(60);
    for (let i = 0; i < 5000; i++) model.line(gc(i + 1, i, 50), START + i * 1000);
    expect(model.recent.length).toBeLessThanOrEqual(400);
    model.foresee(ahead, START);
    model.line(gc(1, 0, 5), START + 6e6);
    expect(model.forecast).toBeNull();
    expect(model.recent).toHaveLength(1);
  });

  test("of measured pages: what is allocated until the next GC takes up what is free and backed first", () => {
    const model = new WatchModel(60);
    const values = { rss: 100, heap_alloc: 40, next_gc: 70, heap_idle: 30, heap_released: 10 };
    model.observe(new Map(Object.entries(values).map(([name, mib]) => [name, mib * MIB])) as never, START);
    expect(model.ahead / MIB).toBe(100 + (70 - 40) - (30 - 10));
  });
});

test("keys hold the charts, choose the stretch and end it", () => {
  const at = (...keys: string[]) =>
    keys.reduce<ReturnType<typeof press>>(
      (view, key) => (typeof view === "string" ? view : press(view, key, START, 600)),
      FOLLOWING,
    );
  expect(at("p")).toEqual({ pausedAt: START, seconds: null, help: false });
  expect(at("p", " ")).toEqual(FOLLOWING);
  expect(at("+", "+")).toMatchObject({ seconds: 150 });
  expect(at("+", "-")).toEqual(FOLLOWING);
  expect(at(...Array.from({ length: 20 }, () => "+"))).toMatchObject({ seconds: 10 });
  expect(at("+", "0")).toEqual(FOLLOWING);
  expect(at("?")).toMatchObject({ help: true });
  expect(at("?", "\x1b")).toEqual(FOLLOWING);
  expect([at("q"), at("\x03"), at("\x1a"), at("z")]).toEqual(["quit", "quit", "suspend", FOLLOWING]);
});

test("what is held does not move when more comes", () => {
  const window = new Window(10, 10);
  window.add(START, "live", 5);
  const held = window.copy();
  window.add(START + 1000, "live", 7);
  expect([...held.values("live", START + 1000).v]).toEqual([5]);
});

test("the window forgets, and keeps the highest of each piece", () => {
  const window = new Window(10, 10);
  window.add(START, "live", 5);
  window.add(START + 500, "live", 9);
  window.add(START + 900, "live", 1);
  window.add(START + 3000, "live", 4);
  expect([...window.values("live", START + 3000).v]).toEqual([9, 4]);
  expect([...window.values("live", START + 12_000).v]).toEqual([4]);
  expect([...window.values("live", START + 60_000).v]).toEqual([]);
  // What is late does not overwrite what is newer.
  window.add(START + 13_000, "live", 8);
  window.add(START + 3000, "live", 100);
  expect([...window.values("live", START + 13_000).v]).toEqual([8]);
});

test("slope is that of the line", () => {
  expect(slope({ t: Float64Array.of(0, 10, 20), v: Float64Array.of(5, 25, 45) })).toBeCloseTo(2, 12);
  expect(slope({ t: Float64Array.of(0, 1), v: Float64Array.of(0, 1) })).toBeNaN();
});

test("lines are the same however they come in pieces; an endless one costs no memory", () => {
  const cutter = new LineCutter();
  const text = Buffer.from("a\r\nbé\n\nc");
  const lines = [...text].flatMap((byte) => [...cutter.lines(Uint8Array.of(byte))]);
  expect(lines).toEqual(["a", "bé", ""]);
  const endless = new LineCutter();
  for (let i = 0; i < 100; i++) expect([...endless.lines(Buffer.alloc(10_000, 120))]).toEqual([]);
  expect([...endless.lines(Buffer.from("\nnext\n"))]).toEqual(["next"]);
});

describe("a growing file", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "gopages-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("is followed through growth, truncation and rotation", async () => {
    const file = path.join(folder, "log");
    writeFileSync(file, "one\n");
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const line of fileLines(file, stop.signal)) {
      seen.push(line);
      if (line === "one") setTimeout(() => appendFileSync(file, "two\n"), 10);
      else if (line === "two") {
        setTimeout(() => {
          truncateSync(file);
          appendFileSync(file, "3\n");
        }, 10);
      } else if (line === "3") {
        setTimeout(() => {
          renameSync(file, `${file}.1`);
          writeFileSync(file, "four, in a new file\n");
        }, 10);
      } else stop.abort();
    }
    expect(seen).toEqual(["one", "two", "3", "four, in a new file"]);
  });

  test("a line that comes into it just before it is replaced is not lost", async () => {
    const file = path.join(folder, "log");
    writeFileSync(file, "one\n");
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const line of fileLines(file, stop.signal)) {
      seen.push(line);
      if (line === "one") {
        // At one go: nobody can look at the file between.
        setTimeout(() => {
          appendFileSync(file, "two\n");
          renameSync(file, `${file}.1`);
          writeFileSync(file, "3\n");
        }, 10);
      } else if (line === "3") stop.abort();
    }
    expect(seen).toEqual(["one", "two", "3"]);
  });

  test("that is not there, or is a folder, is one line", async () => {
    const lines = fileLines(path.join(folder, "none"), new AbortController().signal);
    await expect(lines.next()).rejects.toThrow("no such file");
    await expect(fileLines(folder, new AbortController().signal).next()).rejects.toThrow("is a folder, not a log");
  });
});

test.each([
  ["companions/scrape.prom", ["rss", "heap_inuse"]],
  ["companions/expvar.json", ["heap_inuse", "heap_released"]],
  ["pprof/go1.22.12/heap.debug1.txt", ["heap_inuse", "heap_released"]],
])("a URL that serves %s is looked at", async (name, expected) => {
  const server = createServer((_, response) => response.end(fixture(name))).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
    const values = await look(watchedUrl(url), new AbortController().signal);
    for (const figure of expected) expect(values.get(figure as never)).toBeGreaterThan(MIB / 4);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("a pprof endpoint is asked for MemStats, other pages as they are", () => {
  expect(watchedUrl("http://h:1/").href).toBe("http://h:1/debug/pprof/heap?debug=1");
  expect(watchedUrl("http://h:1/debug/vars").href).toBe("http://h:1/debug/vars");
});

test.each([
  [80, 24],
  [40, 10],
  [200, 60],
])("the screen fits in %i x %i", (columns, rows) => {
  const model = new WatchModel(600, [{ name: "live", limit: 500 * MIB }]);
  for (let i = 0; i < 300; i++) model.line(gc(i + 1, i, 20 + i / 10), START + i * 1000);
  const now = START + 300_000;
  const frame = watchFrame(model, now, ["12:00:00 ALERT: x"], paint, {
    columns,
    rows,
    unicode: true,
    title: "gopages watch -",
    trouble: null,
  });
  expect(frame.length).toBeLessThanOrEqual(rows);
  for (const line of frame) expect([...line].length).toBeLessThanOrEqual(columns);
  expect(frame.join("\n")).toContain("over budget in");
  expect(frame.join("\n")).not.toMatch(/NaN|undefined/);
  expect(statusLine(model, now)).toMatch(/^live 9\d\.\d MiB|^live 9\d/);
});
