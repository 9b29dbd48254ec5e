import type { Evidence } from "../parsers/events.ts";
import type { HeapHistory } from "./heap-history/heap-history.ts";
import type { RecordedGogc } from "./recorded-settings.ts";

/** Columns of the timeline, all in bytes but t (ns). Rows are at changes, thinned so that peaks survive. */
export interface TimelineRow {
  t: number;
  /** Predicted RSS: the sum of the ledger's parts. */
  rss: number;
  /** Pages of object spans. */
  heapInuse: number;
  /** Free and still backed: HeapIdle - HeapReleased. */
  heapFree: number;
  heapReleased: number;
  /** Pages of stack spans (and work buffers, where the input does not tell them apart). */
  stacks: number;
  heapLive: number;
  /** null while unknown; Infinity when the GC has no goal. */
  heapGoal: number | null;
  mapped: number;
  /** Band around rss where it is not that of ReplayResult.uncertainty. */
  rssLow?: number;
  rssHigh?: number;
  measuredRss?: number;
  measuredReleased?: number;
  measuredInuse?: number;
}

/** One named part of RSS at one moment. The parts of a ledger sum up to its rss. */
export interface LedgerPart {
  /** kebab-case id: "live", "dead", "span-slack", "free-backed", "stacks", "metadata", "binary", "unexplained", ... */
  readonly id: string;
  /** For people. */
  readonly label: string;
  readonly bytes: number;
  readonly evidence: Evidence;
  /** How far it may be off, in bytes, either way; 0 for exact. */
  readonly uncertainty: number;
  /** What the figure rests on, one line. */
  readonly basis: string;
}

export interface Ledger {
  readonly t: number;
  readonly rss: number;
  readonly parts: readonly LedgerPart[];
}

/** Heap map at one moment: for each 4 MiB chunk how many of its 512 pages are in each state. */
export interface HeapMap {
  readonly t: number;
  /** Base address of each chunk, ascending. */
  readonly chunkBase: Float64Array;
  readonly inUse: Uint16Array;
  readonly cached: Uint16Array;
  readonly free: Uint16Array;
  readonly released: Uint16Array;
}

/** A mark on the timeline. */
export interface TimelineMark {
  readonly t: number;
  readonly kind: "gc" | "gc-end" | "growth" | "return-background" | "return-growth" | "return-limit" | "return-forced";
  /** GC number, or bytes grown or returned. */
  readonly value: number;
}

export interface ReplayConfig {
  policy: string;
  gogc: number | "off";
  /** bytes; null for none. */
  memoryLimit: number | null;
  physPageSize: number;
  pageSize: number;
  procs: number;
  os: string;
  /** Transparent huge pages that were modelled: never, madvise or always. Only where they were asked about. */
  thp?: string;
}

export interface ReplaySummary {
  durationNs: number;
  gcCycles: number;
  peakRss: number;
  finalRss: number;
  meanRss: number;
  peakHeapInuse: number;
  peakHeapLive: number;
  heapReleasedFinal: number;
  meanHeapReleased: number;
  returnedTotal: number;
  returnedBackground: number;
  returnedOnGrowth: number;
  returnedForLimit: number;
  returnedForced: number;
  /** Bytes of released pages that were used again, each page a minor fault. */
  pageFaultBytes: number;
  heapLockAcquisitions: number;
  heapLockAvoided: number;
}

/** See "Placement figures" in the docs: fractions in 0..1 over `spans` predictions. */
export interface Placement {
  spans: number;
  exact: number;
  exactUncorrected: number;
  sameChunk: number;
  /** The first span whose predicted page was not the recorded one; null when there is none. */
  firstDivergence: null | { t: number; span: number; p: number; pages: number; recorded: number; predicted: number };
}

/** Mean absolute difference over the run, as a fraction of the measured peak of RSS. */
export interface Accuracy {
  rssMape: number | null;
  releasedMape: number | null;
  inuseMape: number | null;
  samples: number;
}

export interface InputSummary {
  path: string;
  format: string;
  goVersion: string | null;
  evidence: Evidence;
  events: number;
  losses: Record<string, number>;
}

/** How far a figure can be trusted, in words: shown with the result. */
export interface Note {
  readonly level: "info" | "warning";
  /** One line for people. */
  readonly text: string;
}

export interface ReplayResult {
  inputs: InputSummary[];
  config: ReplayConfig;
  summary: ReplaySummary;
  placement: Placement | null;
  accuracy: Accuracy | null;
  /** Every row that was kept, in order of time; see sampleRows() for a thinner set. */
  timeline: TimelineRow[];
  /** Band around the predicted RSS, bytes: rss - below ... rss + above. */
  uncertainty: { below: number; above: number };
  /** Ledgers at the peak and at the end; ledgerAt interpolates nothing: it takes the row at or before t. */
  ledgerPeak: Ledger;
  ledgerFinal: Ledger;
  ledgerAt(t: number): Ledger;
  heapMapAt(t: number): HeapMap | null;
  /** Every page at any moment; only when it was asked for. To be closed by whoever asked. */
  heapHistory?: HeapHistory | null;
  marks: TimelineMark[];
  gcs: GcRow[];
  /** GOGC of the recorded run, and what the goals show of a memory limit. */
  recordedGogc: RecordedGogc;
  /** Limits that the run had, bytes, as far as the inputs or the options tell: GOMEMLIMIT, and that of its cgroup. */
  limits?: { memory: number | null; container: number | null };
  notes: Note[];
  /** True if an input was truncated or lossy (exit code 4). */
  partial: boolean;
}

/** One GC cycle, for tables. Bytes and ns; null where the input does not say. */
export interface GcRow {
  n: number;
  start: number;
  markTermination: number | null;
  sweepDone: number | null;
  liveAtStart: number | null;
  liveAtMark: number | null;
  liveMarked: number | null;
  goal: number | null;
}
