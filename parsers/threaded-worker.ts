/**
 * Thread body of threaded-source.ts: reads the input and copies its batches into shared blocks, as long as the other side
 * has given blocks back.
 */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { InputError } from "./errors.ts";
import { type EventBatch, newBatch } from "./events.ts";
import { openInput } from "./open.ts";
import type { FromWorker, SharedBlock, WorkerStart } from "./threaded-source.ts";

const { path, options, blocks } = workerData as WorkerStart;
const port = parentPort as MessagePort;
const say = (message: FromWorker) => port.postMessage(message);

const free = blocks.map((_, i) => i);
let wake: (() => void) | null = null;
port.on("message", (block: number) => {
  free.push(block);
  wake?.();
});

async function nextBlock(): Promise<number> {
  while (free.length === 0) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
    wake = null;
  }
  return free.shift()!;
}

function copy(from: EventBatch, to: SharedBlock, at: number): void {
  const n = from.length;
  to.kind.set(from.kind.subarray(0, n), at);
  to.time.set(from.time.subarray(0, n), at);
  to.p.set(from.p.subarray(0, n), at);
  to.addr.set(from.addr.subarray(0, n), at);
  to.size.set(from.size.subarray(0, n), at);
  to.aux.set(from.aux.subarray(0, n), at);
}

async function main(): Promise<void> {
  const source = await openInput(path, { ...options, threaded: false });
  let block = await nextBlock();
  let filled = 0;
  // Types and texts can be many: they are sent once, at the end.
  const info = () => ({ ...source.info, types: new Map(), strings: [] });
  const send = () => say({ kind: "block", block, length: filled, info: info(), progress: source.progress() });
  let first = true;
  for await (const batch of source.batches()) {
    // The first batch goes out alone: whoever reads it needs what it says of the whole.
    if (filled > 0 && (first || filled + batch.length > blocks[block]!.kind.length)) {
      send();
      first = false;
      block = await nextBlock();
      filled = 0;
    }
    copy(batch, blocks[block]!, filled);
    filled += batch.length;
  }
  if (filled > 0) send();
  say({ kind: "end", info: source.info, losses: [...source.losses] });
  await source.close();
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  say({
    kind: "error",
    message,
    input: error instanceof InputError,
    stack: error instanceof Error ? error.stack : undefined,
  });
});

// Blocks must hold a whole batch of any reader.
if (blocks.some(({ kind }) => kind.length < newBatch().kind.length))
  throw new RangeError("shared blocks are too small");
