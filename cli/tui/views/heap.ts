import {
  type Density,
  densityOf,
  type Fill,
  fillOf,
  HUGE_PAGES,
  type Hugeness,
  hugenessOf,
} from "../../../replay/heap-history/chunk-facts.ts";
import type { HeapHistory } from "../../../replay/heap-history/heap-history.ts";
import {
  CACHED,
  CHUNK_PAGES,
  FREE,
  type HeapPages,
  IN_USE,
  PAGE,
  REGION_PAGES,
  RELEASED,
} from "../../../replay/heap-history/heap-pages.ts";
import { cut, wrap } from "../../report/text.ts";
import { formatBytes, formatCount, formatDuration, formatMoment } from "../../sizes.ts";
import type { Style } from "../../style.ts";
import { Canvas } from "../canvas.ts";
import type { Data } from "../data.ts";
import { timeStep } from "../figures.ts";
import { ADDRESS, BESIDE_WIDTH, chosenPage, type Grid, gridOf, HEAD, mapPlace, topRow } from "../heap-grid.ts";
import { speedText } from "../heap-look.ts";
import { chunkWords, hex, runWords, shortText, stateName } from "../heap-words.ts";
import type { State } from "../state.ts";
import { drawStrip } from "./timeline.ts";
import type { DrawView } from "./view.ts";

/** How something is drawn: never by its colour alone. */
interface Mark {
  readonly label: string;
  readonly char: string;
  readonly ascii: string;
  readonly style: Style;
}

/** States of a page, in the order in which they fill a chunk's cells. */
const STATES: readonly (Mark & { readonly state: number })[] = [
  { label: "in use", char: "█", ascii: "#", style: "inUse", state: IN_USE },
  { label: "cached", char: "▄", ascii: "+", style: "cached", state: CACHED },
  { label: "free, kept", char: "░", ascii: "-", style: "free", state: FREE },
  { label: "released", char: "·", ascii: ".", style: "returned", state: RELEASED },
];
/** The first page of a span, where single pages are shown. */
const SPAN_START: Mark = { label: "span begins", char: "▐", ascii: "[", style: "inUse" };

const DENSITIES: Readonly<Record<Density, Mark>> = {
  dense: { label: "dense, held back", char: "█", ascii: "#", style: "inUse" },
  "was-dense": { label: "was dense at the GC", char: "▒", ascii: "%", style: "cached" },
  returnable: { label: "free pages can go back", char: "░", ascii: "-", style: "free" },
  nothing: { label: "nothing to give back", char: "·", ascii: ".", style: "returned" },
};
const HUGE: Readonly<Record<Hugeness, Mark>> = {
  whole: { label: "2 MiB can be a huge page", char: "█", ascii: "#", style: "inUse" },
  broken: { label: "broken up by returns", char: "▒", ascii: "%", style: "free" },
  gone: { label: "no memory", char: "·", ascii: ".", style: "returned" },
};
/** How full spans are: eighths, and in ASCII tenths. */
const FILLS = "▁▂▃▄▅▆▇█";
const TENTHS = "0123456789";

/** What a cell shows; null for what is not mapped. */
type CellMark = Pick<Mark, "char" | "ascii" | "style"> | null;

/** The heap at the cursor: the whole of it, an arena, a chunk, or a chunk's spans, with one cell chosen. */
export const heapView: DrawView = (data, state, box, { unicode }) => {
  const canvas = new Canvas(box.width, box.height);
  drawStrip(canvas, 0, data.rss, state, unicode);
  const moment = formatMoment(state.cursor, timeStep(state));
  const history = data.heap;
  const pages = history?.at(state.cursor);
  const place = mapPlace(box.width, box.height);
  const grid = pages ? gridOf(pages, state.heap, place) : null;
  if (!history || !pages || !grid) {
    const why = history?.lost ?? "the recording does not tell where its pages are.";
    for (const [i, line] of wrap(`At ${moment} there is no heap map: ${why}`, box.width - 2).entries()) {
      canvas.text(1, 2 + i, line);
    }
    return canvas.lines();
  }
  const page = chosenPage(pages, state.heap)!;
  const unit = grid.unitOf(page);
  canvas.text(
    1,
    2,
    cut(
      `At ${moment}${history.hasObjects ? "" : ", modelled"}${playText(state)}: ${whatText(grid, pages, page, state)}`,
      box.width - 1,
    ),
  );
  drawLegend(canvas, 3, data, state, grid, pages, unicode);

  const top = topRow(grid, unit, place.height);
  const { shown } = state.heap;
  for (let line = 0; line < place.height && top + line < grid.rows; line++) {
    const y = HEAD + line;
    const first = (top + line) * grid.perRow;
    const chosen = unit >= first && unit < first + grid.perRow;
    if (chosen) canvas.put(0, y, ">", "bold");
    canvas.text(1, y, hex(grid.first(first)), chosen ? "bold" : "dim");
    if (grid.level === "spans") {
      drawRun(canvas, y, grid, first, place.width, { history, now: state.cursor, countedAt: pages.countedAt, unicode });
    } else {
      for (let i = first; i < Math.min(grid.units, first + grid.perRow); i++) {
        const x = ADDRESS + (i - first) * (grid.cells + grid.gap);
        const marks =
          grid.level === "space" ? spaceMarks(pages, grid, i, data, state) : [cellMark(pages, grid, i, data, state)];
        for (const [j, mark] of marks.entries()) {
          if (mark) canvas.put(x + j, y, unicode ? mark.char : mark.ascii, mark.style);
          if (i === unit) canvas.restyle(x + j, y, "cursor");
        }
      }
    }
    if (grid.level === "spans" && chosen)
      for (let x = 0; x < place.width + ADDRESS; x++) canvas.restyle(x, y, "cursor");
  }
  drawChosen(canvas, { data, state, grid, pages, page, unit, shown }, place);
  return canvas.lines();
};

