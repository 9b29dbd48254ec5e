/** Records of a log, packed into rows of numbers: in memory while they are few, in a temporary file when they are many. */
import type { GcLine } from "./gctrace-line.ts";
import { SCAV_FORMS, type ScavLine } from "./scavtrace.ts";
import { Spool } from "./spool.ts";

export interface LogRecord {
  readonly line: GcLine | ScavLine;
  /** Index into GctraceLog.processes; -1: before the first GC of any. */
  readonly process: number;
  /** ms since the epoch by the log's own clock (any epoch if the log has no dates); NaN without one. */
  readonly wall: number;
  /** Byte in the log where the line begins. */
  readonly offset: number;
  /** The GC came because there was none for two minutes ("GC forced" before it). */
  readonly periodic: boolean;
}

const ROW = 33;
const ROWS = 1024;
const IS_GC = 1;
const IS_SCAV = 2;

export class Records {
  readonly #spool = new Spool();
  #rows = new Float64Array(ROW * ROWS);
  #filled = 0;
  count = 0;

  add(record: LogRecord): void {
    const { line } = record;
    const head = [record.process, record.wall, record.offset, Number(record.periodic)];
    this.#rows.set(
      line.kind === "gc" ? [IS_GC, ...head, ...packGc(line)] : [IS_SCAV, ...head, ...packScav(line)],
      this.#filled * ROW,
    );
    this.count++;
    if (++this.#filled === ROWS) this.#flush();
  }

  *all(): Generator<LogRecord> {
    this.#flush();
    const rows = new Float64Array(ROW * ROWS);
    const bytes = new Uint8Array(rows.buffer);
    for (let at = 0; at < this.#spool.size; at += bytes.length) {
      const n = this.#spool.readAt(bytes, at) / (8 * ROW);
      for (let row = 0; row < n; row++) {
        const values = rows.subarray(row * ROW, (row + 1) * ROW);
        yield {
          line: values[0] === IS_GC ? unpackGc(values) : unpackScav(values),
          process: values[1]!,
          wall: values[2]!,
          offset: values[3]!,
          periodic: values[4] === 1,
        };
      }
    }
  }

  close(): void {
    this.#spool.close();
  }

  #flush(): void {
    if (this.#filled === 0) return;
    this.#spool.append(new Uint8Array(this.#rows.buffer, 0, this.#filled * ROW * 8));
    this.#rows = new Float64Array(ROW * ROWS);
    this.#filled = 0;
  }
}

const orNaN = (value: number | null) => value ?? Number.NaN;
const orNull = (value: number) => (Number.isNaN(value) ? null : value);

function packGc(line: GcLine): number[] {
  return [
    line.cycle,
    line.at,
    line.utilization,
    line.sweepTermination,
    line.mark,
    line.markTermination,
    line.cpuSweepTermination,
    line.cpuAssist,
    line.cpuBackground,
    line.cpuIdle,
    line.cpuMarkTermination,
    line.heapStart,
    line.heapEnd,
    line.heapMarked,
    line.goal,
    orNaN(line.stacks),
    orNaN(line.globals),
    line.procs,
    Number(line.forced),
    Number(line.leakCheck),
    ...line.wallUnits,
    ...line.cpuUnits,
  ];
}

function unpackGc(row: Float64Array): GcLine {
  return {
    kind: "gc",
    cycle: row[5]!,
    at: row[6]!,
    utilization: row[7]!,
    sweepTermination: row[8]!,
    mark: row[9]!,
    markTermination: row[10]!,
    cpuSweepTermination: row[11]!,
    cpuAssist: row[12]!,
    cpuBackground: row[13]!,
    cpuIdle: row[14]!,
    cpuMarkTermination: row[15]!,
    heapStart: row[16]!,
    heapEnd: row[17]!,
    heapMarked: row[18]!,
    goal: row[19]!,
    stacks: orNull(row[20]!),
    globals: orNull(row[21]!),
    procs: row[22]!,
    forced: row[23] === 1,
    leakCheck: row[24] === 1,
    wallUnits: [row[25]!, row[26]!, row[27]!],
    cpuUnits: [row[28]!, row[29]!, row[30]!, row[31]!, row[32]!],
  };
}

function packScav(line: ScavLine): number[] {
  return [
    SCAV_FORMS.indexOf(line.versions),
    line.unit,
    orNaN(line.scan),
    orNaN(line.generation),
    orNaN(line.work),
    orNaN(line.eagerWork),
    orNaN(line.released),
    orNaN(line.inuse),
    orNaN(line.idle),
    orNaN(line.sys),
    orNaN(line.utilization),
    Number(line.forced),
  ];
}

function unpackScav(row: Float64Array): ScavLine {
  return {
    kind: "scav",
    versions: SCAV_FORMS[row[5]!]!,
    unit: row[6]!,
    scan: orNull(row[7]!),
    generation: orNull(row[8]!),
    work: orNull(row[9]!),
    eagerWork: orNull(row[10]!),
    released: orNull(row[11]!),
    inuse: orNull(row[12]!),
    idle: orNull(row[13]!),
    sys: orNull(row[14]!),
    utilization: orNull(row[15]!),
    forced: row[16] === 1,
  };
}
