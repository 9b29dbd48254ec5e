import { closeSync, openSync, writeSync } from "node:fs";
import { cgroupReader, type Reading, readSmapsRollup, SAMPLE_COLUMNS, statusReading } from "./proc.ts";
import { ProcFile } from "./proc-file.ts";

/** How often at most what costs the process something is read. */
const SMAPS_EVERY_NS = 1e9;
/** That reading holds up the process's own changes to its memory map: this many times as long it is then left in peace. */
const SMAPS_REST = 500;
/** Rows kept before they are written. */
const ROWS_PER_WRITE = 50;

/** Samples a process's memory from outside into a CSV until it is gone or stop() is called. */
export class Sampler {
  readonly #pid: number;
  readonly #fd: number;
  readonly #now: () => number;
  readonly #cgroup: (() => Reading) | null;
  readonly #timer: NodeJS.Timeout;
  #pending: string[] = [];
  readonly #status: ProcFile | null;
  #nextSmaps = Number.NEGATIVE_INFINITY;
  #closed = false;
  rows = 0;
  peakRss = 0;
  readonly hasCgroup: boolean;

  /** `now`: ns since the recording's zero. */
  constructor(pid: number, file: string, intervalMs: number, now: () => number) {
    this.#pid = pid;
    this.#now = now;
    this.#cgroup = cgroupReader(pid);
    this.hasCgroup = this.#cgroup !== null;
    this.#status = ProcFile.open(`/proc/${pid}/status`);
    this.#fd = openSync(file, "wx", 0o644);
    writeSync(this.#fd, `t_ns,${SAMPLE_COLUMNS.join(",")}\n`);
    this.#timer = setInterval(() => this.sample(), intervalMs);
    this.sample();
  }

  sample(): void {
    if (this.#closed) return;
    const t = this.#now();
    const status = statusReading(this.#status?.read() ?? null);
    if (status === null) return;
    let reading: Reading = status;
    if (t >= this.#nextSmaps) {
      const before = this.#now();
      const smaps = readSmapsRollup(this.#pid);
      this.#nextSmaps = t + Math.max(SMAPS_EVERY_NS, SMAPS_REST * (this.#now() - before));
      reading = { ...status, ...smaps, ...this.#cgroup?.() };
    }
    this.rows++;
    this.peakRss = Math.max(this.peakRss, reading.rss ?? 0);
    this.#pending.push(`${t},${SAMPLE_COLUMNS.map((column) => reading[column] ?? "").join(",")}\n`);
    if (this.#pending.length >= ROWS_PER_WRITE) this.#flush();
  }

  stop(): void {
    if (this.#closed) return;
    clearInterval(this.#timer);
    this.#flush();
    this.#closed = true;
    this.#status?.close();
    closeSync(this.#fd);
  }

  #flush(): void {
    if (this.#pending.length > 0) writeSync(this.#fd, this.#pending.join(""));
    this.#pending = [];
  }
}