function whatText(grid: Grid, pages: HeapPages, page: number, { heap }: State): string {
  const { chunks, perUnit, cells } = grid;
  const chunk = Math.floor(page / CHUNK_PAGES);
  switch (grid.level) {
    case "space": {
      const arenas = pages.regions().length;
      const scale =
        perUnit > 1
          ? `${perUnit} to a cell, by majority`
          : cells === 1
            ? "a cell each, by majority"
            : `${cells} cells each${heap.shown === "pages" ? ", sorted" : ""}`;
      return `${formatCount(chunks.length)} chunks of 4 MiB in ${formatCount(arenas)} arenas; ${scale}`;
    }
    case "arena":
      return `arena ${hex(Math.floor(page / REGION_PAGES) * REGION_PAGES)}: a line a chunk, ${CHUNK_PAGES / grid.perRow} pages a cell`;
    case "chunk":
      return `chunk ${hex(chunk * CHUNK_PAGES)} (4 MiB), a page of 8 KiB to a cell`;
    case "spans":
      return `chunk ${hex(chunk * CHUNK_PAGES)}: size, age, objects, slots in use`;
  }
}

function playText({ heap: { play, speed } }: State): string {
  if (play === 0) return speed === null ? "" : ` (stopped, ${speedText(speed)})`;
  return ` (${play > 0 ? "plays" : "plays back"} at ${speedText(speed ?? 1)})`;
}

function drawLegend(
  canvas: Canvas,
  y: number,
  data: Data,
  state: State,
  grid: Grid,
  pages: HeapPages,
  unicode: boolean,
): void {
  const { heap } = state;
  const parts: [mark: Pick<Mark, "char" | "ascii" | "style">, text: string][] = [];
  if (grid.level === "spans" || heap.shown === "pages") {
    for (const mark of STATES) {
      let count = 0;
      for (const chunk of grid.chunks) count += pages.count(chunk, mark.state);
      parts.push([mark, `${mark.label} ${formatBytes(count * PAGE)}`]);
    }
    if (grid.level === "chunk") parts.push([SPAN_START, SPAN_START.label]);
  } else if (heap.shown === "dense") {
    if (!data.heap!.holdsDense) {
      canvas.text(1, y, "Chunks are not held back for being dense before Go 1.21", "dim");
      return;
    }
    for (const [density, mark] of Object.entries(DENSITIES)) {
      let count = 0;
      for (const chunk of grid.chunks) if (densityOf(pages, chunk) === density) count++;
      parts.push([mark, `${mark.label} ${count}`]);
    }
  } else if (heap.shown === "huge") {
    for (const mark of Object.values(HUGE)) parts.push([mark, mark.label]);
  } else {
    if (!data.heap!.hasObjects) {
      canvas.text(1, y, "How full spans are only a trace with traceallocfree=1 tells", "dim");
      return;
    }
    parts.push([fillMark(0.05), "few slots in use"], [fillMark(0.5), "half"], [fillMark(1), "all"]);
  }
  let x = 1;
  for (const [mark, text] of parts) {
    if (x + text.length + 2 > canvas.width) break;
    canvas.put(x, y, unicode ? mark.char : mark.ascii, mark.style);
    canvas.text(x + 2, y, text);
    x += text.length + 4;
  }
}

