import type { Setting } from "../../replay/what-if.ts";
import { UsageError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { MESSAGES } from "../messages.ts";
import { Progress } from "../progress.ts";
import type { Command } from "./command.ts";
import { readWhatIfArgs, WHATIF_OPTIONS } from "./whatif-options.ts";

/** `gopages whatif`: the same program under other settings, side by side. */
export const whatifCommand: Command = {
  name: "whatif",
  summary: MESSAGES.whatifSummary,
  options: WHATIF_OPTIONS,
  examples: [
    ["gopages whatif trace.out --gogc 50,100,200", MESSAGES.exampleWhatIf],
    ["gopages whatif trace.out --gogc off --memory-limit 512MiB", MESSAGES.exampleWhatIfLimit],
    ["gopages whatif trace.out --policy go1.12,go1.16,go1.27", MESSAGES.exampleWhatIfPolicy],
    ["gopages whatif trace.out --solve 'peak-rss<=512MiB'", MESSAGES.exampleSolve],
  ],
  async run(raw, { host, out, terminal }) {
    const args = await readWhatIfArgs(raw);
    const { whatIf, prepareWhatIf, settingProblem, combine } = await import("../../replay/what-if.ts");
    // What can be refused without reading the input is.
    for (const setting of combine(ANY_SETTING, args.options)) {
      const problem = settingProblem(setting);
      if (problem) throw new UsageError(problem, MESSAGES.settingHint);
    }
    const progress = new Progress(host.stderr, args.progress);
    const abort = new AbortController();
    const options = { ...args.options, onProgress: progress.report, signal: abort.signal };
    const code = (partial: boolean): number => (partial ? EXIT.partial : EXIT.ok);
    try {
      if (args.goal) {
        const { solve } = await import("../../replay/solve.ts");
        const read = await prepareWhatIf(args.inputs, options);
        const [recorded, ...others] = combine(read.recorded, args.options);
        if (others.length > 0) throw new UsageError(MESSAGES.solveOneSetting, MESSAGES.solveOneSettingHint);
        const problem = settingProblem(recorded!);
        if (problem) throw new UsageError(problem, MESSAGES.settingHint);
        const prepared = { ...read, recorded: recorded! };
        const solution = await solve(prepared, args.goal, options);
        progress.done();
        const { solveJson, solveReport } = await import("../report/solve.ts");
        await out.write(args.json ? solveJson(prepared, solution) : solveReport(prepared, solution, terminal));
        return code(prepared.baseline.partial);
      }
      const result = await whatIf(args.inputs, options);
      progress.done();
      const { whatIfJson, whatIfReport } = await import("../report/whatif.ts");
      await out.write(args.json ? whatIfJson(result) : whatIfReport(result, terminal));
      return code(result.baseline.partial);
    } catch (error) {
      // The recording's own version may turn out not to have what was asked for.
      if (error instanceof RangeError) throw new UsageError(error.message, MESSAGES.settingHint);
      throw error;
    } finally {
      progress.done();
    }
  },
};

const ANY_SETTING: Setting = {
  gogc: 100,
  memoryLimit: Number.POSITIVE_INFINITY,
  policy: "go1.27",
  physPageSize: 4096,
  pageSize: 8192,
  procs: 1,
  goos: "linux",
  thp: "never",
  freeOsMemoryEvery: Number.POSITIVE_INFINITY,
};
