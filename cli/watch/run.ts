import { InputError } from "../../parsers/errors.ts";
import { escapeText } from "../escape.ts";
import type { Host } from "../host.ts";
import { painter } from "../style.ts";
import type { Terminal } from "../terminal.ts";
import { TerminalGuard } from "../tui/guard.ts";
import { openKeyboard } from "../tui/keyboard.ts";
import { Screen } from "../tui/screen.ts";
import type { Writer } from "../writer.ts";
import { Forecaster } from "./forecast.ts";
import { FOLLOWING, press, type WatchView } from "./keys.ts";
import { fileLines, streamLines } from "./lines.ts";
import { type Budget, WatchModel } from "./model.ts";
import { poll, watchedUrl } from "./poll.ts";
import { alertLine, statusLine, watchFrame } from "./view.ts";
import type { Window } from "./window.ts";

export interface WatchOptions {
  readonly input: string;
  readonly budgets: readonly Budget[];
  readonly windowSeconds: number;
  readonly everySeconds: number;
  /** A screen that is drawn anew, or a line now and then. */
  readonly live: boolean;
  readonly host: Host;
  readonly out: Writer;
  readonly terminal: Terminal;
}

const FRAME_MS = 500;
const ALERTS_KEPT = 20;

/** Watches until the input ends or the user does. Resolves to whether a budget was broken. */
export async function watch(options: WatchOptions): Promise<boolean> {
  const { input, host, out, live } = options;
  if (input === "-" && host.stdin.isTTY) {
    throw new InputError("-: standard input is a terminal; pipe a program's standard error into it, or name its log");
  }
  const stop = new AbortController();
  const alerts: string[] = [];
  let trouble: string | null = null;
  let failed: unknown;
  // Lines are said one after the other: a slow reader holds them up, and nothing piles up but what is waiting.
  const say = (text: string): void => {
    if (live) return;
    out.write(`${clock()} ${text}\n`).catch((error) => {
      failed ??= error;
      stop.abort();
    });
  };
  const note = (text: string): void => {
    alerts.push(`${clock()} ${text}`);
    if (alerts.length > ALERTS_KEPT) alerts.shift();
    say(text);
  };
  const model = new WatchModel(
    options.windowSeconds,
    options.budgets,
    (alert) => note(alertLine(alert)),
    () => note("the program was started again"),
  );
  const forecaster = new Forecaster((ahead) => model.foresee(ahead, Date.now()));
  const screen = live ? new Screen(host.stdout) : null;
  const keyboard = live ? openKeyboard(host.stdin) : null;
  const guard = screen && keyboard ? new TerminalGuard(screen, keyboard.stdin) : null;
  let view: WatchView = FOLLOWING;
  let held: Window | null = null;
  const paint = painter(options.terminal);
  const draw = (): void =>
    screen?.show(
      watchFrame(model, Date.now(), alerts, paint, {
        columns: screen.columns,
        rows: screen.rows,
        unicode: options.terminal.unicode,
        title: `gopages watch ${escapeText(input)}`,
        trouble,
        ...(keyboard ? { view, held } : {}),
      }),
    );
  const onKeys = (bytes: Buffer): void => {
    for (const key of bytes.toString("latin1")) {
      const next = press(view, key, Date.now(), options.windowSeconds);
      if (next === "suspend") guard?.suspend();
      else if (next === "quit") {
        // As at any terminal, Ctrl-C is for the whole pipeline: what is watched shall hear it too.
        if (key === "\x03" && input === "-") {
          guard?.release();
          process.kill(0, "SIGINT");
        }
        stop.abort();
      } else {
        if (next.pausedAt !== view.pausedAt) held = next.pausedAt === null ? null : model.window.copy();
        view = next;
      }
    }
    if (!stop.signal.aborted) draw();
  };
  const onSignal = (): void => stop.abort();
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  if (guard) guard.hold();
  else screen?.enter();
  keyboard?.stdin.on("data", onKeys);
  draw();
  const timer = setInterval(
    () => {
      forecaster.ask(() => model.recent, model.gcs, Date.now());
      if (live) draw();
      else say(statusLine(model, Date.now()));
    },
    live ? FRAME_MS : options.everySeconds * 1000,
  );
  try {
    if (/^https?:\/\//.test(input)) {
      await poll(
        watchedUrl(input),
        options.everySeconds,
        stop.signal,
        (values) => model.observe(values, Date.now()),
        (text) => {
          const now = text === null ? null : escapeText(text);
          if (now !== trouble) note(now ?? "it answers again");
          trouble = now;
        },
      );
    } else {
      const lines = input === "-" ? streamLines(host.stdin, stop.signal) : fileLines(input, stop.signal);
      for await (const line of lines) model.line(line, Date.now());
    }
  } finally {
    clearInterval(timer);
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
    keyboard?.stdin.off("data", onKeys);
    if (guard) guard.release();
    else screen?.leave();
    keyboard?.close();
    await forecaster.close();
    if (input === "-") host.stdin.destroy();
  }
  if (failed) throw failed;
  await out.write(`${statusLine(model, Date.now())}\n`);
  return model.anyBroken;
}

function clock(): string {
  return new Date().toISOString().slice(11, 19);
}
