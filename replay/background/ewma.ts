import type { Era } from "../../allocator/types.ts";
import { type Background, type BackgroundWorld, heapRetained } from "./background.ts";
import { DEFAULT_RETURN_COST, type ReturnCost } from "./pi.ts";

/** mgcscavenge.go:bgscavenge (Go 1.14-1.17): 1% of one CPU, by a moving average of the share used. */
const PERCENT = 0.01;
const ALPHA = 0.5;
const MAX_CRIT = 10e6;
const SYSMON_DELAY = 5e6;
/** 1.17 bounds the share from below; in 1.14-1.16 the bound is the integer 0. */
const MIN_FRACTION_117 = 0.001;
/** An idle thread waits for timers in epoll_wait, which counts whole milliseconds (netpoll_epoll.go:netpoll). */
const POLL = 1e6;
/** A timer sleeps longer than it is asked to: what a step costs at least. */
const TIMER_SLACK = 60e3;

/** 1.14-1.17: one physical page (or its whole huge page) a step, slept for in proportion. */
export class EwmaScavenger implements Background {
  next = Number.POSITIVE_INFINITY;
  readonly #world: BackgroundWorld;
  readonly #cost: ReturnCost;
  readonly #minFraction: number;
  readonly #wakesBeforeSweep: boolean;
  #ewma = PERCENT;

  constructor(world: BackgroundWorld, era: Era, cost: ReturnCost = DEFAULT_RETURN_COST) {
    this.#world = world;
    this.#cost = cost;
    const minor = Number(/1\.(\d+)/.exec(era.until)?.[1]);
    this.#minFraction = minor >= 17 ? MIN_FRACTION_117 : 0;
    this.#wakesBeforeSweep = minor <= 14;
  }

  paced(now: number): void {
    if (this.#wakesBeforeSweep) this.next = Math.min(this.next, now);
  }

  gcStarted(now: number): void {
    if (!this.#wakesBeforeSweep) this.next = Math.min(this.next, now);
  }

  swept(now: number): void {
    if (!this.#wakesBeforeSweep)
      this.next = Math.min(this.next, this.#world.sysmonLooks?.(now + SYSMON_DELAY) ?? now + SYSMON_DELAY);
  }

  advance(now: number): void {
    while (this.next <= now) {
      const at = this.next;
      const { heap } = this.#world;
      if (heapRetained(heap) <= heap.scavengeGoals.gcPercent) {
        this.next = Number.POSITIVE_INFINITY;
        return;
      }
      const got = heap.scavenge(heap.config.physPageSize);
      if (got === 0) {
        this.next = Number.POSITIVE_INFINITY;
        return;
      }
      const crit = Math.min(MAX_CRIT, this.#cost.perCall + this.#cost.perPage * Math.ceil(got / 4096));
      const adjust = Math.max(this.#ewma, this.#minFraction) / PERCENT;
      const sleep = Math.max(Math.trunc((adjust * crit) / PERCENT), POLL) + TIMER_SLACK;
      this.#ewma = ALPHA * (crit / (crit + sleep)) + (1 - ALPHA) * this.#ewma;
      this.next = at + crit + sleep;
    }
  }
}
