/**
 * Logs with gctrace, scvg and scav lines: as records (GctraceLog) with all that the lines say, and as normalized events.
 *
 * A log may hold several processes; events are of one of them, the one with the most GC cycles unless another is asked
 * for. Which one that is shows only at the end, so the records are kept meanwhile (in memory, then in a temporary file).
 *
 * Sizes are cut off to whole MiB in gctrace and scvg lines. Events carry the middle of what is possible (value + half a
 * MiB; a goal of 4 MB is exactly 4 MiB from 1.18 on: the smallest goal at GOGC=100, 0 stays 0); records carry what was
 * printed, and the unit.
 */
import { InputError } from "./errors.ts";
import { type EventSource, newSourceInfo, type SourceInfo } from "./event-source.ts";
import {
  BATCH_CAPACITY,
  type EventBatch,
  GC_FORCED,
  GC_MARK_TERMINATION,
  GC_START,
  GC_WORK,
  HEAP_GOAL,
  HEAP_LIVE,
  NO_ADDR,
  NO_P,
  newBatch,
  OBSERVATION,
  OBSERVATIONS,
  type ObservationName,
  PROCS,
  push,
  SCAVENGED,
  SCAVENGED_FORCED,
  STW_BEGIN,
  STW_END,
} from "./events.ts";
import type { ByteSource, OpenOptions } from "./format.ts";
import { hasRuntimeLine } from "./gctrace-format.ts";
import { type GcLine, MIB } from "./gctrace-line.ts";
import { type Process, Processes } from "./gctrace-processes.ts";
import { type LogRecord, Records } from "./gctrace-records.ts";
import { scanLog } from "./gctrace-scan.ts";
import { Losses, type LossKind } from "./losses.ts";
import type { ScavLine } from "./scavtrace.ts";
import { STW_REASONS } from "./trace/stw-reasons.ts";

export { type GcLine, parseGctraceLine } from "./gctrace-line.ts";
export type { Process } from "./gctrace-processes.ts";
export type { LogRecord } from "./gctrace-records.ts";
export { parseScavLine, type ScavLine } from "./scavtrace.ts";

export const MISSING: LossKind = {
  name: "gctrace-cycles-missing",
  severity: "data-loss",
  meaning: "the cycle counter jumps: the log lacks lines of these GC cycles",
};
export const NOT_FROM_START: LossKind = {
  name: "gctrace-cycles-before-log",
  severity: "info",
  meaning: "the log begins after the process did: so many GC cycles came before it",
};
export const OTHER_PROCESSES: LossKind = {
  name: "gctrace-other-processes",
  severity: "info",
  meaning:
    "the log holds several processes (or restarts); the one with the most GC cycles was read, these lines are of the others",
};
export const UNOWNED: LossKind = {
  name: "scavtrace-lines-unowned",
  severity: "info",
  meaning: "lines about returned memory came before any GC of their process: they are taken as the first process's",
};

/** The runtime's lines of a log, as they come. */
export class GctraceLog {
  readonly losses: Losses;
  readonly #bytes: ByteSource;
  readonly #processes = new Processes();

  constructor(bytes: ByteSource, losses: Losses = new Losses()) {
    this.#bytes = bytes;
    this.losses = losses;
  }

  /** The processes found so far, by id. */
  get processes(): readonly Process[] {
    return this.#processes.all;
  }

  /** All records, as soon as they are read. May be iterated once. */
  async *records(): AsyncGenerator<LogRecord> {
    for await (const batch of this.recordBatches()) yield* batch;
  }

