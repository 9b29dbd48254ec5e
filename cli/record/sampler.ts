import { closeSync, openSync, writeSync } from "node:fs";
import { cgroupReader, type Reading, readSmapsRollup, readStatus, SAMPLE_COLUMNS } from "./proc.ts";

/** How often what costs the process something is read. */
const SMAPS_EVERY_NS = 1e9;
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
  #lastSmaps = Number.NEGATIVE_INFINITY;
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
    this.#fd = openSync(file, "wx", 0o644);
    writeSync(this.#fd, `t_ns,${SAMPLE_COLUMNS.join(",")}\n`);
    this.#timer = setInterval(() => this.sample(), intervalMs);
    this.sample();
  }

  sample(): void {
    if (this.#closed) return;
    const t = this.#now();
    const status = readStatus(this.#pid);
    if (status === null) return;
    let reading: Reading = status;
    if (t - this.#lastSmaps >= SMAPS_EVERY_NS) {
      this.#lastSmaps = t;
      reading = { ...status, ...readSmapsRollup(this.#pid), ...this.#cgroup?.() };
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
    closeSync(this.#fd);
  }

  #flush(): void {
    if (this.#pending.length > 0) writeSync(this.#fd, this.#pending.join(""));
    this.#pending = [];
  }
}
