/** What is known of a part of the heap, in words. */
import { MANUAL_OTHER, MANUAL_STACK, MANUAL_WORKBUF, SPAN_UNKNOWN } from "../../parsers/events.ts";
import { densityOf, fillOf, HUGE_PAGES, hugenessOf } from "../../replay/heap-history/chunk-facts.ts";
import type { HeapHistory } from "../../replay/heap-history/heap-history.ts";
import {
  CACHED,
  CHUNK_PAGES,
  FREE,
  type HeapPages,
  IN_USE,
  KIND_UNTOLD,
  PAGE,
  type PageRun,
  RELEASED,
  type SpanFacts,
} from "../../replay/heap-history/heap-pages.ts";
import { escapeText } from "../escape.ts";
import { formatBytes, formatCount, formatDuration, formatPercent } from "../sizes.ts";

export function hex(page: number): string {
  return `0x${(page * PAGE).toString(16)}`;
}

/** The chunks from number `chunk` on, summed up: a line each. */
export function chunkWords(pages: HeapPages, history: HeapHistory, chunks: readonly number[]): string[] {
  const first = chunks[0]!;
  const sizes: string[] = [];
  for (const [name, state] of PARTS) {
    const bytes = chunks.reduce((n, chunk) => n + pages.count(chunk, state), 0) * PAGE;
    if (bytes > 0) sizes.push(`${name} ${formatBytes(bytes)}`);
  }
  const name =
    chunks.length === 1
      ? `Chunk ${hex(first * CHUNK_PAGES)} (4 MiB)`
      : `${formatCount(chunks.length)} chunks from ${hex(first * CHUNK_PAGES)}`;
  const lines = [`${name}: ${sizes.join(", ")}`];
  const facts: string[] = [];
  if (history.holdsDense) {
    if (chunks.length === 1) facts.push(DENSITY[densityOf(pages, first)]);
    else {
      const dense = chunks.filter((chunk) => densityOf(pages, chunk) === "dense").length;
      facts.push(`${dense} dense`);
    }
  }
  let whole = 0;
  for (const chunk of chunks) {
    for (let half = 0; half < 2; half++) {
      if (hugenessOf(pages, chunk * CHUNK_PAGES + half * HUGE_PAGES) === "whole") whole++;
    }
  }
  facts.push(`${whole} of ${chunks.length * 2} huge pages can be whole`);
  if (history.hasObjects) {
    const fill = chunks.reduce(
      (all, chunk) => {
        const one = fillOf(pages, chunk * CHUNK_PAGES, CHUNK_PAGES, history.slotSizes);
        return { bytes: all.bytes + one.bytes, used: all.used + one.used };
      },
      { bytes: 0, used: 0 },
    );
    if (fill.bytes > 0) facts.push(`spans are ${formatPercent(fill.used / fill.bytes)} full`);
  }
  lines.push(facts.join("; "));
  return lines;
}

const PARTS: readonly (readonly [name: string, state: number])[] = [
  ["in use", IN_USE],
  ["cached", CACHED],
  ["free", FREE],
  ["released", RELEASED],
];

const DENSITY = {
  dense: "dense: nothing of it goes back",
  "was-dense": "was dense when the GC cycle began: nothing goes back until the next",
  returnable: "its free pages can go back",
  nothing: "nothing to give back",
} as const;

/** A span or a run of free pages, and what is known of it. `countedAt`: ns when slots in use were counted. */
export function runWords(run: PageRun, history: HeapHistory, now: number, countedAt: number): string[] {
  const place = `${hex(run.page)}, ${pagesText(run.pages)} (${formatBytes(run.pages * PAGE)})`;
  if (run.span === null) return [`${STATE_NAMES[run.state] ?? "unmapped"}: ${place}`];
  const young = run.span.taken > countedAt;
  const who = whoText(run.span, history);
  const lines = [`Span ${place}: ${kindText(run, history, young)}`, ageText(run.span, now)];
  return who === "" ? lines : [...lines, who];
}

const STATE_NAMES: Readonly<Record<number, string>> = {
  [CACHED]: "Cached by a P",
  [FREE]: "Free, with memory",
  [RELEASED]: "Released",
};

export function stateName(state: number): string {
  return STATE_NAMES[state] ?? (state === IN_USE ? "In use" : "Unmapped");
}

export function pagesText(pages: number): string {
  return pages === 1 ? "1 page" : `${formatCount(pages)} pages`;
}

/** What the span is for: class, size of its objects, how many there are. `young`: taken since they were last counted. */
function kindText(run: PageRun, history: HeapHistory, young: boolean): string {
  const { kind, objects } = run.span!;
  if (kind < 0) return MANUAL_NAMES[kind] ?? "stack or work buffer of the GC";
  if (!history.hasObjects) return "objects; which ones the recording does not tell";
  const pointers = (kind & 1) === 1 ? "no pointers" : "pointers";
  if (kind < 2) return `one large object, ${pointers}`;
  const slots = slotsOf(run, history);
  const count = young ? "" : `${formatCount(Math.min(objects, slots))} of `;
  const used = count === "" ? "slots" : "slots in use";
  return `class ${kind >> 1} (${formatBytes(slotSize(kind, history))}, ${pointers}), ${count}${formatCount(slots)} ${used}`;
}

/** The same for a list: "48 B noscan 120/170  main.node". */
export function shortText(run: PageRun, history: HeapHistory, young: boolean): string {
  const { kind, objects, type } = run.span!;
  if (kind < 0) return MANUAL_NAMES[kind] ?? "stack or work buffer";
  if (!history.hasObjects) return "objects";
  const noscan = (kind & 1) === 1 ? " noscan" : "";
  const name = history.types.get(type)?.name;
  const of = name === undefined ? "" : `  ${escapeText(name)}`;
  if (kind < 2) return `large${noscan}${of}`;
  const slots = slotsOf(run, history);
  const used = !young ? `${Math.min(objects, slots)}/${slots}` : `?/${slots}`;
  return `${formatBytes(slotSize(kind, history))}${noscan} ${used}${of}`;
}

function slotSize(kind: number, history: HeapHistory): number {
  return history.slotSizes[kind >> 1] ?? 0;
}

function slotsOf({ pages, span }: PageRun, history: HeapHistory): number {
  const slot = slotSize(span!.kind, history);
  return slot > 0 ? Math.floor((pages * PAGE) / slot) : 0;
}

const MANUAL_NAMES: Readonly<Record<number, string>> = {
  [MANUAL_STACK]: "goroutine stacks",
  [MANUAL_WORKBUF]: "work buffer of the GC",
  [MANUAL_OTHER]: "not for objects",
  [SPAN_UNKNOWN]: "use not told",
  [KIND_UNTOLD]: "use not told: the recording has no event of it",
};

function ageText({ taken, p }: SpanFacts, now: number): string {
  const who = p >= 0 ? ` by P ${p}` : "";
  if (taken <= 0) return `taken before the recording began, at least ${formatDuration(now)} ago`;
  return `taken ${formatDuration(Math.max(0, now - taken))} ago${who}, at ${formatDuration(taken)}`;
}

/** Who allocated: types are all that traces tell (traceallocfree.go writes no stacks). */
function whoText({ type, kind }: SpanFacts, history: HeapHistory): string {
  const name = history.types.get(type)?.name;
  const objects = name === undefined ? "" : `first object: ${escapeText(name)}; `;
  if (kind < 0 || !history.hasObjects) return "";
  return `${objects}allocated by: not known, traces tell no stacks of allocations`;
}
