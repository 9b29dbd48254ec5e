import process from "node:process";
import type { Screen } from "./screen.ts";

/** Signals that end a program by default, and with which a terminal must not be left as the UI had it. */
const DEADLY = ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"] as const;

/**
 * Holds the terminal for the UI and gives it back whatever happens: at the end, on an error, when a signal ends the
 * process, and while the process is stopped (Ctrl-Z, kill -STOP) until it goes on.
 */
export class TerminalGuard {
  readonly #screen: Screen;
  readonly #stdin: NodeJS.ReadStream;
  #stopped = false;
  #held = false;

  constructor(screen: Screen, stdin: NodeJS.ReadStream) {
    this.#screen = screen;
    this.#stdin = stdin;
  }

  hold(): void {
    if (this.#held) return;
    this.#held = true;
    process.prependListener("exit", this.#onExit);
    for (const signal of DEADLY) process.on(signal, this.#onDeadly);
    if (process.platform !== "win32") {
      process.on("SIGTSTP", this.suspend);
      process.on("SIGCONT", this.#onContinue);
    }
    // Before the first frame: a key pressed in answer to it must not meet a terminal that still makes signals of keys.
    this.#setRaw(true);
    this.#screen.enter();
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    process.off("exit", this.#onExit);
    for (const signal of DEADLY) process.off(signal, this.#onDeadly);
    process.off("SIGTSTP", this.suspend);
    process.off("SIGCONT", this.#onContinue);
    this.#restore();
  }

  /** Gives the terminal back and stops, as Ctrl-Z does with a program that does not read keys itself. */
  readonly suspend = (): void => {
    if (process.platform === "win32" || this.#stopped) return;
    this.#stopped = true;
    this.#restore();
    process.off("SIGTSTP", this.suspend);
    // The whole job, as the terminal would do: in `cat trace.out | gopages -` cat stops too.
    process.kill(0, "SIGTSTP");
    // Without a shell that could continue us the system ignores the signal, and no SIGCONT comes either.
    setTimeout(() => {
      if (this.#stopped) this.#onContinue();
    }, 50);
  };

  readonly #onContinue = (): void => {
    if (!this.#held) return;
    if (this.#stopped) process.on("SIGTSTP", this.suspend);
    const wasStopped = this.#stopped;
    this.#stopped = false;
    // The shell has put the terminal into its own mode; raw mode that node believes to be on must be set anew.
    this.#setRaw(false);
    this.#setRaw(true);
    if (wasStopped) this.#screen.enter();
    else this.#screen.repaint();
    // The system tells only the job in the foreground that the window has changed; node looks when told.
    if (process.platform !== "win32") process.kill(process.pid, "SIGWINCH");
  };

  readonly #onExit = (): void => this.#restore();

  readonly #onDeadly = (signal: NodeJS.Signals): void => {
    this.release();
    // Die of it: the parent shall see why.
    process.kill(process.pid, signal);
  };

  #restore(): void {
    this.#screen.leave();
    this.#setRaw(false);
  }

  #setRaw(raw: boolean): void {
    try {
      this.#stdin.setRawMode?.(raw);
    } catch {
      // The terminal is gone: nothing left to put right.
    }
  }
}
