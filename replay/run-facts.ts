/**
 * What a result does not keep of a run's events and tables of them want: why each GC began and what CPU it took, when the world
 * was stopped, how many goroutines there were. A collector to be given as `tap` of a replay; it costs one look at each event's kind.
 */
import { type EventBatch, GC_START, GC_WORK, GO_CREATE, GO_END, STW_BEGIN, STW_END } from "../parsers/events.ts";

/** The world was stopped: ns, and the index into STW_REASONS. */
export interface Stop {
  readonly t: number;
  readonly ns: number;
  readonly reason: number;
}

/** Stops kept at most: beyond it every other one goes, the shorter of each two. */
const MAX_STOPS = 20_000;
/** Moments of the goroutine count are this far apart at least, ns. */
const GOROUTINES_EVERY = 1e6;

export class RunFacts {
  /** For each GC, in the order of ReplayResult.gcs: the GC_* flags of its GC_START. */
  readonly gcFlags: number[] = [];
  /** For each GC: ns that its mark workers and assists ran; 0 where the input does not tell. */
  readonly gcWorkNs: number[] = [];
  readonly stops: Stop[] = [];
  /** Goroutines alive by time (those before the recording count from its snapshot only). */
  readonly goroutines: { readonly t: number[]; readonly v: number[] } = { t: [], v: [] };
  #alive = 0;
  #lastCount = Number.NEGATIVE_INFINITY;
  #stoppedAt = Number.NaN;
  #reason = 0;

  readonly take = (batch: EventBatch): void => {
    const { kind, length } = batch;
    for (let i = 0; i < length; i++) {
      switch (kind[i]) {
        case GC_START:
          this.gcFlags.push(batch.aux[i]!);
          this.gcWorkNs.push(0);
          break;
        case GC_WORK:
          // Work that ends before the first GC_START is of a GC that the recording began in.
          if (this.gcWorkNs.length > 0) this.gcWorkNs[this.gcWorkNs.length - 1]! += batch.size[i]!;
          break;
        case STW_BEGIN:
          this.#stoppedAt = batch.time[i]!;
          this.#reason = batch.aux[i]!;
          break;
        case STW_END:
          this.#stopEnded(batch.time[i]!);
          break;
        case GO_CREATE:
          this.#count(batch.time[i]!, batch.size[i]! || 1);
          break;
        case GO_END:
          this.#count(batch.time[i]!, -(batch.size[i]! || 1));
          break;
      }
    }
  };

  #stopEnded(t: number): void {
    if (Number.isNaN(this.#stoppedAt)) return;
    this.stops.push({ t: this.#stoppedAt, ns: t - this.#stoppedAt, reason: this.#reason });
    this.#stoppedAt = Number.NaN;
    if (this.stops.length < MAX_STOPS) return;
    let kept = 0;
    for (let i = 0; i + 1 < this.stops.length; i += 2) {
      const a = this.stops[i]!;
      const b = this.stops[i + 1]!;
      this.stops[kept++] = a.ns >= b.ns ? a : b;
    }
    this.stops.length = kept;
  }

  #count(t: number, change: number): void {
    this.#alive += change;
    const { t: times, v } = this.goroutines;
    const alive = Math.max(0, this.#alive);
    if (t - this.#lastCount > GOROUTINES_EVERY || times.length === 0) {
      times.push(t);
      v.push(alive);
      this.#lastCount = t;
    } else v[v.length - 1] = Math.max(v.at(-1)!, alive);
  }
}
