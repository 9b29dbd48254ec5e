import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { InputError } from "./errors.ts";
import * as E from "./events.ts";
import { type GcLine, GctraceLog, type GctraceOptions, type LogRecord, openGctrace, type ScavLine } from "./gctrace.ts";
import { gctrace } from "./gctrace-format.ts";
import { MIB } from "./gctrace-line.ts";
import { bytesSource } from "./source.ts";

const source = (text: string | Uint8Array, pieceBytes?: number) =>
  bytesSource(typeof text === "string" ? Buffer.from(text, "latin1") : text, "x.log", pieceBytes);

async function records(text: string | Uint8Array, pieceBytes?: number) {
  const log = new GctraceLog(await source(text, pieceBytes));
  const all: LogRecord[] = [];
  for await (const record of log.records()) all.push(record);
  return { log, all, gcs: all.filter(({ line }) => line.kind === "gc") as (LogRecord & { line: GcLine })[] };
}

async function events(text: string | Uint8Array, options: GctraceOptions = {}) {
  const opened = await openGctrace(await source(text), options);
  const rows: { time: number; kind: string; size: number; aux: number }[] = [];
  for await (const b of opened.batches()) {
    for (let i = 0; i < b.length; i++) {
      rows.push({ time: b.time[i]!, kind: E.EVENT_NAMES[b.kind[i]!]!, size: b.size[i]!, aux: b.aux[i]! });
    }
  }
  await opened.close();
  return { rows, source: opened };
}

/** A line of a 1.11-1.17 runtime. */
const gc = (cycle: number, at: number, heap = "4->5->2", goal = 5, procs = 4) =>
  `gc ${cycle} @${at.toFixed(3)}s 1%: 0.020+1.5+0.040 ms clock, 0.08+0.1/1.1/2.2+0.16 ms cpu, ${heap} MB, ${goal} MB goal, ${procs} P`;
/** And of a later one. */
const gc18 = (cycle: number, at: number) =>
  `gc ${cycle} @${at.toFixed(3)}s 1%: 0.020+1.5+0.040 ms clock, 0.08+0.1/1.1/2.2+0.16 ms cpu, 4->5->2 MB, 5 MB goal, 0 MB stacks, 0 MB globals, 4 P`;

const unpack = (name: string) =>
  gunzipSync(readFileSync(new URL(`../fixtures/gctrace/${name}.log.gz`, import.meta.url)));

describe("recorded logs", () => {
  const VERSIONS: [string, string[]][] = [
    ["go1.11.13-spike", ["1.11", "1.12"]],
    ["go1.12.17-spike", ["1.11", "1.12"]],
    ["go1.13.15-frag", ["1.13"]],
    ["go1.14.15-frag", ["1.14"]],
    ["go1.16.15-frag", ["1.15", "1.16", "1.17"]],
    ["go1.18.10-frag", ["1.18"]],
    ["go1.19.13-frag", ["1.19", "1.20"]],
    ["go1.21.13-frag", ["1.21", "1.22", "1.23", "1.24", "1.25", "1.26", "1.27"]],
    ["go1.27.0-frag", ["1.21", "1.22", "1.23", "1.24", "1.25", "1.26", "1.27"]],
  ];
  test.each(VERSIONS)("%s: each line is found, once", async (name, versions) => {
    const bytes = unpack(name);
    const lines = bytes.toString().split("\n");
    const { all, gcs, log } = await records(bytes, 1000);
    expect(gcs.map(({ line }) => line.cycle)).toEqual(
      lines.filter((line) => /^gc \d/.test(line)).map((line) => Number(line.split(" ")[1])),
    );
    expect(gcs.filter(({ line }) => line.forced).length).toBe(
      lines.filter((line) => / P \(forced\)$/.test(line)).length,
    );
    const scavs = all.filter(({ line }) => line.kind === "scav");
    const scavLines = lines.filter((line) => /^(forced )?(scav|scvg)/.test(line));
    expect(scavs.length).toBe(scavLines.length);
    scavs.forEach(({ line, offset }, i) => {
      expect(bytes.toString("latin1", offset, offset + scavLines[i]!.length)).toBe(scavLines[i]);
      const released = /released: (\d+)|(\d+) KiB (?:total|now)/.exec(scavLines[i]!);
      const want = released === null ? null : released[1] ? Number(released[1]) * MIB : Number(released[2]) * 1024;
      expect((line as ScavLine).released).toBe(want);
    });
    expect(gcs.filter(({ periodic }) => periodic).length).toBe(lines.filter((line) => line === "GC forced").length);
    expect(log.processes.length).toBe(1);
    expect(log.losses.toJSON()).toEqual({});
    const { rows, source: opened } = await events(bytes);
    expect(opened.info.goVersions).toEqual(versions);
    expect(opened.losses.toJSON()).toEqual({});
    expect(rows.filter(({ kind }) => kind === "gc-start").length).toBe(gcs.length);
    for (let i = 1; i < rows.length; i++) expect(rows[i]!.time).toBeGreaterThanOrEqual(rows[i - 1]!.time);
  });

  test("a scan of 1.11 comes each 2.5 minutes", async () => {
    const { rows } = await events(unpack("go1.11.13-spike"));
    const released = rows.filter(({ kind, aux }) => kind === "observation" && E.OBSERVATIONS[aux] === "heap_released");
    expect(released.map(({ time }) => time / 1e9)).toEqual([150, 300, 450]);
  });
});

