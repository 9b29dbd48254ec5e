/**
 * Page traces as normalized events. Each P wrote its events into a buffer of its own, so the file is a mix of stretches
 * that overlap in time: it is read twice, once to find whose each stretch is, once to merge them by time.
 *
 * Times are off by up to 256 ns, so between two Ps they don't decide. The pages do: what is taken must have been free,
 * what is given back in use (the runtime writes an allocation after it and a free before it). An event that contradicts
 * that waits as long as others' that may have been earlier are left.
 */
import { InputError } from "./errors.ts";
import { type EventSource, newSourceInfo, type SourceInfo } from "./event-source.ts";
import {
  BATCH_CAPACITY,
  type EventBatch,
  newBatch,
  push,
  SCAVENGED,
  SPAN_ALLOC,
  SPAN_FREE,
  SPAN_UNKNOWN,
} from "./events.ts";
import type { ByteSource, OpenOptions } from "./format.ts";
import { Losses, type LossKind } from "./losses.ts";
import { ALLOC, type ByteOrder, FREE, SCAVENGE, SYNC, TIME_ERROR, TIME_UNIT, WORD } from "./pagetrace-wire.ts";
import { type RandomAccess, randomAccess } from "./spool.ts";

export const DAMAGED: LossKind = {
  name: "pagetrace-damaged",
  severity: "damage",
  meaning: "the page trace can't be read beyond this place: everything after it is left out",
};
export const TRUNCATED: LossKind = {
  name: "pagetrace-truncated",
  severity: "data-loss",
  meaning: "the page trace ends in the middle of an event",
};
export const CONTRADICTIONS: LossKind = {
  name: "pagetrace-contradictions",
  severity: "data-loss",
  meaning:
    "pages were taken that were in use, or given back or returned that were free: events are missing (did the program crash?)",
};

const PAGE = 8192;
/** Arenas of 64-bit systems begin at multiples of this (malloc.go: heapArenaBytes; 4 MiB on Windows). */
const ARENA = 64 << 20;
const WINDOW = 1 << 16;
const MAX_PS = 4096;
const MAX_STRETCHES = 1 << 21;
/** The scavenger works on a chunk at a time (mgcscavenge.go: scavengeOne). */
const CHUNK_PAGES = 512;
/** No span is larger than 1 TiB. Nor does a run take and give back as many pages as the second: that is damage. */
const MAX_PAGES = 2 ** 27;
const MAX_WORK = 1e11;
/** Heap of 1 TiB. */
const MAX_CHUNKS = 2 ** 18;
/** Much more than a P's time may go back within its buffer. */
const MAX_LAG = 1e9;

export function openPagetrace(bytes: ByteSource, order: ByteOrder, _options: OpenOptions): EventSource {
  return new Pagetrace(bytes, order);
}

class Pagetrace implements EventSource {
  readonly path: string;
  readonly format = "pagetrace";
  readonly info: SourceInfo = newSourceInfo("exact");
  readonly losses = new Losses();
  readonly #bytes: ByteSource;
  readonly #swap: boolean;
  #access: RandomAccess | null = null;
  #progress: number | null = 0;

  constructor(bytes: ByteSource, order: ByteOrder) {
    this.path = bytes.path;
    this.#bytes = bytes;
    this.#swap = (order === "little") !== (new Uint8Array(new Uint16Array([1]).buffer)[0] === 1);
    this.info.goVersions = ["1.20", "1.21", "1.22"];
    this.info.pageSize = PAGE;
    this.info.hasAddresses = true;
  }

  readonly progress = (): number | null => this.#progress;

