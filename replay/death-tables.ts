/** What a mark at any moment would find, by tables over the deaths of a program. */
import { bytesBefore, firstAfter } from "./deaths.ts";
import type { Program } from "./program.ts";

/** Columns of `Deaths`, to be shared between threads. */
export interface DeathTables {
  /** Bytes of objects with a lower index. */
  readonly allocatedBefore: Float64Array;
  /** Times of death, ascending, and the bytes that died before each. */
  readonly deathTime: Float64Array;
  readonly deadBefore: Float64Array;
}

export function deathTables(program: Program, allocatedBefore = bytesBefore(program.size)): DeathTables {
  const { deadAt, size } = program;
  // A sort by a comparison of our own would take longer than all the rest.
  const sorted = deadAt.slice().sort();
  const deathTime = sorted.subarray(0, firstAfter(sorted, Number.MAX_VALUE));
  const deadBefore = new Float64Array(deathTime.length + 1);
  // Of those that died at one moment the last one has all: it is the one that is looked up.
  for (let i = 0; i < deadAt.length; i++) {
    if (deadAt[i]! < Number.POSITIVE_INFINITY) deadBefore[firstAfter(deathTime, deadAt[i]!)]! += size[i]!;
  }
  for (let i = 0; i < deathTime.length; i++) deadBefore[i + 1]! += deadBefore[i]!;
  return { allocatedBefore, deathTime, deadBefore };
}

/** Bytes allocated and dead by time: what a mark at any moment would find. Shared by every run of one program. */
export class Deaths {
  readonly #time: Float64Array;
  readonly #allocatedBefore: Float64Array;
  readonly #deathTime: Float64Array;
  readonly #deadBefore: Float64Array;

  constructor(program: Program, tables: DeathTables = deathTables(program)) {
    this.#time = program.time;
    this.#allocatedBefore = tables.allocatedBefore;
    this.#deathTime = tables.deathTime;
    this.#deadBefore = tables.deadBefore;
  }

  /** Bytes reachable at `t`. */
  liveAt(t: number): number {
    return this.#allocatedBefore[firstAfter(this.#time, t)]! - this.#deadBefore[firstAfter(this.#deathTime, t)]!;
  }

  /** Bytes that a mark from `start` to `end` leaves: reachable at its start, and all that is allocated during it. */
  marked(start: number, end: number): number {
    return this.#allocatedBefore[firstAfter(this.#time, end)]! - this.#deadBefore[firstAfter(this.#deathTime, start)]!;
  }
}
