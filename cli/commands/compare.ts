import { UsageError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { MESSAGES } from "../messages.ts";
import type { Command } from "./command.ts";
import { RUN_OPTIONS, readRunOptions } from "./diagnose-options.ts";

/** `gopages compare A B`: two runs, their ledgers and causes side by side. */
export const compareCommand: Command = {
  name: "compare",
  summary: "Two runs side by side: ledger, causes, figures; what is noise",
  operands: "<run A> <run B>",
  options: {
    json: { type: "boolean", describe: MESSAGES.optionJson },
    ...RUN_OPTIONS,
  },
  examples: [
    ["gopages compare old/ new/", "Each a file or a folder with one run's recordings"],
    ["gopages compare a.csv,a.log b.csv,b.log", "Several files of a run, separated by commas"],
  ],
  async run(raw, { out }) {
    const runs = (raw.inputs as string[]).map(String);
    if (runs.length !== 2)
      throw new UsageError(`compare takes two runs, not ${runs.length}`, MESSAGES.tryCommandHelp("compare"));
    const { compare } = await import("../../replay/compare.ts");
    const result = await compare(await files(runs[0]!), await files(runs[1]!), readRunOptions(raw));
    const { compareJson, compareReport } = await import("../report/compare.ts");
    await out.write(raw.json === true ? compareJson(result) : compareReport(result, runs[0]!, runs[1]!));
    return result.a.partial || result.b.partial ? EXIT.partial : EXIT.ok;
  },
};

/** A run is a file or a folder; else its files, separated by commas. */
async function files(run: string): Promise<string[]> {
  const { existsSync } = await import("node:fs");
  return !run.includes(",") || existsSync(run) ? [run] : run.split(",").filter((part) => part !== "");
}
