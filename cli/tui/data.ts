import type { Diagnosis } from "../../replay/diagnose/diagnose.ts";
import { eventTable, type RunEvent } from "../../replay/event-table.ts";
import { type GcTableRow, gcTable } from "../../replay/gc-table.ts";
import type { HeapHistory } from "../../replay/heap-history/heap-history.ts";
import type { Ledger, ReplayResult, TimelineMark, TimelineRow } from "../../replay/result.ts";
import type { RunFacts } from "../../replay/run-facts.ts";
import type { Setting, WhatIfRun } from "../../replay/what-if.ts";
import { Series } from "../series.ts";
import { eventTableOf, gcTableOf } from "./columns.ts";
import type { Table } from "./table.ts";

/** Something that takes its time. `fraction` is 0..1, or null when unknown; `text` is one line for people. */
export type Pending<T> =
  | { readonly is: "none" }
  | { readonly is: "working"; readonly fraction: number | null; readonly text: string }
  | { readonly is: "ready"; readonly value: T }
  | { readonly is: "failed"; readonly text: string };

/** How far the input is read. */
export interface Reading {
  readonly fraction: number | null;
  readonly events: number;
  readonly elapsedMs: number;
}

/** A run under some setting, ready to be drawn. */
export interface Curve {
  readonly run: WhatIfRun;
  readonly rss: Series;
}

/** The program under other settings, beside itself under its own. */
export interface WhatIfData {
  /** What the recording ran under, once it is read for this. */
  readonly recorded: Setting | null;
  readonly base: Curve | null;
  readonly run: Pending<Curve>;
}

/** A result made ready to be looked at: everything that a frame needs without going through all rows again. */
export interface Data {
  readonly result: ReplayResult;
  /** First and last moment; from < to. */
  readonly from: number;
  readonly to: number;
  readonly rss: Series;
  /** Edges of the band around it; empty where the prediction is sure. */
  readonly low: Series;
  readonly high: Series;
  readonly measured: Series;
  readonly inUse: Series;
  readonly live: Series;
  readonly goal: Series;
  readonly released: Series;
  readonly measuredReleased: Series;
  /** Moments, ascending: when GC cycles began, the heap grew, memory went back, RSS peaked. */
  readonly gcs: Float64Array;
  readonly growths: Float64Array;
  readonly returns: Float64Array;
  readonly peaks: Float64Array;
  /** Marks by kind, for the line of marks. */
  readonly marks: ReadonlyMap<TimelineMark["kind"], Float64Array>;
  /** The moment of the highest RSS. */
  readonly peak: number;
  readonly gcTable: Table<GcTableRow>;
  readonly eventTable: Table<RunEvent>;
  /** null when all is read. */
  readonly reading: Reading | null;
  readonly diagnosis: Pending<Diagnosis>;
  readonly whatIf: WhatIfData;
  /** The row at or before t; null in a run without rows. */
  rowAt(t: number): TimelineRow | null;
  ledgerAt(t: number): Ledger;
  /** The heap's pages at any moment; null where the replay was not asked for them. */
  readonly heap: HeapHistory | null;
}

const NO_SERIES = new Series(new Float64Array(), new Float64Array());

/** `facts` are those that a tap collected in the same replay. */
export function prepare(result: ReplayResult, facts: RunFacts | null = null): Data {
  const { timeline, uncertainty } = result;
  const from = timeline[0]?.t ?? 0;
  const times = new Series(
    Float64Array.from(timeline, (row) => row.t),
    Float64Array.from(timeline, (row) => row.rss),
  );
  const to = Math.max(timeline.at(-1)?.t ?? 0, from + 1);
  const events = eventTable(result, facts);
  const marks = new Map<TimelineMark["kind"], number[]>();
  for (const { kind, t } of result.marks) {
    const moments = marks.get(kind);
    if (moments) moments.push(t);
    else marks.set(kind, [t]);
  }
  const moments = (...kinds: RunEvent["kind"][]): Float64Array =>
    Float64Array.from(
      events.filter(({ kind }) => kinds.includes(kind)),
      ({ t }) => t,
    );
  const sure = !(uncertainty.below > 0 || uncertainty.above > 0) && !timeline.some((row) => row.rssHigh !== undefined);
  return {
    result,
    from,
    to,
    rss: times,
    low: sure ? NO_SERIES : Series.of(timeline, (row) => row.rssLow ?? Math.max(0, row.rss - uncertainty.below)),
    high: sure ? NO_SERIES : Series.of(timeline, (row) => row.rssHigh ?? row.rss + uncertainty.above),
    measured: Series.of(timeline, (row) => row.measuredRss),
    inUse: Series.of(timeline, (row) => row.heapInuse),
    live: Series.of(timeline, (row) => row.heapLive),
    goal: Series.of(timeline, (row) => row.heapGoal),
    released: Series.of(timeline, (row) => row.heapReleased),
    measuredReleased: Series.of(timeline, (row) => row.measuredReleased),
    gcs: Float64Array.from(result.gcs, ({ start }) => start).sort(),
    growths: moments("growth"),
    returns: moments("return-background", "return-growth", "return-limit", "return-forced"),
    peaks: moments("peak"),
    marks: new Map([...marks].map(([kind, all]) => [kind, Float64Array.from(all).sort()])),
    peak: Math.min(to, Math.max(from, result.ledgerPeak.t)),
    gcTable: gcTableOf(gcTable(result, facts)),
    eventTable: eventTableOf(events),
    reading: null,
    diagnosis: { is: "none" },
    whatIf: { recorded: null, base: null, run: { is: "none" } },
    rowAt: (t) => timeline[Math.max(0, times.indexAt(t))] ?? null,
    ledgerAt: lastOne((t) => result.ledgerAt(t)),
    heap: result.heapHistory ?? null,
  };
}

/** Remembers the last answer: frames are drawn again without the cursor having moved. */
function lastOne<T>(ask: (t: number) => T): (t: number) => T {
  let last: { t: number; answer: T } | undefined;
  return (t) => {
    if (last?.t !== t) last = { t, answer: ask(t) };
    return last.answer;
  };
}

/** How many of the ascending values are <= t. */
export function countUpTo(values: Float64Array, t: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! <= t) low = middle + 1;
    else high = middle;
  }
  return low;
}
