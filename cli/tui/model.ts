import { escapeText } from "../escape.ts";
import { formatBytes, formatCount, formatDuration, formatMargin, formatPercent } from "../sizes.ts";
import type { Style } from "../style.ts";
import type { Terminal } from "../terminal.ts";
import { type Line, plainLine, type Span, textOf, toWidth } from "./canvas.ts";
import type { Data } from "./data.ts";
import { statusKeys } from "./keys.ts";
import { FOOTER, HEADER, tabPlaces } from "./layout.ts";
import { paletteLines } from "./palette-lines.ts";
import { type Size, type State, VIEWS, type View } from "./state.ts";
import { heapView } from "./views/heap.ts";
import { ledgerView } from "./views/ledger.ts";
import { eventsView, gcsView } from "./views/table.ts";
import { helpView, trustView } from "./views/texts.ts";
import { timelineView } from "./views/timeline.ts";
import type { DrawView } from "./views/view.ts";
import { whatIfView } from "./views/what-if.ts";
import { whyView } from "./views/why.ts";

/** Below this nothing can be read any more. */
const LEAST: Size = { columns: 40, rows: 12 };

const DRAW: Readonly<Record<View, DrawView>> = {
  timeline: timelineView,
  heap: heapView,
  ledger: ledgerView,
  whatif: whatIfView,
  why: whyView,
  gcs: gcsView,
  events: eventsView,
  trust: trustView,
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
  if (state.prompt?.is.kind === "palette") {
    const over = paletteLines({ data, state, size }, state.prompt, box, terminal);
    body.splice(box.height - over.length, over.length, ...over);
  }
  const lines = [tabs(data, state, columns), answer(data, state, columns), ...body, bottom(state, columns, terminal)];
  return lines.map((line) => toWidth(line, columns));
}

/** Names of the views, the one that is shown in brackets; at the left what was read, as far as it fits. */
function tabs(data: Data, state: State, columns: number): Line {
  const places = tabPlaces(columns, state.view);
  const room = places[0]!.x;
  const name = title(data);
  // Where there is no room for it here, it stands on the next line.
  const left = name.length < room ? name : room >= 10 ? " gopages" : "";
  const spans: Span[] = [
    { text: left, style: "title" },
    { text: " ".repeat(room - left.length), style: "plain" },
  ];
  for (const [i, { text }] of places.entries()) {
    const shown = VIEWS[i] === state.view && !state.help;
    spans.push({ text: shown ? `[${text}]` : ` ${text} `, style: shown ? "inverse" : "plain" });
  }
  return spans;
}

function title(data: Data): string {
  const { inputs, config } = data.result;
  const names = inputs.map((input) => escapeText(input.path.split("/").at(-1) ?? "")).join(" + ");
  return ` gopages ${names} as ${escapeText(config.policy)}`;
}

/** The answer in one line: peak and end, and how sure; or how far it is read. */
function answer(data: Data, state: State, columns: number): Line {
  const { summary, uncertainty, accuracy, ledgerPeak, partial } = data.result;
  const margin = uncertainty.below > 0 || uncertainty.above > 0 ? ` (${formatMargin(uncertainty)})` : "";
  if (data.reading) {
    const { fraction, events, elapsedMs } = data.reading;
    const percent = fraction === null ? "" : ` ${formatPercent(Math.min(1, Math.max(0, fraction)))},`;
    const seconds = formatDuration(Math.max(1, Math.floor(elapsedMs / 1000)) * 1e9).replace(/\.\d+/, "");
    return [
      { text: ` Reading:${percent} ${formatCount(events)} events, ${seconds}`, style: "warning" },
      { text: `; so far ${formatDuration(data.to)}, peak ${formatBytes(summary.peakRss)}`, style: "plain" },
    ];
  }
  const trust =
    accuracy && accuracy.samples > 0 && accuracy.rssMape !== null
      ? `${formatPercent(accuracy.rssMape)} off measured`
      : "not measured";
  const warning = partial ? " partial input;" : "";
  const text =
    ` Peak ${formatBytes(summary.peakRss)}${margin} at ${formatDuration(ledgerPeak.t)}, ` +
    `end ${formatBytes(summary.finalRss)}; ${trust}`;
  // Where the tabs took all the room, the name of the recording stands here.
  const name = title(data);
  const rest = columns - warning.length - text.length - name.length;
  const named = tabPlaces(columns, state.view)[0]!.x <= name.length && rest > 2 ? " ".repeat(rest) + name : "";
  return [
    { text: warning, style: "warning" },
    { text, style: "plain" },
    { text: named, style: "dim" },
  ];
}

/** What is typed, what the last key came to, or the keys. */
function bottom(state: State, columns: number, { unicode }: Pick<Terminal, "unicode">): Line {
  if (state.prompt) {
    const { label, text } = state.prompt;
    const shown = escapeText(text);
    // The end of a long line is what is being typed.
    const room = Math.max(1, columns - label.length - 2);
    return [
      { text: ` ${label}`, style: "bold" },
      { text: shown.length > room - 1 ? shown.slice(shown.length - room + 1) : shown, style: "plain" },
      { text: unicode ? "▏" : "_", style: "bold" },
    ];
  }
  if (state.said !== null) return plainLine(` ${escapeText(state.said)}`, "bold");
  const spans: Span[] = [];
  let width = 0;
  for (const { keys, what } of statusKeys(state, unicode)) {
    const length = keys.length + what.length + 4;
    if (width + length > columns) break;
    spans.push({ text: ` ${keys}`, style: "bold" }, { text: ` ${what}  `, style: "dim" as Style });
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

/** The screen as text, for the clipboard and for files. */
export function screenText(data: Data, state: State, size: Size, terminal: Pick<Terminal, "unicode">): string {
  const lines = screen(data, { ...state, prompt: null, said: null }, size, terminal).slice(0, -FOOTER);
  return `${lines
    .map((line) => textOf(line).trimEnd())
    .join("\n")
    .trimEnd()}\n`;
}
