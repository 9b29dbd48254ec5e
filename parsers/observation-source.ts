import { InputError } from "./errors.ts";
import type { EventSource, FormatId, SourceInfo } from "./event-source.ts";
import { newSourceInfo } from "./event-source.ts";
import {
  type EventBatch,
  type Evidence,
  NO_ADDR,
  NO_P,
  newBatch,
  OBSERVATION,
  OBSERVATIONS,
  type ObservationName,
  PROCS,
  push,
} from "./events.ts";
import type { ByteSource } from "./format.ts";
import type { GoroutineDump } from "./goroutines.ts";
import type { Losses, LossKind } from "./losses.ts";
import type { MemStats } from "./memstats.ts";
import { F64Column, U32Column } from "./pprof/columns.ts";
import type { HeapProfile } from "./pprof/profile.ts";
import type { Smaps } from "./smaps.ts";

/** Column of the observation log that stands for GOMAXPROCS, which is an event of its own. */
const PROCS_ROW = 0xffff;

const NO_TIME: LossKind = {
  name: "no-time",
  severity: "info",
  meaning: "the dump does not say when it was made; it stands at the start of the recording",
};
const ASSUMED_TIME: LossKind = {
  name: "assumed-time",
  severity: "info",
  meaning: "dumps that do not say when they were made are put 1 s apart; write the date between them",
};
const UNORDERED: LossKind = {
  name: "unordered-dumps",
  severity: "info",
  meaning: "dumps were not in the order of their times; they were sorted",
};

/** More observations than any series of dumps has; a bound on memory. */
const MAX_OBSERVATIONS = 20_000_000;

const indexByName = new Map<string, number>(OBSERVATIONS.map((name, i) => [name, i]));

/**
 * What dumps of statistics say, collected: rows of one time each, in any order. Dumps carry wall-clock times or none; the
 * event stream begins at the first.
 */
export class ObservationLog {
  readonly #path: string;
  readonly #row = new U32Column();
  readonly #what = new U32Column();
  readonly #value = new F64Column();
  /** Time of each row, ms since the epoch, or NaN. */
  readonly #wall = new F64Column(64);

  constructor(path: string) {
    this.#path = path;
  }

  /** Begins a dump made at `wallMs` (NaN: unknown); what is added next is of it. */
  row(wallMs: number = Number.NaN): void {
    this.#wall.push(wallMs);
  }

  get rows(): number {
    return this.#wall.length;
  }

  get length(): number {
    return this.#what.length;
  }

  add(name: ObservationName, value: number): void {
    if (!Number.isNaN(value)) this.#add(indexByName.get(name)!, value);
  }

  procs(count: number): void {
    if (count > 0) this.#add(PROCS_ROW, count);
  }

  #add(what: number, value: number): void {
    if (this.#what.length === MAX_OBSERVATIONS) {
      throw new InputError(`${this.#path}: more than ${MAX_OBSERVATIONS} measured figures; give a shorter stretch`);
    }
    if (this.#wall.length === 0) this.row();
    this.#row.push(this.#wall.length - 1);
    this.#what.push(what);
    this.#value.push(value);
  }

  /** Rows in order of time, and their times in ns from the first. Rows without a time keep their place. */
  timeline(losses: Losses): { order: Uint32Array; t: Float64Array; wallClockStart: number | null } {
    const wall = this.#wall.values();
    const n = wall.length;
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    const t = new Float64Array(n);
    let timed = 0;
    for (const ms of wall) if (!Number.isNaN(ms)) timed++;
    if (timed === 0) {
      if (n > 1) losses.add(ASSUMED_TIME, n);
      else if (n === 1) losses.add(NO_TIME);
      for (let i = 0; i < n; i++) t[i] = i * 1e9;
      return { order, t, wallClockStart: null };
    }
    // A row without a time among rows that have one is of the time before it (of the first time, at the beginning).
    const ms = wall.slice();
    if (timed < n) losses.add(NO_TIME, n - timed);
    let last = wall.find((m) => !Number.isNaN(m))!;
    for (let i = 0; i < n; i++) {
      if (Number.isNaN(ms[i]!)) ms[i] = last;
      else last = ms[i]!;
    }
    for (let i = 1; i < n; i++) {
      if (ms[i]! < ms[i - 1]!) {
        losses.add(UNORDERED);
        order.sort((a, b) => ms[a]! - ms[b]! || a - b);
        break;
      }
    }
    const start = ms[order[0]!]!;
    for (let i = 0; i < n; i++) t[i] = Math.round((ms[i]! - start) * 1e6);
    return { order, t, wallClockStart: start };
  }

