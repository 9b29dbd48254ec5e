import { BATCH_CAPACITY, type EventBatch, newBatch, push } from "../../parsers/events.ts";

/** Collects events into batches of bounded size. Batches handed out stay valid until the next call of take(). */
export class EventWriter {
  #full: EventBatch[] = [];
  #free: EventBatch[] = [];
  #out = newBatch();

  add(kind: number, time: number, p: number, addr: number, size: number, aux: number): void {
    if (this.#out.length >= BATCH_CAPACITY) {
      this.#full.push(this.#out);
      this.#out = this.#free.pop() ?? newBatch();
      this.#out.length = 0;
    }
    push(this.#out, kind, time, p, addr, size, aux);
  }

  /** All that was added since the last call. */
  *take(): Generator<EventBatch> {
    const full = this.#full;
    this.#full = [];
    for (const batch of full) {
      yield batch;
      this.#free.push(batch);
    }
    if (this.#out.length > 0) {
      const out = this.#out;
      this.#out = this.#free.pop() ?? newBatch();
      this.#out.length = 0;
      yield out;
      this.#free.push(out);
    }
  }
}
