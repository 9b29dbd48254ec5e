import { InputError } from "./errors.ts";
import type { EventSource } from "./event-source.ts";
import type { ObservationName } from "./events.ts";
import type { ByteSource } from "./format.ts";
import type { Losses, LossKind } from "./losses.ts";
import { runtimeObservations } from "./metrics.ts";
import { ObservationLog, ObservationSource } from "./observation-source.ts";
import { F64Column, U32Column } from "./pprof/columns.ts";
import { GO_INFO, LAST_GC, OBSERVED_METRICS, RUNTIME_METRIC_OF, START_TIME } from "./prometheus-names.ts";

const OTHER_PROCESSES: LossKind = {
  name: "other-processes",
  severity: "data-loss",
  meaning: "figures of other processes (instances, pods) were left out; narrow the query or the scrape to one",
};
const RESTARTED: LossKind = {
  name: "process-restarts",
  severity: "info",
  meaning: "the series goes over restarts of the process; each begins with a new heap",
};

/** More samples than a query gives (Prometheus: 50 million a query by default, and 11000 a series). */
const MAX_SAMPLES = 20_000_000;

/** Names of all metrics that are used. */
const WANTED: readonly string[] = [
  ...OBSERVED_METRICS.keys(),
  ...RUNTIME_METRIC_OF.keys(),
  GO_INFO,
  START_TIME,
  LAST_GC,
];
const metricIndex = new Map(WANTED.map((name, i) => [name, i]));

/** Number of a metric for SampleSet.add, or -1 for one that is not used. */
export function metricNumber(name: string): number {
  return metricIndex.get(name) ?? -1;
}

/** Labels that tell processes apart. Others (version, quantile, image, ...) are of one metric. */
const PROCESS_LABELS = ["instance", "job", "namespace", "pod", "container", "host", "node", "service"];

/** Samples of known metrics, of any number of processes, in any order; then the series of the one that has most. */
export class SampleSet {
  readonly #path: string;
  readonly #losses: Losses;
  readonly #time = new F64Column();
  readonly #metric = new U32Column();
  readonly #process = new U32Column();
  readonly #value = new F64Column();
  readonly #processes = new Map<string, number>();
  readonly #goVersions = new Map<number, string>();
  /** True when times are numbers of scrapes rather than ms since the epoch. */
  readonly #timed: boolean;

  constructor(path: string, losses: Losses, timed: boolean) {
    this.#path = path;
    this.#losses = losses;
    this.#timed = timed;
  }

  get length(): number {
    return this.#time.length;
  }

