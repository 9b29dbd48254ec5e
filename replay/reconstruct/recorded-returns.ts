/**
 * Background return of memory as scavtrace lines tell it: so many bytes since the line before. The rule: between two lines
 * that version's scavenger works as modelled, but never returns more than the second line says; what it is short of
 * then, it returns at the line. After the last line the model goes on alone.
 */
import type { Background, BackgroundWorld } from "../background/background.ts";

/** What the lines say, in order of time; may grow while it is replayed. */
export interface Returns {
  /** ns. */
  readonly times: number[];
  /** Bytes since the line before; Infinity: everything that is free, at once. */
  readonly bytes: number[];
}

export function newReturns(): Returns {
  return { times: [], bytes: [] };
}

export class RecordedReturns implements Background {
  readonly #world: BackgroundWorld;
  readonly #model: Background;
  readonly #returns: Returns;
  #line = 0;
  #before: number;

  constructor(world: BackgroundWorld, model: Background, returns: Returns) {
    this.#world = world;
    this.#model = model;
    this.#returns = returns;
    this.#before = world.heap.stats.returned.background;
  }

  get next(): number {
    const due = this.#returns.times[this.#line] ?? Number.POSITIVE_INFINITY;
    return this.#spent ? due : Math.min(due, this.#model.next);
  }

  /** Whether the budget until the next line is used up. */
  get #spent(): boolean {
    const budget = this.#returns.bytes[this.#line];
    return budget !== undefined && this.#world.heap.stats.returned.background - this.#before >= budget;
  }

  advance(now: number): void {
    const { times, bytes } = this.#returns;
    while (this.next <= now) {
      const at = this.next;
      if (this.#line < times.length && times[this.#line]! <= at) this.#end(bytes[this.#line]!);
      else this.#model.advance(at);
    }
  }

  #end(budget: number): void {
    const { heap } = this.#world;
    if (budget === Number.POSITIVE_INFINITY) heap.scavengeAll();
    else {
      const short = budget - (heap.stats.returned.background - this.#before);
      if (short >= heap.config.physPageSize) heap.scavenge(short);
    }
    this.#before = heap.stats.returned.background;
    this.#line++;
  }

  paced(now: number): void {
    this.#model.paced(now);
  }

  gcStarted(now: number): void {
    this.#model.gcStarted(now);
  }

  swept(now: number): void {
    this.#model.swept(now);
  }
}

/** For recordings that tell each page returned: nothing of the model's own. */
export class NoReturns implements Background {
  readonly next = Number.POSITIVE_INFINITY;
  advance(): void {}
  paced(): void {}
  gcStarted(): void {}
  swept(): void {}
}
