/** Local peaks of a course that goes up and down. */

/**
 * Indexes of the peaks of `values`, ascending: highest points between two falls (or a fall and an end) of at least `least`, so
 * that a saw's teeth below it do not count. The highest value of all is always one; of equal ones the first.
 */
export function peaksOf(values: ArrayLike<number>, least: number): number[] {
  const peaks: number[] = [];
  if (values.length === 0) return peaks;
  let highest = 0;
  let lowest = 0;
  let rising = true;
  let top = 0;
  for (let i = 1; i < values.length; i++) {
    const v = values[i]!;
    if (v > values[top]!) top = i;
    if (rising) {
      if (v > values[highest]!) highest = i;
      else if (v <= values[highest]! - least) {
        peaks.push(highest);
        rising = false;
        lowest = i;
      }
    } else if (v < values[lowest]!) lowest = i;
    else if (v >= values[lowest]! + least) {
      rising = true;
      highest = i;
    }
  }
  // A rise that nothing followed ends at its highest point.
  if (rising && (peaks.length === 0 || values[highest]! - values[lowest]! >= least)) peaks.push(highest);
  if (!peaks.includes(top)) {
    peaks.push(top);
    peaks.sort((a, b) => a - b);
  }
  return peaks;
}
