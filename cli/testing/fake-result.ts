import type { Evidence } from "../../parsers/events.ts";
import type { HeapHistory } from "../../replay/heap-history/heap-history.ts";
import type {
  GcRow,
  HeapMap,
  Ledger,
  LedgerPart,
  ReplayResult,
  TimelineMark,
  TimelineRow,
} from "../../replay/result.ts";

import { fakeHistory } from "./fake-heap.ts";

const MIB = 2 ** 20;
const CHUNK = 4 * MIB;
const PAGES_PER_CHUNK = 512;

export interface FakeOptions {
  /** Rows of the timeline. */
  rows?: number;
  durationNs?: number;
  /** With samples of the measured RSS. */
  measured?: boolean;
  partial?: boolean;
  /** 4 MiB chunks of the heap at its largest. */
  chunks?: number;
  path?: string;
  gcs?: number;
  evidence?: Evidence;
  /** With growth, returns of every kind, and limits. */
  eventful?: boolean;
}

/**
 * A replay's result without a replay: a heap that saws up to its peak at 40% of the time and then gives memory back.
 * The same options always give the same result; the figures agree with each other as those of a replay do.
 */
export function fakeResult(options: FakeOptions = {}): ReplayResult {
  const {
    rows = 1000,
    durationNs = 10e9,
    measured = true,
    partial = false,
    chunks = 40,
    path = "trace.out",
    gcs = 14,
    evidence = "inferred",
    eventful = false,
  } = options;
  const capacity = chunks * CHUNK;
  const cycle = durationNs / Math.max(1, gcs);
  const timeline: TimelineRow[] = [];
  let released = 0;
  for (let i = 0; i < rows; i++) {
    const t = rows === 1 ? 0 : Math.round((durationNs * i) / (rows - 1));
    const load = hill(t / durationNs);
    const saw = (t % cycle) / cycle;
    const heapInuse = pages(capacity * (0.1 + 0.55 * load + 0.12 * saw * load));
    const mapped = Math.ceil((capacity * Math.max(0.2, running(t / durationNs))) / CHUNK) * CHUNK;
    const stacks = 2 * MIB;
    const idle = Math.max(0, mapped - heapInuse - stacks);
    released = pages(Math.min(idle, t / durationNs < 0.45 ? idle * 0.1 : released + idle * 0.002));
    const heapFree = idle - released;
    const row: TimelineRow = {
      t,
      rss: mapped - released + 6 * MIB,
      heapInuse,
      heapFree,
      heapReleased: released,
      stacks,
      heapLive: Math.round(heapInuse * 0.8),
      heapGoal: i === 0 ? null : Math.round(heapInuse * 1.6),
      mapped,
    };
    if (measured && i % 10 === 0) {
      row.measuredRss = Math.round(row.rss * (1 + 0.02 * Math.sin(i)));
      row.measuredReleased = released;
    }
    timeline.push(row);
  }
  const highest = timeline.reduce((best, row) => (row.rss > best.rss ? row : best), timeline[0]!);
  const last = timeline.at(-1)!;
  const rowAt = (t: number): TimelineRow => {
    let low = 0;
    let high = timeline.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (timeline[middle]!.t <= t) low = middle;
      else high = middle - 1;
    }
    return timeline[low]!;
  };
  const marks: TimelineMark[] = [];
  const gcRows: GcRow[] = [];
  for (let n = 1; n <= gcs; n++) {
    const start = Math.round(n * cycle - cycle / 20);
    const row = rowAt(start);
    marks.push({ t: start, kind: "gc", value: n }, { t: start + Math.round(cycle / 40), kind: "gc-end", value: n });
    gcRows.push({
      n,
      start,
      markTermination: start + Math.round(cycle / 40),
      sweepDone: null,
      liveAtStart: row.heapLive,
      liveAtMark: row.heapLive,
      liveMarked: Math.round(row.heapLive * 0.6),
      goal: row.heapGoal,
    });
  }
  if (eventful) marks.push(...happenings(durationNs));
  let history: HeapHistory | null = null;
  return {
    inputs: [
      {
        path,
        format: "go-trace-v2",
        goVersion: "go1.27.0",
        evidence,
        events: 123_456,
        losses: partial ? { "truncated-batch": 2 } : {},
      },
    ],
    config: {
      policy: "go1.27",
      gogc: 100,
      memoryLimit: null,
      physPageSize: 4096,
      pageSize: 8192,
      procs: 4,
      os: "linux",
    },
    summary: {
      durationNs,
      gcCycles: gcs,
      peakRss: highest.rss,
      finalRss: last.rss,
      meanRss: timeline.reduce((sum, row) => sum + row.rss, 0) / timeline.length,
      peakHeapInuse: timeline.reduce((most, row) => Math.max(most, row.heapInuse), 0),
      peakHeapLive: timeline.reduce((most, row) => Math.max(most, row.heapLive), 0),
      heapReleasedFinal: last.heapReleased,
      meanHeapReleased: timeline.reduce((sum, row) => sum + row.heapReleased, 0) / timeline.length,
      returnedTotal: 30 * MIB,
      returnedBackground: 22 * MIB,
      returnedOnGrowth: 8 * MIB,
      returnedForLimit: 0,
      returnedForced: 0,
      pageFaultBytes: 3 * MIB,
      heapLockAcquisitions: 1234,
      heapLockAvoided: 45_678,
    },
    placement: null,
    accuracy: measured ? { rssMape: 0.013, releasedMape: 0.004, inuseMape: null, samples: Math.ceil(rows / 10) } : null,
    timeline,
    uncertainty: { below: 2 * MIB, above: 5 * MIB },
    ledgerPeak: ledger(highest),
    ledgerFinal: ledger(last),
    ledgerAt: (t) => ledger(rowAt(t)),
    heapMapAt: (t) => (chunks === 0 ? null : heapMap(rowAt(t))),
    get heapHistory() {
      if (chunks > 0) history ??= fakeHistory(timeline);
      return history;
    },
    marks,
    gcs: gcRows,
    ...(eventful ? { limits: { memory: 150 * MIB, container: 170 * MIB } } : {}),
    recordedGogc: { gogc: 100, basis: "assumed", limit: null },
    notes: [
      { level: "info", text: "Allocations are inferred from steps of the live heap." },
      ...(partial ? [{ level: "warning" as const, text: "The recording ends in the middle of a batch." }] : []),
    ],
    partial,
  };
}

