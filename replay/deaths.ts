/**
 * When objects died, as far as a recording leaves it open. A sweep tells only that an object died between two marks:
 *
 * - One that met no mark alive: at an age drawn from the survival by age that the recording shows (survival.ts).
 * - One that had survived a mark: programs that replace what they keep free as much as they allocate, so that much of it is
 *   spread evenly between the marks, over what is allocated. What died beyond that went at one moment, as when a cache is cut
 *   down or a request's data are dropped: the middle of the interval, or another moment for another seed.
 * - Where a program allocates in bursts, with waits between, marks come in the bursts: what died between two of them is
 *   drawn by its age from the ages at death of all bursts (lifetimes.ts).
 * - After the last mark nothing is told: young objects die by the same curve, older ones as fast as in the last cycles.
 *
 * What a P allocates one after the other and one mark found dead shares its draw.
 *
 * Marks come after so many bytes allocated, whatever the program is doing then. So what is alive at marks is a fair sample
 * of what is alive at any byte allocated, and a draw after which more (or less) is alive between marks than at them is
 * wrong: all draws are bent towards earlier (later) deaths until the two agree.
 */
import { burstyIntervals } from "./bursts.ts";
import type { Lifetimes } from "./lifetimes.ts";
import type { Survival } from "./survival.ts";

const ALIVE = -1;
/** Cycles whose deaths stand for those after the last mark. */
const LAST_CYCLES = 3;

export interface DrawInput {
  /** Birth of each object, ns, ascending. */
  readonly time: Float64Array;
  readonly size: Float64Array;
  /** Index of the mark that found it dead, -1 if none did. */
  readonly deadIn: ArrayLike<number>;
  /** When each mark began, ascending. */
  readonly marks: readonly number[];
  readonly survival: Survival;
  /** Ages at death, for the intervals in which allocation comes in bursts; without it those are treated like the others. */
  readonly lifetimes?: Lifetimes;
  readonly end: number;
  /** P that allocated each, -1 where not known. */
  readonly p: Int16Array;
}

/** Deaths to be drawn, time and again, each seed another way; 0 is the middle of what is possible. */
export class DeathDraws {
  readonly #input: DrawInput;
  readonly #facts: Intervals;
  readonly #bends: Float64Array;

  constructor(input: DrawInput) {
    this.#input = input;
    this.#facts = intervals(input);
    this.#bends = fairBends(input, this.#facts);
  }

