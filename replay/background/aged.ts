import type { Background, BackgroundWorld } from "./background.ts";

/** proc.go:sysmon (Go 1.11, 1.12): a look every 150 s at spans unused for 300 s; late by sysmon's own sleep when all is idle. */
const SCAVENGE_LIMIT = 300e9;
const PERIOD = SCAVENGE_LIMIT / 2;

/** Up to 1.12: what has been free for five minutes goes back. */
export class AgedScavenger implements Background {
  next = PERIOD;
  readonly #world: BackgroundWorld;

  constructor(world: BackgroundWorld) {
    this.#world = world;
  }

  advance(now: number): void {
    while (this.next <= now) {
      const { heap, sysmonLooks } = this.#world;
      this.next = sysmonLooks?.(this.next) ?? this.next;
      if (this.next > now) return;
      heap.now = this.next;
      heap.scavengeAged(this.next, SCAVENGE_LIMIT);
      this.next += PERIOD;
    }
  }

  paced(): void {}
  gcStarted(): void {}
  swept(): void {}
}
