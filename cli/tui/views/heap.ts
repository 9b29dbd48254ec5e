import type { HeapMap } from "../../../replay/result.ts";
import { formatBytes, formatCount, formatMoment } from "../../sizes.ts";
import type { Style } from "../../style.ts";
import { Canvas } from "../canvas.ts";
import { timeStep } from "../figures.ts";
import { drawStrip } from "./timeline.ts";
import type { DrawView } from "./view.ts";

/** The runtime's own page and chunk: mpagealloc.go, pallocChunkPages, from Go 1.14 on the unit of its bitmap. */
const PAGE = 8192;
const PAGES_PER_CHUNK = 512;

const ADDRESS = 16;
/** Lines above the map: course of RSS, cursor, what is shown, legend. */
const HEAD = 4;

interface PageKind {
  readonly label: string;
  readonly char: string;
  readonly ascii: string;
  readonly style: Style;
  pages(map: HeapMap): Uint16Array;
}

/** States of a page, in the order in which they fill a chunk's cells. */
const KINDS: readonly PageKind[] = [
  { label: "in use", char: "█", ascii: "#", style: "inUse", pages: (map) => map.inUse },
  { label: "cached", char: "▄", ascii: "+", style: "cached", pages: (map) => map.cached },
  { label: "free, kept", char: "░", ascii: "-", style: "free", pages: (map) => map.free },
  { label: "released", char: "·", ascii: ".", style: "returned", pages: (map) => map.released },
];

/** The heap at the cursor: every 4 MiB chunk by what its pages are. */
export const heapView: DrawView = (data, state, box, { unicode }) => {
  const canvas = new Canvas(box.width, box.height);
  drawStrip(canvas, 0, data.rss, state, unicode);
  const moment = formatMoment(state.cursor, timeStep(state));
  const map = data.heapMapAt(state.cursor);
  if (map === null || map.chunkBase.length === 0) {
    canvas.text(1, 2, `At ${moment} there is no heap map: the recording does not tell where its pages are.`);
    return canvas.lines();
  }
  const chunks = map.chunkBase.length;
  // Maps are kept at some moments only: say when this one is from if the screen can tell it from the cursor's.
  const step = timeStep(state);
  const taken = Math.abs(map.t - state.cursor) > step ? ` (the map is of ${formatMoment(map.t, step)})` : "";
  const { perCell, perChunk, perRow, gap } = arrange(chunks, box.width - ADDRESS, box.height - HEAD);
  const scale =
    perCell > 1
      ? `${perCell} to a cell, by majority`
      : perChunk === 1
        ? "a cell each, by majority"
        : `${perChunk} cells each, sorted`;
  canvas.text(1, 2, `At ${moment}${taken}: ${formatCount(chunks)} chunks of 4 MiB; ${scale}`);
  drawLegend(canvas, 3, map, unicode);

  const cells = Math.ceil(chunks / perCell);
  for (let row = 0; row * perRow < cells && HEAD + row < box.height; row++) {
    const first = row * perRow;
    canvas.text(1, HEAD + row, `0x${map.chunkBase[first * perCell]!.toString(16)}`, "dim");
    for (let i = first; i < Math.min(cells, first + perRow); i++) {
      const x = ADDRESS + (i - first) * (perChunk + gap);
      const kinds = fill(map, i * perCell, Math.min(chunks, (i + 1) * perCell), perChunk);
      for (const [j, kind] of kinds.entries()) {
        if (kind) canvas.put(x + j, HEAD + row, unicode ? kind.char : kind.ascii, kind.style);
      }
    }
  }
  return canvas.lines();
};

interface Arrangement {
  /** Chunks that share a cell (1, or more when the heap is larger than the screen). */
  readonly perCell: number;
  /** Cells of a chunk. */
  readonly perChunk: number;
  /** Chunks, or shared cells, in a row. */
  readonly perRow: number;
  /** Blanks between chunks. */
  readonly gap: number;
}

/** The largest cells with which all chunks fit. */
export function arrange(chunks: number, width: number, height: number): Arrangement {
  const columns = Math.max(1, width);
  const rows = Math.max(1, height);
  for (const perChunk of [64, 32, 16, 8, 4, 2, 1]) {
    const gap = perChunk >= 8 ? 1 : 0;
    const perRow = Math.floor((columns + gap) / (perChunk + gap));
    if (perRow >= 1 && Math.ceil(chunks / perRow) <= rows) return { perCell: 1, perChunk, perRow, gap };
  }
  return { perCell: Math.ceil(chunks / (columns * rows)), perChunk: 1, perRow: columns, gap: 0 };
}

/** What each of `cells` cells shows of the chunks from ... to-1; null for pages that are not mapped. */
function fill(map: HeapMap, from: number, to: number, cells: number): (PageKind | null)[] {
  const counts = KINDS.map((kind) => {
    const pages = kind.pages(map);
    let sum = 0;
    for (let i = from; i < to; i++) sum += pages[i]!;
    return sum;
  });
  if (cells === 1) {
    const most = Math.max(...counts);
    return [most === 0 ? null : KINDS[counts.indexOf(most)]!];
  }
  const total = (to - from) * PAGES_PER_CHUNK;
  const shares = apportion(counts, total, cells);
  const kinds = shares.flatMap((share, i) => new Array<PageKind | null>(share).fill(KINDS[i]!));
  while (kinds.length < cells) kinds.push(null);
  return kinds;
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

function drawLegend(canvas: Canvas, y: number, map: HeapMap, unicode: boolean): void {
  let x = 1;
  for (const kind of KINDS) {
    let pages = 0;
    for (const count of kind.pages(map)) pages += count;
    canvas.put(x, y, unicode ? kind.char : kind.ascii, kind.style);
    const text = `${kind.label} ${formatBytes(pages * PAGE)}`;
    canvas.text(x + 2, y, text);
    x += text.length + 4;
  }
}
