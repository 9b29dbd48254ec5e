import { escapeText } from "./escape.ts";
import { MESSAGES } from "./messages.ts";
import { formatCount, formatDuration, formatPercent } from "./sizes.ts";

/** One report of a long operation. */
export interface ProgressReport {
  readonly phase: string;
  /** 0..1, or null when unknown. */
  readonly fraction: number | null;
  readonly events: number;
}

/** Silent for the first second: most inputs are done by then. */
const QUIET_MS = 1000;
/** On a terminal the line is rewritten this often at most. */
const TTY_INTERVAL_MS = 100;
/** Elsewhere (a log) a line this often. */
const LOG_INTERVAL_MS = 5000;

/** Tells on stderr how far a long operation is; on a terminal in one line that goes away at the end. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #enabled: boolean;
  readonly #now: () => number;
  readonly #start: number;
  #last: number;
  #shown = false;

  constructor(stream: NodeJS.WriteStream, enabled: boolean, now: () => number = Date.now) {
    this.#stream = stream;
    this.#enabled = enabled;
    this.#now = now;
    this.#start = now();
    this.#last = Number.NEGATIVE_INFINITY;
  }

  readonly report = (progress: ProgressReport): void => {
    if (!this.#enabled) return;
    const now = this.#now();
    const elapsed = now - this.#start;
    const tty = this.#stream.isTTY === true;
    if (elapsed < (tty ? QUIET_MS : LOG_INTERVAL_MS)) return;
    if (now - this.#last < (tty ? TTY_INTERVAL_MS : LOG_INTERVAL_MS)) return;
    this.#last = now;
    const percent = progress.fraction === null ? "" : formatPercent(Math.min(1, Math.max(0, progress.fraction)));
    const line = MESSAGES.progress(
      escapeText(progress.phase),
      percent,
      formatCount(progress.events),
      // Whole seconds: a figure that flickers says nothing.
      formatDuration(Math.max(1, Math.floor(elapsed / 1000)) * 1e9).replace(/\.\d+/, ""),
    );
    if (tty) {
      this.#shown = true;
      // A line longer than the terminal would wrap, and the return would go to its last row only.
      this.#stream.write(`\r${line.slice(0, Math.max(1, (this.#stream.columns || 80) - 1))}\u001b[K`);
    } else {
      this.#stream.write(`gopages: ${line}\n`);
    }
  };

  /** Takes the line away. */
  done(): void {
    if (this.#shown) this.#stream.write("\r\u001b[K");
    this.#shown = false;
  }
}
