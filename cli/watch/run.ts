import { escapeText } from "../escape.ts";
import type { Host } from "../host.ts";
import { painter } from "../style.ts";
import type { Terminal } from "../terminal.ts";
import { Screen } from "../tui/screen.ts";
import type { Writer } from "../writer.ts";
import { fileLines, streamLines } from "./lines.ts";
import { type Budget, WatchModel } from "./model.ts";
import { poll, watchedUrl } from "./poll.ts";
import { alertLine, statusLine, watchFrame } from "./view.ts";

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
  const screen = live ? new Screen(host.stdout) : null;
  const paint = painter(options.terminal);
  const draw = (): void =>
    screen?.show(
      watchFrame(model, Date.now(), alerts, paint, {
        columns: screen.columns,
        rows: screen.rows,
        unicode: options.terminal.unicode,
        title: `gopages watch ${escapeText(input)}`,
        trouble,
      }),
    );
  const onSignal = (): void => stop.abort();
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  screen?.enter();
  draw();
  const timer = setInterval(
    () => (live ? draw() : say(statusLine(model, Date.now()))),
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
    screen?.leave();
    if (input === "-") host.stdin.destroy();
  }
  if (failed) throw failed;
  await out.write(`${statusLine(model, Date.now())}\n`);
  return model.anyBroken;
}

function clock(): string {
  return new Date().toISOString().slice(11, 19);
}
