import type { EventBatch, Evidence } from "./events.ts";
import type { Losses } from "./losses.ts";

/** Name of an input format as printed in JSON (`inputs[].format`). */
export type FormatId =
  | "go-trace-v2"
  | "go-trace-v1"
  | "pprof-heap"
  | "pprof-text"
  | "gctrace"
  | "memstats"
  | "metrics"
  | "prometheus"
  | "pagetrace"
  | "smaps"
  | "proc-status"
  | "goroutines"
  | "cgroup"
  | "samples-csv"
  | "events"
  | "scenario";

/**
 * What a source knows about the recorded process. Fields fill in while batches are read; those that the format gives at
 * its beginning are there after the first batch.
 */
export interface SourceInfo {
  /** As far as the format says it: exact ("go1.27.0"), a minor version ("go1.26"), or null. */
  goVersion: string | null;
  /** The minor versions that may have written it, newest last, e.g. ["1.26", "1.27"]. */
  goVersions: readonly string[];
  evidence: Evidence;
  /** Events delivered so far. */
  events: number;
  /** Runtime page size in bytes, when the format tells it. */
  pageSize: number | null;
  /** Base of the lowest arena in use when the recording began, in bytes, when known. */
  minHeapAddr: number | null;
  /** GOMAXPROCS at the start, when known. */
  procs: number | null;
  goos: string | null;
  goarch: string | null;
  /** Whether span events carry addresses. */
  hasAddresses: boolean;
  /** Wall-clock time of t=0, ms since the epoch, when known. */
  wallClockStart: number | null;
  /** Highest minus lowest program counter seen in stacks, bytes: about the length of the text segment; null if unknown. */
  textSpan: number | null;
  /** Type names by id, where the source has types (traceallocfree). Untrusted: escape before printing. */
  types: Map<number, { name: string; size: number }>;
  /** Texts that events refer to by index (NOTE). Untrusted. */
  strings: string[];
}

/** One opened input: a format's reader that yields normalized events. */
export interface EventSource {
  /** As given by the user, for messages. */
  readonly path: string;
  readonly format: FormatId;
  /** Format of the file itself, where that is an export of another recording's events; `format` is what was recorded. */
  readonly container?: FormatId;
  readonly info: SourceInfo;
  readonly losses: Losses;
  /** Fraction of the input consumed, 0..1, or null when the size is unknown. */
  readonly progress: () => number | null;
  /** The events, in order. May be iterated once. The yielded batch is reused for the next. */
  batches(): AsyncIterable<EventBatch>;
  /** Releases files and buffers; safe to call at any time. */
  close(): Promise<void>;
}

export function newSourceInfo(evidence: Evidence): SourceInfo {
  return {
    goVersion: null,
    goVersions: [],
    evidence,
    events: 0,
    pageSize: null,
    minHeapAddr: null,
    procs: null,
    goos: null,
    goarch: null,
    hasAddresses: false,
    wallClockStart: null,
    textSpan: null,
    types: new Map(),
    strings: [],
  };
}
