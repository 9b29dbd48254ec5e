import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type EventBatch,
  GC_FORCED,
  GC_FREES_OS_MEMORY,
  GC_START,
  GC_WORK,
  GO_CREATE,
  GO_END,
  STW_BEGIN,
  STW_END,
} from "../parsers/events.ts";
import { STW_REASONS } from "../parsers/trace/stw-reasons.ts";
import { eventTable } from "./event-table.ts";
import { gcTable } from "./gc-table.ts";
import { peaksOf } from "./peaks.ts";
import type { GcRow, ReplayConfig, TimelineRow } from "./result.ts";
import { RunFacts } from "./run-facts.ts";

type Event = [kind: number, t: number, size?: number, aux?: number];

function factsOf(...events: Event[]): RunFacts {
  const facts = new RunFacts();
  facts.take({
    length: events.length,
    kind: Uint8Array.from(events, ([kind]) => kind),
    time: Float64Array.from(events, ([, t]) => t),
    size: Float64Array.from(events, ([, , size]) => size ?? 0),
    aux: Int32Array.from(events, ([, , , aux]) => aux ?? 0),
  } as unknown as EventBatch);
  return facts;
}

const gc = (n: number, start: number, markTermination: number | null): GcRow => ({
  n,
  start,
  markTermination,
  sweepDone: null,
  liveAtStart: 100,
  liveAtMark: null,
  liveMarked: 60,
  goal: 90,
});
const config = { procs: 4 } as ReplayConfig;

describe("table of GCs", () => {
  const gcs = [gc(1, 0, 10), gc(2, 50, 70), gc(3, 120e9 + 70, 120e9 + 80), gc(4, 121e9, null)];
  const facts = factsOf(
    [GC_START, 0, 1, GC_FORCED],
    [GC_WORK, 5, 4],
    [GC_WORK, 8, 3],
    [GC_START, 50, 2, GC_FORCED | GC_FREES_OS_MEMORY],
    [GC_START, 120e9 + 70, 3],
    [GC_START, 121e9, 4],
  );

  test("causes: asked for, two minutes after the last, at the goal", () => {
    const rows = gcTable({ gcs, config }, facts);
    expect(rows.map(({ cause, forced }) => [cause, forced])).toEqual([
      ["forced", true],
      ["free-os-memory", true],
      ["periodic", false],
      ["goal", false],
    ]);
    expect(rows[0]).toMatchObject({ n: 1, durationNs: 10, heapStart: 100, heapEnd: 60, marked: 60, goal: 90 });
  });

  test("CPU is what the recording says, else a quarter of the processors for the length of the mark", () => {
    const rows = gcTable({ gcs, config }, facts);
    expect(rows.map(({ cpuNs, cpuEvidence }) => [cpuNs, cpuEvidence])).toEqual([
      [7, "exact"],
      [20, "modelled"],
      [10, "modelled"],
      [null, "modelled"],
    ]);
  });

  test("without facts nothing is said of causes", () => {
    expect(gcTable({ gcs, config }, null).every(({ cause, forced }) => cause === "unknown" && !forced)).toBe(true);
  });
});

test("table of events: marks, GCs, stops and peaks in order of time", () => {
  const row = (t: number, rss: number): TimelineRow => ({ t, rss }) as TimelineRow;
  const timeline = [row(0, 10), row(10, 100), row(20, 50), row(30, 90), row(40, 40)];
  const marks = [
    { t: 5, kind: "growth", value: 7 },
    { t: 12, kind: "gc", value: 1 },
    { t: 13, kind: "gc-end", value: 1 },
    { t: 25, kind: "return-limit", value: 3 },
  ] as const;
  const reason = STW_REASONS.indexOf("GC mark termination");
  const facts = factsOf([STW_BEGIN, 12, 0, reason], [STW_END, 15], [STW_END, 16]);
  const events = eventTable({ timeline, marks: [...marks], gcs: [gc(1, 12, 13)] }, facts);
  expect(events.map(({ t, kind, bytes, ns }) => [t, kind, bytes ?? ns])).toEqual([
    [5, "growth", 7],
    [10, "peak", 100],
    [12, "gc", 1],
    [12, "stop", 3],
    [25, "return-limit", 3],
    [30, "peak", 90],
  ]);
  expect(events[3]!.reason).toBe("GC mark termination");
});

test("goroutines are counted, a count a millisecond", () => {
  const facts = factsOf([GO_CREATE, 0, 5], [GO_CREATE, 10, 2], [GO_END, 20, 4], [GO_END, 5e6]);
  expect(facts.goroutines).toEqual({ t: [0, 5e6], v: [7, 2] });
});

describe("peaks", () => {
  test.each([
    [[], 1, []],
    [[5], 1, [0]],
    [[1, 9, 1], 5, [1]],
    [[1, 9, 6, 8, 1], 5, [1]],
    [[1, 9, 2, 8, 1], 5, [1, 3]],
    [[9, 2, 8], 5, [0, 2]],
    [[3, 3, 3], 5, [0]],
    [[1, 9, 2, 4, 10], 5, [1, 4]],
  ])("%j falling by %d: %j", (values, least, expected) => {
    expect(peaksOf(values, least)).toEqual(expected);
  });

  test("between two peaks there is a fall, and the highest is one of them", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100), { minLength: 1 }), fc.integer({ min: 1, max: 60 }), (values, least) => {
        const peaks = peaksOf(values, least);
        expect(peaks.map((i) => values[i])).toContain(Math.max(...values));
        for (let k = 1; k < peaks.length; k++) {
          const between = Math.min(...values.slice(peaks[k - 1]!, peaks[k]! + 1));
          expect(Math.min(values[peaks[k - 1]!]!, values[peaks[k]!]!) - between).toBeGreaterThanOrEqual(least);
        }
      }),
    );
  });
});
