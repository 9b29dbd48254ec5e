import { type FileHandle, open, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { InputError } from "../../parsers/errors.ts";
import { fileError } from "../../parsers/source.ts";

/** A longer line is no line of a log: it is cut, and memory stays flat. */
const MAX_LINE = 64 << 10;
const POLL_MS = 250;
/** Of a log that is there already, this much of its end is read. */
const TAIL_BYTES = 16 << 20;

/** Cuts bytes into lines. */
export class LineCutter {
  #rest = "";
  #skip = false;
  readonly #decoder = new TextDecoder();

  *lines(bytes: Uint8Array): Generator<string> {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    let from = 0;
    for (;;) {
      const end = this.#rest.indexOf("\n", from);
      if (end < 0) break;
      if (!this.#skip) yield this.#rest.slice(from, end).replace(/\r$/, "");
      this.#skip = false;
      from = end + 1;
    }
    this.#rest = this.#rest.slice(from);
    if (this.#rest.length > MAX_LINE) {
      this.#rest = "";
      this.#skip = true;
    }
  }
}

/** Lines of a stream, until it ends. */
export async function* streamLines(stream: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<string> {
  const cutter = new LineCutter();
  for await (const bytes of abortable(stream, signal)) yield* cutter.lines(bytes);
}

/** Ends when the signal says so, also while nothing comes. */
async function* abortable(stream: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const pieces = stream[Symbol.asyncIterator]();
  let onAbort = (): void => {};
  const aborted = new Promise<null>((resolve) => {
    onAbort = () => resolve(null);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    while (!signal.aborted) {
      const step = await Promise.race([pieces.next(), aborted]);
      if (step === null || step.done) return;
      yield step.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Lines of a file as it grows, from its beginning on; survives its being cut short or replaced (log rotation). */
export async function* fileLines(path: string, signal: AbortSignal): AsyncGenerator<string> {
  let handle: FileHandle | null = null;
  let inode = 0;
  let at = 0;
  let cutter = new LineCutter();
  const buffer = new Uint8Array(64 << 10);
  try {
    handle = await open(path, "r");
    const first = await handle.stat();
    if (first.isDirectory()) throw new InputError(`${path}: is a folder, not a log`);
    inode = first.ino;
    at = Math.max(0, first.size - TAIL_BYTES);
    while (!signal.aborted) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      if (bytesRead > 0) {
        at += bytesRead;
        yield* cutter.lines(buffer.subarray(0, bytesRead));
        continue;
      }
      await sleep(POLL_MS, undefined, { signal }).catch(() => {});
      const now = await stat(path).catch(() => null);
      if (now === null || (now.ino === inode && now.size >= at)) continue;
      if (now.ino !== inode) {
        // It may be gone again.
        const next = await open(path, "r").catch(() => null);
        if (next === null) continue;
        // What came into the old one since it was looked at.
        for (let length = 1; length > 0 && !signal.aborted; at += length) {
          length = (await handle.read(buffer, 0, buffer.length, at)).bytesRead;
          yield* cutter.lines(buffer.subarray(0, length));
        }
        await handle.close();
        handle = next;
        inode = (await handle.stat()).ino;
      }
      at = 0;
      cutter = new LineCutter();
    }
  } catch (error) {
    throw fileError(path, error);
  } finally {
    await handle?.close();
  }
}
