import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import type { Budget } from "../../replay/budgets.ts";
import { outputError, UsageError } from "../errors.ts";
import { escapeText } from "../escape.ts";
import { EXIT } from "../exit-codes.ts";
import { MESSAGES } from "../messages.ts";
import { nearest } from "../nearest.ts";
import type { Command } from "./command.ts";
import { RUN_OPTIONS, readRunOptions, text } from "./diagnose-options.ts";

const CONFIG = "gopages.budgets.json";
/** Two runs of one program differ by some per cent: replay/noise.ts. */
const DEFAULT_TOLERANCE = 0.1;

/** `gopages check`: budgets for CI. */
export const checkCommand: Command = {
  name: "check",
  summary: "Budgets for CI: exit 1 and one line for each that is broken",
  options: {
    budget: {
      type: "string",
      requiresArg: true,
      describe: `A figure and its bound, e.g. peak-rss=512MiB, returned=80%, gc-cpu=10%, placement>=99%; again for more (default: ${CONFIG}). Figures that the inputs do not tell: exit 5`,
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
    if (raw.json === true && raw.github === true)
      throw new UsageError(MESSAGES.exclusive("--json", "--github"), MESSAGES.tryHelp);
    const { AGAINST_BASELINE, budgetsOf, checkBudgets, parseValue } = await import("../../replay/budgets.ts");
    const { readBaseline, readBudgets } = await import("../../replay/budget-files.ts");
    const toleranceText = text(raw, "tolerance");
    const tolerance = toleranceText === undefined ? DEFAULT_TOLERANCE : parseValue(toleranceText, "fraction");
    if (tolerance === null)
      throw new UsageError(`--tolerance ${escapeText(toleranceText!)}: not a share`, "Give per cent, e.g. 5%");
    const baseline = text(raw, "baseline");
    if (toleranceText !== undefined && baseline === undefined)
      throw new UsageError("--tolerance is of --baseline, which is not given", MESSAGES.tryCommandHelp("check"));
    const given =
      raw.budget === undefined ? [] : Array.isArray(raw.budget) ? raw.budget.map(String) : [String(raw.budget)];
    const file = text(raw, "budgets") ?? (given.length === 0 && existsSync(CONFIG) ? CONFIG : undefined);
    const budgets = await parseAll([
      ...given.map((item) => ({ item, where: "--budget" })),
      ...(file === undefined ? [] : (await readBudgets(file)).map((item) => ({ item, where: file }))),
    ]);
    if (baseline !== undefined) budgets.push(...budgetsOf(await readBaseline(baseline), tolerance, AGAINST_BASELINE));
    if (budgets.length === 0 && raw.json !== true) {
      throw new UsageError(
        "no budget given",
        `Give --budget peak-rss=512MiB, a ${CONFIG}, or --baseline; --json alone prints the figures`,
      );
    }
    const { collect } = await import("../../replay/diagnose/collect.ts");
    const { diagnoseCollected } = await import("../../replay/diagnose/diagnose.ts");
    const { figuresOf, rssMargin } = await import("../../replay/figures.ts");
    const collected = await collect((raw.inputs as string[]).map(String), readRunOptions(raw));
    const figures = figuresOf(collected, diagnoseCollected(collected));
    const margin = rssMargin(collected);
    const results = checkBudgets(budgets, figures);
    const report = await import("../report/check.ts");
    if (raw.json === true) await out.write(report.checkJson(results, figures, margin));
    else await out.write(report.checkReport(results, margin, raw.github === true));
    const junit = text(raw, "junit");
    if (junit !== undefined) {
      try {
        await writeFile(junit, report.checkJunit(results, margin));
      } catch (error) {
        throw outputError(junit, error);
      }
    }
    if (results.some(({ outcome }) => outcome === "broken")) return EXIT.budget;
    if (results.some(({ outcome }) => outcome === "unknown")) return EXIT.unsupported;
    return collected.partial ? EXIT.partial : EXIT.ok;
  },
};

/** Every text that is no budget is named at once, with what was probably meant. */
async function parseAll(texts: readonly { item: string; where: string }[]): Promise<Budget[]> {
  const { parseBudget } = await import("../../replay/budgets.ts");
  const { FIGURES } = await import("../../replay/figures.ts");
  const names = FIGURES.map(({ name }) => name);
  const budgets: Budget[] = [];
  const wrong: string[] = [];
  let unknown = false;
  for (const { item, where } of texts) {
    const parsed = parseBudget(item);
    if ("figure" in parsed) {
      budgets.push(parsed);
      continue;
    }
    const meant = parsed.unknown === undefined ? undefined : nearest(parsed.unknown, names);
    unknown ||= parsed.unknown !== undefined;
    wrong.push(
      `${escapeText(where)} ${escapeText(item)}: ${escapeText(parsed.problem)}${meant === undefined ? "" : `; did you mean ${meant}?`}`,
    );
  }
  if (wrong.length > 0)
    throw new UsageError(wrong.join("; "), unknown ? `Figures: ${names.join(", ")}` : MESSAGES.tryCommandHelp("check"));
  return budgets;
}