describe("what a line becomes", () => {
  test("events of one cycle", async () => {
    const { rows, source: opened } = await events(`${gc(1, 0.5, "40->44->20", 41)} (forced)\n`);
    const start = 500e6;
    const end = start + 20e3 + 1.5e6 + 40e3;
    expect(rows).toEqual([
      { time: start, kind: "procs", size: 4, aux: 0 },
      { time: start, kind: "gc-start", size: 1, aux: E.GC_FORCED },
      { time: start, kind: "stw-begin", size: 0, aux: 2 },
      // Whole MiB, cut off: the middle of what it may have been.
      { time: start, kind: "heap-live", size: 40.5 * MIB, aux: 0 },
      { time: start, kind: "heap-goal", size: 41.5 * MIB, aux: 0 },
      { time: start + 20e3, kind: "stw-end", size: 0, aux: 2 },
      { time: start + 1.52e6, kind: "stw-begin", size: 0, aux: 1 },
      { time: start + 1.52e6, kind: "heap-live", size: 44.5 * MIB, aux: 0 },
      { time: end, kind: "gc-work", size: 3.3e6, aux: 0 },
      { time: end, kind: "gc-work", size: 0.1e6, aux: 1 },
      { time: end, kind: "gc-mark-termination", size: 1, aux: 0 },
      { time: end, kind: "stw-end", size: 0, aux: 1 },
      { time: end, kind: "heap-live", size: 20.5 * MIB, aux: 0 },
      { time: end, kind: "observation", size: 0.01, aux: E.OBSERVATIONS.indexOf("gc_cpu_fraction") },
    ]);
    expect(opened.info.procs).toBe(4);
    expect(opened.info.evidence).toBe("modelled");
    expect(opened.info.goVersions).toEqual(["1.11", "1.12", "1.13", "1.14", "1.15", "1.16", "1.17"]);
  });

  test("the smallest goal is exact where it is", async () => {
    const line = gc18(1, 0.5).replace("5 MB goal", "4 MB goal");
    const { rows } = await events(line);
    expect(rows.find(({ kind }) => kind === "heap-goal")!.size).toBe(4 * MIB);
  });

  test("steps of 1.13 between two GCs are spread", async () => {
    const step = "scvg: inuse: 10, idle: 5, sys: 15, released: 0, consumed: 15 (MB)\n";
    const { rows } = await events(`${gc(1, 1)}\n${step.repeat(3)}${gc(2, 5)}\n`);
    const times = rows.filter(({ aux, kind }) => kind === "observation" && E.OBSERVATIONS[aux] === "heap_inuse");
    const end = 1e9 + 1.56e6;
    expect(times.map(({ time }) => Math.round(time))).toEqual(
      [1, 2, 3].map((i) => Math.round(end + ((5e9 - end) * i) / 4)),
    );
    // Nothing released is nothing; other sizes are the middle.
    expect(times[0]!.size).toBe(10.5 * MIB);
    const released = rows.find(({ aux, kind }) => kind === "observation" && E.OBSERVATIONS[aux] === "heap_released");
    expect(released!.size).toBe(0);
  });

  test("lines about returned memory take the log's clock when it is fine enough", async () => {
    const at = (ms: string, text: string) => `2024-03-05T10:00:${ms}Z ${text}\n`;
    const { rows, source: opened } = await events(
      at("01.0016", gc(1, 1)) +
        at("03.500", "scvg: 3 MB released") +
        at("03.750", "scvg: inuse: 1, idle: 2, sys: 3, released: 2, consumed: 1 (MB)") +
        at("05.0016", gc(2, 5)),
    );
    const inuse = rows.find(({ aux, kind }) => kind === "observation" && E.OBSERVATIONS[aux] === "heap_inuse")!;
    expect(inuse.time / 1e9).toBeCloseTo(3.75, 3);
    expect(opened.info.wallClockStart).toBeCloseTo(Date.UTC(2024, 2, 5, 10), 0);
  });

  test("a log that begins later begins at its first GC", async () => {
    const { rows, source: opened } = await events(`${gc(500, 1000)}\n${gc(501, 1002)}\n`);
    expect(opened.zero).toBe(1000e9);
    expect(rows.filter(({ kind }) => kind === "gc-start").map(({ time }) => time)).toEqual([0, 2e9]);
    expect(opened.losses.toJSON()).toEqual({ "gctrace-cycles-before-log": 499 });
    expect(opened.losses.partial).toBe(false);
  });

  test("nothing to read is an input error", async () => {
    await expect(events("hello\nworld gc 12 objects, gc is fine\n")).rejects.toThrow(/GODEBUG=gctrace=1/);
    await expect(events("hello\n")).rejects.toBeInstanceOf(InputError);
  });

  test("live: events come with the lines, a restart goes on in time", async () => {
    const text = `${gc(1, 1)}\n${gc(2, 2)}\n${gc(1, 0.5)}\n${gc(2, 1)}\n`;
    const { rows } = await events(text, { live: true });
    const starts = rows.filter(({ kind }) => kind === "gc-start").map(({ time }) => time);
    const restart = 2e9 + 1.56e6;
    expect(starts).toEqual([1e9, 2e9, restart, restart + 0.5e9]);
  });
});

