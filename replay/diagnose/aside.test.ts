import { expect, it } from "vitest";
import { pairLog } from "./aside.ts";
import type { GcFact, ScavFact } from "./collect.ts";

const MiB = 2 ** 20;
const gc = (n: number, marked: number, more: Partial<GcFact> = {}): GcFact => ({
  n,
  t: n * 1e9,
  end: n * 1e9 + 1e6,
  heapStart: 2 * marked * MiB,
  heapEnd: 2 * marked * MiB,
  marked: marked * MiB,
  goal: 2 * marked * MiB,
  stacks: Number.NaN,
  utilization: Number.NaN,
  cpuAssist: Number.NaN,
  procs: 2,
  forced: false,
  periodic: false,
  ...more,
});
const scav = (afterGc: number): ScavFact => ({
  afterGc,
  work: 0,
  eager: 0,
  released: 0,
  inuse: 0,
  idle: 0,
  utilization: 0,
  forced: true,
});
const marked = [4, 9, 20, 31, 44, 60];
// A log has a line more of before the trace, begins at another zero and rounds.
const log = [2, ...marked].map((m, i) => gc(i + 1, Math.floor(m), { t: i * 1e9 + 5e8, stacks: i * MiB }));

it("a log on another clock tells of each of the trace's cycles what a trace does not", () => {
  const trace = marked.map((m, i) => gc(i, m + 0.4));
  const { gcs, scavs } = pairLog(trace, { gcs: log, scavs: [scav(0), scav(3)] });
  expect(gcs.map(({ stacks }) => stacks / MiB)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(gcs.map(({ t, marked }) => [t, marked])).toEqual(trace.map(({ t, marked }) => [t, marked]));
  // What was returned after the line before the trace's first cycle counts; what came after the log's fourth is after the third here.
  expect(scavs.map(({ afterGc }) => afterGc)).toEqual([-1, 2]);
});

it("a trace that ends before the log does is found in it", () => {
  const { gcs } = pairLog(
    marked.slice(1, 4).map((m, i) => gc(i, m)),
    { gcs: log, scavs: [] },
  );
  expect(gcs.map(({ stacks }) => stacks / MiB)).toEqual([2, 3, 4]);
});

it("a log of another run is left alone", () => {
  const trace = [7, 100, 15].map((m, i) => gc(i, m));
  expect(pairLog(trace, { gcs: log, scavs: [scav(0)] })).toEqual({ gcs: trace, scavs: [] });
});
