import { constants, rmSync } from "node:fs";
import { access, type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { isClosedPipe, OutputError, outputError } from "../errors.ts";
import type { Sink } from "./exporter.ts";

/** Signals that end the process by default: what is half written is taken away before. */
const DEADLY = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A file that is there whole or not at all: written beside its place, and moved there at the end. */
export class FileSink implements Sink {
  /** As the user names it, and where that is. */
  readonly #path: string;
  readonly #place: string;
  readonly #temporary: string | null;
  #handle!: FileHandle;

  static async create(path: string): Promise<FileSink> {
    // A device or a pipe is written to; only what would be a regular file is replaced. Where a link leads there (/dev/stdout), the
    // file and not the link.
    const place = await realpath(path).catch(() => path);
    const there = await stat(place).catch(() => null);
    if (there?.isDirectory()) throw new OutputError(`${path}: is a folder; name a file to write to`);
    const temporary = there === null || there.isFile() ? `${place}.${process.pid}.tmp` : null;
    const sink = new FileSink(path, place, temporary);
    try {
      if (there?.isFile()) await access(place, constants.W_OK);
      sink.#handle = await open(temporary ?? place, "w", there?.isFile() ? there.mode & 0o777 : 0o666);
      return sink;
    } catch (error) {
      sink.#leave();
      throw outputError(path, error);
    }
  }

  private constructor(path: string, place: string, temporary: string | null) {
    this.#path = path;
    this.#place = place;
    this.#temporary = temporary;
    // Before there is a file.
    if (temporary !== null) for (const signal of DEADLY) process.on(signal, this.#onDeadly);
  }

  async write(chunk: string | Uint8Array): Promise<void> {
    await this.#try(() => this.#handle.writeFile(chunk));
  }

  async finish(): Promise<void> {
    await this.#try(() => this.#handle.close());
    const temporary = this.#temporary;
    if (temporary !== null) await this.#try(() => rename(temporary, this.#place));
    this.#leave();
  }

  /** Leaves nothing behind. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => {});
    if (this.#temporary !== null) await rm(this.#temporary, { force: true });
    this.#leave();
  }

  async #try(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      // Of a named pipe the reader may go away, too.
      throw isClosedPipe(error) ? error : outputError(this.#path, error);
    }
  }

  readonly #onDeadly = (signal: NodeJS.Signals): void => {
    rmSync(this.#temporary!, { force: true });
    this.#leave();
    // Die of it: the parent shall see why.
    process.kill(process.pid, signal);
  };

  #leave(): void {
    for (const signal of DEADLY) process.off(signal, this.#onDeadly);
  }
}
