import { escapeText } from "../../escape.ts";
import { cut } from "../../report/text.ts";
import { formatBytes, formatDelta, formatMargin, formatMoment, formatPercent } from "../../sizes.ts";
import { Canvas } from "../canvas.ts";
import { timeStep } from "../figures.ts";
import { drawStrip } from "./timeline.ts";
import type { DrawView } from "./view.ts";

/** Room for labels: what the figures leave, within these. */
const LABEL_LEAST = 20;
const LABEL_MOST = 40;
const BYTES = 10;
const MARGIN = 16;
const SHARE = 7;
const EVIDENCE = 9;
const DELTA = 11;
/** From this width on the basis stands beside its figure, below that under the table. */
const BASIS_BESIDE = 130;
const HEAD = 3;

/** What RSS consists of at the cursor: each part with its margin, its evidence and what it rests on. */
export const ledgerView: DrawView = (data, state, box, { unicode }) => {
  const canvas = new Canvas(box.width, box.height);
  drawStrip(canvas, 0, data.rss, state, unicode);
  const ledger = data.ledgerAt(state.cursor);
  const then = state.mark === null ? null : data.result.ledgerAt(state.mark);
  const moment = formatMoment(state.cursor, timeStep(state));
  const figures = BYTES + MARGIN + SHARE + EVIDENCE + 2 + (then ? DELTA : 0);
  const labelWidth = Math.max(LABEL_LEAST, Math.min(LABEL_MOST, box.width - figures - 2));
  const row = (y: number, cells: readonly string[]): void => {
    const [label = "", bytes = "", margin = "", share = "", evidence = "", delta = ""] = cells;
    const text =
      cut(label, labelWidth - 1).padEnd(labelWidth) +
      bytes.padStart(BYTES) +
      margin.padStart(MARGIN) +
      share.padStart(SHARE) +
      `  ${evidence}`.padEnd(EVIDENCE + 2) +
      (then ? delta.padStart(DELTA) : "");
    canvas.text(1, y, text);
  };
  row(2, [`RSS at ${moment}`, "bytes", "+-", "share", "evidence", "since mark"]);
  for (let x = 0; x < box.width; x++) canvas.restyle(x, 2, "title");
  const besideAt = 1 + labelWidth + figures + 2;
  const beside = box.width >= BASIS_BESIDE;

  let y = HEAD;
  const parts = ledger.parts;
  // The sum must be on the screen whatever the number of parts: it takes the last line of the table.
  const shown = Math.min(parts.length, Math.max(0, box.height - HEAD - 2));
  for (const part of parts.slice(0, shown)) {
    const before = then?.parts.find((other) => other.id === part.id)?.bytes ?? 0;
    row(y, [
      escapeText(part.label),
      formatBytes(part.bytes),
      part.uncertainty > 0 ? formatBytes(part.uncertainty) : "-",
      ledger.rss > 0 ? formatPercent(part.bytes / ledger.rss) : "",
      part.evidence,
      then ? formatDelta(part.bytes - before) : "",
    ]);
    if (beside) canvas.text(besideAt, y, cut(escapeText(part.basis), box.width - besideAt), "dim");
    y++;
  }
  if (shown < parts.length) canvas.text(1, y++, `... ${parts.length - shown} more parts`);
  row(y, [
    "RSS (the sum)",
    formatBytes(ledger.rss),
    formatMargin(data.result.uncertainty),
    "",
    then ? formatDelta(ledger.rss - then.rss) : "",
  ]);
  for (let x = 0; x < box.width; x++) canvas.restyle(x, y, "title");
  y++;
  const i = data.measured.indexAt(state.cursor);
  if (i >= 0 && y < box.height) {
    row(y, [
      "RSS as measured",
      formatBytes(data.measured.v[i]!),
      "",
      "",
      `at ${formatMoment(data.measured.t[i]!, timeStep(state))}`,
    ]);
    y++;
  }
  if (!beside) {
    y++;
    for (const part of parts) {
      if (y >= box.height) break;
      canvas.text(1, y++, cut(`${escapeText(part.label)}: ${escapeText(part.basis)}`, box.width - 2), "dim");
    }
  }
  return canvas.lines();
};
