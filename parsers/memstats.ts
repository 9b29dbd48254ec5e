/**
 * runtime.MemStats in every form that it is met in: JSON (its own, or expvar's /debug/vars), the end of a text heap
 * profile ("# HeapAlloc = 1"), fmt's %+v, %#v and %v, and log lines with some of its fields ("Alloc = 5 MiB Sys = 71 MiB").
 * Several dumps in one input are a series; a time is taken from a line before each dump, or from a field of the JSON.
 */

import { epochMs, lineTime } from "./clock-text.ts";
import { headText } from "./detect.ts";
import { InputError } from "./errors.ts";
import type { EventSource } from "./event-source.ts";
import type { ObservationName } from "./events.ts";
import type { ByteSource, Format } from "./format.ts";
import { isRecord, jsonDocuments } from "./json-documents.ts";
import { Losses, type LossKind } from "./losses.ts";
import { ObservationLog, ObservationSource } from "./observation-source.ts";
import { readText } from "./read-whole.ts";

/** Fields in the order of the struct (runtime/mstats.go; the same in Go 1.11 to 1.27): %v prints them without names. */
const FIELDS = [
  "Alloc",
  "TotalAlloc",
  "Sys",
  "Lookups",
  "Mallocs",
  "Frees",
  "HeapAlloc",
  "HeapSys",
  "HeapIdle",
  "HeapInuse",
  "HeapReleased",
  "HeapObjects",
  "StackInuse",
  "StackSys",
  "MSpanInuse",
  "MSpanSys",
  "MCacheInuse",
  "MCacheSys",
  "BuckHashSys",
  "GCSys",
  "OtherSys",
  "NextGC",
  "LastGC",
  "PauseTotalNs",
] as const;

/** Fields after the two rings of pauses, and what text heap profiles add (1.15+). */
const MORE_FIELDS = ["NumGC", "NumForcedGC", "GCCPUFraction", "MaxRSS"] as const;

type Field = (typeof FIELDS)[number] | (typeof MORE_FIELDS)[number];

/** Allocations by size class, since the start. */
export interface BySize {
  readonly Size: number;
  readonly Mallocs: number;
  readonly Frees: number;
}

/** One dump: the fields that it has, by Go's names. Bytes, counts, ns. */
export type MemStats = { [F in Field]?: number } & {
  BySize?: BySize[];
  /** When it was made, ms since the epoch; NaN if unknown. LastGC is a lower bound. */
  wallMs: number;
};

const OBSERVED: readonly [Field, ObservationName][] = [
  ["TotalAlloc", "total_alloc"],
  ["Sys", "sys"],
  ["Mallocs", "mallocs"],
  ["Frees", "frees"],
  ["HeapSys", "heap_sys"],
  ["HeapIdle", "heap_idle"],
  ["HeapInuse", "heap_inuse"],
  ["HeapReleased", "heap_released"],
  ["HeapObjects", "heap_objects"],
  ["StackInuse", "stack_inuse"],
  ["MSpanInuse", "mspan_inuse"],
  ["MSpanSys", "mspan_sys"],
  ["MCacheInuse", "mcache_inuse"],
  ["MCacheSys", "mcache_sys"],
  ["BuckHashSys", "buckhash_sys"],
  ["GCSys", "gc_sys"],
  ["OtherSys", "other_sys"],
  ["NumGC", "num_gc"],
  ["GCCPUFraction", "gc_cpu_fraction"],
  ["MaxRSS", "rss_peak"],
];

/** Adds a dump's fields to the current row of the log. */
export function observeMemStats(log: ObservationLog, stats: MemStats): void {
  const alloc = stats.HeapAlloc ?? stats.Alloc;
  if (alloc !== undefined) log.add("heap_alloc", alloc);
  for (const [field, name] of OBSERVED) {
    const value = stats[field];
    if (value !== undefined) log.add(name, value);
  }
  // With GOGC=off there is no next GC: 2^64-1, or some 9e18 derived from the limit, depending on the version.
  if (stats.NextGC !== undefined) log.add("next_gc", stats.NextGC > 2 ** 61 ? Number.POSITIVE_INFINITY : stats.NextGC);
}

/** What a series of dumps tells of order and time (see CompanionDetails). */
export function memStatsOrder(all: readonly MemStats[]): { sequence: number | null; notBefore: number | null } {
  const first = all[0];
  return {
    sequence: first?.TotalAlloc ?? first?.NumGC ?? null,
    notBefore: first?.LastGC ? first.LastGC / 1e6 : null,
  };
}

const ROUNDED: LossKind = {
  name: "rounded-figures",
  severity: "info",
  meaning: "figures were printed rounded (MiB, KiB); print bytes to have them exact",
};
const DAMAGED_JSON: LossKind = {
  name: "damaged-json",
  severity: "data-loss",
  meaning: "JSON that is cut off or damaged was left out",
};

