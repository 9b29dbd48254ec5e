/**
 * What-if for somebody who waits: the recording is read and its program played in threads of their own, so that the one who
 * asks stays free; every run can be stopped, and the next one needs no reading.
 */
import { Worker } from "node:worker_threads";
import {
  prepareWhatIf,
  runAll,
  type Setting,
  settingProblem,
  type WhatIfOptions,
  type WhatIfRun,
  type WorkerJob,
} from "./what-if.ts";

/** What the reading thread hands over: all of it can be cloned or shared. */
export interface SessionJob {
  readonly job: WorkerJob;
  readonly recorded: Setting;
  /** Bytes of the tracer's own heap that are left out. */
  readonly recorderBytes: number;
}

/** Message of the reading thread. */
export type SessionMessage =
  | { readonly is: "progress"; readonly fraction: number | null; readonly events: number }
  | { readonly is: "ready"; readonly job: SessionJob }
  | { readonly is: "failed"; readonly name: string; readonly message: string };

type Progress = (fraction: number | null, events: number) => void;

const PREPARE_FILE = "./what-if-session-worker.js";
const RUN_FILE = "./what-if-worker.js";
/** In tests this file is TypeScript, which a worker can't load: all is done in this thread then. */
const THREADS = !import.meta.url.endsWith(".ts");

export class WhatIfSession {
  /** Settings that the recording ran under. */
  readonly recorded: Setting;
  readonly recorderBytes: number;
  readonly #job: WorkerJob;

  private constructor({ job, recorded, recorderBytes }: SessionJob) {
    this.#job = job;
    this.recorded = recorded;
    this.recorderBytes = recorderBytes;
  }

  /** Reads the inputs. Rejects as prepareWhatIf does, by the names of its errors, and with the signal's reason. */
  static async open(
    paths: readonly string[],
    options: Omit<WhatIfOptions, "onProgress" | "signal">,
    onProgress: Progress,
    signal: AbortSignal,
  ): Promise<WhatIfSession> {
    signal.throwIfAborted();
    if (!THREADS) {
      const prepared = await prepareWhatIf(paths, {
        ...options,
        onProgress: ({ fraction, events }) => onProgress(fraction, events),
        signal,
      });
      return new WhatIfSession(prepared);
    }
    const worker = new Worker(new URL(PREPARE_FILE, import.meta.url), { workerData: { paths, options } });
    const job = await ask<SessionJob>(worker, signal, (message: SessionMessage, resolve, reject) => {
      if (message.is === "progress") onProgress(message.fraction, message.events);
      else if (message.is === "ready") resolve(message.job);
      else reject(Object.assign(new Error(message.message), { name: message.name }));
    });
    return new WhatIfSession(job);
  }

  /**
   * Plays the program under each setting, one thread each. Throws RangeError (a setting that its version did not have) and the
   * signal's reason.
   */
  async run(settings: readonly Setting[], signal: AbortSignal): Promise<WhatIfRun[]> {
    for (const setting of settings) {
      const problem = settingProblem(setting);
      if (problem) throw new RangeError(problem);
    }
    signal.throwIfAborted();
    if (!THREADS) return runAll(this.#job, settings, { signal });
    return Promise.all(
      settings.map((setting) => {
        const next = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
        const workerData = { job: this.#job, settings: [setting], next };
        const worker = new Worker(new URL(RUN_FILE, import.meta.url), { workerData });
        return ask<WhatIfRun>(worker, signal, ({ run }: { run: WhatIfRun }, resolve) => resolve(run));
      }),
    );
  }
}

/** The worker's answer; it is ended whatever comes of it. */
async function ask<T, M = never>(
  worker: Worker,
  signal: AbortSignal,
  hear: (message: M, resolve: (value: T) => void, reject: (error: Error) => void) => void,
): Promise<T> {
  let onAbort = (): void => {};
  try {
    return await new Promise<T>((resolve, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      worker.on("message", (message: M) => hear(message, resolve, reject));
      worker.on("error", reject);
      worker.on("exit", () => reject(new Error("the thread ended without an answer")));
    });
  } finally {
    signal.removeEventListener("abort", onAbort);
    await worker.terminate();
  }
}
