import { parseGctraceLine } from "../../parsers/gctrace-line.ts";
import { parseScavLine } from "../../parsers/scavtrace.ts";

const LF = 10;
/** A runtime line is shorter; what is longer is the program's. */
const MAX_HELD = 4096;
const STARTS = ["gc ", "scav ", "scvg"];

/**
 * A program's standard error: all of it goes into the log, with times; what is not the runtime's own goes on to the user
 * as it comes, bytes untouched. Only a line that could yet become one of the runtime's is held back until its end.
 */
export class StderrLog {
  readonly #log: (line: string) => void;
  readonly #pass: (bytes: Uint8Array) => void;
  readonly #showRuntime: boolean;
  #line: Uint8Array[] = [];
  #length = 0;
  /** How many bytes of the line have been passed on. */
  #passed = 0;
  runtimeLines = 0;

  constructor(log: (line: string) => void, pass: (bytes: Uint8Array) => void, showRuntime = false) {
    this.#log = log;
    this.#pass = pass;
    this.#showRuntime = showRuntime;
  }

  write(chunk: Uint8Array): void {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(LF, from);
      this.#add(end < 0 ? chunk.subarray(from) : chunk.subarray(from, end + 1));
      if (end < 0) break;
      this.#finish();
      from = end + 1;
    }
    if (this.#length > 0 && (this.#length > MAX_HELD || !mayBeRuntime(this.#text()))) this.#passOn();
  }

  /** The stream is over: what is left is a line, too. */
  end(): void {
    if (this.#length > 0) this.#finish();
  }

  #add(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#line.push(Uint8Array.from(bytes));
    this.#length += bytes.length;
    // A line without an end must not fill the memory: it is logged in pieces.
    if (this.#length > 1 << 20) this.#finish();
  }

  #finish(): void {
    const text = this.#text().replace(/\r?\n$/, "");
    const runtime = mayBeRuntime(text) && isRuntime(text);
    if (runtime) this.runtimeLines++;
    if (!runtime || this.#showRuntime) this.#passOn();
    this.#log(text);
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
