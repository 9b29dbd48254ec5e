import { PAGE_STATES } from "../allocator/types.ts";
import type { Machine } from "./machine.ts";
import type { HeapMap } from "./result.ts";

const CHUNK = 4 << 20;
const PAGES = 512;
/** Snapshots kept; when there are more, every other one goes and the next ones are taken half as often. */
const MAX_MAPS = 256;

const IN_USE = PAGE_STATES.indexOf("in-use");
const CACHED = PAGE_STATES.indexOf("cached");
const FREE = PAGE_STATES.indexOf("free");
const RELEASED = PAGE_STATES.indexOf("released");

/** Heap maps over time, at bounded cost. */
export class HeapMaps {
  readonly #machine: Machine;
  #maps: HeapMap[] = [];
  #interval = 1e6;
  #next = 0;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Takes a map if one is due at `t` (or anyway). */
  take(t: number, anyway = false): void {
    if (t < this.#next && !anyway) return;
    this.#maps.push(this.#snapshot(t));
    this.#next = t + this.#interval;
    if (this.#maps.length >= MAX_MAPS) {
      this.#maps = this.#maps.filter((_, i) => i % 2 === 0);
      const span = this.#maps.at(-1)!.t - this.#maps[0]!.t;
      this.#interval = Math.max(this.#interval * 2, span / (MAX_MAPS / 2));
    }
  }

  /** The last map at or before `t`. */
  at(t: number): HeapMap | null {
    let found: HeapMap | null = this.#maps[0] ?? null;
    for (const map of this.#maps) {
      if (map.t > t) break;
      found = map;
    }
    return found;
  }

  #snapshot(t: number): HeapMap {
    const { heap } = this.#machine;
    const bases: number[] = [];
    for (const [base, limit] of heap.ranges()) {
      for (let chunk = Math.floor(base / CHUNK) * CHUNK; chunk < limit; chunk += CHUNK) bases.push(chunk);
    }
    const map: HeapMap = {
      t,
      chunkBase: Float64Array.from(bases),
      inUse: new Uint16Array(bases.length),
      cached: new Uint16Array(bases.length),
      free: new Uint16Array(bases.length),
      released: new Uint16Array(bases.length),
    };
    const states = new Uint8Array(PAGES);
    for (let i = 0; i < bases.length; i++) {
      heap.pageStates(bases[i]!, states);
      for (let page = 0; page < PAGES; page++) {
        const state = states[page];
        if (state === IN_USE) map.inUse[i]!++;
        else if (state === CACHED) map.cached[i]!++;
        else if (state === FREE) map.free[i]!++;
        else if (state === RELEASED) map.released[i]!++;
      }
    }
    return map;
  }
}
