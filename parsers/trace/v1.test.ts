import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { InputError } from "../errors.ts";
import * as E from "../events.ts";
import { bytesSource } from "../source.ts";
import { goTraceV1 } from "./v1-format.ts";

const VERSIONS = ["1.11.13", "1.14.15", "1.18.10", "1.19.13", "1.20.14", "1.21.13"];
const unpack = (name: string) => gunzipSync(readFileSync(new URL(`../../fixtures/v1/${name}.gz`, import.meta.url)));

interface Row {
  time: number;
  kind: number;
  p: number;
  addr: number;
  size: number;
  aux: number;
}

async function read(bytes: Uint8Array) {
  const source = await goTraceV1.open(await bytesSource(bytes, "t.trace"), {});
  const rows: Row[] = [];
  try {
    for await (const b of source.batches()) {
      for (let i = 0; i < b.length; i++) {
        rows.push({
          time: b.time[i]!,
          kind: b.kind[i]!,
          p: b.p[i]!,
          addr: b.addr[i]!,
          size: b.size[i]!,
          aux: b.aux[i]!,
        });
      }
    }
  } finally {
    await source.close();
  }
  return { rows, source };
}

/** Our kinds by the numbers of Go's event types. */
const KIND_OF: Record<string, number> = {
  4: E.PROCS,
  5: E.P_START,
  6: E.P_STOP,
  7: E.GC_START,
  8: E.GC_MARK_TERMINATION,
  9: E.STW_BEGIN,
  10: E.STW_END,
  11: E.SWEEP_BEGIN,
  12: E.SWEEP_END,
  13: E.GO_CREATE,
  15: E.GO_END,
  33: E.HEAP_LIVE,
  34: E.HEAP_GOAL,
};
const KINDS = new Set(Object.values(KIND_OF));
const counted = (kind: number) => kind === E.GO_CREATE || kind === E.GO_END;

/** One line an event; those at the same instant sorted, since Go leaves their order to chance. */
function normalized(lines: { time: number; text: string }[]): string[] {
  return lines
    .map((line, i) => ({ ...line, i }))
    .sort((a, b) => a.time - b.time || (a.text < b.text ? -1 : 1))
    .map(({ time, text }) => `${time} ${text}`);
}

describe.each(VERSIONS)("a trace of Go %s", (version) => {
  test("has the events, order and clock of Go's own reader", async () => {
    const { rows, source } = await read(unpack(`go${version}.trace`));
    const ours: { time: number; text: string }[] = [];
    const oursCounts: Record<number, number> = { [E.GO_CREATE]: 0, [E.GO_END]: 0 };
    for (const { time, kind, p, addr, size } of rows) {
      if (!KINDS.has(kind)) continue;
      if (counted(kind)) oursCounts[kind]! += size;
      else {
        const who = kind === E.GC_START ? -1 : p;
        const swept = kind === E.SWEEP_END ? addr : 0;
        ours.push({ time, text: `${E.EVENT_NAMES[kind]} ${who} ${size} ${swept}` });
      }
    }
    const theirs: typeof ours = [];
    const theirCounts: Record<number, number> = { [E.GO_CREATE]: 0, [E.GO_END]: 0 };
    for (const line of unpack(`go${version}.reference.txt`).toString().trim().split("\n")) {
      const [time, type, p, a0, a1] = line.split(" ").map(Number) as [number, number, number, number, number];
      const kind = KIND_OF[type]!;
      if (counted(kind)) theirCounts[kind]!++;
      else theirs.push({ time, text: `${E.EVENT_NAMES[kind]} ${p} ${a0} ${a1}` });
    }
    expect(theirs.length).toBeGreaterThan(1000);
    expect(normalized(ours)).toEqual(normalized(theirs));
    expect(oursCounts).toEqual(theirCounts);
    for (let i = 1; i < rows.length; i++) expect(rows[i]!.time).toBeGreaterThanOrEqual(rows[i - 1]!.time);
    expect(source.losses.toJSON()).toEqual({});
    expect(source.info.events).toBe(rows.length);
  });

  test("tells its version, the GCs that were asked for, messages, work and blocked Ps", async () => {
    const { rows, source } = await read(unpack(`go${version}.trace`));
    expect(source.info.goVersion).toBe(`go${version}`);
    expect(source.info.goVersions).toEqual([version.replace(/\.\d+$/, "")]);
    expect(source.info.procs).toBe(2);
    expect(source.info.textSpan).toBeGreaterThan(100_000);
    const gcs = rows.filter(({ kind }) => kind === E.GC_START).map(({ aux }) => aux);
    // Those that came by themselves, then runtime.GC, then debug.FreeOSMemory; none is forced before.
    expect(gcs.slice(-2)).toEqual([E.GC_FORCED, E.GC_FORCED | E.GC_FREES_OS_MEMORY]);
    expect(gcs.slice(0, -2).every((aux) => aux === 0)).toBe(true);
    expect(gcs.length).toBeGreaterThan(2);
    const notes = rows.filter(({ kind }) => kind === E.NOTE).map(({ aux }) => source.info.strings[aux]);
    expect(notes).toEqual(["phase: lists", "phase: goroutines", "phase: forced", "no key"]);
    const work = rows.filter(({ kind }) => kind === E.GC_WORK);
    expect(work.some(({ aux, size }) => aux === 0 && size > 0)).toBe(true);
    expect(work.every(({ size, time }) => size >= 0 && size <= time)).toBe(true);
    // The program waits for a child process: its P is taken from the system call.
    const stops = rows.filter(({ kind }) => kind === E.P_STOP);
    expect(stops.some(({ aux }) => aux === 1)).toBe(true);
    expect(stops.some(({ aux }) => aux === 0)).toBe(true);
    expect(rows.findLast(({ kind }) => kind === E.PROCS)!.size).toBe(3);
    const reasons = new Set(rows.filter(({ kind }) => kind === E.STW_BEGIN).map(({ aux }) => aux));
    expect(reasons.has(1)).toBe(true);
    expect(reasons.has(2)).toBe(true);
    // Each cycle is swept once: when the sweeper parks, or when the next one begins.
    const cycle = rows
      .filter(({ kind }) => kind === E.GC_START || kind === E.GC_MARK_TERMINATION || kind === E.GC_SWEEP_DONE)
      .map(({ kind }) => kind);
    expect(cycle.slice(0, 6)).toEqual([
      ...[E.GC_START, E.GC_MARK_TERMINATION, E.GC_SWEEP_DONE],
      ...[E.GC_START, E.GC_MARK_TERMINATION, E.GC_SWEEP_DONE],
    ]);
    const sweeps = rows.filter(({ kind }) => kind === E.GC_SWEEP_DONE).map(({ time }) => time);
    const starts = rows.filter(({ kind }) => kind === E.GC_START).map(({ time }) => time);
    expect(sweeps.some((time) => !starts.includes(time))).toBe(true);
  });
});

