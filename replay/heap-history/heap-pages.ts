/**
 * The heap page by page at one moment: what each page is, and of each span in use what the recording says of it. Kept in
 * regions of 64 MiB, each one block of memory, so that a moment is stored and restored by copying.
 */
import { PAGE_STATES } from "../../allocator/types.ts";

export const PAGE = 8192;
export const REGION_PAGES = 8192;
export const CHUNK_PAGES = 512;
export const REGION_CHUNKS = REGION_PAGES / CHUNK_PAGES;

/** Indexes into PAGE_STATES. */
export const UNMAPPED = PAGE_STATES.indexOf("unmapped");
export const IN_USE = PAGE_STATES.indexOf("in-use");
export const CACHED = PAGE_STATES.indexOf("cached");
export const FREE = PAGE_STATES.indexOf("free");
export const RELEASED = PAGE_STATES.indexOf("released");
const STATES = PAGE_STATES.length;
/** Bits of a page's byte: its state, and whether a span begins there. */
const STATE = 7;
const FIRST = 8;

const SHORT = 24;

/** `kind` of a span of which no event tells more than that its pages are in use. */
export const KIND_UNTOLD = -100;

/** mgcscavenge.go, scavChunkHiOccPages (Go 1.21+): with as many pages in use a chunk is dense, and nothing of it is returned. */
export const DENSE_PAGES = 496;

export interface Region {
  /** Number of the 64 MiB region: address / 64 MiB. */
  readonly index: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** By page, at a span's first page: ns when it was taken; span class or MANUAL_*; type of its first object; P. */
  readonly time: Float64Array;
  readonly kind: Int32Array;
  readonly type: Int32Array;
  readonly p: Int16Array;
  /** By page: slots that hold an object. */
  readonly objects: Uint16Array;
  /** By chunk and state: pages. */
  readonly counts: Uint16Array;
  /** By chunk: pages in use or cached when the GC cycle began (scavChunkData.lastInUse). */
  readonly lastInUse: Uint16Array;
  readonly state: Uint8Array;
  /** Pages changed since they were counted: they are counted when somebody asks, which is seldom. */
  stale: boolean;
}

export const REGION_BYTES = REGION_PAGES * (8 + 4 + 4 + 2 + 2 + 1) + REGION_CHUNKS * (STATES + 1) * 2;

function newRegion(index: number): Region {
  const buffer = new ArrayBuffer(REGION_BYTES);
  let at = 0;
  const take = (bytes: number): number => {
    const from = at;
    at += bytes;
    return from;
  };
  const region: Region = {
    index,
    bytes: new Uint8Array(buffer),
    time: new Float64Array(buffer, take(REGION_PAGES * 8), REGION_PAGES),
    kind: new Int32Array(buffer, take(REGION_PAGES * 4), REGION_PAGES),
    type: new Int32Array(buffer, take(REGION_PAGES * 4), REGION_PAGES),
    p: new Int16Array(buffer, take(REGION_PAGES * 2), REGION_PAGES),
    objects: new Uint16Array(buffer, take(REGION_PAGES * 2), REGION_PAGES),
    counts: new Uint16Array(buffer, take(REGION_CHUNKS * STATES * 2), REGION_CHUNKS * STATES),
    lastInUse: new Uint16Array(buffer, take(REGION_CHUNKS * 2), REGION_CHUNKS),
    state: new Uint8Array(buffer, take(REGION_PAGES), REGION_PAGES),
    stale: false,
  };
  for (let chunk = 0; chunk < REGION_CHUNKS; chunk++) region.counts[chunk * STATES + UNMAPPED] = CHUNK_PAGES;
  return region;
}

/** Brings the counts up to date. */
function recount(region: Region): void {
  if (!region.stale) return;
  region.stale = false;
  const { counts, state } = region;
  counts.fill(0);
  for (let i = 0; i < REGION_PAGES; i++) counts[(i >>> 9) * STATES + (state[i]! & STATE)]!++;
}

/** A run of pages that are one span, or of the same state. */
export interface PageRun {
  /** Page number (address / 8192) of the first one. */
  readonly page: number;
  readonly pages: number;
  readonly state: number;
  /** What is known of the span; null if the pages are not in use. */
  readonly span: SpanFacts | null;
}

