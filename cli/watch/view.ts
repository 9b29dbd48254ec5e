import { areaChart, LABEL_WIDTH } from "../report/chart.ts";
import { cut } from "../report/text.ts";
import { Series } from "../series.ts";
import { formatBytes, formatCount, formatDelta, formatDuration, formatPercent } from "../sizes.ts";
import type { Paint } from "../style.ts";
import { FOLLOWING, KEYS, type WatchView } from "./keys.ts";
import type { Alert, BudgetName, WatchModel } from "./model.ts";
import type { Window } from "./window.ts";

const BAD_CPU = 0.25;

/** One line that says how it stands. */
export function statusLine(model: WatchModel, ms: number): string {
  const parts: string[] = [];
  const { gc } = model;
  if (!Number.isNaN(model.rss)) parts.push(`RSS ${formatBytes(model.rss)}`);
  const live = gc ? Math.max(gc.heapStart, gc.heapEnd) : model.window.values("live", ms).v.at(-1);
  if (live !== undefined) parts.push(`live ${formatBytes(live)}`);
  const goal = gc?.goal ?? model.window.values("goal", ms).v.at(-1);
  if (goal !== undefined) parts.push(`goal ${formatBytes(goal)}`);
  if (!Number.isNaN(model.ahead)) parts.push(aheadText(model));
  if (!Number.isNaN(model.released)) parts.push(`returned ${formatBytes(model.released)}`);
  if (gc) parts.push(`GC ${gc.cycle}, ${formatPercent(gc.utilization / 100)} of CPU`);
  const growth = model.growth(ms);
  if (Math.abs(growth) * 60 > 2 ** 20) parts.push(`${formatDelta(growth * 60)} a minute`);
  if (model.restarts > 0) parts.push(`${formatCount(model.restarts)} restart${model.restarts === 1 ? "" : "s"}`);
  if (model.silence(ms) > 0) parts.push(`silent for ${formatDuration(model.silence(ms) * 1e6)}`);
  return parts.length === 0 ? "waiting for the first line of GODEBUG=gctrace=1" : parts.join(", ");
}

/** Where RSS goes, and how that is known. */
function aheadText({ forecast, ahead }: WatchModel): string {
  if (!forecast) return `RSS goes to about ${formatBytes(ahead)} (modelled)`;
  const { peak, low, high, horizon, growth } = forecast;
  const grows = growth === 0 ? "" : ` if it goes on growing by ${formatBytes(growth * 60)} a minute`;
  return `RSS ahead, replayed: ${formatBytes(peak)} (${formatBytes(low)} to ${formatBytes(high)}) within ${formatDuration(horizon)}${grows}`;
}

const NAMES: Record<BudgetName, string> = { rss: "RSS", live: "live heap", goal: "heap goal", "gc-cpu": "GC CPU" };

export function alertLine({ budget, value, predicted, broken }: Alert): string {
  const show = budget.name === "gc-cpu" ? formatPercent : formatBytes;
  const name = predicted ? "RSS, predicted," : NAMES[budget.name];
  return broken
    ? `ALERT: ${name} ${show(value)} is over its budget of ${show(budget.limit)}`
    : `${name} ${show(value)} is within its budget of ${show(budget.limit)} again`;
}

export interface ViewOptions {
  readonly columns: number;
  readonly rows: number;
  readonly unicode: boolean;
  readonly title: string;
  readonly trouble: string | null;
  readonly view?: WatchView;
  /** What the charts show while they are held. */
  readonly held?: Window | null;
}

