/** Of one processor's time, what recording may take: the program is not to feel it, even where it has all processors busy. */
const SHARE = 0.0025;
/** Time that is counted as passed before the start: a short run has close samples, too. */
const CREDIT_NS = 5e9;
/** However dear a sample is, this many milliseconds without one are enough. */
const LONGEST_MS = 1000;

/** What recording has cost and how close its samples were, for the manifest. */
export interface Cost {
  /** Processor time of gopages itself since the start, ns. */
  readonly cpuNs: number;
  /** The same as a part of the time that passed. */
  readonly ofOneProcessor: number;
  readonly intervalMs: { readonly asked: number; readonly mean: number };
}

/**
 * Calls `tick` again and again: each `intervalMs` (or, when `atMost`, less often) such that the processor time that this
 * process takes stays within a fixed share of the time that passes. What counts is what the system says of the whole
 * process: waking up, collecting garbage and handing on the program's output are in it.
 */
export class Pace {
  readonly #tick: () => void;
  readonly #intervalMs: number;
  readonly #atMost: boolean;
  readonly #from: bigint;
  readonly #cpuFrom: number;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #ticks = 0;
  #spent = 0;
  #each = 0;
  #forgiven = 0;

  constructor(intervalMs: number, atMost: boolean, tick: () => void) {
    this.#intervalMs = intervalMs;
    this.#atMost = atMost;
    this.#tick = tick;
    this.#from = process.hrtime.bigint();
    this.#cpuFrom = cpuNs();
    this.#next();
  }

  /** Processor time (ns) that is none of the samples'. */
  forgive(ns: number): void {
    this.#forgiven += ns;
  }

  /** No more ticks; a last one is the caller's. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  cost(): Cost {
    const elapsed = this.#elapsed();
    const cpu = cpuNs() - this.#cpuFrom;
    return {
      cpuNs: Math.round(cpu),
      ofOneProcessor: Number((cpu / elapsed).toPrecision(3)),
      intervalMs: {
        asked: this.#intervalMs,
        mean: Number((elapsed / 1e6 / Math.max(1, this.#ticks)).toPrecision(3)),
      },
    };
  }

  #next(): void {
    if (this.#stopped) return;
    const spent = cpuNs() - this.#cpuFrom - this.#forgiven;
    // What one tick costs, with the waking up before it; a smoothed figure, as most of it is noise.
    this.#each = this.#each * 0.9 + (spent - this.#spent) * 0.1;
    this.#spent = spent;
    const wait = this.#atMost ? delayMs(this.#elapsed(), spent + this.#each, this.#intervalMs) : this.#intervalMs;
    this.#timer = setTimeout(() => {
      this.#ticks++;
      this.#tick();
      this.#next();
    }, wait);
  }

  #elapsed(): number {
    return Number(process.hrtime.bigint() - this.#from);
  }
}

/** How long to wait, ms, when so much time has passed and a next tick would make `spent` of it (both ns). */
export function delayMs(elapsed: number, spent: number, intervalMs: number): number {
  const until = spent / SHARE - CREDIT_NS - elapsed;
  return Math.min(Math.max(until / 1e6, intervalMs), Math.max(LONGEST_MS, intervalMs));
}

export function cpuNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1e3;
}
