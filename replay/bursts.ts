/** Whether a program allocates all the time or in bursts, with waits between. */
import { firstAfter } from "./deaths.ts";

/** Parts that an interval's time is cut into, and how many of them at least hold half of what is allocated when that goes on evenly. */
const PARTS = 64;
const EVEN_PARTS = 8;

/**
 * For the interval before each mark, and the one from the last mark to the end: 1 where half of what is allocated is so in
 * less than an eighth of the time, else 0. `time` and `marks` ascend.
 */
export function burstyIntervals(time: Float64Array, size: Float64Array, marks: readonly number[], end: number) {
  const bursty = new Uint8Array(marks.length + 1);
  const parts = new Float64Array(PARTS);
  for (let k = 0; k <= marks.length; k++) {
    const from = k > 0 ? marks[k - 1]! : 0;
    const to = marks[k] ?? end;
    const width = Math.max(1, to - from) / PARTS;
    parts.fill(0);
    let all = 0;
    for (let i = firstAfter(time, from); i < time.length && time[i]! < to; i++) {
      parts[Math.min(PARTS - 1, Math.floor((time[i]! - from) / width))]! += size[i]!;
      all += size[i]!;
    }
    parts.sort();
    let held = 0;
    let needed = 0;
    while (needed < PARTS && held < all / 2) held += parts[PARTS - 1 - needed++]!;
    bursty[k] = all > 0 && needed < EVEN_PARTS ? 1 : 0;
  }
  return bursty;
}
