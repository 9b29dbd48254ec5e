import type { Ledger, LedgerPart } from "../../../replay/result.ts";
import { escapeText } from "../../escape.ts";
import { cut } from "../../report/text.ts";
import { formatBytes, formatDelta, formatMargin, formatMoment, formatPercent } from "../../sizes.ts";
import { Canvas, type Line } from "../canvas.ts";
import type { Data } from "../data.ts";
import { compared, timeStep } from "../figures.ts";
import type { State } from "../state.ts";
import { drawStrip } from "./timeline.ts";
import type { Box, DrawView } from "./view.ts";

/** Room for labels: what the figures leave, within these. */
const LABEL_LEAST = 20;
const LABEL_MOST = 40;
const EVIDENCE = 9;
/** From this width on the basis stands beside its figure, below that under the table. */
const BASIS_BESIDE = 130;
const HEAD = 3;
const MOST_SHARE = 5;

/** A column of figures. */
interface Figures {
  readonly title: string;
  readonly width: number;
  of(part: LedgerPart): string;
  /** In the line of the sum. */
  readonly sum: string;
}

/** What RSS consists of: at the cursor, each part with its margin and its evidence; or at two moments, with what changed. */
export const ledgerView: DrawView = (data, state, box, { unicode }) => {
  const canvas = new Canvas(box.width, box.height);
  drawStrip(canvas, 0, data.rss, state, unicode);
  const [from, to] = compared(state);
  if (from === null || !state.difference) return drawMoment(canvas, data, state, box);
  return drawDifference(canvas, state, box, data.result.ledgerAt(from), data.result.ledgerAt(to));
};

function drawMoment(canvas: Canvas, data: Data, state: State, box: Box): Line[] {
  const ledger = data.ledgerAt(state.cursor);
  const figures: Figures[] = [
    { title: "bytes", width: 10, of: ({ bytes }) => formatBytes(bytes), sum: formatBytes(ledger.rss) },
    {
      title: "+-",
      width: 16,
      of: ({ uncertainty }) => (uncertainty > 0 ? formatBytes(uncertainty) : "-"),
      sum: formatMargin(data.result.uncertainty),
    },
    {
      title: "share",
      width: 7,
      of: ({ bytes }) => (ledger.rss > 0 ? formatPercent(bytes / ledger.rss) : ""),
      sum: "",
    },
  ];
  const y = drawTable(canvas, box, `RSS at ${formatMoment(state.cursor, timeStep(state))}`, ledger.parts, figures);
  const i = data.measured.indexAt(state.cursor);
  if (i >= 0 && y < box.height) {
    const at = formatMoment(data.measured.t[i]!, timeStep(state));
    canvas.text(1, y, `RSS as measured: ${formatBytes(data.measured.v[i]!)} at ${at}`);
    drawBases(canvas, box, ledger.parts, y + 2);
  } else drawBases(canvas, box, ledger.parts, y + 1);
  return canvas.lines();
}

function drawDifference(canvas: Canvas, state: State, box: Box, before: Ledger, after: Ledger): Line[] {
  const bytesOf = ({ parts }: Ledger, id: string): number => parts.find((part) => part.id === id)?.bytes ?? 0;
  const gone = before.parts.filter(({ id }) => !after.parts.some((part) => part.id === id));
  const [from, to] = compared(state);
  const both = state.a !== null && state.b !== null;
  const change = after.rss - before.rss;
  const figures: Figures[] = [
    {
      title: state.a === null ? "at B" : "at A",
      width: 11,
      of: ({ id }) => formatBytes(bytesOf(before, id)),
      sum: formatBytes(before.rss),
    },
    {
      title: both ? "at B" : "at cursor",
      width: 11,
      of: ({ id }) => formatBytes(bytesOf(after, id)),
      sum: formatBytes(after.rss),
    },
    {
      title: "change",
      width: 12,
      of: ({ id }) => formatDelta(bytesOf(after, id) - bytesOf(before, id)),
      sum: formatDelta(change),
    },
    {
      title: "of it",
      width: 7,
      of: ({ id }) => {
        const share = (bytesOf(after, id) - bytesOf(before, id)) / change;
        // Parts that go up and down by much more than their sum are no shares of it.
        return Math.abs(share) <= MOST_SHARE ? formatPercent(share) : "";
      },
      sum: "",
    },
  ];
  const step = timeStep(state);
  const title = `${formatMoment(from!, step)} to ${formatMoment(to, step)}`;
  const y = drawTable(canvas, box, title, [...after.parts, ...gone], figures);
  if (y < box.height) canvas.text(1, y, "d shows the cursor's moment alone, Esc takes the marks away", "dim");
  drawBases(canvas, box, after.parts, y + 2);
  return canvas.lines();
}

/** Returns the line after the table. */
function drawTable(
  canvas: Canvas,
  box: Box,
  title: string,
  parts: readonly LedgerPart[],
  figures: readonly Figures[],
): number {
  const wide = figures.reduce((sum, { width }) => sum + width, 0) + 2 + EVIDENCE;
  const labelWidth = Math.max(LABEL_LEAST, Math.min(LABEL_MOST, box.width - wide - 2));
  const row = (y: number, label: string, cells: readonly string[], evidence: string, bold = false): void => {
    const values = figures.map(({ width }, i) => cells[i]!.padStart(width)).join("");
    canvas.text(1, y, `${cut(label, labelWidth - 1).padEnd(labelWidth)}${values}  ${evidence}`);
    if (bold) for (let x = 0; x < box.width; x++) canvas.restyle(x, y, "title");
  };
  row(
    2,
    title,
    figures.map((column) => column.title),
    "evidence",
    true,
  );
  const beside = box.width >= BASIS_BESIDE;
  // The sum must be on the screen whatever the number of parts: it takes the last line of the table.
  const shown = Math.min(parts.length, Math.max(0, box.height - HEAD - 2));
  let y = HEAD;
  for (const part of parts.slice(0, shown)) {
    row(
      y,
      escapeText(part.label),
      figures.map(({ of }) => of(part)),
      part.evidence,
    );
    const at = 1 + labelWidth + wide + 2;
    if (beside) canvas.text(at, y, cut(escapeText(part.basis), box.width - at), "dim");
    y++;
  }
  if (shown < parts.length) canvas.text(1, y++, `... ${parts.length - shown} more parts`);
  row(
    y,
    "RSS (the sum)",
    figures.map(({ sum }) => sum),
    "",
    true,
  );
  return y + 1;
}

/** What the figures rest on, under the table where there is no room beside it. */
function drawBases(canvas: Canvas, box: Box, parts: readonly LedgerPart[], from: number): void {
  if (box.width >= BASIS_BESIDE) return;
  let y = from;
  for (const part of parts) {
    if (y >= box.height) break;
    canvas.text(1, y++, cut(`${escapeText(part.label)}: ${escapeText(part.basis)}`, box.width - 2), "dim");
  }
}