/** Shapes of logs as collectors and programs make them; each holds cycles 3 and 4, and says when the second was written. */
const A = gc(3, 2.1);
const B = gc(4, 7.1);
const json = (text: string) => JSON.stringify(text).replaceAll(">", "\\u003e");
const TEN = Date.UTC(2024, 4, 1, 10, 0, 7);
const SHAPES: [name: string, first: string, second: string, wall: number][] = [
  ["plain", A, B, Number.NaN],
  ["CRLF", `${A}\r`, `${B}\r`, Number.NaN],
  ["docker logs -t", `2024-05-01T10:00:02.123456789Z ${A}`, `2024-05-01T10:00:07.123456789Z ${B}`, TEN + 123.457],
  ["docker compose", `app-1  | ${A}`, `app-1  | ${B}`, Number.NaN],
  ["docker compose in colour", `\x1b[36mapp-1  |\x1b[0m ${A}`, `\x1b[36mapp-1  |\x1b[0m ${B}`, Number.NaN],
  [
    "docker compose with times",
    `web_1 | 2024-05-01T10:00:02.5Z ${A}`,
    `web_1 | 2024-05-01T10:00:07.5Z ${B}`,
    TEN + 500,
  ],
  [
    "docker json-file",
    `{"log":${json(`${A}\n`)},"stream":"stderr","time":"2024-05-01T10:00:02.123Z"}`,
    `{"log":${json(`${B}\n`)},"stream":"stderr","time":"2024-05-01T10:00:07.123Z"}`,
    TEN + 123,
  ],
  [
    "kubernetes CRI",
    `2024-05-01T12:00:02.25+02:00 stderr F ${A}`,
    `2024-05-01T12:00:07.25+02:00 stderr F ${B}`,
    TEN + 250,
  ],
  ["kubectl logs --prefix", `[pod/web-7d4f/app] ${A}`, `[pod/web-7d4f/app] ${B}`, Number.NaN],
  [
    "kubectl logs --timestamps --prefix",
    `[pod/web-7d4f/app] 2024-05-01T10:00:02Z ${A}`,
    `[pod/web-7d4f/app] 2024-05-01T10:00:07Z ${B}`,
    TEN,
  ],
  ["stern", `web-7d4f app ${A}`, `web-7d4f app ${B}`, Number.NaN],
  [
    "journalctl",
    `May 01 10:00:02 host svc[812]: ${A}`,
    `May 01 10:00:07 host svc[812]: ${B}`,
    Date.UTC(1972, 4, 1, 10, 0, 7),
  ],
  [
    "journalctl -o short-precise",
    `May  1 10:00:02.000100 host svc[812]: ${A}`,
    `May  1 10:00:07.000100 host svc[812]: ${B}`,
    Date.UTC(1972, 4, 1, 10, 0, 7) + 0.1,
  ],
  [
    "journalctl -o short-iso",
    `2024-05-01T10:00:02+0000 host svc[812]: ${A}`,
    `2024-05-01T10:00:07+0000 host svc[812]: ${B}`,
    TEN,
  ],
  [
    "journalctl -o json",
    `{"__REALTIME_TIMESTAMP":"1714557602123456","PRIORITY":"6","_PID":"812","MESSAGE":${JSON.stringify(A)},"_COMM":"svc"}`,
    `{"__REALTIME_TIMESTAMP":"1714557607123456","PRIORITY":"6","_PID":"812","MESSAGE":${JSON.stringify(B)},"_COMM":"svc"}`,
    TEN + 123.456,
  ],
  [
    "journalctl -o short-monotonic",
    `[ 4711.000001] host svc[812]: ${A}`,
    `[ 4716.000001] host svc[812]: ${B}`,
    Number.NaN,
  ],
  [
    "syslog RFC 3164",
    `<14>May  1 10:00:02 host svc[812]: ${A}`,
    `<14>May  1 10:00:07 host svc[812]: ${B}`,
    Date.UTC(1972, 4, 1, 10, 0, 7),
  ],
  [
    "syslog RFC 5424",
    `<14>1 2024-05-01T10:00:02.003Z host svc 812 - - ${A}`,
    `<14>1 2024-05-01T10:00:07.003Z host svc 812 - - ${B}`,
    TEN + 3,
  ],
  ["Go's log package", `2024/05/01 10:00:02 ${A}`, `2024/05/01 10:00:07 ${B}`, TEN],
  ["Go's log package, us", `2024/05/01 10:00:02.000123 ${A}`, `2024/05/01 10:00:07.000123 ${B}`, TEN + 0.123],
  [
    "klog",
    `I0501 10:00:02.000001       1 exec.go:12] ${A}`,
    `I0501 10:00:07.000001       1 exec.go:12] ${B}`,
    Date.UTC(1972, 4, 1, 10, 0, 7) + 0.001,
  ],
  [
    "logfmt",
    `time="2024-05-01T10:00:02Z" level=info msg="${A}"`,
    `time="2024-05-01T10:00:07Z" level=info msg="${B}"`,
    TEN,
  ],
  ["logfmt with numbers", `ts=1714557602.5 level=info msg="${A}"`, `ts=1714557607.5 level=info msg="${B}"`, TEN + 500],
  [
    "zap",
    `{"level":"info","ts":1714557602.125,"caller":"run/exec.go:40","msg":${JSON.stringify(A)},"line":17}`,
    `{"level":"info","ts":1714557607.125,"caller":"run/exec.go:40","msg":${JSON.stringify(B)},"line":18}`,
    TEN + 125,
  ],
  [
    "zerolog",
    `{"level":"debug","time":1714557602,"message":${JSON.stringify(A)}}`,
    `{"level":"debug","time":1714557607,"message":${JSON.stringify(B)}}`,
    TEN,
  ],
  [
    "slog, escaped for HTML",
    `{"time":"2024-05-01T10:00:02.5Z","level":"INFO","msg":${json(A)}}`,
    `{"time":"2024-05-01T10:00:07.5Z","level":"INFO","msg":${json(B)}}`,
    TEN + 500,
  ],
  [
    "log4j's way of time",
    `2024-05-01 10:00:02,250 INFO [stderr] ${A}`,
    `2024-05-01 10:00:07,250 INFO [stderr] ${B}`,
    TEN + 250,
  ],
  [
    "heroku",
    `2024-05-01T10:00:02.000000+00:00 app[web.1]: ${A}`,
    `2024-05-01T10:00:07.000000+00:00 app[web.1]: ${B}`,
    TEN,
  ],
  [
    "CloudWatch, tab-separated",
    `1714557602123\t2024-05-01T10:00:02.123Z\t${A}`,
    `1714557607123\t2024-05-01T10:00:07.123Z\t${B}`,
    TEN + 123,
  ],
  ["ts '%.s'", `1714557602.000500 ${A}`, `1714557607.000500 ${B}`, TEN + 0.5],
  ["time of day", `10:00:02.125 ${A}`, `10:00:07.125 ${B}`, Date.UTC(1970, 0, 1, 10, 0, 7) + 125],
  ["numbered lines", `    17\t${A}`, `    23\t${B}`, Number.NaN],
  ["grep with names", `svc.log:${A}`, `svc.log:${B}`, Number.NaN],
  ["quoted in a report", `> ${A}`, `> ${B}`, Number.NaN],
  [
    "fields of GitHub Actions",
    `2024-05-01T10:00:02.1000000Z \x1b[0m${A}`,
    `2024-05-01T10:00:07.1000000Z \x1b[0m${B}`,
    TEN + 100,
  ],
  ["half a message before", A, `downloading 17% ${B}`, Number.NaN],
];

