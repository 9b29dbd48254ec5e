import type { CauseVerdict, Diagnosis } from "../../../replay/diagnose/diagnose.ts";
import { escapeText } from "../../escape.ts";
import { cut, wrap } from "../../report/text.ts";
import { formatBytes, formatMoment, formatPercent } from "../../sizes.ts";
import type { Style } from "../../style.ts";
import { Canvas, type Line, plainLine } from "../canvas.ts";
import type { Data } from "../data.ts";
import { timeStep } from "../figures.ts";
import type { Size, State } from "../state.ts";
import { momentsOf } from "../why-actions.ts";
import type { Box, DrawView } from "./view.ts";

/** From this width on what speaks for a cause stands beside the list, below that under it. */
const BESIDE_FROM = 150;
const LIST_MOST = 100;
const HEAD = 2;

const VERDICTS: Readonly<Record<CauseVerdict["verdict"], { word: string; style: Style }>> = {
  present: { word: "present", style: "bold" },
  "not-enough-data": { word: "not told", style: "plain" },
  "ruled-out": { word: "ruled out", style: "dim" },
};

/** Where the list of causes and what is said of the chosen one stand. */
function arrange({ width, height }: Box): {
  list: { width: number; rows: number };
  detail: Box & { x: number; y: number };
} {
  if (width >= BESIDE_FROM) {
    const listWidth = Math.min(LIST_MOST, Math.floor(width * 0.45));
    return {
      list: { width: listWidth, rows: height - HEAD },
      detail: { x: listWidth + 2, y: HEAD, width: width - listWidth - 3, height: height - HEAD },
    };
  }
  const rows = Math.max(3, Math.floor((height - HEAD) * 0.4));
  return {
    list: { width, rows },
    detail: { x: 1, y: HEAD + rows + 1, width: width - 2, height: Math.max(0, height - HEAD - rows - 1) },
  };
}

function firstShown(count: number, chosen: number, rows: number): number {
  return Math.max(0, Math.min(count - rows, chosen - Math.floor(rows / 2)));
}

/** Index of the cause at a place of the view; null where there is none. */
export function causeAt(data: Data, state: State, { columns, rows }: Size, x: number, line: number): number | null {
  if (data.diagnosis.is !== "ready") return null;
  const { list } = arrange({ width: columns, height: rows - 3 });
  const count = data.diagnosis.value.causes.length;
  const cause = firstShown(count, chosenOf(data.diagnosis.value, state), list.rows) + line - HEAD;
  return line >= HEAD && line < HEAD + list.rows && x < list.width && cause < count ? cause : null;
}

function chosenOf({ causes }: Diagnosis, state: State): number {
  return Math.min(state.why.cause, causes.length - 1);
}

/** The ranked causes of a high RSS; of the chosen one what speaks for it, and what to do. */
export const whyView: DrawView = (data, state, box, { unicode }) => {
  const canvas = new Canvas(box.width, box.height);
  const { diagnosis } = data;
  if (diagnosis.is !== "ready") return notReady(data, box);
  const result = diagnosis.value;
  canvas.text(1, 0, cut(summaryOf(result), box.width - 2));
  const { list, detail } = arrange(box);
  const chosen = chosenOf(result, state);
  canvas.text(1, 1, "cause", "title");
  canvas.text(Math.max(8, list.width - 26), 1, "     bytes  share  verdict", "title");
  const first = firstShown(result.causes.length, chosen, list.rows);
  for (let i = 0; i < list.rows && first + i < result.causes.length; i++) {
    const cause = result.causes[first + i]!;
    drawCause(canvas, HEAD + i, list.width, cause, result, first + i === chosen);
  }
  if (detail.y > HEAD) {
    const count = ` ${chosen + 1} of ${result.causes.length} `;
    canvas.text(0, detail.y - 1, (unicode ? "─" : "-").repeat(box.width), "dim");
    canvas.text(2, detail.y - 1, count, "dim");
  }
  const cause = result.causes[chosen];
  if (!cause) return canvas.lines();
  const text = detailLines(cause, result, state, detail.width, unicode);
  const scroll = Math.max(0, Math.min(state.scroll, text.length - detail.height));
  for (let i = 0; i < detail.height && scroll + i < text.length; i++) {
    let x = detail.x;
    for (const span of text[scroll + i]!) {
      canvas.text(x, detail.y + i, span.text, span.style);
      x += span.text.length;
    }
  }
  const left = text.length - scroll - detail.height;
  if (left > 0) {
    const more = ` ${left} more lines: PgDn `;
    canvas.text(detail.x + Math.max(0, detail.width - more.length), detail.y + detail.height - 1, more, "inverse");
  }
  return canvas.lines();
};

