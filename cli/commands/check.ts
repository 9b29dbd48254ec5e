import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import type { Budget } from "../../replay/budgets.ts";
import { UsageError } from "../errors.ts";
import { escapeText } from "../escape.ts";
import { EXIT } from "../exit-codes.ts";
import { MESSAGES } from "../messages.ts";
import type { Command } from "./command.ts";
import { RUN_OPTIONS, readRunOptions, text } from "./diagnose-options.ts";

const CONFIG = "gopages.budgets.json";
/** What is held against a baseline unless budgets name other figures. */
const AGAINST_BASELINE = [
  "peak-rss",
  "final-rss",
  "mean-rss",
  "peak-heap-inuse",
  "peak-heap-live",
  "peak-stacks",
  "gc-cpu",
];
const DEFAULT_TOLERANCE = 0.1;

/** `gopages check`: budgets for CI. */
export const checkCommand: Command = {
  name: "check",
  summary: "Budgets for CI: exit 1 and one line for each that is broken",
  options: {
    budget: {
      type: "string",
      array: false,
      requiresArg: true,
      describe: `A figure and its bound, e.g. peak-rss=512MiB, returned=80%, gc-cpu=10%, placement>=99%; again for more (default: ${CONFIG})`,
      defaultDescription: "figure=bound",
    },
    budgets: {
      type: "string",
      requiresArg: true,
      describe: `A file of budgets like ${CONFIG}`,
      defaultDescription: "file",
    },
    baseline: {
      type: "string",
      requiresArg: true,
      describe: "What check --json printed of an earlier run: nothing may be worse",
      defaultDescription: "file",
    },
    tolerance: {
      type: "string",
      requiresArg: true,
      describe: "How much worse than the baseline is still good (default: 10%: two runs differ by some per cent)",
      defaultDescription: "%",
    },
    json: { type: "boolean", describe: MESSAGES.optionJson },
    junit: { type: "string", requiresArg: true, describe: "Write JUnit XML there", defaultDescription: "file" },
    github: { type: "boolean", describe: "Print GitHub annotations" },
    ...RUN_OPTIONS,
  },
  examples: [
    ["gopages check bundle/ --budget peak-rss=512MiB --budget returned=80%", "Two budgets"],
    ["gopages check bundle/ --baseline main.json --tolerance 5%", "No worse than the main branch"],
  ],
  async run(raw, { out }) {
    const { budgetsOf, checkBudgets, figuresOf, parseBudget, parseValue, readBaseline, readBudgets } = await import(
      "../../replay/budgets.ts"
    );
    const budgets: Budget[] = [];
    const given =
      raw.budget === undefined ? [] : Array.isArray(raw.budget) ? raw.budget.map(String) : [String(raw.budget)];
    for (const item of given) {
      const budget = parseBudget(item);
      if (typeof budget === "string")
        throw new UsageError(`--budget ${escapeText(item)}: ${budget}`, MESSAGES.tryCommandHelp("check"));
      budgets.push(budget);
    }
    const file = text(raw, "budgets");
    const baseline = text(raw, "baseline");
    if (file !== undefined) budgets.push(...(await readBudgets(file)));
    else if (budgets.length === 0 && existsSync(CONFIG)) budgets.push(...(await readBudgets(CONFIG)));
    const toleranceText = text(raw, "tolerance");
    const tolerance = toleranceText === undefined ? DEFAULT_TOLERANCE : parseValue(toleranceText, "fraction");
    if (tolerance === null)
      throw new UsageError(`--tolerance ${escapeText(toleranceText!)}: not a share`, "Give per cent, e.g. 5%");
    if (baseline !== undefined) budgets.push(...budgetsOf(await readBaseline(baseline), tolerance, AGAINST_BASELINE));
    if (budgets.length === 0 && raw.json !== true) {
      throw new UsageError(
        "no budget given",
        `Give --budget peak-rss=512MiB, a ${CONFIG}, or --baseline; --json alone prints the figures`,
      );
    }
    const { collect } = await import("../../replay/diagnose/collect.ts");
    const { diagnoseCollected } = await import("../../replay/diagnose/diagnose.ts");
    const collected = await collect((raw.inputs as string[]).map(String), readRunOptions(raw));
    const figures = figuresOf(collected, diagnoseCollected(collected));
    const results = checkBudgets(budgets, figures);
    const report = await import("../report/check.ts");
    if (raw.json === true) await out.write(report.checkJson(results, figures));
    else await out.write(report.checkReport(results, raw.github === true));
    const junit = text(raw, "junit");
    if (junit !== undefined) {
      try {
        await writeFile(junit, report.checkJunit(results));
      } catch (error) {
        throw new UsageError(
          `--junit ${escapeText(junit)}: can't be written: ${(error as NodeJS.ErrnoException).code ?? "error"}`,
          "Give a file in a folder that exists",
        );
      }
    }
    if (results.some(({ broken }) => broken)) return EXIT.budget;
    return collected.partial ? EXIT.partial : EXIT.ok;
  },
};