  draw(seed: number): { deadAt: Float64Array; survivors: number } {
    const { time, size, deadIn, marks, survival, lifetimes, end } = this.#input;
    const n = time.length;
    const deadAt = new Float64Array(n);
    if (marks.length === 0) {
      deadAt.fill(Number.POSITIVE_INFINITY);
      return { deadAt, survivors: n };
    }
    const facts = this.#facts;
    const bends = this.#bends;
    const { oldDeathRate } = facts;
    const moments = momentsOf(this.#input, facts, seed);
    const last = marks.at(-1)!;
    const draws = new SharedDraws(this.#input, seed, facts.allocatedBefore[n]!);
    let survivors = 0;
    for (let i = 0; i < n; i++) {
      const draw = draws.of(i);
      const born = time[i]!;
      if (deadIn[i] !== ALIVE) {
        deadAt[i] = deathOf(this.#input, facts, moments, i, draw, bends[Math.min(deadIn[i]!, marks.length - 1)]!);
        continue;
      }
      const age = end - born;
      if (born > 0 && lifetimes && facts.bursty[marks.length] === 1) {
        const at = lifetimes.deathAfter(size[i]!, Math.max(0, last - born), age, draw);
        deadAt[i] = at === null ? Number.POSITIVE_INFINITY : born + at;
      } else if (born >= last) {
        const dead = survival.deadBy(size[i]!, age);
        // The draw within the part that dies is a fresh one.
        deadAt[i] =
          draw < dead
            ? born + survival.ageAtDeath(size[i]!, age, (draw / dead) ** bends[marks.length - 1]!)
            : Number.POSITIVE_INFINITY;
      } else {
        // At a constant rate since the last mark.
        const at = oldDeathRate > 0 ? last - Math.log(1 - draw) / oldDeathRate : Number.POSITIVE_INFINITY;
        deadAt[i] = at <= end ? at : Number.POSITIVE_INFINITY;
      }
      if (deadAt[i] === Number.POSITIVE_INFINITY) survivors++;
    }
    return { deadAt, survivors };
  }
}

/** Bytes allocated one after the other that share a draw: some spans full, and a small part of what is allocated between marks. */
const TOGETHER = 64 << 10;
const PART_OF_INTERVAL = 1 / 64;
/** Step by the golden ratio: wherever the sequence is cut off, its values lie evenly in [0, 1). */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * One draw for objects that a P allocated one after the other and that one mark found dead: parts of one structure or request
 * mostly, which die together, so that their spans come free as wholes. Drawn one by one they would leave spans half full.
 */
class SharedDraws {
  readonly #input: DrawInput;
  readonly #random: () => number;
  /** Draw of each P and mark, and the bytes that are still to share it. */
  readonly #drawn: Float64Array;
  readonly #left: Float64Array;
  readonly #marks: number;
  readonly #together: number;

  /** `all`: bytes of all objects. */
  constructor(input: DrawInput, seed: number, all: number) {
    this.#input = input;
    this.#random = newRandom(seed);
    this.#marks = input.marks.length + 2;
    this.#together = Math.min(TOGETHER, (all / this.#marks) * PART_OF_INTERVAL);
    let procs = 0;
    for (const p of input.p) if (p > procs) procs = p;
    this.#drawn = new Float64Array(this.#marks * (procs + 2)).fill(-1);
    this.#left = new Float64Array(this.#marks * (procs + 2));
  }

  /** In [0, 1), for object `i`; called for each in order. */
  of(i: number): number {
    const { size, deadIn, marks, p } = this.#input;
    const at = (p[i]! + 1) * this.#marks + Math.min(deadIn[i]!, marks.length) + 1;
    if (this.#left[at]! <= 0) {
      // Next to each other deaths are far apart: as even as they can be, without a pattern.
      this.#drawn[at] = this.#drawn[at]! < 0 ? this.#random() : (this.#drawn[at]! + GOLDEN) % 1;
      this.#left[at] = this.#together;
    }
    this.#left[at]! -= size[i]!;
    return this.#drawn[at]!;
  }
}

function newRandom(seed: number): () => number {
  let state = (0x9e3779b9 ^ Math.imul(seed, 0x85ebca6b)) | 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** When an object died that a mark found dead. */
function deathOf(
  { time, size, deadIn, marks, survival, lifetimes }: DrawInput,
  facts: Intervals,
  moments: Float64Array,
  i: number,
  draw: number,
  bend: number,
) {
  const interval = Math.min(deadIn[i]!, marks.length - 1);
  const mark = marks[interval]!;
  const before = interval > 0 ? marks[interval - 1]! : 0;
  const born = time[i]!;
  if (born > 0 && lifetimes && facts.bursty[interval] === 1) {
    return born + lifetimes.ageAtDeath(size[i]!, Math.max(0, before - born), Math.max(0, mark - born), draw);
  }
  if (born >= before) return born + survival.ageAtDeath(size[i]!, Math.max(0, mark - born), draw ** bend);
  const spread = facts.spread[interval]!;
  return draw < spread ? evenly(time, facts, interval, (draw / spread) ** bend, before, mark) : moments[interval]!;
}

/** The moment between two marks by which `share` (0..1) of what is allocated between them was. */
function evenly(time: Float64Array, facts: Intervals, interval: number, share: number, before: number, mark: number) {
  const { allocatedBefore, firstBorn } = facts;
  const from = firstBorn[interval]!;
  const to = firstBorn[interval + 1]!;
  // Nothing takes the place of what died: any moment is as good.
  if (from === to) return before + (mark - before) * share;
  const bytes = allocatedBefore[from]! + (allocatedBefore[to]! - allocatedBefore[from]!) * share;
  return time[Math.max(from, firstAfter(allocatedBefore, bytes, from, to) - 1)]!;
}

const BENDS = [0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8];
const SAMPLED = 200_000;

/** Marks at which about as much is alive: what lies between should be, too. */
const STEADY = 0.15;

/**
 * Whether the marks around interval `k`, and those next to them, find about as much alive. Two alone tell little: in a heap that
 * grows and drops between marks they are alike by chance, or because both came at its height.
 */
function steady(aliveAt: Float64Array, k: number): boolean {
  const around = aliveAt.subarray(Math.max(1, k - 1), k + 3);
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const alive of around) {
    least = Math.min(least, alive);
    most = Math.max(most, alive);
  }
  return most - least < STEADY * most;
}

/**
 * For each interval the bend under which as much is alive in it, by bytes allocated, as at its ends. Where a heap grows or
 * falls that says little of one interval: it takes the bend that is right for the median of all.
 */
function fairBends(input: DrawInput, facts: Intervals): Float64Array {
  const { time, size, deadIn, marks } = input;
  const n = time.length;
  const { allocatedBefore, firstBorn, aliveAt, oldDead, allocated } = facts;
  const moments = momentsOf(input, facts, 0);
  const startOf = (k: number) => allocatedBefore[firstBorn[k]!]!;
  const endOf = (k: number) => allocatedBefore[firstBorn[k + 1]!]!;
  // Bytes alive times bytes allocated, in each interval: what was alive before it and survives it, and what it should be.
  const excess = new Float64Array(marks.length);
  const scale = new Float64Array(marks.length);
  for (let k = 0; k < marks.length; k++) {
    const before = aliveAt[k]!;
    const after = aliveAt[k + 1]!;
    const progress = endOf(k) - startOf(k);
    excess[k] = progress * (before - oldDead[k]! - (before + after) / 2);
    scale[k] = progress * Math.max(before, after, 1);
    // The first interval starts anywhere, and one without allocations tells nothing.
    if (k === 0 || allocated[k] === 0) scale[k] = 0;
  }
  const stride = Math.max(1, Math.floor(n / SAMPLED));
  const sample: number[] = [];
  for (let i = 0; i < n; i += stride) {
    const first = firstAfter(marks, time[i]!);
    if (first === marks.length) break;
    if (deadIn[i] !== first && time[i]! > 0) excess[first]! += stride * size[i]! * (endOf(first) - allocatedBefore[i]!);
    if (deadIn[i] === ALIVE) continue;
    // Only intervals that are asked below.
    const found = Math.min(deadIn[i]!, marks.length - 1);
    if (scale[found] !== 0 && facts.bursty[found] !== 1) sample.push(i);
  }
  let best = 1;
  let least = Number.POSITIVE_INFINITY;
  const own = new Float64Array(marks.length);
  const ownLeast = new Float64Array(marks.length).fill(Number.POSITIVE_INFINITY);
  for (const bend of BENDS) {
    const random = newRandom(0);
    const sum = excess.slice();
    for (const i of sample) {
      const k = Math.min(deadIn[i]!, marks.length - 1);
      const from = Math.max(startOf(k), allocatedBefore[i]!);
      const at = deathOf(input, facts, moments, i, random(), bend);
      // No object dies before its birth, nor before the mark that it survived or after the one that did not find it.
      const to = allocatedBefore[firstAfter(time, at, Math.max(i, firstBorn[k]!), firstBorn[k + 1])]!;
      sum[k]! += stride * size[i]! * Math.max(0, to - from);
    }
    const shares: number[] = [];
    for (let k = 0; k < marks.length; k++) {
      if (scale[k] === 0 || facts.bursty[k] === 1) continue;
      const share = sum[k]! / scale[k]!;
      shares.push(share);
      if (Math.abs(share) < ownLeast[k]!) {
        ownLeast[k] = Math.abs(share);
        own[k] = bend;
      }
    }
    shares.sort((a, b) => a - b);
    // The median: an interval with a mass death says little about the others.
    const off = Math.abs(shares[shares.length >> 1] ?? 0);
    if (off < least - 1e-6 || (off <= least + 1e-6 && bend === 1)) {
      least = off;
      best = bend;
    }
  }
  return own.map((bend, k) => {
    // Where allocation comes in bursts so do marks, and they are no fair sample.
    if (facts.bursty[k] === 1) return 1;
    return bend > 0 && steady(aliveAt, k) ? bend : best;
  });
}

interface Intervals {
  /** Part of the old objects' deaths in the interval before each mark that is spread evenly. */
  readonly spread: Float64Array;
  /** Share of old bytes that dies in a ns after the last mark. */
  readonly oldDeathRate: number;
  /** Bytes of objects with a lower index. */
  readonly allocatedBefore: Float64Array;
  /** The first object of each interval, and of what comes after the last mark. */
  readonly firstBorn: Int32Array;
  /** Bytes alive at the beginning of each interval, and at the last mark. */
  readonly aliveAt: Float64Array;
  /** Bytes that had survived a mark and died in the interval. */
  readonly oldDead: Float64Array;
  readonly allocated: Float64Array;
  /** 1 for intervals in which allocation comes in bursts; the last one goes from the last mark to the end. */
  readonly bursty: Uint8Array;
}

/** When those of the old objects died, in each interval before a mark, that are not spread evenly over it. */
function momentsOf({ time, marks }: DrawInput, facts: Intervals, seed: number): Float64Array {
  let state = Math.imul(seed, 0x27d4eb2f) | 0;
  return Float64Array.from(marks, (mark, k) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const before = k > 0 ? marks[k - 1]! : 0;
    return evenly(time, facts, k, seed === 0 ? 0.5 : (state >>> 8) / 2 ** 24, before, mark);
  });
}

/** What the marks tell of the intervals before them. */
function intervals({ time, size, deadIn, marks, lifetimes, end }: DrawInput): Intervals {
  const allocatedBefore = bytesBefore(size);
  const firstBorn = Int32Array.from([0, ...marks], (from) => firstAfter(time, from));
  const aliveAt = new Float64Array(marks.length + 1);
  const allocated = new Float64Array(marks.length + 1);
  const oldDead = new Float64Array(marks.length);
  const aliveBefore = new Float64Array(marks.length + 1);
  let mark = 0;
  for (let i = 0; i < time.length; i++) {
    while (mark < marks.length && time[i]! >= marks[mark]!) mark++;
    // `mark` is the first mark after the birth: the interval that ends with it is the object's first.
    const bytes = size[i]!;
    allocated[mark]! += bytes;
    const found = deadIn[i]!;
    if (time[i]! <= 0) aliveAt[0]! += bytes;
    if (found === mark) continue;
    if (found > mark) oldDead[Math.min(found, marks.length - 1)]! += size[i]!;
    // Alive at the marks from `mark` up to the one that found it dead, or the last.
    aliveBefore[Math.min(mark + 1, marks.length)]! += size[i]!;
    if (found >= 0 && found < marks.length) aliveBefore[Math.min(found + 1, marks.length)]! -= size[i]!;
  }
  for (let k = 1; k < aliveBefore.length; k++) aliveBefore[k]! += aliveBefore[k - 1]!;
  for (let k = 1; k < aliveAt.length; k++) aliveAt[k] = aliveBefore[k]!;
  const spread = new Float64Array(marks.length);
  for (let k = 0; k < marks.length; k++) {
    spread[k] = oldDead[k]! > 0 ? Math.min(1, allocated[k]! / oldDead[k]!) : 1;
  }
  const bursty = lifetimes ? burstyIntervals(time, size, marks, end) : new Uint8Array(marks.length + 1);
  let dead = 0;
  let exposure = 0;
  for (let k = Math.max(1, marks.length - LAST_CYCLES); k < marks.length; k++) {
    dead += Math.min(oldDead[k]!, allocated[k]!);
    exposure += aliveBefore[k]! * (marks[k]! - marks[k - 1]!);
  }
  const oldDeathRate = exposure > 0 ? dead / exposure : 0;
  return { spread, oldDeathRate, allocatedBefore, firstBorn, aliveAt, oldDead, allocated, bursty };
}

/** For each index, and the end: bytes of the objects before it. */
export function bytesBefore(size: Float64Array): Float64Array {
  const before = new Float64Array(size.length + 1);
  for (let i = 0; i < size.length; i++) before[i + 1] = before[i]! + size[i]!;
  return before;
}

/** Index of the first of the ascending `values` from `low` up to `high` that is greater than `value`; `high` if none is. */
export function firstAfter(values: ArrayLike<number>, value: number, low = 0, high = values.length): number {
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
