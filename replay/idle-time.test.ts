import { expect, test } from "vitest";
import { Deaths } from "./death-tables.ts";
import { learn } from "./learned.ts";
import type { Program } from "./program.ts";
import type { RecordedCycle } from "./recorded-cycles.ts";
import { COL, Recorder } from "./recorder.ts";
import { NO_STACKS } from "./stack-scan.ts";
import { runOnce } from "./what-if-run.ts";

const SECOND = 1e9;
const MiB = 1 << 20;

/** A burst of 60 MiB in the first 60 ms, dead by then but for the last one, and then objects at the moments given. */
function burst(wakes: readonly number[], end: number): Program {
  const time = [...Array.from({ length: 60 }, (_, i) => (i + 1) * 1e6), ...wakes];
  const n = time.length;
  return {
    objects: n,
    time: Float64Array.from(time),
    deadAt: Float64Array.from(time, (_, i) => (i < 59 ? 60e6 : Number.POSITIVE_INFINITY)),
    spanClass: new Uint8Array(n).fill(1),
    size: Float64Array.from(time, (_, i) => (i < 60 ? MiB : 64 << 10)),
    p: new Int16Array(n),
    manual: { time: new Float64Array(0), id: new Float64Array(0), pages: new Int32Array(0), p: new Int16Array(0) },
    cycles: [],
    procs: 1,
    idleFrom: new Float64Array(0),
    end,
    busyNs: 0,
    idleNs: 0,
    heapBase: null,
    survivors: 1,
    flow: null,
    recorderBytes: 0,
  };
}

function run(policy: string, program: Program) {
  const learned = learn(program, 100, { nonHeapMapped: 5.5e6, untouchedManual: 0, untouchedObjects: 0 });
  const setting = {
    gogc: 100,
    memoryLimit: Number.POSITIVE_INFINITY,
    policy,
    physPageSize: 4096,
    pageSize: 8192,
    procs: 1,
    goos: "linux" as const,
    thp: "never" as const,
    freeOsMemoryEvery: Number.POSITIVE_INFINITY,
  };
  const recorder = new Recorder(2048, true);
  const job = { recordedVersion: "go1.27", learned, baselineBytes: 0 };
  const { outcome } = runOnce(job, program, new Deaths(program), { pace: 1, seed: 1 }, setting, recorder);
  const rows = [...recorder.kept()];
  const seconds = (ns: number) => Math.round(ns / SECOND);
  return {
    forced: outcome.cycles.filter(({ start }) => start > SECOND).map(({ start }) => seconds(start)),
    /** When most of the burst had gone back. */
    returned: seconds(rows.find((row) => row[COL.heapReleased]! > 40 * MiB)?.[COL.t] ?? Number.NaN),
    sweeps: outcome.cycles.map(({ markTermination, sweepDone }) => sweepDone! - markTermination!),
  };
}

test("a program that sleeps is collected every two minutes, and what a sweep frees is free before it wakes", () => {
  const { forced, sweeps } = run("go1.27", burst([], 420 * SECOND));
  expect(forced).toEqual([120, 240, 360]);
  expect(Math.max(...sweeps)).toBeLessThan(1e6);
});

test("under 1.11 what is free for five minutes goes back when sysmon looks, once a minute in a sleeping program", () => {
  // Free since the GC at 120 s. Looks that come 150 s after the last one or more: 180, 360 (240 s old) and 540.
  expect(run("go1.11", burst([], 600 * SECOND)).returned).toBe(540);
  expect(run("go1.11", burst([], 500 * SECOND)).returned).toBe(Number.NaN);
});

/** runtime.GC, or debug.FreeOSMemory. */
function asked(start: number, freesOsMemory: boolean): RecordedCycle {
  return {
    start,
    end: start + 1e6,
    swept: start + 2e6,
    liveAtStart: 60 * MiB,
    liveBefore: 60 * MiB,
    liveAtEnd: 60 * MiB,
    marked: MiB,
    goalBefore: 100 * MiB,
    goalAfter: 4 * MiB,
    forced: true,
    freesOsMemory,
    workNs: Number.NaN,
    assistNs: Number.NaN,
    stoppedNs: 0,
    stacks: NO_STACKS,
  };
}

test("a GC that the program asks for while it allocates nothing comes when it asked, after the last object, too", () => {
  const between = { ...burst([50 * SECOND], 60 * SECOND), cycles: [asked(20 * SECOND, true)] };
  expect(run("go1.27", between)).toMatchObject({ forced: [20], returned: 20 });
  const last = { ...burst([50 * SECOND], 60 * SECOND), cycles: [asked(55 * SECOND, true)] };
  expect(run("go1.27", last)).toMatchObject({ forced: [55], returned: 55 });
});

test("in a program that wakes every second sysmon looks when it is due", () => {
  const wakes = Array.from({ length: 600 }, (_, i) => (i + 1) * SECOND);
  const { forced, returned } = run("go1.11", burst(wakes, 600 * SECOND));
  expect(forced[0]).toBe(121);
  expect(returned).toBe(450);
});
