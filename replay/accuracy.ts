import type { Accuracy } from "./result.ts";

/** Running mean of |predicted - measured| over the samples of a run. */
class MeanDifference {
  #sum = 0;
  #count = 0;

  add(predicted: number, measured: number): void {
    if (Number.isNaN(measured) || Number.isNaN(predicted)) return;
    this.#sum += Math.abs(predicted - measured);
    this.#count++;
  }

  over(peak: number): number | null {
    return this.#count > 0 && peak > 0 ? this.#sum / this.#count / peak : null;
  }
}

/**
 * How far a prediction was off: mean absolute differences over the run's samples, as fractions of the measured peak of
 * RSS (one denominator for all three, so that they can be compared).
 */
export class AccuracyCheck {
  samples = 0;
  readonly #rss = new MeanDifference();
  readonly #released = new MeanDifference();
  readonly #inuse = new MeanDifference();
  #peakRss = 0;

  add(
    predicted: { rss: number; released: number; inuse: number },
    measured: { rss: number; released: number; inuse: number },
  ): void {
    this.samples++;
    this.#rss.add(predicted.rss, measured.rss);
    this.#released.add(predicted.released, measured.released);
    this.#inuse.add(predicted.inuse, measured.inuse);
    if (measured.rss > this.#peakRss) this.#peakRss = measured.rss;
  }

  result(): Accuracy | null {
    if (this.samples === 0) return null;
    return {
      rssMape: this.#rss.over(this.#peakRss),
      releasedMape: this.#released.over(this.#peakRss),
      inuseMape: this.#inuse.over(this.#peakRss),
      samples: this.samples,
    };
  }
}
