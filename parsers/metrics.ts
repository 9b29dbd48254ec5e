/**
 * Dumps of runtime/metrics: "name: value" lines, as the package's own example prints them, or JSON. One dump or a series.
 */

import { lineTime } from "./clock-text.ts";
import { headText } from "./detect.ts";
import { InputError } from "./errors.ts";
import type { EventSource } from "./event-source.ts";
import type { ObservationName } from "./events.ts";
import type { ByteSource, Format } from "./format.ts";
import { isRecord, jsonDocuments } from "./json-documents.ts";
import { Losses, type LossKind } from "./losses.ts";
import { jsonTime } from "./memstats.ts";
import { ObservationLog, ObservationSource } from "./observation-source.ts";
import { readText } from "./read-whole.ts";

/** Metrics that are an observation as they are. Whether they add up since the start matters for their Prometheus names. */
const DIRECT: readonly [metric: string, name: ObservationName, cumulative?: true][] = [
  ["/memory/classes/heap/objects:bytes", "heap_alloc"],
  ["/memory/classes/heap/released:bytes", "heap_released"],
  ["/memory/classes/heap/stacks:bytes", "stack_inuse"],
  ["/memory/classes/metadata/mspan/inuse:bytes", "mspan_inuse"],
  ["/memory/classes/metadata/mcache/inuse:bytes", "mcache_inuse"],
  ["/memory/classes/metadata/other:bytes", "gc_sys"],
  ["/memory/classes/other:bytes", "other_sys"],
  ["/memory/classes/profiling/buckets:bytes", "buckhash_sys"],
  ["/memory/classes/total:bytes", "sys"],
  ["/gc/heap/goal:bytes", "next_gc"],
  ["/gc/heap/live:bytes", "heap_live"],
  ["/gc/heap/objects:objects", "heap_objects"],
  ["/gc/heap/allocs:bytes", "total_alloc", true],
  ["/gc/cycles/total:gc-cycles", "num_gc", true],
  ["/gc/gomemlimit:bytes", "gomemlimit"],
  ["/gc/gogc:percent", "gogc"],
  ["/sched/goroutines:goroutines", "goroutines"],
  ["/sched/threads/total:threads", "threads"],
];

/** Metrics that go into sums. */
const PARTS: readonly [metric: string, cumulative?: true][] = [
  ["/memory/classes/heap/unused:bytes"],
  ["/memory/classes/heap/free:bytes"],
  ["/memory/classes/metadata/mspan/free:bytes"],
  ["/memory/classes/metadata/mcache/free:bytes"],
  ["/gc/heap/allocs:objects", true],
  ["/gc/heap/frees:objects", true],
  ["/gc/heap/tiny/allocs:objects", true],
  ["/gc/finalizers/queued:finalizers", true],
  ["/gc/finalizers/executed:finalizers", true],
  ["/sched/gomaxprocs:threads"],
];

/** Every metric that is used, and whether it is cumulative. */
export const RUNTIME_METRICS: readonly [metric: string, cumulative: boolean][] = [
  ...DIRECT.map(([metric, , cumulative]): [string, boolean] => [metric, cumulative === true]),
  ...PARTS.map(([metric, cumulative]): [string, boolean] => [metric, cumulative === true]),
];

const wanted = new Set(RUNTIME_METRICS.map(([metric]) => metric));

/** No limit is 2^63-1, GOGC=off is -1 as unsigned; a goal without either is some 9e18. */
const NO_LIMIT = 2 ** 61;

/**
 * One dump's metrics as observations, by MemStats' definitions (runtime/mstats.go; client_golang's go collector does the same
 * sums). Metrics that only make sense together are left out when a part is missing.
 */
export function runtimeObservations(metrics: ReadonlyMap<string, number>): Map<ObservationName, number> {
  const out = new Map<ObservationName, number>();
  const get = (metric: string) => metrics.get(metric) ?? Number.NaN;
  const put = (name: ObservationName, value: number) => {
    if (!Number.isNaN(value)) out.set(name, value);
  };
  for (const [metric, name] of DIRECT) {
    const value = get(metric);
    const unlimited = value > NO_LIMIT && (name === "gomemlimit" || name === "gogc" || name === "next_gc");
    put(name, unlimited ? Number.POSITIVE_INFINITY : value);
  }
  const objects = get("/memory/classes/heap/objects:bytes");
  const inuse = objects + get("/memory/classes/heap/unused:bytes");
  const idle = get("/memory/classes/heap/released:bytes") + get("/memory/classes/heap/free:bytes");
  put("heap_inuse", inuse);
  put("heap_idle", idle);
  put("heap_sys", inuse + idle);
  put(
    "mspan_sys",
    get("/memory/classes/metadata/mspan/inuse:bytes") + get("/memory/classes/metadata/mspan/free:bytes"),
  );
  put(
    "mcache_sys",
    get("/memory/classes/metadata/mcache/inuse:bytes") + get("/memory/classes/metadata/mcache/free:bytes"),
  );
  put("finalizer_queue", get("/gc/finalizers/queued:finalizers") - get("/gc/finalizers/executed:finalizers"));
  // MemStats counts tiny allocations as mallocs and frees alike.
  const tiny = metrics.get("/gc/heap/tiny/allocs:objects") ?? 0;
  put("mallocs", get("/gc/heap/allocs:objects") + tiny);
  put("frees", get("/gc/heap/frees:objects") + tiny);
  return out;
}