  /** The same, as many at a time as one read of the log shows. */
  async *recordBatches(): AsyncGenerator<LogRecord[]> {
    const processes = this.#processes;
    const periodic = new Set<number>();
    for await (const batch of scanLog(this.#bytes, this.losses)) {
      const records: LogRecord[] = [];
      for (const { line, context, offset } of batch) {
        const wall = processes.wall(context);
        const process = line.kind === "gc" ? processes.ofGc(line, context, wall) : processes.ofOther(context);
        const id = process?.id ?? -1;
        if (line.kind === "periodic") periodic.add(id);
        else records.push({ line, process: id, wall, offset, periodic: line.kind === "gc" && periodic.delete(id) });
      }
      if (records.length > 0) yield records;
    }
  }
}

export interface GctraceOptions extends OpenOptions {
  /** Which process's events to give, by id; default: the one with the most GC cycles. */
  readonly process?: number;
  /** Give events as the lines come (a log that is still being written); a restart goes on where the time was. */
  readonly live?: boolean;
}

/**
 * Opens a log. With none of the runtime's lines in its head, it is read until there is one: a text without any is no
 * gctrace log, and is refused here (in a folder it then is one of the files that are ignored).
 */
export async function openGctrace(bytes: ByteSource, options: GctraceOptions = {}): Promise<GctraceSource> {
  const source = new GctraceSource(bytes, options);
  if (!hasRuntimeLine(bytes.head)) await source.readToFirst();
  return source;
}

export class GctraceSource implements EventSource {
  readonly path: string;
  readonly format = "gctrace";
  readonly info: SourceInfo = newSourceInfo("modelled");
  readonly losses = new Losses();
  readonly log: GctraceLog;
  /** What t=0 is on the process's own clock, ns since the runtime's initialization: 0 unless the log begins later. */
  zero = 0;
  readonly #bytes: ByteSource;
  readonly #options: GctraceOptions;
  readonly #batch = newBatch();
  readonly #kept = new Records();
  readonly #records: AsyncGenerator<LogRecord[]>;
  #first: LogRecord[] | null = null;
  #progress: number | null = 0;
  /** Runtime versions that print all the forms seen. */
  #versions: ReadonlySet<string> | null = null;
  #narrowedBy: readonly string[] | null = null;
  // While events are made: time so far, GOMAXPROCS so far, what is added to the process's clock.
  #now = 0;
  #procs = 0;
  #shift = 0;
  /** Lines of cycles, and of their sweeps, so far. */
  #cycles = 0;
  #sweeps = 0;

  constructor(bytes: ByteSource, options: GctraceOptions) {
    this.path = bytes.path;
    this.#bytes = bytes;
    this.#options = options;
    this.log = new GctraceLog(bytes, this.losses);
    this.#records = this.log.recordBatches();
  }

  readonly progress = (): number | null => this.#progress;

  batches(): AsyncIterable<EventBatch> {
    return this.#options.live ? this.#live() : this.#chosen();
  }

  /** The lines themselves, of every process, instead of events; may be iterated once, and not beside batches(). */
  async *records(): AsyncGenerator<LogRecord> {
    for await (const batch of this.#recordBatches()) {
      yield* batch;
      this.#progress = this.#bytes.progress();
    }
  }

  /** The versions of Go that print all these lines' forms. */
  versionsOf(lines: Iterable<GcLine | ScavLine>): string[] {
    this.#versions = null;
    this.#narrowedBy = null;
    for (const line of lines) this.#narrow(line);
    return [...(this.#versions ?? [])];
  }

  /** Reads until the first runtime line; throws InputError if there is none. */
  async readToFirst(): Promise<void> {
    const { value, done } = await this.#records.next();
    if (!done) {
      this.#first = value;
      return;
    }
    throw new InputError(
      `${this.path}: holds no gctrace, scavtrace or scvg lines; run the program with GODEBUG=gctrace=1,scavtrace=1 and keep its stderr`,
    );
  }

  /** All records; those of readToFirst are not lost. */
  async *#recordBatches(): AsyncGenerator<LogRecord[]> {
    if (this.#first === null) await this.readToFirst();
    yield this.#first!;
    this.#first = null;
    yield* this.#records;
  }

  async close(): Promise<void> {
    this.#kept.close();
    await this.#bytes.close();
  }

  async *#chosen(): AsyncGenerator<EventBatch> {
    const kept = this.#kept;
    for await (const batch of this.#recordBatches()) {
      for (const record of batch) {
        kept.add(record);
        if (record.process <= 0) this.#narrow(record.line);
      }
      this.#progress = this.#bytes.progress();
    }
    const process = this.#choose();
    if (process !== null && process.id > 0) {
      this.#versions = null;
      this.#narrowedBy = null;
      for (const { line, process: id } of kept.all()) if (id === process.id) this.#narrow(line);
    }
    this.#describe(process);
    yield* this.#events(process);
    this.#progress = 1;
  }

  #choose(): Process | null {
    const { processes } = this.log;
    const asked = this.#options.process;
    if (asked !== undefined) {
      const process = processes[asked];
      if (process === undefined) {
        throw new InputError(
          `${this.path}: holds ${processes.length} processes, numbered from 0; there is no ${asked}`,
        );
      }
      return process;
    }
    let best: Process | null = null;
    for (const process of processes) if (best === null || process.cycles > best.cycles) best = process;
    return best;
  }

  /** Keeps the versions that print this form, too. */
  #narrow(line: GcLine | ScavLine): void {
    const versions = line.kind === "scav" ? line.versions : gcLineVersions(line);
    if (versions === this.#narrowedBy) return;
    this.#narrowedBy = versions;
    const before = this.#versions;
    this.#versions = new Set(before === null ? versions : versions.filter((version) => before.has(version)));
  }

