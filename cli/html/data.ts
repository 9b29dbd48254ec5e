import type { HeapMap, ReplayResult, TimelineRow } from "../../replay/result.ts";
import { sampleRows } from "../../replay/timeline.ts";

/** Bounds on what a report carries, whatever the trace: together well below 5 MB. */
const MAX_ROWS = 8000;
const MAX_MEASURED = 4000;
const MAX_LEDGERS = 600;
const MAX_MAPS = 100;
const MAX_CELLS = 1024;
const MAX_GCS = 10_000;
const MAX_MARKS = 2000;

/** What the page's script draws: columns of numbers, times in ns. */
export interface ReportData {
  readonly from: number;
  readonly to: number;
  /** When RSS came to its peak. */
  readonly peak: number;
  readonly band: { readonly below: number; readonly above: number };
  readonly timeline: {
    readonly t: number[];
    readonly rss: number[];
    readonly heapInuse: number[];
    readonly heapLive: number[];
    readonly heapGoal: (number | null)[];
    readonly heapReleased: number[];
  };
  readonly measured: { readonly t: number[]; readonly rss: number[] };
  readonly ledger: {
    readonly t: number[];
    readonly parts: { readonly label: string; readonly evidence: string; readonly bytes: number[] }[];
  };
  readonly maps: {
    readonly t: number[];
    /** Base of each cell as hex digits, and bytes a cell. Cells are runs of 4 MiB chunks of one map after the other. */
    readonly cells: { readonly base: string; readonly chunks: number }[];
    /** Per map, per cell: pages in use, cached, free, returned (0 each where the chunk was not mapped yet). */
    readonly states: number[][];
  };
  readonly gcs: readonly (readonly (number | null)[])[];
  readonly gcsLeftOut: number;
  readonly returns: { readonly t: number[]; readonly bytes: number[] };
}

/** The result thinned to what a screen can show; peaks survive. */
export function reportData(result: ReplayResult): ReportData {
  const rows = sampleRows(result.timeline, MAX_ROWS);
  const from = rows[0]?.t ?? 0;
  const to = Math.max(rows.at(-1)?.t ?? 0, from + 1);
  const column = (get: (row: TimelineRow) => number): number[] => rows.map((row) => Math.round(get(row)));
  return {
    from,
    to,
    peak: result.ledgerPeak.t,
    band: result.uncertainty,
    timeline: {
      t: column((row) => row.t),
      rss: column((row) => row.rss),
      heapInuse: column((row) => row.heapInuse),
      heapLive: column((row) => row.heapLive),
      heapGoal: rows.map(({ heapGoal }) => (heapGoal === null || !Number.isFinite(heapGoal) ? null : heapGoal)),
      heapReleased: column((row) => row.heapReleased),
    },
    measured: measured(result.timeline),
    ledger: ledgers(result, rows),
    maps: maps(result, from, to),
    gcs: every(result.gcs, MAX_GCS).map((gc) => [
      gc.n,
      gc.start,
      gc.markTermination,
      gc.sweepDone,
      gc.liveAtStart,
      gc.liveMarked,
      gc.goal !== null && Number.isFinite(gc.goal) ? gc.goal : null,
    ]),
    gcsLeftOut: Math.max(0, result.gcs.length - MAX_GCS),
    returns: returns(result),
  };
}

/** At most `count` of the items, evenly. */
function every<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!);
}

function measured(rows: readonly TimelineRow[]): ReportData["measured"] {
  const known = rows.filter((row) => row.measuredRss !== undefined);
  const shown = every(known, MAX_MEASURED - 1);
  let peak = known[0];
  for (const row of known) if (row.measuredRss! > peak!.measuredRss!) peak = row;
  if (peak && !shown.includes(peak)) {
    shown.push(peak);
    shown.sort((a, b) => a.t - b.t);
  }
  return { t: shown.map(({ t }) => t), rss: shown.map(({ measuredRss }) => measuredRss!) };
}

function ledgers(result: ReplayResult, rows: readonly TimelineRow[]): ReportData["ledger"] {
  const t = [...new Set(sampleRows(rows, MAX_LEDGERS).map((row) => row.t))];
  const parts = new Map<string, { label: string; evidence: string; bytes: number[] }>();
  for (const [i, at] of t.entries()) {
    for (const { id, label, evidence, bytes } of result.ledgerAt(at).parts) {
      let part = parts.get(id);
      if (!part) {
        part = { label, evidence, bytes: new Array<number>(t.length).fill(0) };
        parts.set(id, part);
      }
      part.bytes[i] = Math.round(bytes);
    }
  }
  return { t, parts: [...parts.values()].filter(({ bytes }) => bytes.some((b) => b !== 0)) };
}

function maps(result: ReplayResult, from: number, to: number): ReportData["maps"] {
  const found: HeapMap[] = [];
  for (let i = 0; i < MAX_MAPS; i++) {
    const map = result.heapMapAt(from + ((to - from) * i) / (MAX_MAPS - 1));
    if (map && map !== found.at(-1)) found.push(map);
  }
  const bases = [...new Set(found.flatMap((map) => [...map.chunkBase]))].sort((a, b) => a - b);
  const perCell = Math.max(1, Math.ceil(bases.length / MAX_CELLS));
  const cellOf = new Map(bases.map((base, i) => [base, Math.floor(i / perCell)]));
  const count = Math.ceil(bases.length / perCell);
  const cells = Array.from({ length: count }, (_, c) => ({
    base: bases[c * perCell]!.toString(16),
    chunks: Math.min(perCell, bases.length - c * perCell),
  }));
  const states = found.map((map) => {
    const sums = new Array<number>(count * 4).fill(0);
    for (let i = 0; i < map.chunkBase.length; i++) {
      const at = cellOf.get(map.chunkBase[i]!)! * 4;
      sums[at]! += map.inUse[i]!;
      sums[at + 1]! += map.cached[i]!;
      sums[at + 2]! += map.free[i]!;
      sums[at + 3]! += map.released[i]!;
    }
    return sums;
  });
  return { t: found.map(({ t }) => t), cells, states };
}

function returns(result: ReplayResult): ReportData["returns"] {
  const marks = result.marks.filter(({ kind }) => kind.startsWith("return-"));
  const shown = every(marks, MAX_MARKS);
  return { t: shown.map(({ t }) => t), bytes: shown.map(({ value }) => value) };
}
