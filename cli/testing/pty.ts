import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { type IPty, spawn } from "@lydell/node-pty";
import xterm from "@xterm/headless";
import type { EntryOptions } from "./pty-entry.ts";

const root = path.join(import.meta.dirname, "..", "..");
const dist = path.join(import.meta.dirname, "dist", "cli");
/** The program with a made-up result. */
export const entry = path.join(dist, "testing", "pty-entry.js");
/** The program itself. */
export const bin = path.join(dist, "main.js");

/** Compiles the program for the tests that run it as a process: what is tested is always what the sources say. */
export function compileEntry(): void {
  const require = createRequire(import.meta.url);
  const tsc = path.join(path.dirname(require.resolve("typescript/package.json")), "bin", "tsc");
  const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", path.join(import.meta.dirname, "tsconfig.json")], {
    cwd: root,
    encoding: "utf8",
  });
  if (status !== 0 && /^cli\//m.test(stdout)) throw new Error(stdout);
}

/** What the program writes before and after each frame, and when it gives the screen back. */
const BEGIN_UPDATE = "\u001b[?2026h";
const END_UPDATE = "\u001b[?2026l";
const LEAVE = "\u001b[?1049l";
const SETTLED_MS = 100;

export interface PtyOptions {
  columns?: number;
  rows?: number;
  fake?: EntryOptions;
  /** Arguments of the program itself, in the place of the one with a made-up result. */
  real?: readonly string[];
  env?: Record<string, string>;
  /** Run inside an interactive shell, which does job control. */
  shell?: boolean;
}

/** The program in a terminal whose screen can be read. */
export class PtyRun {
  readonly pty: IPty;
  readonly terminal: InstanceType<typeof xterm.Terminal>;
  /** Everything that was written, escape sequences included. */
  output = "";
  exit: { exitCode: number; signal?: number | undefined } | null = null;

  constructor({ columns = 80, rows = 24, fake = {}, env = {}, shell = false, real }: PtyOptions = {}) {
    // What the test runner sets for itself would have the program behave as on a build server, or load React for development.
    const { CI, CONTINUOUS_INTEGRATION, NO_COLOR, FORCE_COLOR, NODE_ENV, ...inherited } = process.env;
    const [file, args] = shell ? ["/bin/sh", ["-i"]] : [process.execPath, real ? [bin, ...real] : [entry, "trace.out"]];
    this.terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    this.pty = spawn(file, args as string[], {
      cols: columns,
      rows,
      cwd: root,
      env: {
        ...inherited,
        LC_ALL: "C.UTF-8",
        TERM: "xterm-256color",
        COLORTERM: "",
        PS1: "$ ",
        ENV: "",
        FAKE: JSON.stringify(fake),
        RUN: `${process.execPath} ${entry} trace.out`,
        ...env,
      },
    });
    this.pty.onData((data) => {
      this.output += data;
      this.terminal.write(data);
    });
    this.pty.onExit((event) => {
      this.exit = event;
    });
  }

  /** The rows of the screen as text. */
  async screen(): Promise<string[]> {
    await new Promise<void>((resolve) => this.terminal.write("", resolve));
    const { buffer } = this.terminal;
    return Array.from(
      { length: this.terminal.rows },
      (_, y) => buffer.active.getLine(buffer.active.viewportY + y)?.translateToString(true) ?? "",
    );
  }

  async text(): Promise<string> {
    return (await this.screen()).join("\n");
  }

  /** Waits until the screen says so; fails with what it says instead. */
  async until(expected: string | RegExp | ((text: string) => boolean), ms = 15_000): Promise<string> {
    const deadline = Date.now() + ms;
    for (;;) {
      const { length } = this.output;
      const text = await this.text();
      // A frame comes in pieces, and half of one says nothing.
      const whole = this.output.length === length && this.#frameEnded();
      const there =
        whole &&
        (typeof expected === "function"
          ? expected(text)
          : typeof expected === "string"
            ? text.includes(expected)
            : expected.test(text));
      if (there) return text;
      if (Date.now() > deadline) throw new Error(`waited for ${String(expected)}; the screen says:\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  #frameEnded(): boolean {
    const end = Math.max(this.output.lastIndexOf(END_UPDATE), this.output.lastIndexOf(LEAVE));
    return this.output.lastIndexOf(BEGIN_UPDATE) <= end;
  }

  /** The same of a screen that is drawn to its end and stays as it is: what is written comes in pieces. */
  async settled(expected: Parameters<PtyRun["until"]>[0]): Promise<string> {
    for (;;) {
      const text = await this.until(expected);
      const { length } = this.output;
      await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
      if (this.output.length === length && this.output.endsWith(END_UPDATE) && (await this.text()) === text)
        return text;
    }
  }

  /** Waits until the shell asks for a command: keys pressed before that may be read by the program that is ending. */
  async prompt(): Promise<string> {
    return this.until((text) => text.trimEnd().split("\n").at(-1)?.trim() === "$");
  }

  press(keys: string): void {
    this.pty.write(keys);
  }

  resize(columns: number, rows: number): void {
    this.terminal.resize(columns, rows);
    this.pty.resize(columns, rows);
  }

  async exited(ms = 15_000): Promise<{ exitCode: number; signal?: number | undefined }> {
    const deadline = Date.now() + ms;
    while (this.exit === null) {
      if (Date.now() > deadline) throw new Error(`did not exit; the screen says:\n${await this.text()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return this.exit;
  }

  end(): void {
    if (this.exit === null) this.pty.kill("SIGKILL");
    this.terminal.dispose();
  }
}
