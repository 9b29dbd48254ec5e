import { parseGctraceLine } from "../../parsers/gctrace-line.ts";
import { parseScavLine } from "../../parsers/scavtrace.ts";

const LF = 10;
const CR = 13;
/** A runtime line is shorter; what is longer is the program's. */
const MAX_HELD = 4096;
const STARTS = ["gc ", "scav ", "scvg"];
const FIRST = new Set(STARTS.map((start) => start.charCodeAt(0)));
/** Of the program's own lines so many bytes are logged: the disk is not to fill up with what the user has seen. */
export const OWN_LOGGED = 16 << 20;

/**
 * A program's standard error: it goes into the log, with times (of the program's own lines the first 16 MiB); what is not the
 * runtime's own goes on to the user as it comes, bytes untouched. Only a line that could yet become one of the runtime's is held
 * back until its end.
 */
export class StderrLog {
  readonly #log: (line: string) => void;
  readonly #pass: (bytes: Uint8Array) => void;
  readonly #showRuntime: boolean;
  #ownLeft: number;
  #line: Uint8Array[] = [];
  #length = 0;
  /** How many bytes of the line have been passed on. */
  #passed = 0;
  runtimeLines = 0;

  constructor(
    log: (line: string) => void,
    pass: (bytes: Uint8Array) => void,
    showRuntime = false,
    ownLogged: number = OWN_LOGGED,
  ) {
    this.#log = log;
    this.#pass = pass;
    this.#showRuntime = showRuntime;
    this.#ownLeft = ownLogged;
  }

  /** Some of the program's own lines are not in the log. */
  get cut(): boolean {
    return this.#ownLeft < 0;
  }

  /** What is passed on may be a part of `chunk` itself. */
  write(chunk: Buffer): void {
    let at = 0;
    if (this.#length > 0) {
      const end = chunk.indexOf(LF);
      at = end < 0 ? chunk.length : end + 1;
      this.#add(chunk.subarray(0, at));
      if (end >= 0) this.#finish();
    }
    // Whole lines go on together, as far as none of the runtime's is between.
    let from = at;
    for (;;) {
      const end = chunk.indexOf(LF, at);
      if (end < 0) break;
      const first = chunk[at]!;
      if (FIRST.has(first) || this.#ownLeft >= 0) {
        const text = chunk.toString("utf8", at, chunk[end - 1] === CR && end > at ? end - 1 : end);
        if (this.#note(text) && !this.#showRuntime) {
          if (at > from) this.#pass(chunk.subarray(from, at));
          from = end + 1;
        }
      }
      at = end + 1;
    }
    if (at > from) this.#pass(chunk.subarray(from, at));
    if (at < chunk.length) this.#add(chunk.subarray(at));
    if (this.#length > this.#passed && (this.#length > MAX_HELD || !mayBeRuntime(this.#text()))) this.#passOn();
  }

  /** The stream is over: what is left is a line, too. */
  end(): void {
    if (this.#length > 0) this.#finish();
  }

  /** Logs a line; tells whether it is the runtime's. */
  #note(text: string): boolean {
    const runtime = mayBeRuntime(text) && isRuntime(text);
    if (runtime) this.runtimeLines++;
    else if (this.#ownLeft >= 0) this.#ownLeft -= text.length + 1;
    if (runtime || this.#ownLeft >= 0) this.#log(text);
    return runtime;
  }

  #add(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#line.push(Uint8Array.from(bytes));
    this.#length += bytes.length;
    // A line without an end must not fill the memory: it is logged in pieces.
    if (this.#length > 1 << 20) this.#finish();
  }

  #finish(): void {
    const runtime = this.#note(this.#text().replace(/\r?\n$/, ""));
    if (!runtime || this.#showRuntime) this.#passOn();
    this.#line = [];
    this.#length = 0;
    this.#passed = 0;
  }

  #text(): string {
    return Buffer.concat(this.#line).toString("utf8");
  }

  #passOn(): void {
    const bytes = Buffer.concat(this.#line).subarray(this.#passed);
    if (bytes.length > 0) this.#pass(bytes);
    this.#passed = this.#length;
  }
}

/** What every line of today's runtimes begins with: to know it for one is enough here, and is cheap. */
const USUAL = /^(?:gc \d+ @\d+\.\d+s \d+%: \d|scav (?:\d+ )?\d+ [KM]iB work)/;

function isRuntime(text: string): boolean {
  return USUAL.test(text) || parseGctraceLine(text) !== null || parseScavLine(text) !== null;
}

function mayBeRuntime(text: string): boolean {
  return STARTS.some((start) => text.startsWith(start) || start.startsWith(text));
}
