import { Worker } from "node:worker_threads";
import type { Ahead } from "../../replay/ahead.ts";

export interface Question {
  readonly lines: readonly string[];
  /** ns */
  readonly horizon: number;
}

export interface Answer {
  readonly ahead: Ahead | null;
  readonly tookMs: number;
}

export const HORIZON_NS = 60e9;
/** Between two forecasts, and as a multiple of what the last one took: at most a twentieth of one processor. */
const REST_MS = 2000;
const REST_FACTOR = 20;

/** Asks now and then where RSS goes, in a thread of its own. */
export class Forecaster {
  readonly #onAnswer: (ahead: Ahead | null) => void;
  #worker: Worker | null = null;
  #busy = false;
  #nextMs = 0;
  #asked = -1;

  constructor(onAnswer: (ahead: Ahead | null) => void) {
    this.#onAnswer = onAnswer;
  }

  /** Asks, if it is time to and there is anything new: `version` is another whenever the lines are. */
  ask(lines: () => readonly string[], version: number, ms: number): void {
    if (this.#busy || version === this.#asked || ms < this.#nextMs) return;
    this.#asked = version;
    this.#busy = true;
    this.#thread().postMessage({ lines: lines(), horizon: HORIZON_NS } satisfies Question);
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = null;
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL("./ahead-worker.js", import.meta.url), { argv: [], execArgv: [] });
    worker.unref();
    worker.on("message", ({ ahead, tookMs }: Answer) => {
      this.#rest(tookMs);
      this.#onAnswer(ahead);
    });
    // What can't be forecast is not: the view says what it says without.
    worker.on("error", () => {
      this.#worker = null;
      this.#rest(REST_MS);
      this.#onAnswer(null);
    });
    this.#worker = worker;
    return worker;
  }

  #rest(tookMs: number): void {
    this.#busy = false;
    this.#nextMs = Date.now() + Math.max(REST_MS, REST_FACTOR * tookMs);
  }
}
