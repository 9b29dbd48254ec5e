import { expect, test } from "vitest";
import { Deaths } from "./death-tables.ts";
import { type LearnedValues, learn } from "./learned.ts";
import type { Program } from "./program.ts";
import { Recorder } from "./recorder.ts";
import { runOnce } from "./what-if-run.ts";

const MS = 1e6;
const MiB = 1 << 20;

/** One object of 64 KiB each 100 us that lives for 2 ms, on two Ps. */
function program(change: Partial<Program> = {}): Program {
  const n = 4000;
  const time = Float64Array.from({ length: n }, (_, i) => (i + 1) * 0.1 * MS);
  return {
    objects: n,
    time,
    deadAt: time.map((t) => t + 2 * MS),
    spanClass: new Uint8Array(n).fill(1),
    size: new Float64Array(n).fill(64 << 10),
    p: new Int16Array(n),
    manual: { time: new Float64Array(0), id: new Float64Array(0), pages: new Int32Array(0), p: new Int16Array(0) },
    cycles: [],
    procs: 2,
    idleFrom: new Float64Array(0),
    end: 400 * MS,
    busyNs: 800 * MS,
    idleNs: 0,
    heapBase: null,
    survivors: 0,
    flow: null,
    recorderBytes: 0,
    ...change,
  };
}

function run(of: Program, heldUp: number, change: Partial<LearnedValues> = {}) {
  const learned = {
    ...learn(of, 100, { nonHeapMapped: 5.5e6, untouchedManual: 0, untouchedObjects: 0 }),
    ...change,
  };
  const setting = {
    gogc: 100,
    memoryLimit: Number.POSITIVE_INFINITY,
    policy: "go1.27",
    physPageSize: 4096,
    pageSize: 8192,
    procs: 2,
    goos: "linux" as const,
    thp: "never" as const,
    freeOsMemoryEvery: Number.POSITIVE_INFINITY,
  };
  const job = { recordedVersion: "go1.27", learned, baselineBytes: 0, heldUp };
  return runOnce(job, of, new Deaths(of), { pace: 1, seed: 1 }, setting, new Recorder(64)).outcome;
}

test("the run of a program that marks hold up is longer by what they take, and has the same GCs", () => {
  const free = run(program(), 0);
  const held = run(program(), 1);
  const marked = ({ cycles }: typeof free) =>
    cycles.reduce((ns, { start, markTermination }) => ns + markTermination! - start, 0);
  expect(free.endTime).toBe(400 * MS);
  expect(held.gcs).toBe(free.gcs);
  expect(free.gcs).toBeGreaterThan(10);
  expect(held.endTime).toBeGreaterThan(free.endTime + marked(free) * 0.9);
  expect(held.endTime - free.endTime).toBeLessThan(marked(held));
});

test("where spans stand for objects, free slots are used up after the last of them, and GCs go on", () => {
  const spans = program();
  const flow = {
    time: Float64Array.of(1 * MS, 400 * MS, 4000 * MS),
    allocated: Float64Array.of(0, 250 * MiB, 500 * MiB),
    markTime: Float64Array.of(200 * MS),
    reachable: Float64Array.of(2 * MiB),
    slack: 0.1,
  };
  const { cycles } = run({ ...spans, flow, end: 4000 * MS }, 0);
  const late = cycles.filter(({ start }) => start > 500 * MS);
  expect(late.length).toBeGreaterThan(20);
});