describe("found among other output", () => {
  test.each(SHAPES)("%s", async (_, first, second, wall) => {
    const noise = "2024/05/01 10:00:00 served 200 in 3ms, 12 gc 3 objects; scav ok\n";
    for (const piece of [1 << 20, 61]) {
      const { gcs, log } = await records(`${noise}${first}\n${noise}${second}\n${noise}`, piece);
      expect(gcs.map(({ line }) => [line.cycle, line.at, line.heapMarked, line.procs])).toEqual([
        [3, 2.1e9, 2 * MIB, 4],
        [4, 7.1e9, 2 * MIB, 4],
      ]);
      expect(log.processes.length).toBe(1);
      expect(log.losses.toJSON()).toEqual({});
      if (Number.isNaN(wall)) expect(gcs[1]!.wall).toBeNaN();
      else expect(gcs[1]!.wall).toBeCloseTo(wall, 2);
    }
  });

  test("binary noise and lines without end", async () => {
    const noise = Buffer.alloc(3 << 20, "xc g c");
    const text = Buffer.concat([noise, Buffer.from(`${A}\n`), noise, Buffer.from(B)]);
    const { gcs } = await records(text, 70_000);
    expect(gcs.map(({ line }) => line.cycle)).toEqual([3, 4]);
    expect(gcs[1]!.offset).toBe(text.length - B.length);
  });
});