function fillMark(fraction: number): Pick<Mark, "char" | "ascii" | "style"> {
  const eighth = Math.min(7, Math.max(0, Math.ceil(fraction * 8) - 1));
  const tenth = Math.min(9, Math.floor(fraction * 10));
  return { char: FILLS[eighth]!, ascii: TENTHS[tenth]!, style: fraction < 0.25 ? "warning" : "inUse" };
}

/** The characters of a unit of the whole address space. */
function spaceMarks(pages: HeapPages, grid: Grid, unit: number, { heap }: Data, state: State): CellMark[] {
  const chunks = grid.chunks.subarray(unit * grid.perUnit, (unit + 1) * grid.perUnit);
  const first = chunks[0]! * CHUNK_PAGES;
  const { cells } = grid;
  const all = (mark: CellMark): CellMark[] => new Array<CellMark>(cells).fill(mark);
  switch (state.heap.shown) {
    case "dense":
      return all(worst(chunks, DENSITY_ORDER, (chunk) => densityOf(pages, chunk), DENSITIES));
    case "huge": {
      if (cells === 1) {
        return all(worst(chunks, HUGE_ORDER, (chunk) => chunkHugeness(pages, chunk), HUGE));
      }
      const halves = [0, 1].map((half) => HUGE[hugenessOf(pages, first + half * HUGE_PAGES)]);
      return Array.from({ length: cells }, (_, i) => halves[Math.floor((i * 2) / cells)]!);
    }
    case "fill": {
      const sizes = heap!.slotSizes;
      if (cells > 1) {
        const n = CHUNK_PAGES / cells;
        return Array.from({ length: cells }, (_, i) => filled([fillOf(pages, first + i * n, n, sizes)]));
      }
      return all(filled(Array.from(chunks, (chunk) => fillOf(pages, chunk * CHUNK_PAGES, CHUNK_PAGES, sizes))));
    }
    default: {
      const counts = STATES.map(({ state: of }) => {
        let sum = 0;
        for (const chunk of chunks) sum += pages.count(chunk, of);
        return sum;
      });
      return sorted(counts, chunks.length * CHUNK_PAGES, cells);
    }
  }
}

function filled(fills: readonly Fill[]): CellMark {
  const bytes = fills.reduce((sum, fill) => sum + fill.bytes, 0);
  return bytes === 0 ? null : fillMark(fills.reduce((sum, fill) => sum + fill.used, 0) / bytes);
}

const DENSITY_ORDER: readonly Density[] = ["dense", "was-dense", "returnable", "nothing"];
const HUGE_ORDER: readonly Hugeness[] = ["broken", "whole", "gone"];

/** The first of `order` that one of the chunks is. */
function worst<T extends string>(
  chunks: Float64Array,
  order: readonly T[],
  of: (chunk: number) => T,
  marks: Readonly<Record<T, Mark>>,
): CellMark {
  let best = order.length - 1;
  for (const chunk of chunks) best = Math.min(best, order.indexOf(of(chunk)));
  return marks[order[best]!];
}

function chunkHugeness(pages: HeapPages, chunk: number): Hugeness {
  const first = hugenessOf(pages, chunk * CHUNK_PAGES);
  const second = hugenessOf(pages, chunk * CHUNK_PAGES + HUGE_PAGES);
  return first === second ? first : "broken";
}

/** Cells in proportion to the pages of each state; null for pages that are not mapped. */
function sorted(counts: readonly number[], total: number, cells: number): CellMark[] {
  if (cells === 1) {
    const most = Math.max(...counts);
    return [most === 0 ? null : STATES[counts.indexOf(most)]!];
  }
  const shares = apportion(counts, total, cells);
  const marks = shares.flatMap((share, i) => new Array<CellMark>(share).fill(STATES[i]!));
  while (marks.length < cells) marks.push(null);
  return marks;
}

