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
  readonly #scavenge: (bytes: number) => number;
  #line = 0;
  #before: number;

  constructor(world: BackgroundWorld, model: Background, returns: Returns) {
    const { heap } = world;
    this.#world = world;
    this.#model = model;
    this.#returns = returns;
    this.#before = heap.stats.returned.background;
    this.#scavenge = heap.scavenge.bind(heap);
    // The model finds nothing more to return once the line's figure is reached, and so parks as the runtime's did.
    heap.scavenge = (bytes) => {
      const left = this.#left;
      return left < heap.config.physPageSize ? 0 : this.#scavenge(Math.min(bytes, left));
    };
  }

  get next(): number {
    return Math.min(this.#returns.times[this.#line] ?? Number.POSITIVE_INFINITY, this.#model.next);
  }

  /** Bytes of the next line's figure that are still to be returned. */
  get #left(): number {
    const budget = this.#returns.bytes[this.#line] ?? Number.POSITIVE_INFINITY;
    return budget - (this.#world.heap.stats.returned.background - this.#before);
  }

  advance(now: number): void {
    const { times, bytes } = this.#returns;
    while (this.next <= now) {
      const due = times[this.#line] ?? Number.POSITIVE_INFINITY;
      if (due <= this.#model.next) this.#end(bytes[this.#line]!);
      else this.#model.advance(this.#model.next);
    }
  }

  #end(budget: number): void {
    const { heap } = this.#world;
    if (budget === Number.POSITIVE_INFINITY) heap.scavengeAll();
    else if (this.#left >= heap.config.physPageSize) this.#scavenge(this.#left);
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