describe("broken lines", () => {
  const C = gc(5, 9.9);
  const same = async (text: string, mended: number, cycles = [3, 4, 5]) => {
    for (const piece of [1 << 20, 50]) {
      const { gcs, log } = await records(text, piece);
      expect(gcs.map(({ line }) => line.cycle)).toEqual(cycles);
      for (const { line } of gcs) {
        expect([line.heapStart, line.mark, line.cpuIdle, line.procs]).toEqual([4 * MIB, 1.5e6, 2.2e6, 4]);
      }
      expect(log.losses.toJSON()).toEqual(mended > 0 ? { "gctrace-lines-mended": mended } : {});
      expect(log.processes.length).toBe(1);
    }
  };

  test("a newline anywhere in the middle", async () => {
    for (let at = 4; at < B.length - 3; at++) await same(`${A}\n${B.slice(0, at)}\n${B.slice(at)}\n${C}\n`, 1);
  });

  test("others' output in the middle", async () => {
    for (let at = 7; at < B.length - 3; at++) {
      await same(`${A}\n${B.slice(0, at)}[info] request served\n${B.slice(at)}\n${C}\n`, 1);
    }
  });

  test("a collector that splits long lines", async () => {
    const p = "2024-05-01T10:00:07.25Z stderr";
    for (const at of [9, 20, 33, 60, 80]) {
      await same(`${p} F ${A}\n${p} P ${B.slice(0, at)}\n${p} F ${B.slice(at)}\n${p} F ${C}\n`, 1);
    }
  });

  test("another process's whole line in the middle", async () => {
    const other = gc(40, 100, "90->91->80", 95, 2);
    const { gcs, log } = await records(`${A}\n${B.slice(0, 30)}${other}\n${B.slice(30)}\n${C}\n`);
    expect(gcs.map(({ line }) => line.cycle).sort((a, b) => a - b)).toEqual([3, 4, 5, 40]);
    expect(log.losses.toJSON()).toEqual({ "gctrace-lines-mended": 1 });
    expect(log.processes.map(({ cycles }) => cycles).sort()).toEqual([1, 3]);
  });

  test("what is lost is counted, and not made up from the next line", async () => {
    for (const at of [12, 25, 50, 90]) {
      const text = `${A}\n${B.slice(0, at)}\n${C}\n`;
      const { gcs, log } = await records(text);
      expect(gcs.map(({ line }) => line.cycle)).toEqual([3, 5]);
      expect(log.losses.toJSON()).toEqual({ "gctrace-lines-broken": 1 });
      const { source: opened } = await events(text);
      expect(opened.losses.toJSON()).toMatchObject({ "gctrace-cycles-missing": 1 });
      expect(opened.losses.partial).toBe(true);
    }
  });

  test("text that only begins like a line", async () => {
    const { all, log } = await records("gc 12\ngc 3 objects\nscav 1\nmsgc 4 @home\ngc 5 @10 o'clock\n");
    expect(all).toEqual([]);
    expect(log.losses.toJSON()).toEqual({ "gctrace-lines-broken": 1 });
  });
});