const NAMES = [...FIELDS, ...MORE_FIELDS].join("|");
const TEXT_FIELD = new RegExp(
  `(?<![\\w.])(${NAMES})"?\\s*(?:=|:)\\s*(0x[0-9a-fA-F]+|\\d+(?:\\.\\d+)?(?:[eE][-+]?\\d+)?)(?:\\s*([KMGT]i?B|B|kB)\\b)?`,
  "g",
);
const PAIR = /(?<![\w.])(Stack|MSpan|MCache)\s*=\s*(\d+)\s*\/\s*(\d+)/g;
const POSITIONAL =
  /^&?(?:\{|.*[\s=:]&?\{)((?:\d+ ){23}\d+) \[[\d ]*\] \[[\d ]*\] (\d+) (\d+) ([\d.e+-]+) (?:true|false) (?:true|false) (\[.*?\])?/;
const PAUSES = /\bPause(?:Ns|End):\s*(?:\[\d+\]uint64)?[[{][\da-fx, ]*[\]}]/g;

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** Dumps in text, in order. A field that comes again begins the next dump. */
export function memStatsFromText(text: string, losses: Losses = new Losses()): MemStats[] {
  const all: MemStats[] = [];
  let current: MemStats | null = null;
  let time = Number.NaN;
  const set = (field: Field, value: number) => {
    if (current === null || current[field] !== undefined) {
      current = { wallMs: time };
      all.push(current);
    }
    current[field] = value;
  };
  for (const line of lines(text)) {
    const lineMs = lineTime(line);
    if (!Number.isNaN(lineMs)) time = lineMs;

    const positional = line.includes("] [") ? POSITIONAL.exec(line) : null;
    if (positional) {
      const values = positional[1]!.split(" ");
      current = null;
      FIELDS.forEach((field, i) => {
        set(field, Number(values[i]));
      });
      set("NumGC", Number(positional[2]));
      set("NumForcedGC", Number(positional[3]));
      set("GCCPUFraction", Number(positional[4]));
      const sizes = [...(positional[5] ?? "").matchAll(/\{(\d+) (\d+) (\d+)\}/g)];
      if (sizes.length > 0) all.at(-1)!.BySize = sizes.map((m) => bySize(m[1], m[2], m[3]));
      continue;
    }

    // BySize has Mallocs and Frees of its own.
    let rest = line;
    let sizes: BySize[] | null = null;
    const at = rest.indexOf("BySize:");
    if (at >= 0) {
      sizes = [...rest.slice(at).matchAll(/\{Size:(\w+),? Mallocs:(\w+),? Frees:(\w+)\}/g)].map((m) =>
        bySize(m[1], m[2], m[3]),
      );
      rest = rest.slice(0, at);
    }
    if (rest.includes("Pause")) rest = rest.replace(PAUSES, "");
    for (const [, name, inuse, sys] of rest.matchAll(PAIR)) {
      set(`${name}Inuse` as Field, Number(inuse));
      set(`${name}Sys` as Field, Number(sys));
    }
    for (const [, name, digits, unit] of rest.matchAll(TEXT_FIELD)) {
      if (unit !== undefined && unit !== "B") losses.add(ROUNDED);
      set(name as Field, Number(digits) * (unit === undefined ? 1 : UNITS[unit]!));
    }
    if (sizes !== null && sizes.length > 0 && all.length > 0) all.at(-1)!.BySize = sizes;
  }
  return all;
}

function bySize(size: string | undefined, mallocs: string | undefined, frees: string | undefined): BySize {
  return { Size: Number(size), Mallocs: Number(mallocs), Frees: Number(frees) };
}

function* lines(text: string): Generator<string> {
  let begin = 0;
  while (begin < text.length) {
    let end = text.indexOf("\n", begin);
    if (end < 0) end = text.length;
    yield text.slice(begin, end);
    begin = end + 1;
  }
}

/** Dumps in JSON documents: MemStats themselves, or inside other objects ("memstats" of expvar, a log record). */
export function memStatsFromJson(documents: readonly unknown[]): MemStats[] {
  const all: MemStats[] = [];
  for (const document of documents) collect(document, Number.NaN, all, 0);
  return all;
}

const ALL_FIELDS: readonly Field[] = [...FIELDS, ...MORE_FIELDS];
const fieldByKey = new Map<string, Field>(ALL_FIELDS.map((f) => [f.toLowerCase(), f]));

function collect(value: unknown, time: number, all: MemStats[], depth: number): void {
  if (depth > 6) return;
  if (Array.isArray(value)) {
    if (isBySize(value)) all.push({ wallMs: time, BySize: sizesOf(value) });
    else for (const item of value) collect(item, time, all, depth + 1);
    return;
  }
  if (!isRecord(value)) return;
  const at = jsonTime(value);
  const now = Number.isNaN(at) ? time : at;
  const stats: MemStats = { wallMs: now };
  let found = 0;
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== "number") continue;
    // Whoever renames the fields writes heap_alloc or heapAlloc.
    const field = fieldByKey.get(key.replaceAll("_", "").toLowerCase());
    if (field === undefined) continue;
    stats[field] = item;
    if (field.startsWith("Heap") || field === "Alloc" || field === "TotalAlloc" || field === "Sys") found++;
  }
  if (found >= 2) {
    if (isBySize(value.BySize)) stats.BySize = sizesOf(value.BySize);
    all.push(stats);
    return;
  }
  for (const item of Object.values(value)) if (typeof item === "object") collect(item, now, all, depth + 1);
}