  /** Number of the process that labels are of. cAdvisor's labels are its own, so its metrics are kept apart. */
  process(metric: number, labels: Readonly<Record<string, string>>): number {
    const family = WANTED[metric]!.startsWith("container_") ? "container" : "process";
    const key = `${family}${PROCESS_LABELS.map((l) => (Object.hasOwn(labels, l) ? `,${l}="${labels[l]}"` : "")).join("")}`;
    let number = this.#processes.get(key);
    if (number === undefined) {
      if (this.#processes.size === 100_000)
        throw new InputError(`${this.#path}: more than 100000 processes; narrow the query to one`);
      number = this.#processes.size;
      this.#processes.set(key, number);
    }
    if (WANTED[metric] === GO_INFO && Object.hasOwn(labels, "version")) this.#goVersions.set(number, labels.version!);
    return number;
  }

  /** A sample at `time`: ms since the epoch, or the number of the scrape. */
  add(time: number, metric: number, process: number, value: number): void {
    if (Number.isNaN(value)) return;
    if (this.#time.length === MAX_SAMPLES) {
      throw new InputError(`${this.#path}: more than ${MAX_SAMPLES} samples; take a shorter range or a longer step`);
    }
    this.#time.push(time);
    this.#metric.push(metric);
    this.#process.push(process);
    this.#value.push(value);
  }

  /** The series as a source. `scrapeTimes`: for numbered scrapes, when each was made (NaN: unknown). */
  source(bytes: ByteSource, scrapeTimes: readonly number[] = []): EventSource {
    const chosen = this.#choose();
    const time = this.#time.values();
    const process = this.#process.values();
    const metric = this.#metric.values();
    const value = this.#value.values();
    const order: number[] = [];
    for (let i = 0; i < time.length; i++) if (chosen.has(process[i]!)) order.push(i);
    order.sort((a, b) => time[a]! - time[b]! || a - b);

    const log = new ObservationLog(this.#path);
    let procs: number | null = null;
    let sequence: number | null = null;
    let lastGC: number | null = null;
    let start = Number.NaN;
    for (let i = 0; i < order.length; ) {
      const t = time[order[i]!]!;
      const row = new Map<string, number>();
      for (; i < order.length && time[order[i]!] === t; i++) row.set(WANTED[metric[order[i]!]!]!, value[order[i]!]!);
      const observed = observations(row);
      const gomaxprocs = row.get("go_sched_gomaxprocs_threads") ?? 0;
      if (observed.size > 0 || gomaxprocs > 0) {
        log.row(this.#timed ? t : (scrapeTimes[t] ?? Number.NaN));
        for (const [name, v] of observed) log.add(name, v);
        log.procs(gomaxprocs);
        if (gomaxprocs > 0) procs ??= gomaxprocs;
        if (log.rows === 1) sequence = observed.get("total_alloc") ?? observed.get("num_gc") ?? null;
      }
      const gc = row.get(LAST_GC);
      if (gc !== undefined && gc > 0) lastGC ??= gc * 1e3;
      const began = row.get(START_TIME);
      if (began !== undefined) {
        // Prometheus computes it from the boot time: it jitters by some ms.
        if (Math.abs(began - start) > 2) this.#losses.add(RESTARTED);
        start = began;
      }
    }
    if (log.rows === 0) {
      throw new InputError(
        `${this.#path}: none of go_memstats_*, go_memory_classes_*, process_resident_memory_bytes in it; ` +
          "a range query must keep the metric's name (no function around it)",
      );
    }
    const versions = [...chosen]
      .map((p) => this.#goVersions.get(p))
      .filter((v) => v !== undefined && /^go1\.\d/.test(v));
    return new ObservationSource(bytes, "prometheus", "exact", log, this.#losses, {
      goVersion: versions[0] ?? null,
      procs,
      sequence,
      notBefore: lastGC,
    });
  }

  /** The process, and the container, that most samples are of; the others are counted as lost. */
  #choose(): Set<number> {
    const counts = new Float64Array(this.#processes.size);
    for (const process of this.#process.values()) counts[process]!++;
    const best = new Map<string, number>();
    const order = [...this.#processes].map(([key, number]) => ({ key, number }));
    for (const { key, number } of order) {
      const family = key.split(",", 1)[0]!;
      // cAdvisor's sums over a pod, and the pause container, are no process.
      const rank = (n: number, k: string) =>
        counts[n]! - (family === "container" && !/container="(?!POD|")/.test(k) ? 1e12 : 0);
      const now = best.get(family);
      if (now === undefined || rank(number, key) > rank(now, order[now]!.key)) best.set(family, number);
    }
    const chosen = new Set(best.values());
    for (const { key, number } of order) {
      if (!chosen.has(number) && counts[number]! > 0)
        this.#losses.add(OTHER_PROCESSES, counts[number]!, key.slice(0, 200));
    }
    return chosen;
  }
}

/** Observations of one moment, by metric name. runtime/metrics fill in what MemStats' metrics do not tell. */
function observations(row: ReadonlyMap<string, number>): Map<ObservationName, number> {
  const runtime = new Map<string, number>();
  for (const [name, value] of row) {
    const metric = RUNTIME_METRIC_OF.get(name);
    if (metric !== undefined) runtime.set(metric, value);
  }
  const out = runtimeObservations(runtime);
  for (const [name, value] of row) {
    const observation = OBSERVED_METRICS.get(name);
    if (observation === undefined) continue;
    // 0 is cAdvisor's "no limit"; without a goal, next_gc is some 1e19.
    const none = (observation === "cgroup_limit" && value === 0) || (observation === "next_gc" && value > 2 ** 61);
    out.set(observation, none ? Number.POSITIVE_INFINITY : value);
  }
  return out;
}