describe("hostile logs", () => {
  test("beginnings without end or line ends take no time to speak of", async () => {
    const start = performance.now();
    const { all } = await records("gc 1 @1.000s 1%: 0.1+".repeat(200_000));
    expect(all).toEqual([]);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  test("damage changes what it hits, and nothing else", async () => {
    const lines = Array.from({ length: 40 }, (_, i) => `svc | ${gc(i + 1, i)}`);
    const whole = Buffer.from(lines.join("\n"), "latin1");
    let seed = 3;
    const random = (n: number) => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return seed % n;
    };
    for (let round = 0; round < 200; round++) {
      const bytes = Buffer.from(whole);
      for (let i = 0; i < 5; i++) bytes[random(bytes.length)] = random(256);
      const { gcs } = await records(bytes, 1 + random(5000));
      expect(gcs.length).toBeGreaterThanOrEqual(30);
      expect(gcs.length).toBeLessThanOrEqual(40);
    }
  });
});

describe("several processes", () => {
  const ids = async (text: string) => {
    const { gcs, log } = await records(text);
    return { ids: gcs.map(({ process }) => process).join(""), log };
  };

  test("a restart", async () => {
    const { ids: seen, log } = await ids([gc(1, 0.1), gc(2, 3), gc(3, 9), gc(1, 0.2), gc(2, 1)].join("\n"));
    expect(seen).toBe("00011");
    expect(log.processes.map(({ cycles, missing }) => [cycles, missing])).toEqual([
      [3, 0],
      [2, 0],
    ]);
  });

  test("a restart whose first lines are missing: the clock goes back", async () => {
    expect((await ids([gc(1, 10), gc(2, 30), gc(7, 12), gc(8, 13)].join("\n"))).ids).toBe("0011");
  });

  test("a missing stretch is none", async () => {
    const { ids: seen, log } = await ids([gc(1, 10), gc(2, 30), gc(7, 120), gc(8, 130)].join("\n"));
    expect(seen).toBe("0000");
    expect(log.processes[0]!.missing).toBe(4);
  });

  test("containers side by side, even with equal counters", async () => {
    const { ids: seen } = await ids(
      [1, 2, 3]
        .flatMap((n) => [`app-1  | ${gc(n, n)}`, `app-2  | ${gc(n, n + 0.1)}`, `db-1   | ${gc(n, n)}`])
        .join("\n"),
    );
    expect(seen).toBe("012012012");
  });

  test("two on one stream: told apart by counter and clock", async () => {
    const a = [50, 51, 52].map((n) => gc(n, n, "100->110->90", 180));
    const b = [1, 2, 3].map((n) => gc(n, n / 10, "4->5->2", 5));
    expect((await ids([a[0], b[0], a[1], b[1], b[2], a[2]].join("\n"))).ids).toBe("010110");
  });

  test("a restart by the log's clock, though counter and time go on", async () => {
    const at = (clock: string, text: string) => `2024-05-01T${clock}Z ${text}`;
    const { ids: seen } = await ids(
      [at("10:00:01", gc(1, 1)), at("10:00:02", gc(2, 2)), at("12:30:05", gc(3, 5)), at("12:30:06", gc(4, 6))].join(
        "\n",
      ),
    );
    expect(seen).toBe("0011");
  });

  test("times without a year go over New Year", async () => {
    const at = (clock: string, text: string) => `${clock} host svc[1]: ${text}`;
    const { ids: seen } = await ids([at("Dec 31 23:59:58", gc(1, 1)), at("Jan  1 00:00:03", gc(2, 6))].join("\n"));
    expect(seen).toBe("00");
  });

  test("counters of the log in front do not make processes", async () => {
    const lines = Array.from({ length: 600 }, (_, i) => `seq-${i}x ${gc(i + 1, i)}`);
    const { log } = await ids(lines.join("\n"));
    expect(log.processes.length).toBeLessThan(300);
    expect(log.processes.at(-1)!.cycles).toBeGreaterThan(300);
  });

  test("events are of the one with the most cycles, or of the one asked for", async () => {
    const text = [gc(1, 0.1), gc(1, 0.05), gc(2, 3, "8->9->7", 12), gc(3, 9, "9->9->7", 12)].join("\n");
    const chosen = await events(text);
    expect(chosen.rows.filter(({ kind }) => kind === "gc-start").length).toBe(3);
    expect(chosen.source.losses.toJSON()).toEqual({ "gctrace-other-processes": 1 });
    const asked = await events(text, { process: chosen.source.log.processes.findIndex(({ cycles }) => cycles === 1) });
    expect(asked.rows.filter(({ kind }) => kind === "gc-start").length).toBe(1);
    await expect(events(text, { process: 7 })).rejects.toThrow(/holds 2 processes/);
  });
});

describe("detection", () => {
  test("by a line anywhere in the head", () => {
    expect(gctrace.detect(Buffer.from(`hello\n{"log":${json(A)}}\n`))).toBe(0.8);
    expect(gctrace.detect(Buffer.from("scvg1: 2 MB released\n"))).toBe(0.8);
    expect(gctrace.detect(Buffer.from("gc 3 @ home\nscav nothing\n"))).toBe(0);
  });
  test("a log whose first runtime line comes late", async () => {
    const noise = "an ordinary line of a log\n".repeat(10_000);
    const { rows } = await events(`${noise}${A}\n${noise}${B}\n`);
    expect(rows.filter(({ kind }) => kind === "gc-start").length).toBe(2);
    await expect(openGctrace(await source(noise))).rejects.toThrow(/holds no gctrace/);
  });
  test("long text is a log if it is nothing else; bytes are not", () => {
    expect(gctrace.detect(Buffer.from("a line of a log\n".repeat(2000)))).toBeGreaterThan(0);
    expect(gctrace.detect(Buffer.from("a line of a log\n\0".repeat(2000)))).toBe(0);
  });
});