  /** Delivers all rows. */
  *batches(timeline: { order: Uint32Array; t: Float64Array }, info: SourceInfo): Generator<EventBatch> {
    const row = this.#row.values();
    const what = this.#what.values();
    const value = this.#value.values();
    const begin = new Uint32Array(this.rows + 1);
    for (const r of row) begin[r + 1]!++;
    for (let i = 0; i < this.rows; i++) begin[i + 1]! += begin[i]!;
    const batch = newBatch(Math.min(Math.max(row.length, 1), 1 << 14));
    for (const r of timeline.order) {
      const t = timeline.t[r]!;
      for (let i = begin[r]!; i < begin[r + 1]!; i++) {
        if (batch.length === batch.kind.length) {
          info.events += batch.length;
          yield batch;
          batch.length = 0;
        }
        if (what[i] === PROCS_ROW) push(batch, PROCS, t, NO_P, NO_ADDR, value[i]!, 0);
        else push(batch, OBSERVATION, t, NO_P, NO_ADDR, value[i]!, what[i]!);
      }
    }
    if (batch.length > 0) {
      info.events += batch.length;
      yield batch;
    }
  }
}

/** Details of a dump beyond its figures; null where the format has none. */
export interface CompanionDetails {
  /** The heap profile (pprof-heap, pprof-text): the first, if there are several. */
  readonly profile: HeapProfile | null;
  readonly profiles: readonly HeapProfile[];
  /** MemStats in order (memstats, pprof-text). */
  readonly memStats: readonly MemStats[];
  /** Mappings by kind (smaps), one entry a dump. */
  readonly smaps: readonly Smaps[];
  /** Goroutines by where they wait (goroutines). */
  readonly goroutines: readonly GoroutineDump[];
  /**
   * For dumps that have no time, to put several files of one run in order: a count that only grows while a process runs
   * (TotalAlloc, else NumGC), and the end of the last GC before the dump (ms since the epoch). When these are null too, only
   * the files' times tell.
   */
  readonly sequence: number | null;
  readonly notBefore: number | null;
}

export type CompanionSource = EventSource & CompanionDetails;

/** Whether a source is one of those that this file makes (they carry details). */
export function isCompanion(source: EventSource): source is CompanionSource {
  return source instanceof ObservationSource;
}

/** An opened input that consists of measured figures. It is read completely when it is made. */
export class ObservationSource implements EventSource, CompanionDetails {
  readonly path: string;
  readonly format: FormatId;
  readonly info: SourceInfo;
  readonly losses: Losses;
  readonly profile: HeapProfile | null;
  readonly profiles: readonly HeapProfile[];
  readonly memStats: readonly MemStats[];
  readonly smaps: readonly Smaps[];
  readonly goroutines: readonly GoroutineDump[];
  readonly sequence: number | null;
  readonly notBefore: number | null;
  readonly #bytes: ByteSource;
  readonly #log: ObservationLog;
  readonly #timeline: ReturnType<ObservationLog["timeline"]>;
  #done = false;

  constructor(
    bytes: ByteSource,
    format: FormatId,
    evidence: Evidence,
    log: ObservationLog,
    losses: Losses,
    details: Partial<CompanionDetails> & { goVersion?: string | null; procs?: number | null } = {},
  ) {
    this.#bytes = bytes;
    this.path = bytes.path;
    this.format = format;
    this.losses = losses;
    this.info = newSourceInfo(evidence);
    this.profiles = details.profiles ?? (details.profile ? [details.profile] : []);
    this.profile = details.profile ?? this.profiles[0] ?? null;
    this.memStats = details.memStats ?? [];
    this.smaps = details.smaps ?? [];
    this.goroutines = details.goroutines ?? [];
    this.sequence = details.sequence ?? null;
    this.notBefore = details.notBefore ?? null;
    this.#log = log;
    this.#timeline = log.timeline(losses);
    this.info.wallClockStart = this.#timeline.wallClockStart;
    this.info.goVersion = details.goVersion ?? null;
    if (this.info.goVersion) this.info.goVersions = [this.info.goVersion.replace(/^go(\d+\.\d+).*$/, "$1")];
    this.info.procs = details.procs ?? null;
  }

  progress = (): number | null => (this.#done ? 1 : 0);

  async *batches(): AsyncGenerator<EventBatch> {
    yield* this.#log.batches(this.#timeline, this.info);
    this.#done = true;
  }

  close(): Promise<void> {
    return this.#bytes.close();
  }
}
