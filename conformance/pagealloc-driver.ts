/** Vectors of the page allocator with its page caches and scavenger (1.14 and later). */
import { CHUNK_HALVES, popcount32 } from "../allocator/bits.ts";
import { isBitmapEra } from "../allocator/eras/bitmap-era.ts";
import { findEra } from "../allocator/eras/index.ts";
import { LINEAR_OFFSET, MAX_LINEAR, MIN_LINEAR, PageAlloc } from "../allocator/page-alloc.ts";
import { PageCaches } from "../allocator/page-cache.ts";
import { SUMMARY_LEVELS } from "../allocator/summary.ts";
import {
  differs,
  minorOf,
  numberOf,
  stringOf,
  type VectorDriver,
  VectorError,
  type VectorKind,
  type VectorLine,
} from "./driver.ts";
import { Fnv1a } from "./hash.ts";
import { hex64, hexBitmap } from "./hex.ts";

const PAGE_SIZE = 8192;
/** Pages of vectors count from here. It begins a root entry of the summaries, as the vectors' own base does. */
const BASE = 0x3000000000;
const BASE_CHUNK = (BASE + LINEAR_OFFSET) / (512 * PAGE_SIZE);
/** No vector goes further from the base, or grows by more at once. */
const MAX_PAGE = 2 ** 32;
const MAX_GROWTH = 2 ** 24;

export const pageallocVectors: VectorKind = {
  name: "pagealloc",
  handles: (init) => minorOf(init) >= 14 && "caches" in init,
  create: (init) => new PageAllocDriver(init),
};

class PageAllocDriver implements VectorDriver {
  private readonly pages: PageAlloc;
  private readonly caches: PageCaches;

  constructor(init: VectorLine) {
    const era = findEra(stringOf(init, "go"));
    if (era === null || !isBitmapEra(era)) throw new VectorError(`no era for Go ${stringOf(init, "go")}`);
    this.pages = new PageAlloc(PAGE_SIZE, 4096, 0, era.rules.scavenger);
    // NewPageAlloc of the runtime's export_test.go begins a generation in 1.15 to 1.18.
    if (era.rules.nextGen === "sweep-done") this.pages.scavenger.nextGen();
    const caches = numberOf(init, "caches");
    if (caches < 0 || caches > 65536) throw new VectorError(`"caches" is ${caches}`);
    this.caches = new PageCaches(this.pages, caches);
  }

  line(line: VectorLine): string | null {
    const { pages, caches } = this;
    const op = stringOf(line, "op");
    switch (op) {
      case "phys":
        pages.physPageSize = numberOf(line, "page");
        pages.physHugePageSize = numberOf(line, "huge");
        return null;
      case "grow":
        pages.grow(this.addr(line), count(line, MAX_GROWTH) * PAGE_SIZE);
        return null;
      case "alloc": {
        const base = pages.alloc(count(line, MAX_PAGE));
        return this.allocated(line, base, pages.lastScav);
      }
      case "free":
        pages.free(this.addr(line), count(line, MAX_PAGE));
        return null;
      case "tocache": {
        const c = this.cache(line);
        if (!caches.refill(c)) return differs("p", line.p, null);
        return (
          differs("p", line.p, page(caches.base[c]!)) ??
          differs("cache", line.cache, hex64(caches.freeHi[c]!, caches.freeLo[c]!)) ??
          differs("scav", line.scav, hex64(caches.scavHi[c]!, caches.scavLo[c]!))
        );
      }
      case "calloc": {
        const base = caches.alloc(this.cache(line), count(line, 64));
        return this.allocated(line, base, caches.lastScav);
      }
      case "cflush":
        caches.flush(this.cache(line));
        return null;
      case "scavenge": {
        const bytes = line.bytes === "all" ? Number.POSITIVE_INFINITY : numberOf(line, "bytes");
        const released = pages.scavenger.scavenge(bytes, numberOf(line, "force") !== 0, false);
        return differs("released", line.released, released);
      }
      case "gen":
        pages.scavenger.nextGen();
        return null;
      case "hash":
        return this.hash(line);
      case "dump":
        return this.dump(line);
      default:
        throw new VectorError(`unknown op "${op}"`);
    }
  }

  private allocated(line: VectorLine, base: number, scav: number): string | null {
    if (base === 0) return differs("p", line.p, null);
    return differs("p", line.p, page(base)) ?? differs("scav", line.scav, scav * PAGE_SIZE);
  }

  private addr(line: VectorLine): number {
    const p = numberOf(line, "p");
    if (Math.abs(p) > MAX_PAGE) throw new VectorError(`"p" is ${p}`);
    return BASE + p * PAGE_SIZE;
  }

  private cache(line: VectorLine): number {
    const c = numberOf(line, "c");
    if (c < 0 || c >= this.caches.length) throw new VectorError(`"c" is ${c}, there are ${this.caches.length} caches`);
    return c;
  }

