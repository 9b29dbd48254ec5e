/**
 * What the span heaps of Go 1.11 to 1.13 have in common: mheap.go before the page bitmap of 1.14.
 *
 * Free memory is kept as spans, as large as they can be: a freed span is joined with free neighbours. Every allocation and
 * every free takes the heap lock. The eras differ in how free spans are ordered, which one an allocation takes, and when
 * spans go back to the OS; each has its file (span-heap-1.11.ts and so on).
 *
 * Inside, pages are absolute page numbers (address / page size), and physical pages larger than a page are counted in pages.
 */
import { Fastrand } from "./fastrand.ts";
import { Arenas } from "./span-heap-arenas.ts";
import { NIL, SPAN_FREE, SPAN_IN_USE, SPAN_MANUAL, Spans } from "./span-heap-spans.ts";
import type { SpanTreap } from "./span-treap.ts";
import { type HeapConfig, type HeapStats, PAGE_STATES, type PageHeap, type ReturnReason } from "./types.ts";

const MiB = 1 << 20;
const STATE_UNMAPPED = PAGE_STATES.indexOf("unmapped");
const STATE_IN_USE = PAGE_STATES.indexOf("in-use");
const STATE_FREE = PAGE_STATES.indexOf("free");
const STATE_RELEASED = PAGE_STATES.indexOf("released");

/** User address space of the 64-bit platforms: 47 bits. */
const ADDRESS_LIMIT = 2 ** 47;

export abstract class SpanHeap implements PageHeap {
  readonly era: string;
  readonly config: Required<HeapConfig>;
  readonly stats: HeapStats & { untouched: number };
  now = 0;
  memoryLimit = Number.POSITIVE_INFINITY;
  nonHeapMapped = 0;
  cpuLimiting = false;
  scavengeGoals: { gcPercent: number; memoryLimit: number };
  onReleased: ((base: number, pages: number, reason: ReturnReason) => void) | null = null;

  /** Source of the treaps' priorities. */
  readonly random: Fastrand;

  protected readonly pageSize: number;
  /** Pages per physical page; 1 if a page is at least as large. */
  protected readonly physPages: number;
  protected readonly spans = new Spans();
  protected readonly arenas: Arenas;
  /** Where the next arena goes (arenaHints). */
  private hint: number;
  /** memstats.heap_released in pages. */
  protected releasedPages = 0;
  private usedPages = 0;
  private manualPages = 0;

  constructor(era: string, config: HeapConfig) {
    this.era = era;
    this.config = {
      pageSize: 8192,
      heapBase: 0xc000000000,
      heapPadding: 0,
      seed: 0,
      ...config,
    };
    this.pageSize = this.config.pageSize;
    this.physPages = Math.max(1, this.config.physPageSize / this.pageSize);
    this.random = new Fastrand(this.config.seed);
    // malloc.go:logHeapArenaBytes
    this.arenas = new Arenas(((this.config.goos === "windows" ? 4 : 64) * MiB) / this.pageSize);
    this.hint = this.config.heapBase / this.pageSize;
    this.scavengeGoals = { gcPercent: Number.POSITIVE_INFINITY, memoryLimit: Number.POSITIVE_INFINITY };
    this.stats = {
      mapped: 0,
      inUse: 0,
      manual: 0,
      freeBacked: 0,
      released: 0,
      untouched: 0,
      returned: { background: 0, growth: 0, limit: 0, forced: 0 },
      faulted: 0,
      grown: 0,
      lockAcquisitions: 0,
      lockAvoided: 0,
    };
  }

  /** Takes a free span of at least n pages out of the free structures, cut to n; NIL if the address space is exhausted. */
  protected abstract allocSpanLocked(n: number): number;
  /** Joins span s, which is in no free structure, with its free neighbours. */
  protected abstract coalesce(s: number): void;
  protected abstract insertFree(s: number): void;
  protected abstract removeFree(s: number): void;
  /** Pages of free span s that count as released. */
  protected abstract releasedIn(s: number): number;
  /** Makes t, cut off free span s (already removed and uncounted), take over what of s stays released. */
  protected abstract inheritReleased(t: number, scavenged: boolean): void;
  /** Maps what is not mapped of [base, limit) and makes it free, as growth to there does. */
  protected abstract growTo(base: number, limit: number): void;

  abstract scavenge(bytes: number): number;
  abstract scavengeAged(now: number, limit: number): number;
  abstract scavengeAll(): number;

