import { UsageError } from "../errors.ts";
import { escapeText } from "../escape.ts";
import { EXIT } from "../exit-codes.ts";
import { formatBytes } from "../sizes.ts";
import type { Command } from "./command.ts";
import { option, seconds } from "./record.ts";

/** `gopages capture`: records a program that runs already. */
export const captureCommand: Command = {
  name: "capture",
  summary: "Record a running service through net/http/pprof, and its process from outside",
  inputsOptional: true,
  operands: "",
  options: {
    "pprof-url": {
      type: "string",
      requiresArg: true,
      describe: "Its net/http/pprof endpoint",
      defaultDescription: "url",
    },
    pid: {
      type: "string",
      requiresArg: true,
      describe: "Its process on this machine, to be sampled",
      defaultDescription: "pid",
    },
    for: { type: "string", requiresArg: true, describe: "How long (default: 30s)", defaultDescription: "duration" },
    interval: {
      type: "string",
      requiresArg: true,
      describe: "Time between samples of RSS (default: 20ms, longer where 0.3 % of one CPU would not do)",
      defaultDescription: "duration",
    },
    output: {
      alias: "o",
      type: "string",
      requiresArg: true,
      describe: "Folder to leave (default: gopages-DATE-TIME)",
      defaultDescription: "folder",
    },
  },
  examples: [["gopages capture --pprof-url http://localhost:6060 --for 30s", "Half a minute of a running service"]],
  async run(raw, { host }) {
    const [{ capture }, { defaultFolder }, { pprofBase }] = await Promise.all([
      import("../record/capture.ts"),
      import("../record/bundle.ts"),
      import("../record/fetch.ts"),
    ]);
    if ((raw.inputs as unknown[]).length > 0) {
      throw new UsageError("capture takes no inputs", "Try: gopages capture --pprof-url http://localhost:6060");
    }
    const url = option(raw, "pprof-url");
    const pidText = option(raw, "pid");
    if (url === undefined && pidText === undefined) {
      throw new UsageError(
        "capture needs --pprof-url or --pid",
        "Try: gopages capture --pprof-url http://localhost:6060",
      );
    }
    if (pidText !== undefined && !/^[1-9]\d{0,9}$/.test(pidText)) {
      throw new UsageError(`--pid ${escapeText(pidText)}: not a process id`, "Try: pgrep -n program");
    }
    const folder = option(raw, "output") ?? defaultFolder();
    const stop = new AbortController();
    const interrupt = (): void => stop.abort();
    process.once("SIGINT", interrupt);
    process.once("SIGTERM", interrupt);
    try {
      const { files, missing, peakRss } = await capture({
        folder,
        pprofBase: url === undefined ? null : pprofBase(url),
        pid: pidText === undefined ? null : Number(pidText),
        // The endpoint takes whole seconds.
        seconds: Math.max(1, Math.round(await seconds(raw, "for", 30))),
        intervalMs: Math.max(1, (await seconds(raw, "interval", 0.02)) * 1000),
        // Who names an interval has weighed it; to fetch a trace costs more than any samples.
        atMost: option(raw, "interval") === undefined && url === undefined,
        signal: stop.signal,
      });
      const shown = escapeText(folder);
      const peak = peakRss > 0 ? `; peak RSS measured ${formatBytes(peakRss)}` : "";
      host.stderr.write(
        `gopages: ${files.length > 0 ? `recorded ${files.join(", ")}` : "nothing was recorded"} in ${shown}${peak}\n`,
      );
      for (const what of missing) host.stderr.write(`gopages: missing: ${escapeText(what)}\n`);
      if (files.includes("trace.out")) host.stderr.write(`gopages: Try: gopages replay ${shown}\n`);
      if (stop.signal.aborted) return EXIT.interrupted;
      if (files.length === 0) return EXIT.input;
      return missing.length > 0 ? EXIT.partial : EXIT.ok;
    } finally {
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", interrupt);
    }
  },
};