export interface SpanFacts {
  /** Span class, a MANUAL_* kind, or KIND_UNTOLD. */
  readonly kind: number;
  /** ns when it was taken; what was there before the recording began has 0. */
  readonly taken: number;
  /** P that took it, -1 if not known. */
  readonly p: number;
  /** Number of its first object's type, 0 if not told. */
  readonly type: number;
  /** Slots that hold an object. */
  readonly objects: number;
}

export class HeapPages {
  /** ns when slots in use were last counted: what was taken since has none. */
  countedAt = Number.NEGATIVE_INFINITY;
  readonly #regions = new Map<number, Region>();
  #sorted: Region[] | null = null;
  #last: Region | null = null;
  /** The run asked for last: who draws asks for one page of it after the other. */
  #run: PageRun | null = null;

  /** The regions with mapped pages, by address; their counts may be out of date. */
  regions(): readonly Region[] {
    this.#sorted ??= [...this.#regions.values()].sort((a, b) => a.index - b.index);
    return this.#sorted;
  }

  find(index: number): Region | undefined {
    if (this.#last !== null && this.#last.index === index) return this.#last;
    const region = this.#regions.get(index);
    if (region) this.#last = region;
    return region;
  }

  region(index: number): Region {
    const found = this.find(index);
    if (found) return found;
    const region = newRegion(index);
    this.#regions.set(index, region);
    this.#sorted = null;
    this.#last = region;
    return region;
  }

  /** The bytes of a region, to be stored. */
  bytesOf(region: Region): Uint8Array<ArrayBuffer> {
    recount(region);
    return region.bytes;
  }

  /** Takes a region's bytes from `read`, which fills them. */
  restore(index: number, read: (into: Uint8Array<ArrayBuffer>) => void): void {
    const region = this.region(index);
    read(region.bytes);
    region.stale = false;
    this.#run = null;
  }

  /** Drops the regions that `keep` does not have. */
  retain(keep: ReadonlySet<number>): void {
    for (const index of [...this.#regions.keys()]) if (!keep.has(index)) this.#regions.delete(index);
    this.#sorted = null;
    this.#last = null;
    this.#run = null;
  }

  /** Pages [page, page + n) are in `state` now. Pages that come into use are one span, of which nothing else is known. */
  set(page: number, n: number, state: number, t: number): void {
    if (state === IN_USE) this.span(page, n, KIND_UNTOLD, -1, t);
    else this.#fill(page, n, state);
  }

  /** [page, page + n) is a span. */
  span(page: number, n: number, kind: number, p: number, t: number): void {
    const region = this.#fill(page, n, IN_USE);
    const i = page - region.index * REGION_PAGES;
    region.state[i] = IN_USE | FIRST;
    region.time[i] = t;
    region.kind[i] = kind;
    region.type[i] = 0;
    region.p[i] = p;
  }

  /** Returns the region of the first page. */
  #fill(page: number, n: number, state: number): Region {
    this.#run = null;
    const first = this.region(Math.floor(page / REGION_PAGES));
    const from = page - first.index * REGION_PAGES;
    this.#fillIn(first, from, Math.min(REGION_PAGES, from + n), state);
    for (let left = n - (REGION_PAGES - from), index = first.index + 1; left > 0; left -= REGION_PAGES, index++) {
      this.#fillIn(this.region(index), 0, Math.min(REGION_PAGES, left), state);
    }
    return first;
  }

  #fillIn(region: Region, from: number, to: number, state: number): void {
    region.stale = true;
    const { objects, state: states } = region;
    // A call costs more than some stores.
    if (to - from < SHORT) {
      for (let i = from; i < to; i++) {
        states[i] = state;
        objects[i] = 0;
      }
    } else {
      states.fill(state, from, to);
      objects.fill(0, from, to);
    }
  }

  type(page: number, type: number): void {
    this.#run = null;
    const region = this.region(Math.floor(page / REGION_PAGES));
    region.type[page - region.index * REGION_PAGES] = type;
  }

  addObjects(page: number, n: number): void {
    this.#run = null;
    const region = this.region(Math.floor(page / REGION_PAGES));
    region.objects[page - region.index * REGION_PAGES]! += n;
  }

  /** A GC cycle's mark has ended (scavengeIndex.nextGen): how dense each chunk is now decides for the next cycle. */
  nextGeneration(): void {
    for (const region of this.regions()) {
      recount(region);
      const { counts, lastInUse } = region;
      for (let chunk = 0; chunk < REGION_CHUNKS; chunk++) {
        lastInUse[chunk] = counts[chunk * STATES + IN_USE]! + counts[chunk * STATES + CACHED]!;
      }
    }
  }

  stateOf(page: number): number {
    const region = this.find(Math.floor(page / REGION_PAGES));
    return region ? region.state[page - region.index * REGION_PAGES]! & STATE : UNMAPPED;
  }

  /** Whether a span begins at the page. */
  isFirst(page: number): boolean {
    const region = this.find(Math.floor(page / REGION_PAGES));
    return region !== undefined && (region.state[page - region.index * REGION_PAGES]! & FIRST) !== 0;
  }

  /** Pages of the chunk (number: address / 4 MiB) that are in `state`. */
  count(chunk: number, state: number): number {
    const index = Math.floor(chunk / REGION_CHUNKS);
    const region = this.find(index);
    if (!region) return state === UNMAPPED ? CHUNK_PAGES : 0;
    if (region.stale) recount(region);
    return region.counts[(chunk - index * REGION_CHUNKS) * STATES + state]!;
  }

  /** How many pages of the chunk were in use or cached when the GC cycle began. */
  lastInUse(chunk: number): number {
    const index = Math.floor(chunk / REGION_CHUNKS);
    return this.find(index)?.lastInUse[chunk - index * REGION_CHUNKS] ?? 0;
  }

  /** Numbers of the chunks with mapped pages, ascending. */
  chunks(): Float64Array {
    const out = new Float64Array(this.#regions.size * REGION_CHUNKS);
    let n = 0;
    for (const region of this.regions()) {
      recount(region);
      const { index, counts } = region;
      for (let chunk = 0; chunk < REGION_CHUNKS; chunk++) {
        if (counts[chunk * STATES + UNMAPPED]! < CHUNK_PAGES) out[n++] = index * REGION_CHUNKS + chunk;
      }
    }
    return out.subarray(0, n);
  }

  /** The span that the page is in, or the run of pages of its state around it within its chunk. */
  runAt(page: number): PageRun {
    const run = this.#run;
    if (run !== null && page >= run.page && page < run.page + run.pages) return run;
    const state = this.stateOf(page);
    let first = page;
    if (state === IN_USE) {
      while (!this.isFirst(first) && this.stateOf(first - 1) === IN_USE) first--;
    } else {
      const low = Math.floor(page / CHUNK_PAGES) * CHUNK_PAGES;
      while (first > low && this.stateOf(first - 1) === state) first--;
    }
    this.#run = this.runFrom(first);
    return this.#run;
  }

  /** The run that begins at the page: a span to its end, anything else to the end of its chunk at most. */
  runFrom(page: number): PageRun {
    const state = this.stateOf(page);
    const limit = state === IN_USE ? Number.POSITIVE_INFINITY : (Math.floor(page / CHUNK_PAGES) + 1) * CHUNK_PAGES;
    let end = page + 1;
    while (end < limit && this.stateOf(end) === state && !this.isFirst(end)) end++;
    return { page, pages: end - page, state, span: state === IN_USE ? this.#facts(page, end) : null };
  }

  #facts(page: number, end: number): SpanFacts {
    const region = this.find(Math.floor(page / REGION_PAGES))!;
    const i = page - region.index * REGION_PAGES;
    let objects = 0;
    for (let at = page; at < end; at++) {
      const part = this.find(Math.floor(at / REGION_PAGES));
      if (part) objects += part.objects[at - part.index * REGION_PAGES]!;
    }
    return { kind: region.kind[i]!, taken: region.time[i]!, p: region.p[i]!, type: region.type[i]!, objects };
  }
}
