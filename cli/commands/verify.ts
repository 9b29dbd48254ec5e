import type { ReplayOptions } from "../../replay/run.ts";
import { EXIT } from "../exit-codes.ts";
import { MESSAGES } from "../messages.ts";
import { Progress } from "../progress.ts";
import type { Command } from "./command.ts";
import { REPLAY_OPTIONS, readReplayArgs } from "./replay-options.ts";

/** `gopages verify`: how far the model can be trusted on this recording. */
export const verifyCommand: Command = {
  name: "verify",
  summary: MESSAGES.verifySummary,
  options: REPLAY_OPTIONS,
  examples: [
    ["gopages verify trace.out", MESSAGES.exampleVerify],
    ["gopages verify trace.out samples.csv --json", MESSAGES.exampleVerifySamples],
  ],
  async run(raw, { host, services, out, terminal }) {
    const args = await readReplayArgs(raw);
    const progress = new Progress(host.stderr, args.progress);
    const { GoalCheck } = await import("../../replay/goal-accuracy.ts");
    const check = new GoalCheck();
    const options: ReplayOptions = {
      ...args.replay,
      onProgress: progress.report,
      tap: (batch) => check.add(batch),
    };
    const result = await services
      .replay(args.inputs, args.json ? { ...options, samples: args.samples } : options)
      .finally(() => progress.done());
    const goals = check.against(result);
    if (args.json) {
      const { writeReplayJson } = await import("../json.ts");
      await writeReplayJson(out, "gopages/verify/1", result, args.samples, { goals });
    } else {
      const { verifyReport } = await import("../report/verify.ts");
      await out.write(verifyReport(result, goals, terminal));
    }
    return result.partial ? EXIT.partial : EXIT.ok;
  },
};
