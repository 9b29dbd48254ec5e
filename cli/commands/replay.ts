import { UsageError } from "../errors.ts";
import { escapeText } from "../escape.ts";
import { EXIT } from "../exit-codes.ts";
import { MESSAGES } from "../messages.ts";
import { Progress } from "../progress.ts";
import type { Command, Context, RawArgs } from "./command.ts";
import { REPLAY_OPTIONS, type ReplayArgs, readReplayArgs } from "./replay-options.ts";

/** Rows that the terminal UI asks for: ten for each column of its widest screen, to have something to zoom into. */
const TUI_SAMPLES = 20_000;

/** `gopages replay`: predicted RSS and returned memory over time. */
export const replayCommand: Command = {
  name: "replay",
  summary: MESSAGES.replaySummary,
  options: {
    ...REPLAY_OPTIONS,
    open: { type: "boolean", describe: MESSAGES.optionOpen },
    output: {
      alias: "o",
      type: "string",
      requiresArg: true,
      describe: MESSAGES.optionOpenOutput,
      defaultDescription: "file",
    },
  },
  examples: [
    ["gopages trace.out", MESSAGES.exampleReplay],
    ["gopages replay trace.out --json", MESSAGES.exampleJson],
    ["gopages replay trace.out --open", MESSAGES.exampleOpen],
    ["gopages replay trace.out --policy go1.12", MESSAGES.examplePolicy],
  ],
  async run(raw, context) {
    const args = await readReplayArgs(raw);
    if (raw.open === true) return open(args, reportFile(raw), context);
    if (raw.output !== undefined) throw new UsageError(MESSAGES.outputWithoutOpen, MESSAGES.outputWithoutOpenHint);
    const { host, services, out, terminal } = context;
    const interactive = !args.json && !args.plain && terminal.isTty && wantsTui(host.env);
    if (interactive) {
      const { openKeyboard } = await import("../tui/keyboard.ts");
      const keyboard = openKeyboard(host.stdin);
      if (keyboard) {
        const { showReplay } = await import("../tui/index.ts");
        return showReplay(args.inputs, { ...args.replay, samples: TUI_SAMPLES }, host, services, keyboard);
      }
    }
    const progress = new Progress(host.stderr, args.progress);
    const result = await services
      .replay(args.inputs, {
        ...args.replay,
        samples: args.json ? args.samples : TUI_SAMPLES,
        onProgress: progress.report,
      })
      .finally(() => progress.done());

    const done = result.partial ? EXIT.partial : EXIT.ok;
    if (args.json) {
      const { writeReplayJson } = await import("../json.ts");
      await writeReplayJson(out, "gopages/replay/1", result, args.samples);
      return done;
    }
    const { plainReport } = await import("../report/plain.ts");
    await out.write(plainReport(result, terminal));
    return done;
  },
};

async function open(args: ReplayArgs, file: string | undefined, context: Context): Promise<number> {
  const { host, services, out } = context;
  if (args.json || args.plain) {
    throw new UsageError(MESSAGES.exclusive("--open", args.json ? "--json" : "--plain"), MESSAGES.tryHelp);
  }
  const { openReport } = await import("../html/open.ts");
  const progress = new Progress(host.stderr, args.progress);
  const job = {
    inputs: args.inputs,
    samples: null,
    replay: (extra = {}) =>
      services
        .replay(args.inputs, { ...args.replay, onProgress: progress.report, ...extra })
        .finally(() => progress.done()),
  };
  const opened = await openReport(job, file, host.env);
  await out.write((opened.shown ? MESSAGES.opened : MESSAGES.notOpened)(escapeText(opened.file)));
  return opened.partial ? EXIT.partial : EXIT.ok;
}

function reportFile(raw: RawArgs): string | undefined {
  if (Array.isArray(raw.output)) throw new UsageError(MESSAGES.twice("--output"), MESSAGES.tryCommandHelp("replay"));
  return raw.output === undefined ? undefined : String(raw.output);
}

/** A dumb terminal can't, and nobody is there to press keys on a build server that pretends to have a terminal. */
function wantsTui(env: Readonly<Record<string, string | undefined>>): boolean {
  return env.TERM !== "dumb" && (env.CI === undefined || env.CI === "" || env.CI === "0" || env.CI === "false");
}