/** How many causes are what, and the RSS that they are causes of. */
function summaryOf({ causes, rssPeak }: Diagnosis): string {
  const count = (verdict: CauseVerdict["verdict"]): number =>
    causes.filter((cause) => cause.verdict === verdict).length;
  const rss = rssPeak === null ? "" : `RSS came to ${formatBytes(rssPeak)}: `;
  const present = count("present");
  return `${rss}${present} ${present === 1 ? "cause" : "causes"} present, ${count("not-enough-data")} not told, ${count("ruled-out")} ruled out`;
}

function notReady({ diagnosis }: Data, { width }: Box): Line[] {
  switch (diagnosis.is) {
    case "working": {
      const percent = diagnosis.fraction === null ? "" : ` ${formatPercent(diagnosis.fraction)}`;
      return [plainLine(` ${diagnosis.text}${percent}`, "bold")];
    }
    case "failed":
      return wrap(escapeText(diagnosis.text), width - 2).map((line) => plainLine(` ${line}`));
    default:
      return [plainLine(" The causes are looked for when all is read.")];
  }
}

function shareOf({ scale }: Diagnosis, bytes: number): string {
  return scale.bytes && bytes > 0 && bytes <= scale.bytes ? formatPercent(bytes / scale.bytes) : "";
}

function drawCause(
  canvas: Canvas,
  y: number,
  width: number,
  cause: CauseVerdict,
  result: Diagnosis,
  chosen: boolean,
): void {
  const { word, style } = VERDICTS[cause.verdict];
  const bytes = cause.bytes > 0 ? formatBytes(cause.bytes) : "";
  const right = `${bytes.padStart(10)}${shareOf(result, cause.bytes).padStart(7)}  ${word.padEnd(9)}`;
  const room = Math.max(8, width - right.length - 2);
  const text = `${chosen ? ">" : " "}${cut(escapeText(cause.title), room - 1).padEnd(room)}${right}`;
  canvas.text(0, y, text, chosen ? "inverse" : style);
}

/** What speaks for the cause, with the moments that can be gone to; what to do, or what to record. */
function detailLines(cause: CauseVerdict, result: Diagnosis, state: State, width: number, unicode: boolean): Line[] {
  const lines: Line[] = [];
  const paragraph = (text: string, style: Style = "plain", indent = ""): void => {
    for (const line of wrap(text, Math.max(20, width), indent)) lines.push(plainLine(line, style));
  };
  const share = shareOf(result, cause.bytes);
  const figure =
    cause.bytes > 0
      ? `: ${formatBytes(cause.bytes)}${share === "" ? "" : `, ${share} of ${result.scale.is}`}`
      : cause.verdict === "present"
        ? ": explains no bytes of RSS"
        : "";
  paragraph(escapeText(cause.title) + figure, "title");
  const moments = momentsOf(cause);
  const chosen = moments[Math.min(state.why.moment, moments.length - 1)];
  for (const { text, source, t } of cause.evidence) {
    const timed = t !== undefined && Number.isFinite(t) && !/^at \d/.test(text);
    const at = timed ? ` [${formatMoment(t, Math.max(1e6, timeStep(state)))}]` : "";
    const here = t !== undefined && t === chosen;
    const bullet = here ? (unicode ? "▸" : ">") : "-";
    const name = source === "-" ? "standard input" : (source.split("/").at(-1) ?? source);
    const from = source === "" ? "" : ` (${escapeText(name)})`;
    paragraph(`${bullet} ${escapeText(text)}${at}${from}`, here ? "bold" : "plain", "  ");
  }
  if (cause.advice !== "") paragraph(`To do: ${escapeText(cause.advice)}`, "plain", "  ");
  if (cause.capture) paragraph(`Record: ${escapeText(cause.capture)}`, "plain", "  ");
  if (moments.length > 0) {
    const which = moments.length === 1 ? "" : `; ${unicode ? "←→" : "left/right"} chooses one of ${moments.length}`;
    paragraph(`Enter shows the moment on the timeline${which}.`, "dim");
  }
  return lines;
}
