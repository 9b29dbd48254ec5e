/** Ages of objects in bins by their logarithm: 4 bins per factor of 2, from 1 us on; the first goes from birth. */
const BINS_PER_OCTAVE = 4;
export const FIRST_AGE = 1e3;
export const BINS = 35 * BINS_PER_OCTAVE;

/** Age at which each bin begins, and at which one after the last would end. ns. */
export const AGES = Float64Array.from({ length: BINS + 2 }, (_, bin) =>
  bin === 0 ? 0 : FIRST_AGE * 2 ** (bin / BINS_PER_OCTAVE),
);

/** How many bins lie between two ages, with fractions. */
export function binsBetween(from: number, to: number): number {
  return Math.log2(to / from) * BINS_PER_OCTAVE;
}

export function binOf(age: number): number {
  return age <= FIRST_AGE ? 0 : Math.min(BINS - 1, Math.floor(binsBetween(FIRST_AGE, age)));
}