  async *batches(): AsyncIterable<EventBatch> {
    const access = await randomAccess(this.#bytes);
    this.#access = access;
    const index = indexStretches(access, this.#swap, this.losses, this.path);
    if (index.ps.length === 0) throw new InputError(`${this.path}: the page trace holds no events`);
    this.info.minHeapAddr = Math.floor(index.lowest / ARENA) * ARENA;
    const merge = new Merge(access, index.ps, this.#swap, this.losses);
    const batch = newBatch();
    const zero = index.first;
    let now = 0;
    let done = 0;
    for (let cursor = merge.next(); cursor !== null; cursor = merge.next()) {
      // An event that waited for another is later than that.
      now = Math.max(now, cursor.time - zero);
      const kind = cursor.type === ALLOC ? SPAN_ALLOC : cursor.type === FREE ? SPAN_FREE : SCAVENGED;
      push(batch, kind, now, cursor.p, cursor.base, cursor.pages, kind === SCAVENGED ? 0 : SPAN_UNKNOWN);
      if (batch.length < BATCH_CAPACITY) continue;
      done += batch.length * WORD;
      this.#progress = 0.3 + 0.7 * Math.min(1, done / access.size);
      this.info.events += batch.length;
      yield batch;
      batch.length = 0;
    }
    this.info.events += batch.length;
    this.#progress = 1;
    if (batch.length > 0) yield batch;
  }

  async close(): Promise<void> {
    this.#access?.close();
    await this.#bytes.close();
  }
}

/** Where a P's events are: offsets of stretches, in the order they were written. */
interface Stretches {
  readonly p: number;
  readonly begin: number[];
  readonly end: number[];
}

/** Reads words one after the other: `low` and `high` are the last one's halves. */
class Words {
  low = 0;
  high = 0;
  readonly #bytes: RandomAccess;
  readonly #swap: boolean;
  readonly #buf: Uint8Array;
  readonly #halves: Uint32Array;
  #base = 0;
  #filled = 0;
  #next = 0;

  constructor(bytes: RandomAccess, swap: boolean, window: number) {
    this.#bytes = bytes;
    this.#swap = swap;
    this.#buf = new Uint8Array(window);
    this.#halves = new Uint32Array(this.#buf.buffer);
  }

  get offset(): number {
    return this.#base + this.#next;
  }

  seek(offset: number): void {
    this.#base = offset;
    this.#next = 0;
    this.#filled = 0;
  }

  /** False at the end; the bytes that are left are no whole word. */
  read(): boolean {
    if (this.#next + WORD > this.#filled) {
      this.#base += this.#next;
      this.#filled = this.#bytes.readAt(this.#buf, this.#base);
      this.#next = 0;
      if (this.#filled < WORD) return false;
      if (this.#swap) Buffer.from(this.#buf.buffer, 0, this.#filled & ~7).swap64();
    }
    const i = this.#next >> 2;
    const first = this.#halves[i]!;
    const second = this.#halves[i + 1]!;
    this.low = LITTLE ? first : second;
    this.high = LITTLE ? second : first;
    this.#next += WORD;
    return true;
  }
}

const LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function indexStretches(bytes: RandomAccess, swap: boolean, losses: Losses, path: string) {
  const byP = new Map<number, Stretches>();
  const words = new Words(bytes, swap, 1 << 18);
  let current: Stretches | null = null;
  let hasEvents = false;
  let begin = 0;
  let stretches = 0;
  let first = Number.POSITIVE_INFINITY;
  let lowest = Number.POSITIVE_INFINITY;
  let timeBase = Number.NaN;
  let work = 0;
  const close = (end: number) => {
    if (current === null || !hasEvents) return;
    if (++stretches > MAX_STRETCHES)
      throw new InputError(`${path}: the page trace changes between Ps too often; is it damaged?`);
    current.begin.push(begin);
    current.end.push(end);
    current = null;
  };
  let at = 0;
  for (;;) {
    at = words.offset;
    if (!words.read()) break;
    const { low, high } = words;
    if ((low & 3) === SYNC) {
      if ((low & 4) === 0) {
        timeBase = timeOf(low, high);
        continue;
      }
      close(at);
      const p = high === 0xffffffff ? -1 : low >>> 3;
      if (p > 0x7fff || (p >= 0 && high !== 0)) {
        losses.add(DAMAGED, 1, `byte ${at}: P ${p}`);
        break;
      }
      current = byP.get(p) ?? null;
      if (current === null) {
        if (byP.size >= MAX_PS)
          throw new InputError(`${path}: the page trace names more than ${MAX_PS} Ps; is it damaged?`);
        current = { p, begin: [], end: [] };
        byP.set(p, current);
      }
      begin = at + WORD;
      hasEvents = false;
      timeBase = Number.NaN;
      continue;
    }
    const large = (low & 4) !== 0;
    const pages = (low >>> 3) & 0x3ff;
    if (current === null || Number.isNaN(timeBase) || (pages === 0) !== large) {
      losses.add(DAMAGED, 1, `byte ${at}`);
      break;
    }
    const problem = sizeProblem(words, low & 3, pages, large);
    if (problem === CUT) {
      losses.add(TRUNCATED, 1, `byte ${at}`);
      break;
    }
    work += large ? words.low + words.high * 2 ** 32 : pages;
    if (problem !== null || work > MAX_WORK) {
      losses.add(DAMAGED, 1, `byte ${at}: ${problem ?? "more pages than a machine has"}`);
      break;
    }
    first = Math.min(first, timeBase + (high >>> 16) * TIME_UNIT);
    lowest = Math.min(lowest, baseOf(low, high));
    hasEvents = true;
  }
  close(at);
  if (at < bytes.size && bytes.size - at < WORD) losses.add(TRUNCATED, 1, `byte ${at}`);
  const ps = [...byP.values()].filter(({ begin }) => begin.length > 0).sort((a, b) => a.p - b.p);
  return { ps, first, lowest };
}

const CUT = "cut";

/** What is wrong with the size of an event, whose word was just read; reads the size of a large one. */
function sizeProblem(words: Words, type: number, pages: number, large: boolean): string | null {
  if (!large) return type === SCAVENGE && pages > CHUNK_PAGES ? `${pages} pages returned at once` : null;
  if (!words.read()) return CUT;
  if (words.high > 0 || words.low > MAX_PAGES || words.low < 1024 || type === SCAVENGE) {
    return `a span of ${words.high * 2 ** 32 + words.low} pages`;
  }
  return null;
}

function timeOf(low: number, high: number): number {
  return (high * 2 ** 29 + (low >>> 3)) * TIME_UNIT;
}

/** Bits 13 to 47 of the word, in place. */
function baseOf(low: number, high: number): number {
  return (high & 0xffff) * 2 ** 32 + (low & ~8191) + ((low & ~8191) < 0 ? 2 ** 32 : 0);
}

class Cursor {
  readonly p: number;
  type = 0;
  time = 0;
  base = 0;
  pages = 0;
  readonly #stretches: Stretches;
  readonly #words: Words;
  #next = 0;
  #end = 0;
  #timeBase = 0;

  constructor(bytes: RandomAccess, stretches: Stretches, swap: boolean, window: number) {
    this.p = stretches.p;
    this.#stretches = stretches;
    this.#words = new Words(bytes, swap, window);
  }

  advance(): boolean {
    const words = this.#words;
    for (;;) {
      if (words.offset >= this.#end) {
        const i = this.#next++;
        if (i >= this.#stretches.begin.length) return false;
        words.seek(this.#stretches.begin[i]!);
        this.#end = this.#stretches.end[i]!;
        continue;
      }
      if (!words.read()) return false;
      const { low, high } = words;
      this.type = low & 3;
      if (this.type === SYNC) {
        this.#timeBase = timeOf(low, high);
        continue;
      }
      // A P's own order stands, even where the time it took before it got to writing is older.
      const time = this.#timeBase + (high >>> 16) * TIME_UNIT;
      this.time = time < this.time && this.time - time < MAX_LAG ? this.time : time;
      this.base = baseOf(low, high);
      this.pages = (low >>> 3) & 0x3ff;
      if ((low & 4) !== 0) {
        words.read();
        this.pages = words.high * 2 ** 32 + words.low;
      }
      return true;
    }
  }
}

/** What is known of pages: a byte each, in chunks of 512 pages. */
class Pages {
  readonly #chunks = new Map<number, Uint8Array>();

  /** Whether none of the pages is known to be in `state`. */
  noneIs(state: number, base: number, pages: number): boolean {
    for (let page = base / PAGE, end = page + pages; page < end; ) {
      const chunk = this.#chunks.get(Math.floor(page / CHUNK_PAGES));
      const stop = Math.min(end, (Math.floor(page / CHUNK_PAGES) + 1) * CHUNK_PAGES);
      if (chunk) for (let i = page % CHUNK_PAGES; page < stop; page++, i++) if (chunk[i] === state) return false;
      page = stop;
    }
    return true;
  }

  set(state: number, base: number, pages: number): void {
    for (let page = base / PAGE, end = page + pages; page < end; ) {
      const key = Math.floor(page / CHUNK_PAGES);
      let chunk = this.#chunks.get(key);
      if (!chunk) {
        if (this.#chunks.size >= MAX_CHUNKS)
          throw new InputError("the page trace tells of a heap of over 1 TiB; is it damaged?");
        chunk = new Uint8Array(CHUNK_PAGES);
        this.#chunks.set(key, chunk);
      }
      const stop = Math.min(end, (key + 1) * CHUNK_PAGES);
      chunk.fill(state, page % CHUNK_PAGES, (page % CHUNK_PAGES) + stop - page);
      page = stop;
    }
  }
}

const USED = 1;
const UNUSED = 2;
class Merge {
  readonly #losses: Losses;
  readonly #cursors: Cursor[] = [];
  readonly #pages = new Pages();
  #current: Cursor | null = null;

  constructor(bytes: RandomAccess, ps: readonly Stretches[], swap: boolean, losses: Losses) {
    this.#losses = losses;
    const window = Math.max(4096, Math.min(WINDOW, (16 << 20) / ps.length)) & ~7;
    for (const stretches of ps) {
      const cursor = new Cursor(bytes, stretches, swap, window);
      if (cursor.advance()) this.#cursors.push(cursor);
    }
    this.#cursors.sort((a, b) => a.time - b.time);
  }

  next(): Cursor | null {
    if (this.#current !== null) this.#advance(this.#current);
    this.#current = null;
    const cursors = this.#cursors;
    if (cursors.length === 0) return null;
    const limit = cursors[0]!.time + TIME_ERROR;
    let chosen = 0;
    while (chosen < cursors.length && cursors[chosen]!.time <= limit && !this.#fits(cursors[chosen]!)) chosen++;
    if (chosen >= cursors.length || cursors[chosen]!.time > limit) {
      chosen = 0;
      this.#losses.add(CONTRADICTIONS);
    }
    const cursor = cursors[chosen]!;
    if (cursor.type !== SCAVENGE) this.#pages.set(cursor.type === ALLOC ? USED : UNUSED, cursor.base, cursor.pages);
    this.#current = cursor;
    return cursor;
  }

  #fits(cursor: Cursor): boolean {
    return this.#pages.noneIs(cursor.type === FREE ? UNUSED : USED, cursor.base, cursor.pages);
  }

  /** Keeps the cursors in order of time: mostly the one that moved stays near the front. */
  #advance(cursor: Cursor): void {
    const cursors = this.#cursors;
    let i = cursors.indexOf(cursor);
    if (!cursor.advance()) {
      cursors.splice(i, 1);
      return;
    }
    for (; i + 1 < cursors.length && cursors[i + 1]!.time < cursor.time; i++) cursors[i] = cursors[i + 1]!;
    for (; i > 0 && cursors[i - 1]!.time > cursor.time; i--) cursors[i] = cursors[i - 1]!;
    cursors[i] = cursor;
  }
}
