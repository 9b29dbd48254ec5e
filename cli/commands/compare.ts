import { UsageError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { MESSAGES } from "../messages.ts";
import type { Writer } from "../writer.ts";
import type { Command, RawArgs } from "./command.ts";
import { RUN_OPTIONS, readRunOptions } from "./diagnose-options.ts";
import { readWhatIfArgs, WHATIF_OPTIONS } from "./whatif-options.ts";

/** With one run, these take two values. */
const SETTINGS = ["policy", "gogc", "memory-limit", "phys-page-size", "procs", "os", "free-os-memory-every"] as const;

/** `gopages compare A B`: two runs, their ledgers and causes side by side; or one run under two settings. */
export const compareCommand: Command = {
  name: "compare",
  summary: "Two runs, or one under two settings: ledger, causes, figures; what is noise",
  operands: "<run A> [run B]",
  options: {
    json: { type: "boolean", describe: MESSAGES.optionJson },
    ...RUN_OPTIONS,
    policy: {
      ...WHATIF_OPTIONS.policy!,
      describe: "With one run: two Go versions (or the recorded one and this)",
    },
    gogc: {
      ...RUN_OPTIONS.gogc!,
      describe: "GOGC of the runs; with one run: two to compare",
      defaultDescription: "n[,n]",
    },
    "memory-limit": {
      ...RUN_OPTIONS["memory-limit"]!,
      describe: "GOMEMLIMIT of the runs, or off; with one run: two to compare",
      defaultDescription: "size[,size]",
    },
    procs: { ...WHATIF_OPTIONS.procs!, describe: "With one run: two values of GOMAXPROCS" },
    "free-os-memory-every": WHATIF_OPTIONS["free-os-memory-every"]!,
    "recorded-gogc": WHATIF_OPTIONS["recorded-gogc"]!,
    "recorded-memory-limit": WHATIF_OPTIONS["recorded-memory-limit"]!,
  },
  examples: [
    ["gopages compare old/ new/", "Each a file or a folder with one run's recordings"],
    ["gopages compare a.csv,a.log b.csv,b.log", "Several files of a run, separated by commas"],
    ["gopages compare trace.out --policy go1.12,go1.27", "One run as two Go versions would have it"],
  ],
  async run(raw, { out }) {
    const runs = (raw.inputs as string[]).map(String);
    if (runs.length === 1 && SETTINGS.some((name) => raw[name] !== undefined)) return settings(raw, runs[0]!, out);
    if (runs.length !== 2)
      throw new UsageError(
        `compare takes two runs, not ${runs.length}; or one, and two settings (--gogc 50,100)`,
        MESSAGES.tryCommandHelp("compare"),
      );
    const only = ["policy", "procs", "free-os-memory-every", "recorded-gogc", "recorded-memory-limit"].find(
      (name) => raw[name] !== undefined,
    );
    if (only) throw new UsageError(`--${only} is for one run under two settings`, MESSAGES.tryCommandHelp("compare"));
    const { compare } = await import("../../replay/compare.ts");
    const result = await compare(await files(runs[0]!), await files(runs[1]!), readRunOptions(raw));
    const { compareJson, compareReport } = await import("../report/compare.ts");
    await out.write(raw.json === true ? compareJson(result) : compareReport(result, runs[0]!, runs[1]!));
    return result.a.partial || result.b.partial ? EXIT.partial : EXIT.ok;
  },
};

async function settings(raw: RawArgs, run: string, out: Writer): Promise<number> {
  const { options } = await readWhatIfArgs(raw);
  const count = [options.gogc, options.memoryLimit, options.policy, options.physPageSize, options.procs]
    .concat([options.goos as undefined, options.freeOsMemoryEvery])
    .reduce((product, values) => product * (values?.length ?? 1), 1);
  if (count > 2)
    throw new UsageError(`compare takes two settings, not ${count}`, "gopages whatif shows more side by side");
  const { compareSettings } = await import("../../replay/compare-settings.ts");
  const { compareJson, settingsReport } = await import("../report/compare.ts");
  try {
    const result = await compareSettings(await files(run), options);
    await out.write(raw.json === true ? compareJson(result) : settingsReport(result));
    return result.partial ? EXIT.partial : EXIT.ok;
  } catch (error) {
    // A version that did not have what was asked for.
    if (error instanceof RangeError) throw new UsageError(error.message, MESSAGES.settingHint);
    throw error;
  }
}

/** A run is a file or a folder; else its files, separated by commas. */
async function files(run: string): Promise<string[]> {
  const { existsSync } = await import("node:fs");
  return !run.includes(",") || existsSync(run) ? [run] : run.split(",").filter((part) => part !== "");
}
