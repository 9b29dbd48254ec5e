import { UsageError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { MESSAGES } from "../messages.ts";
import { Progress } from "../progress.ts";
import type { Command } from "./command.ts";
import { RUN_OPTIONS, readRunOptions } from "./diagnose-options.ts";

/** `gopages diagnose`: why is RSS high? */
export const diagnoseCommand: Command = {
  name: "diagnose",
  summary: "Why is RSS high? Ranked causes, what each explains, what to do",
  options: {
    json: { type: "boolean", describe: MESSAGES.optionJson },
    markdown: { type: "boolean", describe: "Print Markdown, to paste into an issue" },
    all: { type: "boolean", describe: "Show the evidence of causes that are ruled out or unknown, too" },
    at: {
      type: "string",
      requiresArg: true,
      describe: "A moment to show the ledger of, e.g. 12.5s",
      defaultDescription: "time",
    },
    ...RUN_OPTIONS,
    "no-progress": { type: "boolean", describe: MESSAGES.optionNoProgress },
  },
  examples: [
    ["gopages diagnose gctrace.log heap.pb.gz", "From a log of GCs and a heap profile"],
    ["gopages diagnose bundle/ --markdown", "From one run's recordings, for an issue"],
  ],
  async run(raw, { host, out, terminal }) {
    if (raw.json === true && raw.markdown === true)
      throw new UsageError(MESSAGES.exclusive("--json", "--markdown"), MESSAGES.tryHelp);
    const options = readRunOptions(raw);
    const progress = new Progress(host.stderr, raw["no-progress"] !== true);
    const { diagnose } = await import("../../replay/diagnose/diagnose.ts");
    const result = await diagnose((raw.inputs as string[]).map(String), {
      ...options,
      onProgress: progress.report,
    }).finally(() => progress.done());
    const { diagnoseJson, diagnoseMarkdown, diagnoseReport } = await import("../report/diagnose.ts");
    if (raw.json === true) await out.write(diagnoseJson(result));
    else if (raw.markdown === true) await out.write(diagnoseMarkdown(result));
    else await out.write(diagnoseReport(result, terminal, raw.all === true));
    return result.partial ? EXIT.partial : EXIT.ok;
  },
};