  #describe(process: Process | null): void {
    const { info, losses } = this;
    info.goVersions = [...(this.#versions ?? [])];
    if (process === null) return;
    for (const other of this.log.processes) {
      if (other !== process) losses.add(OTHER_PROCESSES, other.lines, `${other.cycles} cycles of process ${other.id}`);
    }
    if (process.missing > 0) losses.add(MISSING, process.missing);
    if (process.firstCycle > 1) {
      losses.add(NOT_FROM_START, process.firstCycle - 1);
      this.zero = process.firstAt;
    }
    if (process.dated) info.wallClockStart = process.started + this.zero / 1e6;
  }

  *#events(process: Process | null): Generator<EventBatch> {
    const batch = this.#batch;
    const room = () => batch.length <= BATCH_CAPACITY - MARGIN;
    this.#shift = -this.zero;
    let untimed: LogRecord[] = [];
    let unowned = 0;
    const own = process?.id ?? -1;
    for (const record of this.#kept.all()) {
      // Lines before anyone's first GC are the first process's, if any's.
      if (record.process !== own && !(record.process === -1 && own === 0)) continue;
      if (record.process === -1 && own === 0) unowned++;
      const { line } = record;
      if (line.kind === "scav") {
        untimed.push(record);
        if (untimed.length < MAX_UNTIMED) continue;
      }
      const until = line.kind === "gc" ? line.at + this.#shift : this.#now;
      const from = this.#now;
      for (let i = 0; i < untimed.length; i++) {
        if (!room()) yield this.#take();
        this.#scav(untimed[i]!, this.#timeOf(untimed[i]!, process, from, until, (i + 1) / (untimed.length + 1)));
      }
      untimed = [];
      if (!room()) yield this.#take();
      if (line.kind === "gc") {
        this.#gc(line);
        // Sweeps of earlier cycles are over: their lines won't come.
        this.#sweeps = Math.max(this.#sweeps, this.#cycles++);
      }
    }
    for (const record of untimed) {
      if (!room()) yield this.#take();
      this.#scav(record, this.#timeOf(record, process, this.#now, Number.POSITIVE_INFINITY, 0));
    }
    if (unowned > 0 && this.log.processes.length > 1) this.losses.add(UNOWNED, unowned);
    if (batch.length > 0) yield this.#take();
  }

  /** When a line without a time of its own was written, between two GCs. */
  #timeOf(record: LogRecord, process: Process | null, from: number, until: number, part: number): number {
    const line = record.line as ScavLine;
    let time = Number.NaN;
    const early = !line.forced && line.unit !== MIB && ++this.#sweeps > this.#cycles;
    if (process !== null && !Number.isNaN(record.wall) && process.resolution <= USEFUL_CLOCK) {
      time = (record.wall - process.started) * 1e6 + this.#shift;
    } else if (line.scan !== null && line.scan >= 0) {
      // proc.go (1.11, 1.12), sysmon: a scan each scavengelimit / 2 since the process began.
      time = (line.scan + 1) * SCAN_PERIOD + this.#shift;
    } else if (line.unit === MIB && Number.isFinite(until)) {
      // 1.13 prints each step of the background scavenger: some time between the two GCs.
      time = from + (until - from) * part;
    } else if (early && Number.isFinite(until)) {
      // One line for each sweep (1.15+): it can come before its cycle's own line.
      time = until;
    } else time = from; // When sweeping ends, soon after the GC.
    return Math.min(Math.max(time, from), until);
  }

