/**
 * Reads an input in a thread of its own, so that reading and replaying a big trace overlap. The events, their order, the
 * losses and what the source knows are those of the plain reader.
 */
import { Worker } from "node:worker_threads";
import { InputError } from "./errors.ts";
import type { EventSource, FormatId, SourceInfo } from "./event-source.ts";
import { newSourceInfo } from "./event-source.ts";
import { BATCH_CAPACITY, type EventBatch } from "./events.ts";
import type { OpenOptions } from "./format.ts";
import { Losses, type LossKind } from "./losses.ts";

/** Events of a block: enough that a message for each costs nothing. 31 bytes an event. */
const BLOCK_EVENTS = 4 * BATCH_CAPACITY;
const BLOCKS = 4;

export type SharedBlock = Omit<EventBatch, "length">;

export interface WorkerStart {
  readonly path: string;
  readonly options: OpenOptions;
  readonly blocks: readonly SharedBlock[];
}

export type FromWorker =
  | { kind: "block"; block: number; length: number; info: SourceInfo; progress: number | null }
  | { kind: "end"; info: SourceInfo; losses: { kind: LossKind; count: number; first?: string }[] }
  | { kind: "error"; message: string; input: boolean; stack: string | undefined };

export class ThreadedSource implements EventSource {
  readonly path: string;
  readonly format: FormatId;
  readonly info: SourceInfo = newSourceInfo("exact");
  readonly losses = new Losses();
  readonly #options: OpenOptions;
  #worker: Worker | null = null;
  #progress: number | null = 0;

  constructor(path: string, format: FormatId, options: OpenOptions) {
    this.path = path;
    this.format = format;
    this.#options = options;
  }

  readonly progress = (): number | null => this.#progress;

  async *batches(): AsyncIterable<EventBatch> {
    const blocks = Array.from({ length: BLOCKS }, sharedBlock);
    const start: WorkerStart = { path: this.path, options: this.#options, blocks };
    const worker = new Worker(new URL("./threaded-worker.js", import.meta.url), { workerData: start });
    this.#worker = worker;
    const inbox: FromWorker[] = [];
    let failure: unknown = null;
    let wake: (() => void) | null = null;
    const ring = () => wake?.();
    worker.on("message", (message: FromWorker) => {
      inbox.push(message);
      ring();
    });
    worker.on("error", (error) => {
      failure = error;
      ring();
    });
    worker.on("exit", () => {
      failure ??= new Error("the reading thread ended early");
      ring();
    });
    try {
      for (;;) {
        while (inbox.length === 0) {
          if (failure !== null) throw failure;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          wake = null;
        }
        const message = inbox.shift()!;
        if (message.kind === "error") {
          if (message.input) throw new InputError(message.message);
          throw Object.assign(new Error(message.message), { stack: message.stack });
        }
        Object.assign(this.info, message.info);
        if (message.kind === "end") {
          for (const { kind, count, first } of message.losses) this.losses.add(kind, count, first);
          return;
        }
        this.#progress = message.progress;
        yield { ...blocks[message.block]!, length: message.length };
        worker.postMessage(message.block);
      }
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    if (worker) await worker.terminate();
  }
}

function sharedBlock(): SharedBlock {
  const shared = (bytes: number) => new SharedArrayBuffer(bytes * BLOCK_EVENTS);
  return {
    kind: new Uint8Array(shared(1)),
    time: new Float64Array(shared(8)),
    p: new Int16Array(shared(2)),
    addr: new Float64Array(shared(8)),
    size: new Float64Array(shared(8)),
    aux: new Int32Array(shared(4)),
  };
}
