import { closeSync, fstatSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { StderrLog } from "./stderr-log.ts";

const PIECE = 64 << 10;
/** Read at one go; then others have their turn. */
const AT_ONCE = 4 << 20;

/**
 * A program's standard error as a file that is read now and then. The runtime prints a line of gctrace in some forty
 * writes: through a pipe each may wake the reader, and a full one holds the program up in the middle of its GC. A file
 * takes them all and wakes nobody.
 */
export class StderrFile {
  /** For the program to write to. */
  readonly fd: number;
  readonly #log: StderrLog;
  readonly #logFd: number;
  readonly #out: NodeJS.WritableStream;
  readonly #buffer = Buffer.allocUnsafe(PIECE);
  #lines: string[] = [];
  #shown: Uint8Array[] = [];
  #at = 0;
  #time = "";
  #waiting = false;
  #closed = false;

  /** `file`: of the program's output, nameless as soon as the system allows; `log`: the lines with their times. */
  constructor(file: string, log: string, out: NodeJS.WritableStream, showRuntime: boolean) {
    this.#out = out;
    this.#logFd = openSync(log, "w", 0o644);
    // Read where we are, written at its end: whatever else writes to it.
    this.fd = openSync(file, "ax+", 0o600);
    try {
      unlinkSync(file);
    } catch {}
    this.#log = new StderrLog(
      (line) => this.#lines.push(`${this.#time} ${line}\n`),
      (bytes) => this.#shown.push(bytes),
      showRuntime,
    );
  }

  get runtimeLines(): number {
    return this.#log.runtimeLines;
  }

  /** Handles what has come; false when there is more, or the reader of our own output is behind. */
  poll(): boolean {
    if (this.#closed || this.#waiting) return !this.#waiting;
    for (let taken = 0; taken < AT_ONCE; ) {
      const length = readSync(this.fd, this.#buffer, 0, PIECE, this.#at);
      if (length === 0) {
        // "> /dev/stderr" of a shell empties the file.
        if (taken === 0 && this.#at > 0) this.#at = Math.min(this.#at, fstatSync(this.fd).size);
        this.#flush();
        return true;
      }
      if (taken === 0) this.#time = this.#written();
      this.#at += length;
      taken += length;
      this.#log.write(this.#buffer.subarray(0, length));
      this.#show();
      if (this.#waiting) break;
    }
    this.#flush();
    return false;
  }

  /** Reads to the end, at the pace of who reads us. */
  async end(): Promise<void> {
    while (!this.poll()) {
      if (this.#waiting) await new Promise<void>((resolve) => this.#whenRead(resolve));
    }
    this.#log.end();
    this.#show();
    this.#flush();
    this.#closed = true;
    closeSync(this.fd);
    closeSync(this.#logFd);
  }

  /** When the last of it was written: right to some milliseconds however late it is read. */
  #written(): string {
    const now = Date.now();
    const { mtimeMs } = fstatSync(this.fd);
    // A file server's clock may be another.
    return new Date(mtimeMs <= now && mtimeMs > now - 5000 ? mtimeMs : now).toISOString();
  }

  #wait(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#whenRead(() => {
      this.#waiting = false;
    });
  }

  #whenRead(then: () => void): void {
    const once = (): void => {
      for (const event of ["drain", "close", "error"]) this.#out.removeListener(event, once);
      then();
    };
    for (const event of ["drain", "close", "error"]) this.#out.on(event, once);
  }

  #show(): void {
    if (this.#shown.length === 0) return;
    const bytes = Buffer.concat(this.#shown);
    this.#shown = [];
    if (!this.#out.write(bytes)) this.#wait();
  }

  #flush(): void {
    if (this.#lines.length === 0) return;
    writeSync(this.#logFd, this.#lines.join(""));
    this.#lines = [];
  }
}
