import { closeSync, openSync, readSync } from "node:fs";

/** A file of /proc that is read again and again: opened once, as opening it costs more than reading it. */
export class ProcFile {
  readonly #fd: number;
  #buffer = Buffer.alloc(4096);

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** null when it can't be opened. */
  static open(path: string): ProcFile | null {
    try {
      return new ProcFile(openSync(path, "r"));
    } catch {
      return null;
    }
  }

  /** What it says now; null when the process is gone. */
  read(): string | null {
    try {
      for (;;) {
        const length = readSync(this.#fd, this.#buffer, 0, this.#buffer.length, 0);
        // All of it in one read: two would be of two moments.
        if (length < this.#buffer.length) return this.#buffer.toString("latin1", 0, length);
        this.#buffer = Buffer.alloc(this.#buffer.length * 2);
      }
    } catch {
      return null;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}
