/**
 * The GC CPU limiter (mgclimit.go:gcCPULimiterState, Go 1.19-1.27): a bucket of one second of every P's time that GC work fills
 * and the program's own work empties. While it is full the GC gives way: no assists, and no returning of pages for the memory
 * limit, so that the heap grows over the limit rather than that the program stands still.
 */
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

  /** The program's time has gone on to `now`, in which it kept the Ps busy for `share` (0..1) of it. */
  program(now: number, share: number): void {
    if (now <= this.#last) return;
    const passed = now - this.#last;
    this.#last = now;
    if (this.limiting) this.limitedNs += passed;
    this.#accumulate(passed * this.#procs * share, 0);
  }

  /** The program was busy for `ns` of CPU beyond the time that is told to `program`. */
  slowed(ns: number): void {
    this.#accumulate(ns, 0);
  }

  /** The GC took `ns` of CPU: workers, assists, and all Ps while they stood still for it. */
  collected(ns: number): void {
    this.#accumulate(0, ns);
  }

  /** ns of GC work until the bucket is full. */
  get room(): number {
    return CAPACITY_PER_PROC * this.#procs - this.#fill;
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
