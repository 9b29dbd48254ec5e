/**
 * How long objects live, learned from a recording: each was alive at the last mark that kept it and dead at the one that
 * did not, so its age at death lies in an interval. The distribution under which all these intervals are likeliest
 * (Turnbull's estimator, by its self-consistency equations), weighted by bytes; separately for small, middling and large
 * objects. For programs that allocate in bursts: there marks are far apart and at odd moments, and the ages at death of
 * other bursts tell more of what died between two marks than survival.ts, which looks at first marks only.
 */
import { AGES, BINS, binOf } from "./age-bins.ts";
import { SIZE_GROUPS, sizeGroup } from "./survival.ts";

/** The bin of whatever outlives them all. */
const FOREVER = BINS;
/** Rounds of the fixed-point iteration; what mass still moves after so many lies within intervals that say nothing of it. */
const ROUNDS = 120;

export interface LifetimesInput {
  /** Birth of each object, ns, ascending. */
  readonly time: Float64Array;
  readonly size: Float64Array;
  /** Index of the mark that found it dead, -1 if none did. */
  readonly deadIn: ArrayLike<number>;
  /** When each mark began, ascending. */
  readonly marks: readonly number[];
}

export class Lifetimes {
  /** Bytes by the bins of the last age seen alive and the first seen dead. */
  readonly #seen = Array.from({ length: SIZE_GROUPS }, () => new Float64Array((BINS + 1) * (BINS + 1)));
  /** Dead by the beginning of each bin, 0..1, never decreasing. */
  #dead: Float64Array[] = [];

  /** Learns from objects that were allocated in the recording and met a mark: only their ages are known. */
  static of({ time, size, deadIn, marks }: LifetimesInput): Lifetimes {
    const lifetimes = new Lifetimes();
    const last = marks.length - 1;
    for (let i = 0; i < time.length; i++) {
      const born = time[i]!;
      if (born <= 0) continue;
      if (last < 0 || born >= marks[last]!) break;
      const found = deadIn[i]!;
      const seen = found < 0 ? marks[last]! : found > 0 ? marks[Math.min(found, last + 1) - 1]! : 0;
      const dead = found < 0 || found > last ? Number.POSITIVE_INFINITY : marks[found]! - born;
      lifetimes.observe(size[i]!, Math.max(0, seen - born), Math.max(0, dead));
    }
    lifetimes.finish();
    return lifetimes;
  }

  /** An object of `size` bytes was alive at the age of `from` ns (0: at birth) and found dead at `to` (Infinity: never). */
  observe(size: number, from: number, to: number): void {
    const last = to === Number.POSITIVE_INFINITY ? FOREVER : binOf(to);
    this.#seen[sizeGroup(size)]![binOf(from) * (BINS + 1) + last]! += size;
  }

  finish(): void {
    this.#dead = this.#seen.map(likeliest);
  }

  /** Share of bytes dead by `age` ns, 0..1. */
  deadBy(size: number, age: number): number {
    const dead = this.#dead[sizeGroup(size)]!;
    const bin = binOf(age);
    const from = AGES[bin]!;
    const share = Math.min(1, (age - from) / (AGES[bin + 1]! - from));
    return dead[bin]! + (dead[bin + 1]! - dead[bin]!) * share;
  }

  /** Age at death, up to `to`, of an object that was alive at the age of `from`; null if it lives on. `draw` in [0, 1). ns. */
  deathAfter(size: number, from: number, to: number, draw: number): number | null {
    const gone = this.deadBy(size, from);
    const dead = gone < 1 ? (this.deadBy(size, to) - gone) / (1 - gone) : 0;
    return draw < dead ? this.ageAtDeath(size, from, to, draw / dead) : null;
  }

  /** Age at death of an object that died between the ages of `from` and `to`; `draw` in [0, 1) picks it. ns. */
  ageAtDeath(size: number, from: number, to: number, draw: number): number {
    const low = this.deadBy(size, from);
    const mass = this.deadBy(size, to) - low;
    if (mass <= 1e-12) return from + (to - from) * draw;
    const wanted = low + draw * mass;
    const dead = this.#dead[sizeGroup(size)]!;
    // The last bin that begins at or before the wanted share.
    let first = binOf(from);
    let last = binOf(to);
    while (first < last) {
      const middle = (first + last + 1) >> 1;
      if (dead[middle]! <= wanted) first = middle;
      else last = middle - 1;
    }
    const width = dead[first + 1]! - dead[first]!;
    const within = width > 0 ? (wanted - dead[first]!) / width : draw;
    const begin = AGES[first]!;
    return Math.min(to, Math.max(from, begin + (AGES[first + 1]! - begin) * within));
  }
}

/** The distribution of ages at death as the share dead by the beginning of each bin. */
function likeliest(seen: Float64Array): Float64Array {
  const froms: number[] = [];
  const tos: number[] = [];
  const weights: number[] = [];
  let total = 0;
  for (let cell = 0; cell < seen.length; cell++) {
    const weight = seen[cell]!;
    if (weight === 0) continue;
    froms.push(Math.floor(cell / (BINS + 1)));
    tos.push(cell % (BINS + 1));
    weights.push(weight);
    total += weight;
  }
  const mass = new Float64Array(BINS + 1).fill(1 / (BINS + 1));
  const below = new Float64Array(BINS + 2);
  const share = new Float64Array(BINS + 2);
  for (let round = 0; round < (total > 0 ? ROUNDS : 0); round++) {
    for (let bin = 0; bin <= BINS; bin++) below[bin + 1] = below[bin]! + mass[bin]!;
    // Each interval spreads its bytes over its bins as the mass is: sums of weight / mass begin and end with it.
    share.fill(0);
    for (let i = 0; i < weights.length; i++) {
      const inside = below[tos[i]! + 1]! - below[froms[i]!]!;
      if (inside <= 0) continue;
      const density = weights[i]! / inside;
      share[froms[i]!]! += density;
      share[tos[i]! + 1]! -= density;
    }
    let running = 0;
    for (let bin = 0; bin <= BINS; bin++) {
      running += share[bin]!;
      mass[bin] = (mass[bin]! * Math.max(0, running)) / total;
    }
  }
  const dead = new Float64Array(BINS + 1);
  if (total === 0) return dead;
  for (let bin = 0; bin < BINS; bin++) dead[bin + 1] = Math.min(1, dead[bin]! + mass[bin]!);
  return dead;
}
