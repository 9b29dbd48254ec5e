import { type Background, type BackgroundWorld, heapRetained, mappedReady } from "./background.ts";

// mgcscavenge.go (Go 1.18-1.27). Times in ns.
const QUANTUM = 64 << 10;
const MIN_WORK = 1e6;
const STARTING_SLEEP_RATIO = 0.001;
const IDEAL_FRACTION = 0.01;
const COOLDOWN = 5e9;
const KP = 0.3375;
const TI = 3.2e6;
const TT = 1e9;
const MIN_RATIO = 0.001;
const MAX_RATIO = 1000;

/**
 * CPU time to return memory: one madvise call and its share per 4 KiB page. Not the runtime's to say: a property of the
 * machine. Fitted on recordings of released memory after spikes (linux 6.x, x86-64).
 */
export interface ReturnCost {
  readonly perCall: number;
  readonly perPage: number;
}
export const DEFAULT_RETURN_COST: ReturnCost = { perCall: 4000, perPage: 300 };

/**
 * sysmon polls for the wake-up every 20 us when busy and every 10 ms when not; this is the middle of the usual case.
 * proc.go:sysmon.
 */
const SYSMON_DELAY = 5e6;

/** mgcscavenge.go:piController. */
class PiController {
  errIntegral = 0;

  next(input: number, setpoint: number, period: number): number {
    const raw = KP * (setpoint - input) + this.errIntegral;
    const output = Math.min(Math.max(raw, MIN_RATIO), MAX_RATIO);
    this.errIntegral += ((KP * period) / TI) * (setpoint - input) + (period / TT) * (output - raw);
    if (!Number.isFinite(this.errIntegral) || !Number.isFinite(raw)) {
      this.errIntegral = 0;
      return Number.NaN;
    }
    return output;
  }
}

/** The scavenger of 1.18-1.27: batches of at least 1 ms, slept for so that it takes 1% of all Ps' time. */
export class PiScavenger implements Background {
  next = Number.POSITIVE_INFINITY;
  readonly #world: BackgroundWorld;
  readonly #cost: ReturnCost;
  readonly #costRatio: number;
  readonly #controller = new PiController();
  #sleepRatio = STARTING_SLEEP_RATIO;
  #cooldown = 0;
  /** Of the sleep in progress: when it began, and the work it pays for. */
  #sleepStart = -1;
  #worked = 0;

  constructor(world: BackgroundWorld, cost: ReturnCost = DEFAULT_RETURN_COST) {
    this.#world = world;
    this.#cost = cost;
    this.#costRatio = world.heap.config.goos === "darwin" ? 0.7 : 0;
  }

  paced(): void {}

  gcStarted(now: number): void {
    this.next = Math.min(this.next, now);
  }

  swept(now: number): void {
    // scavenger.ready: sysmon wakes it, out of its sleep too.
    this.next = Math.min(this.next, this.#world.sysmonLooks?.(now + SYSMON_DELAY) ?? now + SYSMON_DELAY);
  }

  advance(now: number): void {
    while (this.next <= now) {
      const at = this.next;
      if (this.#sleepStart >= 0) this.#endSleep(at - this.#sleepStart);
      this.#batch(at);
    }
  }

  #batch(at: number): void {
    const { heap } = this.#world;
    const goals = heap.scavengeGoals;
    let worked = 0;
    let released = 0;
    while (worked < MIN_WORK) {
      if (heapRetained(heap) <= goals.gcPercent && mappedReady(heap) <= goals.memoryLimit) break;
      const before = this.#world.returnCalls;
      const got = heap.scavenge(QUANTUM);
      const calls = Math.max(1, this.#world.returnCalls - before);
      worked += this.#cost.perCall * calls + this.#cost.perPage * Math.ceil(got / 4096);
      released += got;
      if (got < QUANTUM) break;
    }
    if (released === 0) {
      this.#sleepStart = -1;
      this.next = Number.POSITIVE_INFINITY;
      return;
    }
    this.#worked = Math.max(worked, MIN_WORK) * (1 + this.#costRatio);
    this.#sleepStart = at + worked;
    this.next = this.#sleepStart + Math.trunc(this.#worked / this.#sleepRatio);
  }

  #endSleep(slept: number): void {
    const worked = this.#worked;
    this.#sleepStart = -1;
    if (this.#cooldown > 0) {
      this.#cooldown = Math.max(0, this.#cooldown - (slept + worked));
      return;
    }
    const fraction = worked / ((slept + worked) * this.#world.procs);
    this.#sleepRatio = this.#controller.next(fraction, IDEAL_FRACTION, slept + worked);
    if (Number.isNaN(this.#sleepRatio)) {
      this.#sleepRatio = STARTING_SLEEP_RATIO;
      this.#cooldown = COOLDOWN;
    }
  }
}