/** A cell that is some pages in their order: what most of them are. */
function cellMark(pages: HeapPages, grid: Grid, unit: number, { heap }: Data, { heap: look }: State): CellMark {
  const first = grid.first(unit);
  const n = grid.pages(unit);
  const chunk = Math.floor(first / CHUNK_PAGES);
  if (
    pages.count(chunk, IN_USE) +
      pages.count(chunk, CACHED) +
      pages.count(chunk, FREE) +
      pages.count(chunk, RELEASED) ===
    0
  ) {
    return null;
  }
  switch (look.shown) {
    case "dense":
      return DENSITIES[densityOf(pages, chunk)];
    case "huge":
      return HUGE[hugenessOf(pages, Math.floor(first / HUGE_PAGES) * HUGE_PAGES)];
    case "fill": {
      // One page of a span is as full as the span.
      const span = n === 1 && pages.stateOf(first) === IN_USE ? pages.runAt(first) : { page: first, pages: n };
      return filled([fillOf(pages, span.page, span.pages, heap!.slotSizes)]);
    }
    default: {
      if (n === 1) {
        const state = pages.stateOf(first);
        if (state === IN_USE && pages.isFirst(first)) return SPAN_START;
        return STATES.find((mark) => mark.state === state) ?? null;
      }
      const counts = [0, 0, 0, 0, 0];
      for (let page = first; page < first + n; page++) counts[pages.stateOf(page)]!++;
      return sorted(
        STATES.map(({ state }) => counts[state]!),
        n,
        1,
      )[0]!;
    }
  }
}

/** A line of the list of spans. */
function drawRun(
  canvas: Canvas,
  y: number,
  grid: Grid,
  unit: number,
  width: number,
  { history, now, countedAt, unicode }: { history: HeapHistory; now: number; countedAt: number; unicode: boolean },
): void {
  const run = grid.runs[unit]!;
  const mark = STATES.find(({ state }) => state === run.state);
  if (mark) canvas.put(ADDRESS, y, unicode ? mark.char : mark.ascii, mark.style);
  const size = formatBytes(run.pages * PAGE).padStart(9);
  const age =
    run.span === null ? "" : run.span.taken <= 0 ? "before" : formatDuration(Math.max(0, now - run.span.taken));
  const what = run.span === null ? stateName(run.state) : shortText(run, history, run.span.taken > countedAt);
  canvas.text(ADDRESS + 2, y, cut(`${size} ${age.padStart(9)}  ${what}`, width - 2));
}

interface Chosen {
  readonly data: Data;
  readonly state: State;
  readonly grid: Grid;
  readonly pages: HeapPages;
  readonly page: number;
  readonly unit: number;
  readonly shown: string;
}

/** What is known of the chosen cell, beside the map or under it. */
function drawChosen(
  canvas: Canvas,
  { data, state, grid, pages, page, unit }: Chosen,
  place: { readonly beside: boolean; readonly width: number; readonly height: number },
): void {
  const history = data.heap!;
  const chunk = Math.floor(page / CHUNK_PAGES);
  const chunks =
    grid.level === "space" ? [...grid.chunks.subarray(unit * grid.perUnit, (unit + 1) * grid.perUnit)] : [chunk];
  const words = chunkWords(pages, history, chunks);
  if (grid.level !== "space") {
    const run = runWords(pages.runAt(page), history, state.cursor, pages.countedAt);
    if (place.beside) words.push("", ...run);
    // Where there is little room the span says more than its chunk.
    else words.splice(0, words.length, ...(grid.level === "arena" ? [...words, run[0]!] : run));
  }
  if (place.beside) {
    const x = ADDRESS + place.width + 2;
    const lines = words.flatMap((text) => (text === "" ? [""] : wrap(text, BESIDE_WIDTH - 3, "  ")));
    for (const [i, line] of lines.entries()) {
      if (HEAD + i < canvas.height) canvas.text(x, HEAD + i, line);
    }
    return;
  }
  const y = HEAD + place.height;
  const lines = words.flatMap((text) => wrap(text, canvas.width - 2, "  "));
  for (const [i, text] of lines.entries()) canvas.text(1, y + i, text);
}

/** Shares out the cells by largest remainder; what is there at all gets a cell as long as there are enough. */
export function apportion(counts: readonly number[], total: number, cells: number): number[] {
  const exact = counts.map((count) => (count / total) * cells);
  const shares = exact.map((share, i) =>
    counts[i]! > 0 && cells >= counts.length ? Math.max(1, Math.floor(share)) : Math.floor(share),
  );
  const sum = (): number => shares.reduce((a, b) => a + b, 0);
  const target = Math.min(cells, Math.round(exact.reduce((a, b) => a + b, 0)) || 0);
  while (sum() < target) {
    const i = best(shares, (j) => exact[j]! - shares[j]!);
    shares[i]!++;
  }
  while (sum() > cells) {
    const i = best(shares, (j) => (shares[j]! > 1 ? shares[j]! - exact[j]! : Number.NEGATIVE_INFINITY));
    shares[i]!--;
  }
  return shares;
}

function best(shares: readonly number[], score: (i: number) => number): number {
  let found = 0;
  for (let i = 1; i < shares.length; i++) if (score(i) > score(found)) found = i;
  return found;
}
