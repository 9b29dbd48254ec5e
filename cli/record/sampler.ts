import { closeSync, openSync } from "node:fs";
import { FileEnd } from "./file-end.ts";
import { cgroupReader, type Reading, readSmapsRollup, SAMPLE_COLUMNS, statusReading } from "./proc.ts";
import { ProcFile } from "./proc-file.ts";

/** How often at most what walks the process's page tables is read. */
const SMAPS_EVERY_NS = 1e9;
/** That reading holds up the process's own changes to its memory map: for this part of the time at most. */
const SMAPS_SHARE = 0.001;
/** What it takes for each byte that is resident until it is known, ns: 0.25 ms for a MiB. */
const SMAPS_NS_PER_BYTE = 0.25e6 / 2 ** 20;
/** Rows kept before they are written. */
const ROWS_PER_WRITE = 50;

/** Samples a process's memory from outside into a CSV, whenever sample() is called, until it is gone or stop() is called. */
export class Sampler {
  readonly #pid: number;
  readonly #fd: number;
  readonly #end: FileEnd;
  readonly #now: () => number;
  readonly #cgroup: (() => Reading) | null;
  #pending: string[] = [];
  readonly #status: ProcFile | null;
  #nextSmaps = 0;
  readonly #from: number;
  #smapsSpent = 0;
  #smapsNsPerByte = SMAPS_NS_PER_BYTE;
  #closed = false;
  rows = 0;
  peakRss = 0;
  /** The process has ended. */
  gone = false;
  readonly hasCgroup: boolean;

  /** `now`: ns since the recording's zero. */
  constructor(pid: number, file: string, now: () => number) {
    this.#pid = pid;
    this.#now = now;
    this.#from = now();
    this.#cgroup = cgroupReader(pid);
    this.hasCgroup = this.#cgroup !== null;
    this.#status = ProcFile.open(`/proc/${pid}/status`);
    this.#fd = openSync(file, "wx", 0o644);
    this.#end = new FileEnd(this.#fd, "samples.csv");
    this.#end.write(`t_ns,${SAMPLE_COLUMNS.join(",")}\n`);
    this.sample();
  }

  /** Why samples are missing; null when none are. */
  get failed(): string | null {
    return this.#end.failed;
  }

  sample(): void {
    if (this.#closed) return;
    const t = this.#now();
    const status = statusReading(this.#status?.read() ?? null);
    if (status === null) {
      this.gone = true;
      return;
    }
    let reading: Reading = status;
    if (t >= this.#nextSmaps) reading = { ...status, ...this.#smaps(t, status.rss ?? 0), ...this.#cgroup?.() };
    this.rows++;
    // The system keeps the highest itself, between samples, too.
    this.peakRss = Math.max(this.peakRss, reading.rss ?? 0, reading.rss_peak ?? 0);
    this.#pending.push(`${t},${SAMPLE_COLUMNS.map((column) => reading[column] ?? "").join(",")}\n`);
    if (this.#pending.length >= ROWS_PER_WRITE) this.#flush();
  }

  stop(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.#status?.close();
    closeSync(this.#fd);
  }

  /** When the time that passed allows for it. */
  #smaps(t: number, rss: number): Reading {
    this.#nextSmaps = t + SMAPS_EVERY_NS;
    if (this.#smapsSpent + rss * this.#smapsNsPerByte > SMAPS_SHARE * (t - this.#from)) return {};
    const before = this.#now();
    const reading = readSmapsRollup(this.#pid);
    const took = this.#now() - before;
    this.#smapsSpent += took;
    this.#smapsNsPerByte = took / Math.max(rss, 1);
    return reading;
  }

  #flush(): void {
    if (this.#pending.length > 0) this.#end.write(this.#pending.join(""));
    this.#pending = [];
  }
}
