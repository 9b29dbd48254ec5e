/**
 * The GC CPU limiter (mgclimit.go:gcCPULimiterState, Go 1.19-1.27): a bucket of one second of every P's time that GC work fills
 * and the program's own work empties. While it is full the GC gives way: no assists, and no returning of pages for the memory
 * limit, so that the heap grows over the limit rather than that the program stands still.
 */
import { BACKGROUND_UTILIZATION } from "./pacer.ts";

/** capacityPerProc: ns of each P. */
const CAPACITY_PER_PROC = 1e9;

export class CpuLimiter {
  /** The bucket is full. */
  limiting = false;
  /** ns for which it was. */
  limitedNs = 0;
  readonly #procs: number;
  #fill = 0;
  #last = 0;

  constructor(procs: number) {
    this.#procs = procs;
  }

  /**
   * Time has passed up to `now`, all of it with the GC marking or none of it. `assistNs` of CPU went into assists in it,
   * `idleNs` into nothing.
   */
  update(now: number, marking: boolean, assistNs = 0, idleNs = 0): void {
    if (now < this.#last) return;
    const total = (now - this.#last) * this.#procs;
    if (this.limiting) this.limitedNs += now - this.#last;
    this.#last = now;
    const gc = Math.min(total, assistNs + (marking ? total * BACKGROUND_UTILIZATION : 0));
    this.#accumulate(Math.max(0, total - idleNs - gc), gc);
  }

  /** Stopped time: all Ps stand still for the GC (update of gcMarkTermination's and gcStart's STW). */
  stopped(ns: number): void {
    this.#accumulate(0, ns * this.#procs);
  }

  #accumulate(mutator: number, gc: number): void {
    const capacity = CAPACITY_PER_PROC * this.#procs;
    const change = gc - mutator;
    if (change > 0 && capacity - this.#fill <= change) {
      this.#fill = capacity;
      this.limiting = true;
      return;
    }
    this.#fill = Math.max(0, this.#fill + change);
    if (change !== 0) this.limiting = false;
  }
}