  allocSpan(pages: number, _p: number, manual: boolean): number {
    if (!(pages >= 1 && Number.isInteger(pages))) throw new RangeError(`allocSpan: ${pages} is no number of pages`);
    this.stats.lockAcquisitions++;
    const s = this.allocSpanLocked(pages);
    if (s !== NIL) this.use(s, manual);
    this.account();
    return s === NIL ? 0 : this.spans.base[s]! * this.pageSize;
  }

  freeSpan(base: number, pages: number, _manual: boolean): void {
    const { spans } = this;
    const p = base / this.pageSize;
    const s = this.arenas.spanAt(p);
    if (s === NIL || spans.base[s] !== p || spans.npages[s] !== pages || spans.state[s]! < SPAN_IN_USE) {
      throw new RangeError(`freeSpan: no span of ${pages} pages in use at 0x${base.toString(16)}`);
    }
    this.stats.lockAcquisitions++;
    if (spans.state[s] === SPAN_MANUAL) this.manualPages -= pages;
    else this.usedPages -= pages;
    this.arenas.setInUse(p, pages, false);
    this.freeSpanLocked(s, this.now);
    this.account();
  }

  placeSpan(base: number, pages: number, _p: number, manual: boolean): boolean {
    const { spans, arenas } = this;
    const at = base / this.pageSize;
    const limit = at + pages;
    if (!arenas.isFree(at, pages)) return false;
    this.stats.lockAcquisitions++;
    this.growTo(at, limit);

    // Take every free span that the pages lie in, and put back what is left of them at both ends.
    const first = this.freeSpanAt(at);
    const low = { base: spans.base[first]!, scavenged: spans.scavenged[first] !== 0, since: spans.unusedSince[first]! };
    const high = { ...low, limit };
    for (let s = first; ; ) {
      high.limit = spans.limit(s);
      high.scavenged = spans.scavenged[s] !== 0;
      high.since = spans.unusedSince[s]!;
      this.removeFree(s);
      this.releasedPages -= this.releasedIn(s);
      spans.free(s);
      if (high.limit >= limit) break;
      s = arenas.spanAt(high.limit);
    }
    const placed = spans.alloc(at, pages);
    this.use(placed, manual);
    if (low.base < at) this.putBack(low.base, at - low.base, low.scavenged, low.since);
    if (limit < high.limit) this.putBack(limit, high.limit - limit, high.scavenged, high.since);
    this.account();
    return true;
  }

  mapRange(base: number, pages: number, released: boolean): void {
    const at = base / this.pageSize;
    for (const [b, l] of this.arenas.parts(at, at + pages, false)) {
      this.mapPages(b, l - b);
      if (!released) this.arenas.setResident(b, l - b, true);
      this.putBack(b, l - b, released, this.now);
    }
    this.account();
  }

  procResize(_procs: number): void {}
  flushPageCache(_p: number): void {}
  markTermination(): void {}
  sweepDone(): void {}

  ranges(): [base: number, limit: number][] {
    return this.arenas.ranges.map(([b, l]) => [b * this.pageSize, l * this.pageSize]);
  }

  /** "released" is every free page without memory behind it, those of stats.untouched too. */
  pageStates(base: number, out: Uint8Array): void {
    const at = base / this.pageSize;
    out.fill(STATE_UNMAPPED);
    for (const [b, l] of this.arenas.parts(at, at + out.length, true)) {
      for (let p = b; p < l; p++) {
        out[p - at] = this.arenas.isInUse(p) ? STATE_IN_USE : this.arenas.isResident(p) ? STATE_FREE : STATE_RELEASED;
      }
    }
  }

  /** memstats.heap_idle in bytes: free, returned or not. */
  get heapIdle(): number {
    return this.stats.freeBacked + this.stats.released;
  }

  /**
   * Free spans as [first page, pages, returned, unused since] in that era's own order; pages absolute, `returned` 0 or 1
   * (1.11: pages). For conformance.
   */
  abstract freeSpans(): [page: number, pages: number, returned: number, since: number][];
  /** The treaps as [first page, priority], each node before its left, then its right subtree. For conformance. */
  abstract treapShape(): [page: number, priority: number][];

  protected treapRows(treap: SpanTreap): [page: number, pages: number, returned: number, since: number][] {
    const { base, npages, scavenged, unusedSince } = this.spans;
    return treap.inOrder().map((s) => [base[s]!, npages[s]!, scavenged[s]!, unusedSince[s]!]);
  }

