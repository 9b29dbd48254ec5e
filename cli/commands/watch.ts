import { UsageError } from "../errors.ts";
import { escapeText } from "../escape.ts";
import { EXIT } from "../exit-codes.ts";
import { parseSize } from "../sizes.ts";
import type { Budget, BudgetName } from "../watch/model.ts";
import type { Command } from "./command.ts";
import { option, seconds } from "./record.ts";

const BUDGETS: readonly BudgetName[] = ["rss", "live", "goal", "gc-cpu"];

/** `gopages watch`: live from a pipe, a growing log or a URL. */
export const watchCommand: Command = {
  name: "watch",
  summary: "Live view of a running program, from its log or a URL",
  fetchesItself: true,
  operands: "<- | log | url>",
  options: {
    budget: {
      type: "string",
      requiresArg: true,
      describe: `Alert when over it: ${BUDGETS.join(", ")} (repeat for several)`,
      defaultDescription: "name=value",
    },
    window: {
      type: "string",
      requiresArg: true,
      describe: "Stretch of time that is shown (default: 10m)",
      defaultDescription: "duration",
    },
    every: {
      type: "string",
      requiresArg: true,
      describe: "Time between lines when not on a terminal, and between looks at a URL (default: 5s)",
      defaultDescription: "duration",
    },
    plain: { type: "boolean", describe: "Lines of text, even on a terminal" },
  },
  examples: [
    ["GODEBUG=gctrace=1 ./svc 2>&1 | gopages watch -", "A program from its start"],
    ["gopages watch http://localhost:6060 --budget rss=512MiB", "A running service, with an alert"],
  ],
  async run(raw, { host, out, terminal }) {
    const inputs = (raw.inputs as unknown[]).map(String);
    if (inputs.length !== 1) throw new UsageError("watch takes one input", "Try: gopages watch -");
    const { watch } = await import("../watch/run.ts");
    const broken = await watch({
      input: inputs[0]!,
      budgets: readBudgets(raw.budget),
      windowSeconds: Math.max(10, await seconds(raw, "window", 600)),
      everySeconds: Math.max(0.1, await seconds(raw, "every", 5)),
      live: terminal.isTty && raw.plain !== true && host.env.TERM !== "dumb",
      host,
      out,
      terminal,
    });
    return broken ? EXIT.budget : EXIT.ok;
  },
};

function readBudgets(value: unknown): Budget[] {
  const texts =
    value === undefined ? [] : Array.isArray(value) ? value.map(String) : [option({ budget: value }, "budget")!];
  return texts.map((text) => {
    const [name, amount = ""] = text.split("=", 2) as [string, string?];
    const hint = `Budgets look like rss=512MiB or gc-cpu=10%; names are ${BUDGETS.join(", ")}`;
    if (!(BUDGETS as readonly string[]).includes(name)) {
      throw new UsageError(`--budget ${escapeText(text)}: no such budget`, hint);
    }
    const percent = /^(\d+(?:\.\d+)?)%$/.exec(amount);
    const limit = name === "gc-cpu" ? (percent ? Number(percent[1]) / 100 : null) : parseSize(amount);
    if (limit === null) throw new UsageError(`--budget ${escapeText(text)}: not an amount`, hint);
    return { name: name as BudgetName, limit };
  });
}
