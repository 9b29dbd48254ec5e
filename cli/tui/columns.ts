/** The tables of GCs and events: their columns, and how their values are written. */
import type { RunEvent, RunEventKind } from "../../replay/event-table.ts";
import type { GcCause, GcTableRow } from "../../replay/gc-table.ts";
import { formatBytes, formatDuration, formatMoment } from "../sizes.ts";
import type { Table } from "./table.ts";

const CAUSES: Readonly<Record<GcCause, string>> = {
  goal: "heap goal",
  periodic: "2 minutes",
  forced: "runtime.GC",
  "free-os-memory": "FreeOSMemory",
  before: "began before",
  unknown: "not told",
};

export const EVENT_KINDS: Readonly<Record<RunEventKind, string>> = {
  gc: "GC",
  stop: "stop the world",
  peak: "peak of RSS",
  growth: "heap growth",
  "return-background": "return, background",
  "return-growth": "return, when grown",
  "return-limit": "return, for limit",
  "return-forced": "return, forced",
};

const bytes = (value: number | null): string => (value === null ? "" : formatBytes(value));
const duration = (value: number | null): string => (value === null ? "" : formatDuration(value));

export function gcTableOf(rows: readonly GcTableRow[]): Table<GcTableRow> {
  return {
    what: "GCs",
    rows,
    filters: ["cause=goal", "cause=runtime", "cause=free", "cause=2", "forced=yes", "forced=no"],
    time: (row) => row.start,
    columns: [
      { id: "gc", title: "GC", width: 5, right: true, value: (row) => row.n, text: (row) => String(row.n) },
      {
        id: "start",
        title: "start",
        width: 10,
        right: true,
        value: (row) => row.start,
        text: (row, step) => formatMoment(row.start, Math.min(step, 1e6)),
      },
      {
        id: "duration",
        title: "took",
        width: 9,
        right: true,
        value: (row) => row.durationNs,
        text: (row) => duration(row.durationNs),
      },
      {
        id: "heap",
        title: "heap",
        width: 9,
        right: true,
        value: (row) => row.heapStart,
        text: (row) => bytes(row.heapStart),
      },
      {
        id: "end",
        title: "at end",
        width: 9,
        right: true,
        value: (row) => row.heapEnd,
        text: (row) => bytes(row.heapEnd),
      },
      { id: "goal", title: "goal", width: 9, right: true, value: (row) => row.goal, text: (row) => bytes(row.goal) },
      {
        id: "cpu",
        title: "CPU",
        width: 9,
        right: true,
        value: (row) => row.cpuNs,
        text: (row) => (row.cpuNs !== null && row.cpuEvidence === "modelled" ? "~" : "") + duration(row.cpuNs),
      },
      {
        id: "cause",
        title: "cause",
        width: 12,
        right: false,
        value: (row) => CAUSES[row.cause],
        text: (row) => CAUSES[row.cause],
      },
      {
        id: "forced",
        title: "forced",
        width: 7,
        right: false,
        value: (row) => (row.forced ? "yes" : "no"),
        text: (row) => (row.forced ? "yes" : ""),
      },
    ],
  };
}

export function eventTableOf(rows: readonly RunEvent[]): Table<RunEvent> {
  return {
    what: "events",
    rows,
    filters: [
      "kind=growth",
      "kind=return",
      "kind=background",
      "kind=limit",
      "kind=forced",
      "kind=peak",
      "kind=gc",
      "kind=stop",
    ],
    time: (row) => row.t,
    columns: [
      {
        id: "time",
        title: "time",
        width: 12,
        right: true,
        value: (row) => row.t,
        text: (row, step) => formatMoment(row.t, Math.min(step, 1e5)),
      },
      {
        id: "kind",
        title: "event",
        width: 18,
        right: false,
        value: (row) => EVENT_KINDS[row.kind],
        text: (row) => EVENT_KINDS[row.kind],
      },
      {
        id: "bytes",
        title: "bytes",
        width: 9,
        right: true,
        value: (row) => row.bytes,
        text: (row) => bytes(row.bytes),
      },
      { id: "took", title: "took", width: 9, right: true, value: (row) => row.ns, text: (row) => duration(row.ns) },
      {
        id: "gc",
        title: "GC",
        width: 5,
        right: true,
        value: (row) => row.gc,
        text: (row) => (row.gc === null ? "" : String(row.gc)),
      },
      {
        id: "why",
        title: "why",
        width: 20,
        right: false,
        value: (row) => row.reason || null,
        text: (row) => row.reason,
      },
    ],
  };
}