function isBySize(value: unknown): value is Record<string, unknown>[] {
  return (
    Array.isArray(value) && value.length > 0 && value.every((row) => isRecord(row) && "Size" in row && "Mallocs" in row)
  );
}

function sizesOf(rows: readonly Record<string, unknown>[]): BySize[] {
  return rows.map((row) => ({ Size: count(row.Size), Mallocs: count(row.Mallocs), Frees: count(row.Frees) }));
}

function count(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

const TIME_KEYS = ["time", "timestamp", "@timestamp", "ts", "Time", "Timestamp"];

/** Time of a log record or of a dump's wrapper, ms since the epoch, or NaN. */
export function jsonTime(record: Record<string, unknown>): number {
  for (const key of TIME_KEYS) {
    const value = record[key];
    if (typeof value === "number") return epochMs(value);
    if (typeof value === "string") return lineTime(value);
  }
  return Number.NaN;
}

const JSON_HINT =
  /"(HeapAlloc|HeapInuse|HeapIdle|HeapReleased|HeapSys|heap_?inuse|heap_?idle|heap_?released)"\s*:\s*\d/gi;
/**
 * Some fields inside a document about other things (the summary of a benchmark, say) are not a dump of this moment: what makes
 * one is the whole struct, expvar's name for it, or a time beside the fields.
 */
const JSON_DUMP = /"(PauseNs|PauseTotalNs|BySize|Lookups|memstats|MCacheInuse|time|timestamp|@timestamp|ts)"\s*:/i;

export const memstats: Format = {
  id: "memstats",
  title: "MemStats",
  gives: "the runtime's own statistics at one or more moments: heap in use, idle, released, by purpose",
  record:
    "curl -s HOST/debug/vars > memstats.json (expvar), or runtime.ReadMemStats(&m) and json.NewEncoder(f).Encode(m)",
  evidence: "exact",
  detect(head) {
    const text = headText(head, 16384);
    const start = text.trimStart();
    if (start.startsWith("heap profile:")) return 0;
    if (/^[[{]/.test(start)) {
      if (/^\[\s*\{\s*"Size"\s*:\s*\d+\s*,\s*"Mallocs"/.test(start)) return 0.9;
      const hints = new Set([...start.matchAll(JSON_HINT)].map((m) => m[1]!.toLowerCase()));
      if (hints.size >= 2) return JSON_DUMP.test(start) ? 0.95 : 0;
      // expvar prints its variables by name: other ones may fill the head before memstats comes.
      if (/"memstats"\s*:\s*\{/.test(start) || /^\{\s*"cmdline"\s*:\s*\[/.test(start)) return 0.8;
    }
    if (POSITIONAL.test(text.slice(0, text.indexOf("\n") < 0 ? undefined : text.indexOf("\n")))) return 0.9;
    const fields = new Set([...text.matchAll(TEXT_FIELD)].map((m) => m[1]));
    if (["HeapAlloc", "HeapSys", "HeapIdle", "HeapInuse", "HeapReleased"].filter((f) => fields.has(f)).length >= 2)
      return 0.9;
    return fields.has("Sys") && (fields.has("Alloc") || fields.has("HeapAlloc")) ? 0.7 : 0;
  },
  open: (bytes) => openMemStats(bytes),
};

async function openMemStats(bytes: ByteSource): Promise<EventSource> {
  const text = await readText(bytes);
  const losses = new Losses();
  let all: MemStats[] = [];
  if (/^\s*[[{]/.test(text) && !/^\s*\{(\d+ |Alloc:)/.test(text)) {
    const { documents, damaged } = jsonDocuments(text, bytes.path);
    if (damaged > 0) losses.add(DAMAGED_JSON, damaged);
    all = memStatsFromJson(documents);
  }
  if (all.length === 0) all = memStatsFromText(text, losses);
  // JSON records after log prefixes.
  if (all.length === 0 && text.includes("{")) all = memStatsFromJson(jsonDocuments(text, bytes.path).documents);
  if (all.length === 0) {
    throw new InputError(`${bytes.path}: no MemStats in it; print all of runtime.MemStats, or take /debug/vars`);
  }
  const log = new ObservationLog(bytes.path);
  for (const stats of all) {
    log.row(stats.wallMs);
    observeMemStats(log, stats);
  }
  return new ObservationSource(bytes, "memstats", "exact", log, losses, { memStats: all, ...memStatsOrder(all) });
}