  protected shapeRows(treap: SpanTreap): [page: number, priority: number][] {
    const { base, priority } = this.spans;
    return treap.preorder().map((s) => [base[s]!, priority[s]!]);
  }

  /** Bytes of heap_sys - heap_released, which from 1.13 on stand for the heap's part of RSS (heapRetained). */
  protected heapRetained(): number {
    return (this.arenas.mappedPages - this.manualPages - this.releasedPages) * this.pageSize;
  }

  /** First page of the whole physical pages in [base, ...). */
  protected physStart(base: number): number {
    const k = this.physPages;
    return k === 1 ? base : Math.ceil(base / k) * k;
  }

  /** Page past the whole physical pages in [..., limit). */
  protected physLimit(limit: number): number {
    const k = this.physPages;
    return k === 1 ? limit : Math.floor(limit / k) * k;
  }

  /** Whole physical pages of a span, in pages (physPageBounds); at most 0 if there is none. */
  protected wholePages(s: number): number {
    if (this.physPages === 1) return this.spans.npages[s]!;
    return this.physLimit(this.spans.limit(s)) - this.physStart(this.spans.base[s]!);
  }

  /** Free span s, in use until now, stamped as unused since `since` (freeSpanLocked). */
  protected freeSpanLocked(s: number, since: number): void {
    const { spans } = this;
    spans.state[s] = SPAN_FREE;
    spans.unusedSince[s] = since;
    this.coalesce(s);
    this.insertFree(s);
  }

  /** Reserves and maps whole arenas for n pages at the hint (sysAlloc); -1 if the address space is exhausted. */
  protected sysAlloc(n: number): number {
    const size = this.arenas.arenaPages;
    const pages = Math.ceil(n / size) * size;
    const base = Math.ceil(this.hint / size) * size;
    if ((base + pages) * this.pageSize > ADDRESS_LIMIT) return -1;
    this.mapPages(base, pages);
    return base;
  }

  /** Maps pages; nothing is behind them yet. Arenas that follow go above. */
  protected mapPages(base: number, n: number): void {
    this.arenas.map(base, n);
    this.hint = Math.max(this.hint, base + n);
    this.stats.grown += n * this.pageSize;
  }

  /** Gives the whole physical pages of [base, base + n) to the OS (sysUnused); `counted` pages of them count as returned. */
  protected sysUnused(base: number, n: number, counted: number, reason: ReturnReason): void {
    this.arenas.setResident(base, n, false);
    this.stats.returned[reason] += counted * this.pageSize;
    this.onReleased?.(base * this.pageSize, n, reason);
  }

  /** Puts a free span into the structures, joined with its neighbours. */
  protected putBack(base: number, n: number, scavenged: boolean, since: number): void {
    const t = this.spans.alloc(base, n);
    this.arenas.setSpan(base, n, t);
    this.inheritReleased(t, scavenged);
    this.freeSpanLocked(t, since);
  }

  /** Span s is allocated: it is no longer free, and its pages will be touched. */
  private use(s: number, manual: boolean): void {
    const { spans, arenas } = this;
    const base = spans.base[s]!;
    const n = spans.npages[s]!;
    spans.state[s] = manual ? SPAN_MANUAL : SPAN_IN_USE;
    spans.scavenged[s] = 0;
    arenas.setSpan(base, n, s);
    arenas.setInUse(base, n, true);
    if (manual) this.manualPages += n;
    else this.usedPages += n;
    // Touching a page brings back the physical page that it is a part of.
    const k = this.physPages;
    const start = Math.floor(base / k) * k;
    const end = Math.ceil((base + n) / k) * k;
    this.stats.faulted += arenas.setResident(start, end - start, true) * this.pageSize;
  }

  /** The free span that a page lies in. */
  private freeSpanAt(page: number): number {
    const { spans, arenas } = this;
    const [floor] = arenas.rangeOf(page)!;
    let s = arenas.spanAt(arenas.freeRunStart(page, floor));
    while (spans.limit(s) <= page) s = arenas.spanAt(spans.limit(s));
    return s;
  }

  protected account(): void {
    const { stats, pageSize, arenas } = this;
    stats.mapped = arenas.mappedPages * pageSize;
    stats.inUse = this.usedPages * pageSize;
    stats.manual = this.manualPages * pageSize;
    stats.released = this.releasedPages * pageSize;
    stats.freeBacked = stats.mapped - stats.inUse - stats.manual - stats.released;
    stats.untouched = (arenas.mappedPages - arenas.residentPages - this.releasedPages) * pageSize;
  }
}
