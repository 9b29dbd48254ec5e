import { UsageError } from "../errors.ts";
import { escapeText } from "../escape.ts";
import type { Command, RawArgs } from "./command.ts";

/** `gopages record -- ./program args`: runs a program and leaves a bundle of recordings. */
export const recordCommand: Command = {
  name: "record",
  summary: "Run a Go program and record its memory into a folder that every command takes",
  fetchesItself: true,
  operands: "-- ./program <args...>",
  noOperands: "no program given",
  unknownOptionHint: "The program's own options come after --: gopages record -- ./program -x",
  options: {
    output: {
      alias: "o",
      type: "string",
      requiresArg: true,
      describe: "Folder to leave (default: gopages-DATE-TIME)",
      defaultDescription: "folder",
    },
    addresses: {
      type: "boolean",
      describe: "Have traces carry every address (traceallocfree=1, Go 1.23+; larger, slower)",
    },
    interval: {
      type: "string",
      requiresArg: true,
      describe: "Time between samples of RSS (default: 20ms, longer where 0.3 % of one CPU would not do)",
      defaultDescription: "duration",
    },
    "pprof-url": {
      type: "string",
      requiresArg: true,
      describe: "The program's net/http/pprof: take a trace and a heap profile there",
      defaultDescription: "url",
    },
    for: {
      type: "string",
      requiresArg: true,
      describe: "Length of that trace (default: 10s)",
      defaultDescription: "duration",
    },
  },
  examples: [
    ["gopages record -- ./program -n 100", "Record a run"],
    ["gopages record --pprof-url localhost:6060 -- ./server", "...with a trace of it"],
  ],
  async run(raw, { host }) {
    const [{ record }, { defaultFolder }, { pprofBase }, { recordedText }] = await Promise.all([
      import("../record/record.ts"),
      import("../record/bundle.ts"),
      import("../record/fetch.ts"),
      import("../record/advice.ts"),
    ]);
    const url = option(raw, "pprof-url");
    const folder = option(raw, "output") ?? defaultFolder();
    const addresses = raw.addresses === true;
    const recorded = await record({
      command: (raw.inputs as unknown[]).map(String),
      folder,
      env: host.env,
      addresses,
      intervalMs: Math.max(1, (await seconds(raw, "interval", 0.02)) * 1000),
      // Who names an interval has weighed it; to fetch a trace costs more than any samples.
      atMost: option(raw, "interval") === undefined && url === undefined,
      pprofBase: url === undefined ? null : pprofBase(url),
      traceSeconds: await seconds(raw, "for", 10),
      stderr: host.stderr,
    });
    host.stderr.write(recordedText(recorded, folder, addresses, url !== undefined));
    return recorded.exitCode;
  },
};

/** The option's text; given twice is wrong usage. */
export function option(raw: RawArgs, name: string): string | undefined {
  const value = raw[name];
  if (Array.isArray(value)) throw new UsageError(`--${name} is given more than once`, "Try: gopages --help");
  return value === undefined ? undefined : String(value);
}

/** A duration in seconds, above 0. */
export async function seconds(raw: RawArgs, name: string, otherwise: number): Promise<number> {
  const text = option(raw, name);
  if (text === undefined) return otherwise;
  const { parseDuration } = await import("../record/duration.ts");
  const value = parseDuration(text);
  if (value === null || !(value > 0) || value > 7 * 86_400) {
    throw new UsageError(
      `--${name} ${escapeText(text)}: not a duration`,
      "Durations look like 500ms, 30s, 2m or 1h30m",
    );
  }
  return value;
}