/** Growth up to the peak; returns for each reason after it. */
function happenings(durationNs: number): TimelineMark[] {
  const at = (share: number): number => Math.round(durationNs * share);
  const growth = Array.from(
    { length: 8 },
    (_, i): TimelineMark => ({ t: at(0.05 * i), kind: "growth", value: 16 * MIB }),
  );
  const background = Array.from(
    { length: 11 },
    (_, i): TimelineMark => ({ t: at(0.45 + 0.05 * i), kind: "return-background", value: 2 * MIB }),
  );
  return [
    ...growth,
    { t: at(0.21), kind: "return-growth", value: 8 * MIB },
    { t: at(0.39), kind: "return-limit", value: 3 * MIB },
    ...background,
    { t: at(0.92), kind: "return-forced", value: 5 * MIB },
  ];
}

/** 0 at both ends, 1 at 40% of the way. */
function hill(x: number): number {
  return x < 0.4 ? x / 0.4 : Math.max(0, 1 - (x - 0.4) / 0.3);
}

/** Its running maximum: address space is never unmapped. */
function running(x: number): number {
  return Math.min(1, x < 0.4 ? 0.2 + 0.8 * (x / 0.4) : 1);
}

function pages(bytes: number): number {
  return Math.floor(bytes / 8192) * 8192;
}

function ledger(row: TimelineRow): Ledger {
  const part = (id: string, label: string, bytes: number, evidence: Evidence, uncertainty: number): LedgerPart => ({
    id,
    label,
    bytes,
    evidence,
    uncertainty,
    basis: `fake ${id}`,
  });
  return {
    t: row.t,
    rss: row.rss,
    parts: [
      part("live", "Live heap", row.heapLive, "inferred", MIB),
      part("span-slack", "Slack inside spans", row.heapInuse - row.heapLive, "modelled", 2 * MIB),
      part("free-backed", "Free pages kept", row.heapFree, "modelled", 2 * MIB),
      part("stacks", "Goroutine stacks", row.stacks, "exact", 0),
      part("binary", "Binary and runtime", 6 * MIB, "modelled", 3 * MIB),
    ],
  };
}

function heapMap(row: TimelineRow): HeapMap {
  const count = row.mapped / CHUNK;
  const map = {
    t: row.t,
    chunkBase: Float64Array.from({ length: count }, (_, i) => 0xc000000000 + i * CHUNK),
    inUse: new Uint16Array(count),
    cached: new Uint16Array(count),
    free: new Uint16Array(count),
    released: new Uint16Array(count),
  };
  // First fit: low chunks are full, the released pages are at the top.
  let used = Math.floor((row.heapInuse + row.stacks) / 8192);
  let gone = Math.floor(row.heapReleased / 8192);
  for (let i = 0; i < count; i++) {
    map.inUse[i] = Math.min(used, PAGES_PER_CHUNK - (i % 5) * 20);
    used -= map.inUse[i]!;
  }
  for (let i = count - 1; i >= 0; i--) {
    const rest = PAGES_PER_CHUNK - map.inUse[i]!;
    map.released[i] = Math.min(gone, rest);
    gone -= map.released[i]!;
    map.cached[i] = i === 1 ? Math.min(64, rest - map.released[i]!) : 0;
    map.free[i] = rest - map.released[i]! - map.cached[i]!;
  }
  return map;
}
