import { type EventBatch, OBSERVATION, OBSERVATIONS, type ObservationName } from "../parsers/events.ts";

/** Measured samples of one run, by time. NaN where a column was not measured at that moment. */
export class Samples {
  readonly times: number[] = [];
  readonly #columns = new Map<ObservationName, number[]>();

  get length(): number {
    return this.times.length;
  }

  /** Takes the observations out of a batch; other events are ignored. Observations of one time make one sample. */
  add(batch: EventBatch): void {
    for (let i = 0; i < batch.length; i++) {
      if (batch.kind[i] !== OBSERVATION) continue;
      const t = batch.time[i]!;
      let row = this.times.length - 1;
      if (row < 0 || this.times[row] !== t) {
        this.times.push(t);
        row++;
      }
      const name = OBSERVATIONS[batch.aux[i]!]!;
      let column = this.#columns.get(name);
      if (!column) {
        column = [];
        this.#columns.set(name, column);
      }
      while (column.length < row) column.push(Number.NaN);
      column[row] = batch.size[i]!;
    }
  }

  /** Value of a column in sample `i`, NaN if it was not measured. */
  value(name: ObservationName, i: number): number {
    return this.#columns.get(name)?.[i] ?? Number.NaN;
  }

  has(name: ObservationName): boolean {
    return this.#columns.has(name);
  }

  max(name: ObservationName): number {
    let most = Number.NaN;
    for (const value of this.#columns.get(name) ?? []) {
      if (Number.isNaN(most) || value > most) most = value;
    }
    return most;
  }
}
