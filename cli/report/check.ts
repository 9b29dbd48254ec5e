import type { BudgetResult, Figures } from "../../replay/budgets.ts";
import { escapeText, safeJson } from "../escape.ts";
import { formatPercent } from "../sizes.ts";
import { formatFigure } from "./compare.ts";

/** One budget in a line. */
export function budgetLine({ budget, value, broken }: BudgetResult): string {
  const { figure, op, bound, baseline } = budget;
  const was =
    baseline === undefined
      ? ""
      : ` (baseline ${formatFigure(baseline, figure.unit)}${baseline > 0 && value !== null ? `, ${formatPercent(value / baseline - 1)}` : ""})`;
  if (value === null)
    return `${figure.name}: the inputs don't tell it; budget ${op} ${formatFigure(bound, figure.unit)}${was}`;
  return `${figure.name} is ${formatFigure(value, figure.unit)}, budget ${op} ${formatFigure(bound, figure.unit)}${was}${broken ? "" : ": kept"}`;
}

/** A line for each broken budget, or one that says that none is. */
export function checkReport(results: readonly BudgetResult[], github: boolean): string {
  const broken = results.filter((r) => r.broken);
  if (broken.length === 0)
    return github ? `::notice title=gopages::${results.length} budgets kept\n` : `ok: ${results.length} budgets kept\n`;
  const lines = broken.map((r) =>
    github
      ? `::error title=gopages: ${r.budget.figure.name}::${annotation(budgetLine(r))}`
      : `broken: ${escapeText(budgetLine(r))}`,
  );
  return `${lines.join("\n")}\n`;
}

/** GitHub's escapes for the text of a workflow command. */
function annotation(line: string): string {
  return escapeText(line).replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

export function checkJson(results: readonly BudgetResult[], figures: Figures): string {
  return `${safeJson(
    {
      schema: "gopages/check/1",
      ok: !results.some(({ broken }) => broken),
      figures: Object.fromEntries(figures),
      budgets: results.map(({ budget, value, broken }) => ({
        figure: budget.figure.name,
        unit: budget.figure.unit,
        op: budget.op,
        bound: budget.bound,
        ...(budget.baseline === undefined ? {} : { baseline: budget.baseline }),
        value,
        broken,
      })),
    },
    1,
  )}\n`;
}

export function checkJunit(results: readonly BudgetResult[]): string {
  const failures = results.filter(({ broken }) => broken).length;
  const cases = results.map((r) => {
    const open = `    <testcase classname="gopages" name="${xml(`${r.budget.figure.name} ${r.budget.op} ${formatFigure(r.budget.bound, r.budget.figure.unit)}`)}"`;
    return r.broken ? `${open}>\n      <failure message="${xml(budgetLine(r))}"/>\n    </testcase>` : `${open}/>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="${results.length}" failures="${failures}">
  <testsuite name="gopages budgets" tests="${results.length}" failures="${failures}">
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
