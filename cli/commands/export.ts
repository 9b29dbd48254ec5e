import { UsageError } from "../errors.ts";
import { escapeText } from "../escape.ts";
import { EXIT } from "../exit-codes.ts";
import type { Exporter, Sink } from "../export/exporter.ts";
import { MESSAGES } from "../messages.ts";
import { nearest } from "../nearest.ts";
import { Progress } from "../progress.ts";
import type { Command } from "./command.ts";
import type { Options } from "./option.ts";
import { REPLAY_OPTIONS, readReplayArgs } from "./replay-options.ts";

/** Names of cli/export/registry.ts, which is loaded only when something is exported; a test holds the two together. */
export const EXPORT_NAMES = [
  "html",
  "markdown",
  "svg",
  "csv",
  "ndjson",
  "parquet",
  "perfetto",
  "speedscope",
  "pprof",
  "events",
] as const;

const { json: _json, plain: _plain, samples: _samples, ...shared } = REPLAY_OPTIONS;

const OPTIONS: Readonly<Record<string, Options>> = {
  to: {
    type: "string",
    requiresArg: true,
    describe: `Format: ${EXPORT_NAMES.join(", ")}`,
    defaultDescription: "name",
  },
  output: {
    alias: "o",
    type: "string",
    requiresArg: true,
    describe: "File to write (default: standard output)",
    defaultDescription: "file",
  },
  samples: {
    type: "string",
    requiresArg: true,
    describe: "Rows of the timeline: a number, or all for every change (default: some thousands)",
    defaultDescription: "n|all",
  },
  ...shared,
};

/** `gopages export`: the result, or the normalized events, for other tools. */
export const exportCommand: Command = {
  name: "export",
  summary: "The result as a report, a picture, a table, a profile or a trace",
  options: OPTIONS,
  examples: [
    ["gopages export --to html -o report.html trace.out", "A report that opens in any browser, offline"],
    ["gopages export --to csv trace.out", "The timeline for a spreadsheet"],
  ],
  async run(raw, { host, services, out, terminal }) {
    const args = await readReplayArgs(raw);
    const exporter = await exporterOf(raw.to);
    const file = one(raw.output, "--output");
    if (file === undefined && exporter.binary && terminal.isTty) {
      throw new UsageError(
        `${exporter.name} is binary: a terminal can't show it`,
        `Try: gopages export --to ${exporter.name} -o run.${exporter.extension} ...`,
      );
    }
    const progress = new Progress(host.stderr, args.progress);
    const samples = raw.samples === undefined ? null : args.samples;
    const job = {
      inputs: args.inputs,
      samples,
      replay: (extra = {}) =>
        services
          .replay(args.inputs, {
            ...args.replay,
            ...(samples === null ? {} : { samples }),
            onProgress: progress.report,
            ...extra,
          })
          .finally(() => progress.done()),
    };
    const { partial } =
      file === undefined ? await exporter.write(job, out) : await toFile(file, (sink) => exporter.write(job, sink));
    return partial ? EXIT.partial : EXIT.ok;
  },
};

async function exporterOf(value: unknown): Promise<Exporter> {
  const name = one(value, "--to");
  const known = `Formats are ${EXPORT_NAMES.join(", ")}`;
  if (name === undefined) throw new UsageError("--to is missing: which format?", known);
  const { EXPORTERS } = await import("../export/registry.ts");
  const exporter = EXPORTERS.find((candidate) => candidate.name === name);
  if (exporter) return exporter;
  const close = nearest(name, EXPORT_NAMES);
  throw new UsageError(
    `--to ${escapeText(name)}: no such format`,
    close === undefined ? known : MESSAGES.didYouMean(`--to ${close}`),
  );
}

function one(value: unknown, option: string): string | undefined {
  if (Array.isArray(value)) throw new UsageError(MESSAGES.twice(option), MESSAGES.tryCommandHelp("export"));
  return value === undefined ? undefined : String(value);
}

async function toFile<T>(path: string, write: (sink: Sink) => Promise<T>): Promise<T> {
  const { FileSink } = await import("../export/file-sink.ts");
  const sink = await FileSink.create(path);
  try {
    const done = await write(sink);
    await sink.finish();
    return done;
  } catch (error) {
    await sink.abandon();
    throw error;
  }
}
