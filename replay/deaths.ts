/**
 * When objects died, as far as a recording leaves it open. A sweep tells only that an object died between two marks:
 *
 * - One that met no mark alive: at an age drawn from the survival by age that the recording shows (survival.ts).
 * - One that had survived a mark: programs that replace what they keep free as much as they allocate, so that much of it is
 *   spread evenly over the time between the marks. What died beyond that went at one moment, as when a cache is cut
 *   down or a request's data are dropped: the middle of the interval, or another moment for another seed.
 * - After the last mark nothing is told: young objects die by the same curve, older ones as fast as in the last cycles.
 */
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
  readonly end: number;
  readonly seed: number;
}

export function drawDeaths(input: DrawInput): { deadAt: Float64Array; survivors: number } {
  const { time, size, deadIn, marks, survival, end } = input;
  const n = time.length;
  const deadAt = new Float64Array(n);
  if (marks.length === 0) {
    deadAt.fill(Number.POSITIVE_INFINITY);
    return { deadAt, survivors: n };
  }
  const { spread, moments, oldDeathRate } = intervals(input);
  const last = marks.at(-1)!;
  let state = (0x9e3779b9 ^ Math.imul(input.seed, 0x85ebca6b)) | 0;
  let survivors = 0;
  for (let i = 0; i < n; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const draw = (state >>> 8) / 2 ** 24;
    const born = time[i]!;
    const found = deadIn[i]!;
    if (found === ALIVE) {
      const age = end - born;
      if (born >= last) {
        const dead = survival.deadBy(size[i]!, age);
        // The draw within the part that dies is a fresh one.
        deadAt[i] = draw < dead ? born + survival.ageAtDeath(size[i]!, age, draw / dead) : Number.POSITIVE_INFINITY;
      } else {
        // At a constant rate since the last mark.
        const at = oldDeathRate > 0 ? last - Math.log(1 - draw) / oldDeathRate : Number.POSITIVE_INFINITY;
        deadAt[i] = at <= end ? at : Number.POSITIVE_INFINITY;
      }
      if (deadAt[i] === Number.POSITIVE_INFINITY) survivors++;
      continue;
    }
    const interval = Math.min(found, marks.length - 1);
    const mark = marks[interval]!;
    const before = interval > 0 ? marks[interval - 1]! : 0;
    if (born >= before) deadAt[i] = born + survival.ageAtDeath(size[i]!, Math.max(0, mark - born), draw);
    else if (draw < spread[interval]!) deadAt[i] = before + (mark - before) * (draw / spread[interval]!);
    else deadAt[i] = moments[interval]!;
  }
  return { deadAt, survivors };
}

/** For each interval before a mark: which part of the old objects' deaths is spread evenly, and when the rest died. */
function intervals({ time, size, deadIn, marks, seed }: DrawInput) {
  const allocated = new Float64Array(marks.length + 1);
  const oldDead = new Float64Array(marks.length);
  const aliveBefore = new Float64Array(marks.length + 1);
  let mark = 0;
  for (let i = 0; i < time.length; i++) {
    while (mark < marks.length && time[i]! >= marks[mark]!) mark++;
    // `mark` is the first mark after the birth: the interval that ends with it is the object's first.
    allocated[mark]! += size[i]!;
    const found = deadIn[i]!;
    if (found === mark) continue;
    if (found > mark) oldDead[Math.min(found, marks.length - 1)]! += size[i]!;
    // Alive at the marks from `mark` up to the one that found it dead, or the last.
    aliveBefore[Math.min(mark + 1, marks.length)]! += size[i]!;
    if (found >= 0 && found < marks.length) aliveBefore[Math.min(found + 1, marks.length)]! -= size[i]!;
  }
  for (let k = 1; k < aliveBefore.length; k++) aliveBefore[k]! += aliveBefore[k - 1]!;
  const spread = new Float64Array(marks.length);
  const moments = new Float64Array(marks.length);
  let state = Math.imul(seed, 0x27d4eb2f) | 0;
  for (let k = 0; k < marks.length; k++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const before = k > 0 ? marks[k - 1]! : 0;
    spread[k] = oldDead[k]! > 0 ? Math.min(1, allocated[k]! / oldDead[k]!) : 1;
    moments[k] = before + (marks[k]! - before) * (seed === 0 ? 0.5 : (state >>> 8) / 2 ** 24);
  }
  let dead = 0;
  let exposure = 0;
  for (let k = Math.max(1, marks.length - LAST_CYCLES); k < marks.length; k++) {
    dead += Math.min(oldDead[k]!, allocated[k]!);
    exposure += aliveBefore[k]! * (marks[k]! - marks[k - 1]!);
  }
  return { spread, moments, oldDeathRate: exposure > 0 ? dead / exposure : 0 };
}

/** Index of the first of the ascending `values` that is greater than `value`. */
export function firstAfter(values: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
