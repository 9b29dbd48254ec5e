import { writeSync } from "node:fs";
import { outputError } from "../errors.ts";

/** A file that is written to as long as that can be done: when the disk is full, the recorded program is to run on. */
export class FileEnd {
  readonly #fd: number;
  readonly #name: string;
  /** Why there is no more of it; null while there is. */
  failed: string | null = null;

  constructor(fd: number, name: string) {
    this.#fd = fd;
    this.#name = name;
  }

  write(text: string): void {
    if (this.failed !== null) return;
    try {
      const bytes = Buffer.from(text, "utf8");
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    } catch (error) {
      this.failed = outputError(this.#name, error).message;
    }
  }
}
