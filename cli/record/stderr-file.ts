import { spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readSync, rmSync, unlinkSync } from "node:fs";
import { FileEnd } from "./file-end.ts";
import { StderrLog } from "./stderr-log.ts";

const PIECE = 64 << 10;
/** Read at one go; then others have their turn. */
const AT_ONCE = 4 << 20;
/** The system gets back the room of what has been read in pieces of this size: a power of two, and pages of file systems. */
const GIVEN_BACK = 64 << 20;

/**
 * A program's standard error as a file that is read now and then. The runtime prints a line of gctrace in some forty
 * writes: through a pipe each may wake the reader, and a full one holds the program up in the middle of its GC. A file
 * takes them all and wakes nobody.
 */
export class StderrFile {
  /** For the program to write to. */
  readonly fd: number;
  /** Bytes that the last poll has read. */
  taken = 0;
  readonly #log: StderrLog;
  readonly #logFd: number;
  readonly #logEnd: FileEnd;
  readonly #out: NodeJS.WritableStream;
  readonly #buffer = Buffer.allocUnsafe(PIECE);
  #lines: string[] = [];
  #shown: Uint8Array[] = [];
  #at = 0;
  #time = "";
  #waiting = false;
  #closed = false;
  readonly #logFile: string;
  readonly #givenBack: number;
  #holeTo = 0;
  #canGiveBack = process.platform === "linux";

  /** `file`: of the program's output, nameless as soon as the system allows; `log`: the lines with their times. */
  constructor(file: string, log: string, out: NodeJS.WritableStream, showRuntime: boolean, givenBack = GIVEN_BACK) {
    this.#out = out;
    this.#logFile = log;
    this.#givenBack = givenBack;
    this.#logFd = openSync(log, "w", 0o644);
    this.#logEnd = new FileEnd(this.#logFd, "gctrace.log");
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

  /** The log has not all of what the program said. */
  get cut(): boolean {
    return this.#log.cut;
  }

  /** Why lines are missing in the log; null when none are. */
  get failed(): string | null {
    return this.#logEnd.failed;
  }

  /** The reader of our own output is behind: nothing is read until it has caught up. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** Handles what has come, up to `end`; false when there is more, or the reader of our own output is behind. */
  poll(end = Number.POSITIVE_INFINITY): boolean {
    if (this.#closed || this.#waiting) return !this.#waiting;
    this.#giveBack();
    for (this.taken = 0; this.taken < AT_ONCE; ) {
      const length = readSync(this.fd, this.#buffer, 0, Math.max(0, Math.min(PIECE, end - this.#at)), this.#at);
      if (length === 0) {
        // "> /dev/stderr" of a shell empties the file.
        if (this.taken === 0 && this.#at > 0) {
          this.#at = Math.min(this.#at, fstatSync(this.fd).size);
          this.#holeTo = Math.min(this.#holeTo, this.#at);
        }
        this.#flush();
        return true;
      }
      if (this.taken === 0) this.#time = this.#written();
      this.#at += length;
      this.taken += length;
      this.#log.write(this.#buffer.subarray(0, length));
      this.#show();
      if (this.#waiting) break;
    }
    this.#flush();
    return false;
  }

  /** Reads to the end, at the pace of who reads us: to that of now, as what the program has started may write on for ever. */
  async end(): Promise<void> {
    const { size } = fstatSync(this.fd);
    while (!this.poll(size)) {
      if (this.#waiting) await new Promise<void>((resolve) => this.#whenRead(resolve));
      // Signals have their turn.
      else await new Promise<void>((resolve) => setImmediate(resolve));
    }
    this.#log.end();
    this.#show();
    this.#flush();
    this.#closed = true;
    closeSync(this.fd);
    const nothing = fstatSync(this.#logFd).size === 0;
    closeSync(this.#logFd);
    if (nothing) rmSync(this.#logFile, { force: true });
  }

  /** Node can't make holes in files; a program of util-linux can. Where it is not there, the room comes back at the end. */
  #giveBack(): void {
    const from = this.#holeTo;
    const length = this.#at - from - ((this.#at - from) % this.#givenBack);
    if (!this.#canGiveBack || length === 0) return;
    this.#holeTo += length;
    const range = ["--punch-hole", "--offset", String(from), "--length", String(length)];
    const child = spawn("fallocate", [...range, "/proc/self/fd/3"], { stdio: ["ignore", "ignore", "ignore", this.fd] });
    const failed = (): void => {
      this.#canGiveBack = false;
    };
    child.once("error", failed);
    child.once("exit", (code) => code !== 0 && failed());
    child.unref();
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
    this.#logEnd.write(this.#lines.join(""));
    this.#lines = [];
  }
}