export function observeRuntimeMetrics(log: ObservationLog, metrics: ReadonlyMap<string, number>): void {
  for (const [name, value] of runtimeObservations(metrics)) log.add(name, value);
  log.procs(metrics.get("/sched/gomaxprocs:threads") ?? 0);
}

const LINE =
  /(?<![\w/])(\/[a-z]{1,40}\/[a-z0-9/-]{1,80}:[a-z-]{1,40})"?(?:\s*[:=]\s*|\s+)"?(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?![\w.])/g;
const HINT = /\/(?:memory\/classes|gc|sched|cpu\/classes)\/[a-z0-9/-]{1,80}:[a-z-]+/;

const DAMAGED_JSON: LossKind = {
  name: "damaged-json",
  severity: "data-loss",
  meaning: "JSON that is cut off or damaged was left out",
};

export const metrics: Format = {
  id: "metrics",
  title: "runtime/metrics",
  gives: "the runtime's metrics at one or more moments: heap by state, goal, live heap, limits",
  record: 'metrics.All() and metrics.Read, then fmt.Printf("%s: %v\\n", name, value) of each, or as JSON',
  evidence: "exact",
  detect(head) {
    const text = headText(head, 16384);
    if (!HINT.test(text)) return 0;
    const names = new Set([...text.matchAll(new RegExp(HINT, "g"))].map((m) => m[0]));
    return names.size >= 2 || [...names].some((name) => wanted.has(name)) ? 0.9 : 0;
  },
  open: openMetrics,
};

interface Dump {
  wallMs: number;
  values: Map<string, number>;
}

async function openMetrics(bytes: ByteSource): Promise<EventSource> {
  const text = await readText(bytes);
  const losses = new Losses();
  let dumps: Dump[] = [];
  if (/^\s*[[{]/.test(text)) {
    const { documents, damaged } = jsonDocuments(text, bytes.path);
    if (damaged > 0) losses.add(DAMAGED_JSON, damaged);
    dumps = documents.flatMap(metricsFromJson);
  }
  if (dumps.length === 0) dumps = metricsFromText(text);
  const log = new ObservationLog(bytes.path);
  let procs: number | null = null;
  let first: ReadonlyMap<ObservationName, number> = new Map();
  for (const dump of dumps) {
    log.row(dump.wallMs);
    observeRuntimeMetrics(log, dump.values);
    procs ??= dump.values.get("/sched/gomaxprocs:threads") ?? null;
    if (dump === dumps[0]) first = runtimeObservations(dump.values);
  }
  if (log.length === 0) {
    throw new InputError(
      `${bytes.path}: no metric of memory in it; dump all of metrics.All(), /memory/classes/... above all`,
    );
  }
  return new ObservationSource(bytes, "metrics", "exact", log, losses, {
    procs,
    sequence: first.get("total_alloc") ?? first.get("num_gc") ?? null,
  });
}

/** A metric that comes again, or a time, begins the next dump. */
export function metricsFromText(text: string): Dump[] {
  const dumps: Dump[] = [];
  let current: Dump | null = null;
  let time = Number.NaN;
  for (const line of text.split("\n")) {
    const ms = lineTime(line);
    if (!Number.isNaN(ms)) {
      if (ms !== time) current = null;
      time = ms;
    }
    if (!line.includes("/")) continue;
    for (const [, name, value] of line.matchAll(LINE)) {
      if (!wanted.has(name!)) continue;
      if (current === null || current.values.has(name!)) {
        current = { wallMs: time, values: new Map() };
        dumps.push(current);
      }
      current.values.set(name!, Number(value));
    }
  }
  return dumps;
}

/** {name: value}, [{Name, Value}], or either inside an object with a time, or a list of them. */
function metricsFromJson(document: unknown): Dump[] {
  const dumps: Dump[] = [];
  const visit = (value: unknown, time: number, depth: number): void => {
    if (depth > 6) return;
    if (Array.isArray(value)) {
      const dump: Dump = { wallMs: time, values: new Map() };
      for (const item of value) {
        const named = isRecord(item) ? sample(item) : null;
        if (named) dump.values.set(named[0], named[1]);
        else visit(item, time, depth + 1);
      }
      if (dump.values.size > 0) dumps.push(dump);
      return;
    }
    if (!isRecord(value)) return;
    const at = jsonTime(value);
    const now = Number.isNaN(at) ? time : at;
    const dump: Dump = { wallMs: now, values: new Map() };
    for (const [key, item] of Object.entries(value)) {
      if (wanted.has(key)) {
        const number = scalar(item);
        if (!Number.isNaN(number)) dump.values.set(key, number);
      } else if (typeof item === "object") visit(item, now, depth + 1);
    }
    if (dump.values.size > 0) dumps.push(dump);
  };
  visit(document, Number.NaN, 0);
  return dumps;
}

function sample(item: Record<string, unknown>): [string, number] | null {
  const name = item.Name ?? item.name;
  if (typeof name !== "string" || !wanted.has(name)) return null;
  const value = scalar(item.Value ?? item.value);
  return Number.isNaN(value) ? null : [name, value];
}

function scalar(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && value !== "" ? Number(value) : Number.NaN;
}
