import { escapeText } from "../escape.ts";
import { formatBytes, formatDuration, formatMargin, formatPercent } from "../sizes.ts";
import type { Terminal } from "../terminal.ts";
import { type Line, plainLine, type Span, textOf, toWidth } from "./canvas.ts";
import type { Data } from "./data.ts";
import { STATUS, STATUS_HELP } from "./keys.ts";
import { type State, VIEWS, type View } from "./state.ts";
import { heapView } from "./views/heap.ts";
import { ledgerView } from "./views/ledger.ts";
import { helpView, trustView } from "./views/texts.ts";
import { timelineView } from "./views/timeline.ts";
import type { DrawView } from "./views/view.ts";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Below this nothing can be read any more. */
const LEAST: Size = { columns: 40, rows: 12 };
/** Lines that every view has: tabs and answer above, keys below. */
const HEADER = 2;
const FOOTER = 1;

const DRAW: Readonly<Record<View, DrawView>> = {
  timeline: timelineView,
  heap: heapView,
  ledger: ledgerView,
  trust: trustView,
};

const TITLES: Readonly<Record<View, string>> = {
  timeline: "Timeline",
  heap: "Heap map",
  ledger: "Ledger",
  trust: "Trust",
};

/**
 * The screen for a state: exactly `rows` lines of exactly `columns` characters. Pure, and the only thing that decides what
 * is seen; the components put it on the terminal.
 */
export function screen(data: Data, state: State, size: Size, terminal: Pick<Terminal, "unicode">): Line[] {
  const { columns, rows } = size;
  if (columns < LEAST.columns || rows < LEAST.rows) return tooSmall(data, size);
  const box = { width: columns, height: rows - HEADER - FOOTER };
  const draw = state.help ? helpView : DRAW[state.view];
  const body = draw(data, state, box, terminal).slice(0, box.height);
  while (body.length < box.height) body.push([]);
  const lines = [tabs(data, state, columns), answer(data), ...body, status(state, columns, terminal)];
  return lines.map((line) => toWidth(line, columns));
}

/** Names of the views, the one that is shown in brackets; at the left what was read, as far as it fits. */
function tabs(data: Data, state: State, columns: number): Line {
  const spans: Span[] = [];
  for (const [i, view] of VIEWS.entries()) {
    const shown = view === state.view && !state.help;
    const text = shown ? `[${i + 1} ${TITLES[view]}]` : ` ${i + 1} ${TITLES[view]} `;
    spans.push({ text, style: shown ? "inverse" : "plain" });
  }
  const width = textOf(spans).length;
  const { inputs, config, partial } = data.result;
  const names = inputs.map((input) => escapeText(input.path.split("/").at(-1) ?? "")).join(" + ");
  const title = ` gopages ${names} as ${escapeText(config.policy)}`;
  const warning = partial ? " partial input" : "";
  const room = columns - width - warning.length - 1;
  const left = title.length <= room ? title : room >= 12 ? `${title.slice(0, room - 3)}...` : "";
  const gap = columns - width - left.length - warning.length;
  return [
    { text: left, style: "title" },
    { text: warning, style: "warning" },
    { text: " ".repeat(Math.max(0, gap)), style: "plain" },
    ...spans,
  ];
}

/** The answer in one line: peak and end, and how sure. */
function answer(data: Data): Line {
  const { summary, uncertainty, accuracy, ledgerPeak } = data.result;
  const margin = uncertainty.below > 0 || uncertainty.above > 0 ? ` (${formatMargin(uncertainty)})` : "";
  const trust =
    accuracy && accuracy.samples > 0 && accuracy.rssMape !== null
      ? `${formatPercent(accuracy.rssMape)} off measured`
      : "not measured";
  return plainLine(
    ` Peak ${formatBytes(summary.peakRss)}${margin} at ${formatDuration(ledgerPeak.t)}, ` +
      `end ${formatBytes(summary.finalRss)}; ${trust}`,
  );
}

function status(state: State, columns: number, { unicode }: Pick<Terminal, "unicode">): Line {
  const spans: Span[] = [];
  let width = 0;
  for (const { keys, ascii, what } of state.help ? STATUS_HELP : STATUS) {
    const name = unicode ? keys : (ascii ?? keys);
    const length = name.length + what.length + 4;
    if (width + length > columns) break;
    spans.push({ text: ` ${name}`, style: "bold" }, { text: ` ${what}  `, style: "dim" });
    width += length;
  }
  return spans;
}

function tooSmall(data: Data, { columns, rows }: Size): Line[] {
  const { summary } = data.result;
  const texts = [
    `Peak RSS ${formatBytes(summary.peakRss)}, end ${formatBytes(summary.finalRss)}`,
    `This terminal is ${columns}x${rows};`,
    `the views need ${LEAST.columns}x${LEAST.rows}.`,
    "q quits",
  ];
  const lines: Line[] = [];
  for (let i = 0; i < rows; i++) lines.push(toWidth(plainLine(texts[i] ?? ""), columns));
  return lines;
}