describe("what is not whole", () => {
  test("a trace cut anywhere gives what it holds, and says so", async () => {
    const whole = unpack("go1.19.13.trace");
    const all = (await read(whole)).rows.length;
    for (const part of [0.1, 0.3, 0.5, 0.7, 0.9]) {
      const { rows, source } = await read(whole.subarray(0, Math.floor(whole.length * part)));
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.length).toBeLessThanOrEqual(all);
      expect(source.losses.partial).toBe(true);
      for (let i = 1; i < rows.length; i++) expect(rows[i]!.time).toBeGreaterThanOrEqual(rows[i - 1]!.time);
    }
  });

  test("without the frequency at its end, a frequency is assumed and said", async () => {
    const whole = unpack("go1.21.13.trace");
    const { source } = await read(whole.subarray(0, Math.floor(whole.length * 0.4)));
    expect(source.losses.toJSON()).toHaveProperty("clock-assumed", 1);
    expect(source.losses.toJSON()).toHaveProperty("truncated", 1);
  });

  test("damage ends the reading there", async () => {
    const bytes = Buffer.from(unpack("go1.11.13.trace"));
    bytes.fill(0xff, 9000, 9100);
    const { rows, source } = await read(bytes);
    expect(rows.length).toBeGreaterThan(100);
    expect(source.losses.toJSON()).toHaveProperty("trace-damaged", 1);
    const first = [...source.losses].find(({ kind }) => kind.name === "trace-damaged")!.first;
    expect(first).toMatch(/^byte (8\d\d\d|90\d\d)/);
  });

  test("any damage is survived", async () => {
    const whole = unpack("go1.20.14.trace");
    let seed = 1;
    const random = (n: number) => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return seed % n;
    };
    for (let round = 0; round < 60; round++) {
      const bytes = Buffer.from(whole);
      for (let i = 0; i <= random(20); i++) bytes[16 + random(bytes.length - 16)] = random(256);
      try {
        const { rows } = await read(bytes);
        for (const { time } of rows) if (!Number.isFinite(time) || time < 0) throw new Error(`time ${time}`);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }
  });

  test.each(["1.5", "1.7", "1.9", "1.10"])("a trace of Go %s is refused in one line", async (version) => {
    const bytes = Buffer.alloc(64);
    bytes.write(`go ${version} trace`);
    expect(goTraceV1.detect(bytes)).toBe(1);
    await expect(read(bytes)).rejects.toThrow(
      `t.trace: is a trace of Go ${version}; traces older than Go 1.11 can't be read: record with Go 1.11 or later`,
    );
  });

  test("a trace without events is refused", async () => {
    const bytes = Buffer.alloc(16);
    bytes.write("go 1.21 trace");
    await expect(read(bytes)).rejects.toThrow(/holds no events/);
    await expect(read(bytes)).rejects.toBeInstanceOf(InputError);
  });

  test("newer traces and other files are left to others", () => {
    for (const text of ["go 1.22 trace\0\0\0", "go 1.27 trace\0\0\0", "gopher 1.11 trac", "go 1.11 tracer\0\0"]) {
      expect(goTraceV1.detect(Buffer.from(text))).toBe(0);
    }
  });
});