  private hash(line: VectorLine): string | null {
    const { pages } = this;
    const alloc = new Fnv1a();
    const scav = new Fnv1a();
    const index = new Fnv1a();
    const sums = new Fnv1a();
    let used = 0;
    let scavenged = 0;
    this.eachChunk((_chunk, slotChunk) => {
      for (let i = slotChunk * CHUNK_HALVES; i < (slotChunk + 1) * CHUNK_HALVES; i++) {
        alloc.u32(pages.bits[i]!);
        scav.u32(pages.scav[i]!);
        used += popcount32(pages.bits[i]!);
        scavenged += popcount32(pages.scav[i]!);
      }
      const [hi, lo] = pages.scavenger.chunkNumber(slotChunk);
      index.u32(lo);
      index.u32(hi);
    });
    this.eachSummary((_level, _entry, sum) => {
      for (const x of sum) sums.u32(x);
    });
    const state = pages.scavenger.state();
    const scavState: Record<string, unknown> = { ...state.numbers };
    for (const [name, linear] of Object.entries(state.addresses)) scavState[name] = offset(linear);
    const expectedState = (line.scavState ?? {}) as Record<string, unknown>;
    return (
      differs("alloc", line.alloc, alloc.toString()) ??
      differs("used", line.used, used) ??
      differs("scav", line.scav, scav.toString()) ??
      differs("scavenged", line.scavenged, scavenged) ??
      differs("search", line.search, offset(pages.searchAddr)) ??
      differs("scavState", sorted(expectedState), sorted(scavState)) ??
      differs("scavChunks", line.scavChunks, index.toString()) ??
      differs("sum", line.sum, sums.toString())
    );
  }

  private dump(line: VectorLine): string | null {
    const { pages } = this;
    const chunks: unknown[] = [];
    this.eachChunk((chunk, slotChunk) => {
      const o = slotChunk * CHUNK_HALVES;
      const [hi, lo] = pages.scavenger.chunkNumber(slotChunk);
      chunks.push([chunk - BASE_CHUNK, hexBitmap(pages.bits, o), hexBitmap(pages.scav, o), hex64(hi, lo)]);
    });
    const sums: unknown[] = [];
    this.eachSummary((level, entry, sum) => sums.push([level, entry - BASE_CHUNK / 8 ** (4 - level), ...sum]));
    const inUse: unknown[] = [];
    for (let i = 0; i < pages.inUse.length; i++) {
      inUse.push([page(pages.inUse.base(i) - LINEAR_OFFSET), page(pages.inUse.limit(i) - LINEAR_OFFSET)]);
    }
    return (
      differs("inUse", JSON.stringify(line.inUse), JSON.stringify(inUse)) ??
      firstDifference("chunks", line.chunks, chunks) ??
      firstDifference("sums", line.sums, sums)
    );
  }

  private eachChunk(f: (chunk: number, slotChunk: number) => void): void {
    const { inUse, chunkBytes, summaries } = this.pages;
    for (let i = 0; i < inUse.length; i++) {
      for (let c = inUse.base(i) / chunkBytes; c < inUse.limit(i) / chunkBytes; c++) f(c, summaries.slotChunk(c));
    }
  }

  /** Every entry of every level that covers a grown page, once. */
  private eachSummary(f: (level: number, entry: number, sum: [number, number, number]) => void): void {
    const { inUse, chunkBytes, summaries } = this.pages;
    this.pages.update();
    for (let level = 0; level < SUMMARY_LEVELS; level++) {
      const bytes = chunkBytes * 8 ** (4 - level);
      let next = 0;
      for (let i = 0; i < inUse.length; i++) {
        const end = Math.floor((inUse.limit(i) - 1) / bytes) + 1;
        for (let e = Math.max(next, Math.floor(inUse.base(i) / bytes)); e < end; e++)
          f(level, e, summaries.entry(level, e));
        next = Math.max(next, end);
      }
    }
  }
}

function count(line: VectorLine, max: number): number {
  const n = numberOf(line, "n");
  if (n < 1 || n > max) throw new VectorError(`"n" is ${n}`);
  return n;
}

/** Page of an address, from the base. */
function page(addr: number): number {
  return (addr - BASE) / PAGE_SIZE;
}

/** A linear address as the vectors write it. */
function offset(linear: number): number | string {
  if (linear === MIN_LINEAR) return "min";
  if (linear === MAX_LINEAR) return "max";
  return linear - LINEAR_OFFSET - BASE;
}

function sorted(o: Record<string, unknown>): string {
  return JSON.stringify(Object.entries(o).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function firstDifference(field: string, expected: unknown, got: readonly unknown[]): string | null {
  if (!Array.isArray(expected)) throw new VectorError(`"${field}" is not an array`);
  for (let i = 0; i < Math.max(expected.length, got.length); i++) {
    const d = differs(`${field}[${i}]`, JSON.stringify(expected[i]), JSON.stringify(got[i]));
    if (d) return d;
  }
  return null;
}
