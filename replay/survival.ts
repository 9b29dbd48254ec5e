/**
 * How many objects outlive an age, learned from a recording: each mark shows, of everything allocated since the mark before
 * it, what is still alive at its age then. Weighted by bytes; separately for small, middling and large objects, since
 * they live differently.
 */
import { AGES, BINS, binOf, binsBetween, FIRST_AGE } from "./age-bins.ts";

/** Objects are in groups by size: small, middling, and large ones. */
const GROUP_LIMITS = [512, 32 << 10];
export const SIZE_GROUPS = GROUP_LIMITS.length + 1;

export function sizeGroup(size: number): number {
  return size <= GROUP_LIMITS[0]! ? 0 : size <= GROUP_LIMITS[1]! ? 1 : 2;
}

export class Survival {
  readonly #seen = GROUP_LIMITS.concat(0).map(() => new Float64Array(BINS));
  readonly #alive = GROUP_LIMITS.concat(0).map(() => new Float64Array(BINS));
  /** Dead by the end of each bin, 0..1, never decreasing. */
  #dead: Float64Array[] = [];

  /** An object of `size` bytes was met by its first mark at `age` ns, alive or not. */
  observe(size: number, age: number, alive: boolean): void {
    const group = sizeGroup(size);
    const bin = binOf(age);
    this.#seen[group]![bin]! += size;
    if (alive) this.#alive[group]![bin]! += size;
  }

  finish(): void {
    this.#dead = this.#seen.map((seen, group) => monotone(seen, this.#alive[group]!));
  }

  /** Share of bytes dead by `age` ns, 0..1. */
  deadBy(size: number, age: number): number {
    const dead = this.#dead[sizeGroup(size)]!;
    const bin = binOf(age);
    const low = bin > 0 ? dead[bin - 1]! : 0;
    const share = bin === 0 ? age / FIRST_AGE : binsBetween(AGES[bin]!, age);
    return low + (dead[bin]! - low) * Math.min(1, Math.max(0, share));
  }

  /** Age at which an object that was found dead at `age` had died; `draw` in [0, 1) picks it. ns. */
  ageAtDeath(size: number, age: number, draw: number): number {
    const total = this.deadBy(size, age);
    if (total <= 0) return age * draw;
    const wanted = draw * total;
    const dead = this.#dead[sizeGroup(size)]!;
    let low = 0;
    let high = binOf(age);
    while (low < high) {
      const middle = (low + high) >> 1;
      if (dead[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    const before = low > 0 ? dead[low - 1]! : 0;
    const within = dead[low]! > before ? (wanted - before) / (dead[low]! - before) : draw;
    const from = AGES[low]!;
    return Math.min(age, from + (AGES[low + 1]! - from) * within);
  }
}

/**
 * Pool-adjacent-violators over the bins with observations: the non-decreasing curve nearest to the observed shares, weighted
 * by bytes. Bins without observations take the value of the one before.
 */
function monotone(seen: Float64Array, alive: Float64Array): Float64Array {
  const blocks: { weight: number; dead: number; from: number }[] = [];
  for (let bin = 0; bin < BINS; bin++) {
    if (seen[bin] === 0) continue;
    blocks.push({ weight: seen[bin]!, dead: seen[bin]! - alive[bin]!, from: bin });
    while (blocks.length > 1) {
      const last = blocks.at(-1)!;
      const before = blocks.at(-2)!;
      if (before.dead / before.weight <= last.dead / last.weight) break;
      blocks.pop();
      before.weight += last.weight;
      before.dead += last.dead;
    }
  }
  const out = new Float64Array(BINS);
  for (const { weight, dead, from } of blocks) out.fill(dead / weight, from);
  return out;
}
