import { type Background, type BackgroundWorld, heapRetained } from "./background.ts";

/** mgcscavenge.go (Go 1.13): 1 ms per physical page or huge page to return; a step releases what the line asks for. */
const PER_PAGE = 1e6;
const SLACK = 100e3;
const FIRST_EMPTY_SLEEP = 100e3;
const MIN_STEP = 20e3;

/** 1.13: the retained heap follows a line down from where it was when the GC ended to the goal. */
export class LineScavenger implements Background {
  next = Number.POSITIVE_INFINITY;
  readonly #world: BackgroundWorld;
  /** Bytes per ns; 0 when parked. */
  #rate = 0;
  #from = 0;
  #start = 0;
  #emptySleep = FIRST_EMPTY_SLEEP;

  constructor(world: BackgroundWorld) {
    this.#world = world;
  }

  /** gcPaceScavenger. */
  paced(now: number): void {
    const { heap } = this.#world;
    const { physPageSize, physHugePageSize } = heap.config;
    const goal = heap.scavengeGoals.gcPercent;
    const retained = heapRetained(heap);
    if (!Number.isFinite(goal) || retained <= goal) {
      this.#rate = 0;
      this.next = Number.POSITIVE_INFINITY;
      return;
    }
    const work = retained - goal;
    const hugeFree = (heap.unscavHugePages ?? 0) * physHugePageSize;
    const huge = physHugePageSize > 0 ? Math.min(hugeFree, Math.floor(work / physHugePageSize) * physHugePageSize) : 0;
    const time =
      (physHugePageSize > 0 ? (huge / physHugePageSize) * PER_PAGE : 0) + ((work - huge) / physPageSize) * PER_PAGE;
    this.#rate = work / Math.max(time, 1);
    this.#from = retained;
    this.#start = now;
    this.#emptySleep = FIRST_EMPTY_SLEEP;
    // 1.13 is woken at mark termination, before sweeping.
    this.next = now + MIN_STEP;
  }

  gcStarted(): void {}

  swept(): void {}

  advance(now: number): void {
    while (this.next <= now && this.#rate > 0) this.#step(this.next);
  }

  #step(at: number): void {
    const { heap } = this.#world;
    const retained = heapRetained(heap);
    if (retained <= heap.scavengeGoals.gcPercent) {
      this.#rate = 0;
      this.next = Number.POSITIVE_INFINITY;
      return;
    }
    const wanted = this.#from - this.#rate * (at - this.#start);
    if (retained <= wanted) {
      // Ahead of the line: sleep until it is crossed.
      this.next = at + Math.max(SLACK, (wanted - retained) / this.#rate);
      return;
    }
    const released = heap.scavenge(retained - wanted);
    if (released === 0) {
      this.next = at + this.#emptySleep;
      this.#emptySleep *= 2;
      return;
    }
    this.#emptySleep = FIRST_EMPTY_SLEEP;
    const extra = released - (retained - wanted);
    this.next = at + Math.max(MIN_STEP, extra > 0 ? extra / this.#rate : MIN_STEP);
  }
}
