import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { InputError } from "../../parsers/errors.ts";
import { fileError } from "../../parsers/source.ts";
import type { Sink } from "./exporter.ts";

/** A file that is there whole or not at all: written beside its place, and moved there at the end. */
export class FileSink implements Sink {
  readonly #path: string;
  readonly #temporary: string | null;
  readonly #handle: FileHandle;

  static async create(path: string): Promise<FileSink> {
    // A device or a pipe is written to; only what would be a regular file is replaced.
    const there = await stat(path).catch(() => null);
    if (there?.isDirectory()) throw new InputError(`${path}: is a folder; name a file to write to`);
    const temporary = there === null || there.isFile() ? `${path}.${process.pid}.tmp` : null;
    try {
      return new FileSink(path, temporary, await open(temporary ?? path, "w"));
    } catch (error) {
      throw fileError(path, error);
    }
  }

  constructor(path: string, temporary: string | null, handle: FileHandle) {
    this.#path = path;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  async write(chunk: string | Uint8Array): Promise<void> {
    try {
      await this.#handle.writeFile(chunk);
    } catch (error) {
      throw fileError(this.#path, error);
    }
  }

  async finish(): Promise<void> {
    await this.#handle.close();
    if (this.#temporary !== null) await rename(this.#temporary, this.#path);
  }

  /** Leaves nothing behind. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => {});
    if (this.#temporary !== null) await rm(this.#temporary, { force: true });
  }
}
