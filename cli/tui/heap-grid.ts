/** Which part of the heap each cell of the map stands for, at each level. */
import { CHUNK_PAGES, type HeapPages, type PageRun, REGION_PAGES } from "../../replay/heap-history/heap-pages.ts";
import { lowerBound } from "../series.ts";
import type { HeapLook, Level } from "./heap-look.ts";

/** Columns for addresses at the left of the map. */
export const ADDRESS = 16;
/** Lines above the map: course of RSS, cursor, what is shown, legend. */
export const HEAD = 4;
/** From this width on what is chosen is described beside the map, below that under it. */
const BESIDE_FROM = 120;
export const BESIDE_WIDTH = 40;
const BELOW_HEIGHT = 3;

export interface Place {
  readonly width: number;
  readonly height: number;
  /** Whether the description stands beside it. */
  readonly beside: boolean;
}

/** Room for the map in a view of that size. */
export function mapPlace(width: number, height: number): Place {
  const beside = width >= BESIDE_FROM;
  return {
    width: Math.max(1, width - ADDRESS - (beside ? BESIDE_WIDTH : 0)),
    height: Math.max(1, height - HEAD - (beside ? 0 : BELOW_HEIGHT)),
    beside,
  };
}

/** Units of the map, in rows: what the cursor moves over. */
export interface Grid {
  readonly level: Level;
  readonly units: number;
  readonly perRow: number;
  readonly rows: number;
  /** First page and pages of a unit. */
  first(unit: number): number;
  pages(unit: number): number;
  /** The unit that a page is in (the nearest one, if it is in none). */
  unitOf(page: number): number;
  /** Characters of a unit, and blanks after it. */
  readonly cells: number;
  readonly gap: number;
  /** At level "space": numbers of the chunks, and chunks in a unit. */
  readonly chunks: Float64Array;
  readonly perUnit: number;
  /** At level "spans": the runs. */
  readonly runs: readonly PageRun[];
}

/** The grid of the look, at a moment; null if the heap has no pages. */
export function gridOf(pages: HeapPages, look: HeapLook, place: Place): Grid | null {
  const chunks = pages.chunks();
  if (chunks.length === 0) return null;
  const page = chosenPage(pages, look)!;
  const chunk = Math.floor(page / CHUNK_PAGES);
  const base = { level: look.level, chunks, runs: [], perUnit: 1, cells: 1, gap: 0 };
  switch (look.level) {
    case "space": {
      const { perCell, perChunk, perRow, gap } = arrange(chunks.length, place.width, place.height);
      const units = Math.ceil(chunks.length / perCell);
      return {
        ...base,
        units,
        perRow,
        rows: Math.ceil(units / perRow),
        first: (unit) => chunks[unit * perCell]! * CHUNK_PAGES,
        pages: (unit) => Math.min(perCell, chunks.length - unit * perCell) * CHUNK_PAGES,
        unitOf: (at) => Math.floor(nearest(chunks, Math.floor(at / CHUNK_PAGES)) / perCell),
        cells: perChunk,
        gap,
        perUnit: perCell,
      };
    }
    case "arena": {
      const perRow = columns(place.width, CHUNK_PAGES);
      return regular("arena", base, Math.floor(page / REGION_PAGES) * REGION_PAGES, REGION_PAGES, perRow, CHUNK_PAGES);
    }
    case "chunk":
      return regular("chunk", base, chunk * CHUNK_PAGES, CHUNK_PAGES, columns(place.width, 128), null);
    case "spans": {
      const runs = runsOf(pages, chunk);
      return {
        ...base,
        units: runs.length,
        perRow: 1,
        rows: runs.length,
        first: (unit) => runs[unit]!.page,
        pages: (unit) => runs[unit]!.pages,
        unitOf: (at) => {
          const i = runs.findIndex((run) => at < run.page + run.pages);
          return i < 0 ? runs.length - 1 : i;
        },
        runs,
      };
    }
  }
}

type Base = Pick<Grid, "chunks" | "runs" | "perUnit" | "cells" | "gap">;

/** Pages from `first` on, in rows of the same number of pages: `perLine` of them, or one to a cell. */
function regular(level: Level, base: Base, first: number, total: number, perRow: number, perLine: number | null): Grid {
  const perCell = perLine === null ? 1 : perLine / perRow;
  const units = total / perCell;
  return {
    ...base,
    level,
    units,
    perRow,
    rows: Math.ceil(units / perRow),
    first: (unit) => first + unit * perCell,
    pages: () => perCell,
    unitOf: (page) => Math.min(units - 1, Math.max(0, Math.floor((page - first) / perCell))),
  };
}

/** The page that is chosen: as asked for, or the nearest that the heap has; null if it has none. */
export function chosenPage(pages: HeapPages, look: HeapLook): number | null {
  const chunks = pages.chunks();
  if (chunks.length === 0) return null;
  if (look.page === null) return chunks[0]! * CHUNK_PAGES;
  const chunk = chunks[nearest(chunks, Math.floor(look.page / CHUNK_PAGES))]!;
  if (chunk * CHUNK_PAGES > look.page) return chunk * CHUNK_PAGES;
  return Math.min(look.page, (chunk + 1) * CHUNK_PAGES - 1);
}

/** First row that is shown, so that the chosen one is on the screen. */
export function topRow(grid: Grid, unit: number, height: number): number {
  const row = Math.floor(unit / grid.perRow);
  return Math.max(0, Math.min(row - Math.floor(height / 2), grid.rows - height));
}

/** Spans and runs of free pages that lie in the chunk or reach into it. */
function runsOf(pages: HeapPages, chunk: number): PageRun[] {
  const runs: PageRun[] = [];
  const end = (chunk + 1) * CHUNK_PAGES;
  for (let page = pages.runAt(chunk * CHUNK_PAGES).page; page < end; ) {
    const run = pages.runFrom(page);
    runs.push(run);
    page = run.page + run.pages;
  }
  return runs;
}

/** Largest power of two that fits. */
function columns(width: number, most: number): number {
  let n = 16;
  while (n * 2 <= Math.min(width, most)) n *= 2;
  return Math.min(n, most);
}

/** Index of the last of ascending values at or below x; 0 if all are above. */
function nearest(values: Float64Array, x: number): number {
  return Math.max(0, lowerBound(values, x, true) - 1);
}

export interface Arrangement {
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
