import type { BudgetResult } from "../../replay/budgets.ts";
import type { Figures } from "../../replay/figures.ts";
import { escapeText, safeJson } from "../escape.ts";
import { formatBytes, formatPercent } from "../sizes.ts";
import { formatFigure } from "./compare.ts";

/** How far a predicted RSS may be off, bytes. */
export interface Margin {
  readonly below: number;
  readonly above: number;
}

/** One budget in a line. */
export function budgetLine({ budget, value, outcome }: BudgetResult, margin: Margin | null): string {
  const { figure, op, bound, baseline } = budget;
  const allowed = `budget ${op} ${formatFigure(bound, figure.unit)}`;
  const change = baseline !== undefined && baseline > 0 && value !== null ? value / baseline - 1 : null;
  const was =
    baseline === undefined
      ? ""
      : ` (baseline ${formatFigure(baseline, figure.unit)}${change === null ? "" : `, ${change > 0 ? "+" : ""}${formatPercent(change)}`})`;
  if (value === null) return `${figure.name}: the inputs don't tell it; ${allowed}${was}; record: ${figure.capture}`;
  const predicted =
    margin !== null && figure.name.endsWith("-rss")
      ? ` (predicted: ${formatBytes(Math.max(0, value - margin.below))} to ${formatBytes(value + margin.above)})`
      : "";
  return `${figure.name} is ${formatFigure(value, figure.unit)}${predicted}, ${allowed}${was}${outcome === "kept" ? ": kept" : ""}`;
}

/** A line for each budget that is broken or can't be told, or one that says that all are kept. */
export function checkReport(results: readonly BudgetResult[], margin: Margin | null, github: boolean): string {
  const bad = results.filter(({ outcome }) => outcome !== "kept");
  if (bad.length === 0)
    return github ? `::notice title=gopages::${results.length} budgets kept\n` : `ok: ${results.length} budgets kept\n`;
  const lines = bad.map((r) =>
    github
      ? `::error title=gopages%3A ${r.budget.figure.name}::${annotation(budgetLine(r, margin))}`
      : `${r.outcome}: ${escapeText(budgetLine(r, margin))}`,
  );
  return `${lines.join("\n")}\n`;
}

/** GitHub's escapes for the text of a workflow command. */
function annotation(line: string): string {
  return escapeText(line).replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

export function checkJson(results: readonly BudgetResult[], figures: Figures, margin: Margin | null): string {
  return `${safeJson(
    {
      schema: "gopages/check/1",
      ok: results.every(({ outcome }) => outcome === "kept"),
      figures: Object.fromEntries(figures),
      rssPredicted: margin,
      budgets: results.map(({ budget, value, outcome }) => ({
        figure: budget.figure.name,
        unit: budget.figure.unit,
        op: budget.op,
        bound: budget.bound,
        ...(budget.baseline === undefined ? {} : { baseline: budget.baseline }),
        value,
        outcome,
        broken: outcome === "broken",
      })),
    },
    1,
  )}\n`;
}

/** A budget that is broken is a failure; one that can't be told is an error, as JUnit has it. */
export function checkJunit(results: readonly BudgetResult[], margin: Margin | null): string {
  const failures = results.filter(({ outcome }) => outcome === "broken").length;
  const errors = results.filter(({ outcome }) => outcome === "unknown").length;
  const counts = `tests="${results.length}" failures="${failures}" errors="${errors}"`;
  const cases = results.map((r) => {
    const { figure, op, bound } = r.budget;
    const open = `    <testcase classname="gopages" name="${xml(`${figure.name} ${op} ${formatFigure(bound, figure.unit)}`)}"`;
    if (r.outcome === "kept") return `${open}/>`;
    const element = r.outcome === "broken" ? "failure" : "error";
    return `${open}>\n      <${element} message="${xml(budgetLine(r, margin))}"/>\n    </testcase>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites ${counts}>
  <testsuite name="gopages budgets" ${counts}>
${cases.join("\n")}
  </testsuite>
</testsuites>
`;
}

function xml(text: string): string {
  return escapeText(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