  /** Events of each process in turn, as the lines come. */
  async *#live(): AsyncGenerator<EventBatch> {
    let current = -1;
    for await (const records of this.#recordBatches()) {
      for (const { line, process } of records) {
        if (process > current && line.kind === "gc") {
          this.#shift = current < 0 ? (line.cycle > 1 ? -line.at : 0) : this.#now - line.at;
          if (current < 0) this.zero = -this.#shift;
          current = process;
        }
        if (process >= 0 && process !== current) {
          this.losses.add(OTHER_PROCESSES);
          continue;
        }
        if (this.#batch.length > BATCH_CAPACITY - MARGIN) yield this.#take();
        this.#narrow(line);
        if (line.kind === "gc") this.#gc(line);
        else this.#scav({ line, process, wall: Number.NaN, offset: 0, periodic: false }, this.#now);
      }
      this.info.goVersions = [...(this.#versions ?? [])];
      this.#progress = this.#bytes.progress();
      if (this.#batch.length > 0) yield this.#take();
    }
  }

  #take(): EventBatch {
    // The consumer is done with the batch when it asks for the next: it is emptied by the next push.
    this.info.events += this.#batch.length;
    this.#taken = true;
    return this.#batch;
  }

  #taken = false;

  #push(kind: number, time: number, addr: number, size: number, aux: number): void {
    if (this.#taken) {
      this.#batch.length = 0;
      this.#taken = false;
    }
    if (time > this.#now) this.#now = time;
    push(this.#batch, kind, this.#now, NO_P, addr, size, aux);
  }

  #gc(line: GcLine): void {
    const start = Math.max(this.#now, line.at + this.#shift);
    const marking = start + line.sweepTermination;
    const marked = marking + line.mark;
    const end = marked + line.markTermination;
    if (this.info.procs === null) this.info.procs = line.procs;
    if (line.procs !== this.#procs) {
      this.#push(PROCS, start, NO_ADDR, line.procs, 0);
      this.#procs = line.procs;
    }
    this.#push(GC_START, start, NO_ADDR, line.cycle, line.forced ? GC_FORCED : 0);
    this.#push(STW_BEGIN, start, NO_ADDR, 0, STW_GC_SWEEP_TERM);
    this.#push(HEAP_LIVE, start, NO_ADDR, middle(line.heapStart), 0);
    this.#push(HEAP_GOAL, start, NO_ADDR, goal(line), 0);
    this.#push(STW_END, marking, NO_ADDR, 0, STW_GC_SWEEP_TERM);
    this.#push(STW_BEGIN, marked, NO_ADDR, 0, STW_GC_MARK_TERM);
    this.#push(HEAP_LIVE, marked, NO_ADDR, middle(line.heapEnd), 0);
    this.#push(GC_WORK, end, NO_ADDR, line.cpuBackground + line.cpuIdle, 0);
    this.#push(GC_WORK, end, NO_ADDR, line.cpuAssist, 1);
    this.#push(GC_MARK_TERMINATION, end, NO_ADDR, line.cycle, 0);
    this.#push(STW_END, end, NO_ADDR, 0, STW_GC_MARK_TERM);
    this.#push(HEAP_LIVE, end, NO_ADDR, middle(line.heapMarked), 0);
    this.#push(OBSERVATION, end, NO_ADDR, line.utilization / 100, CPU_FRACTION);
    // Less than a MiB of stacks is any program's.
    if (line.stacks) this.#push(OBSERVATION, end, NO_ADDR, middle(line.stacks), STACK_SCAN);
  }

  #scav(record: LogRecord, time: number): void {
    const line = record.line as ScavLine;
    const observe = (name: ObservationName, value: number | null) => {
      if (value === null) return;
      // Zero released is mostly that: nothing was.
      const size = line.unit === MIB && value > 0 ? middle(value) : value;
      this.#push(OBSERVATION, time, NO_ADDR, size, OBSERVATIONS.indexOf(name));
    };
    // Bytes returned in the background since the line before; where is not told.
    if (line.work !== null && line.unit !== MIB) {
      this.#push(SCAVENGED, time, NO_ADDR, line.work / PAGE, line.forced ? SCAVENGED_FORCED : 0);
    }
    observe("heap_inuse", line.inuse);
    observe("heap_idle", line.idle);
    observe("heap_sys", line.sys);
    observe("heap_released", line.released);
  }
}

/** Events of one record at most. */
const MARGIN = 32;
/** Lines without a time between two GCs that are kept until the second tells their time. */
const PAGE = 8192;
const MAX_UNTIMED = 1 << 14;
/** A log's clock is used for times within a GC cycle if it tells at least this, ms. */
const USEFUL_CLOCK = 10;
const SCAN_PERIOD = 150e9;
const CPU_FRACTION = OBSERVATIONS.indexOf("gc_cpu_fraction");
const STACK_SCAN = OBSERVATIONS.indexOf("stack_scan");
const STW_GC_MARK_TERM = STW_REASONS.indexOf("GC mark termination");
const STW_GC_SWEEP_TERM = STW_REASONS.indexOf("GC sweep termination");

function middle(size: number): number {
  return size + MIB / 2;
}

function goal(line: GcLine): number {
  return line.goal === 4 * MIB && line.stacks !== null ? line.goal : middle(line.goal);
}

const MINORS = Array.from({ length: 17 }, (_, i) => 11 + i);
const versionsWhere = (test: (minor: number) => boolean) => MINORS.filter(test).map((minor) => `1.${minor}`);
const WITHOUT_STACKS = versionsWhere((minor) => minor < 18);
const WITH_STACKS = versionsWhere((minor) => minor >= 18);
const WITH_LEAKS = versionsWhere((minor) => minor >= 26);

function gcLineVersions(line: GcLine): readonly string[] {
  if (line.leakCheck) return WITH_LEAKS;
  return line.stacks === null ? WITHOUT_STACKS : WITH_STACKS;
}