/** The live screen: how it stands, what comes, and the window as charts. */
export function watchFrame(
  model: WatchModel,
  ms: number,
  alerts: readonly string[],
  paint: Paint,
  view: ViewOptions,
): string[] {
  const { columns, rows } = view;
  const { pausedAt, seconds, help } = view.view ?? FOLLOWING;
  const window = view.held ?? model.window;
  const lines: string[] = [paint(cut(view.title, columns), "title")];
  if (help) return helpFrame(lines, rows, columns, paint);
  if (pausedAt !== null) {
    lines.push(
      paint(cut(`HELD since ${new Date(pausedAt).toISOString().slice(11, 19)}: p follows again`, columns), "bold"),
    );
  }
  for (let text = statusLine(model, ms); text !== ""; ) {
    let end = text.length <= columns ? text.length : text.lastIndexOf(", ", columns - 1) + 1;
    if (end <= 0) end = columns;
    lines.push(text.slice(0, end));
    text = text.slice(end).trimStart();
  }
  const eta = untilBudget(model, ms);
  if (eta !== null) lines.push(paint(cut(eta, columns), "warning"));
  if (view.trouble !== null) lines.push(paint(cut(view.trouble, columns), "warning"));
  if (model.gc && model.gc.utilization / 100 > BAD_CPU) {
    lines.push(
      paint(cut("The GC takes more than a quarter of the CPU: is a memory limit too tight?", columns), "warning"),
    );
  }
  // At first the window is as long as there is something to show.
  const at = pausedAt ?? ms;
  const all = Math.min(window.seconds, Math.max(10, (at - (model.firstMs || at)) / 1000));
  const shown = Math.min(all, seconds ?? all);
  const from = at - shown * 1000;
  const charts = (["rss", "live", "goal"] as const).filter((figure) => window.values(figure, at).t.length > 1);
  const room = rows - lines.length - alerts.slice(-3).length - 2;
  const height = Math.max(2, Math.floor(room / Math.max(1, charts.length)) - 3);
  for (const figure of charts) {
    const { t, v } = window.values(figure, at);
    const series = new Series(
      t.map((x) => (x - from) * 1e6),
      v,
    );
    const width = Math.max(10, columns - LABEL_WIDTH - 2);
    lines.push(paint(`${NAMES[figure]}, last ${formatDuration(shown * 1e9)}`, "dim"));
    const style = figure === "rss" ? "measured" : figure === "live" ? "predicted" : "gc";
    const chart = areaChart(series, { width, height, from: 0, to: shown * 1e9, unicode: view.unicode });
    for (const [i, line] of chart.entries()) {
      if (i === chart.length - 1) continue;
      const plot = i < chart.length - 2 ? LABEL_WIDTH + 1 : line.length;
      lines.push(line.slice(0, plot) + paint(line.slice(plot), style));
    }
  }
  lines.push(...alerts.slice(-3).map((alert) => paint(cut(alert, columns), "warning")));
  return [
    ...lines.slice(0, rows - 1),
    paint(cut(view.view ? "q end  p hold  + - zoom  ? help" : "Ctrl-C ends", columns), "dim"),
  ];
}

function helpFrame(title: readonly string[], rows: number, columns: number, paint: Paint): string[] {
  const width = Math.max(...KEYS.map(({ keys }) => keys.length));
  const lines = KEYS.map(({ keys, what }) => cut(`  ${keys.padEnd(width)}  ${what}`, columns));
  return [...title, "", ...lines].slice(0, rows - 1).concat(paint(cut("? back", columns), "dim"));
}

/** When a budget will be broken if the heap goes on growing as it does; null when it won't within a day. */
function untilBudget(model: WatchModel, ms: number): string | null {
  const growth = model.growth(ms);
  if (!(growth > 0)) return null;
  for (const { name, limit } of model.budgets) {
    if (name === "gc-cpu" || model.isBroken(name)) continue;
    const now =
      name === "rss" ? Math.max(model.ahead || 0, model.rss || 0) : (model.window.values(name, ms).v.at(-1) ?? 0);
    // The goal and RSS grow with the live heap, at GOGC=100 twice as fast.
    const seconds = (limit - now) / (name === "live" ? growth : growth * 2);
    if (seconds > 0 && seconds < 86_400) {
      return `${NAMES[name]} over budget in ${formatDuration(seconds * 1e9)} at this growth (${formatDelta(growth * 60)} a minute)`;
    }
  }
  return null;
}
