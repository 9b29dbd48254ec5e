import type { PageHeap } from "../../allocator/types.ts";
import { PAGE } from "./heap-pages.ts";

/** mpagecache.go: a page cache is of a block of 64 aligned pages. */
const BLOCK_PAGES = 64;
const BLOCK = BLOCK_PAGES * PAGE;

/** Where a heap may have changed since it was last asked: runs of pages, some more than once. */
export interface Changes {
  /** Calls `visit` with the first address and the pages of each run, and forgets them. */
  drain(visit: (base: number, pages: number) => void): void;
  /** Whether the mark of a GC cycle ended since; forgotten by asking. */
  generation(): boolean;
  readonly any: boolean;
}

/**
 * Notes which pages each operation on the heap may change, by putting itself before its methods: an era's heap knows nothing
 * of it, and one that is not watched pays nothing.
 */
export function watch(heap: PageHeap): Changes {
  const bases: number[] = [];
  const counts: number[] = [];
  /** Block of each P's cache when last asked. */
  const blocks: number[] = [];
  const changedCaches = new Set<number>();
  let mapped = new Map<number, number>();
  let lastP = -1;
  let generation = false;
  const physical = heap.config.physPageSize;

  const note = (base: number, pages: number): void => {
    bases.push(base);
    counts.push(pages);
  };
  /** A span: a physical page may be larger than its pages, and what happens to it happens to all of it. */
  const noteSpan = (base: number, pages: number): void => {
    const unit = Math.max(physical, PAGE);
    const from = Math.floor(base / unit) * unit;
    note(from, (Math.ceil((base + pages * PAGE) / unit) * unit - from) / PAGE);
  };
  const noteBlock = (addr: number): void => note(Math.floor(addr / BLOCK) * BLOCK, BLOCK_PAGES);

  const allocSpan = heap.allocSpan.bind(heap);
  heap.allocSpan = (pages, p, manual) => {
    const { lockAcquisitions } = heap.stats;
    const base = allocSpan(pages, p, manual);
    if (base !== 0) noteSpan(base, pages);
    // Without the lock the span came out of the cache as it was; with it the cache may be a new one.
    if (p >= 0 && heap.stats.lockAcquisitions !== lockAcquisitions) changedCaches.add(p);
    lastP = p;
    return base;
  };
  const freeSpan = heap.freeSpan.bind(heap);
  heap.freeSpan = (base, pages, manual) => {
    freeSpan(base, pages, manual);
    noteSpan(base, pages);
  };
  const placeSpan = heap.placeSpan.bind(heap);
  heap.placeSpan = (base, pages, p, manual) => {
    const placed = placeSpan(base, pages, p, manual);
    noteSpan(base, pages);
    if (p >= 0) changedCaches.add(p);
    return placed;
  };
  const mapRange = heap.mapRange.bind(heap);
  heap.mapRange = (base, pages, released) => {
    mapRange(base, pages, released);
    note(base, pages);
  };
  const flushPageCache = heap.flushPageCache.bind(heap);
  heap.flushPageCache = (p) => {
    flushPageCache(p);
    changedCaches.add(p);
  };
  const procResize = heap.procResize.bind(heap);
  heap.procResize = (procs) => {
    procResize(procs);
    for (const p of blocks.keys()) changedCaches.add(p);
  };
  const markTermination = heap.markTermination.bind(heap);
  heap.markTermination = () => {
    markTermination();
    generation = true;
  };
  const undoAlloc = heap.undoAlloc?.bind(heap);
  if (undoAlloc) {
    heap.undoAlloc = () => {
      if (lastP >= 0) changedCaches.add(lastP);
      return undoAlloc();
    };
  }
  const seedCache = heap.seedCache?.bind(heap);
  if (seedCache) {
    heap.seedCache = (p, addr) => {
      noteBlock(addr);
      changedCaches.add(p);
      return seedCache(p, addr);
    };
  }
  const markPadding = heap.markPadding?.bind(heap);
  if (markPadding) {
    heap.markPadding = (base, pages) => {
      markPadding(base, pages);
      note(base, pages);
    };
  }
  const { onReleased } = heap;
  heap.onReleased = (base, pages, reason) => {
    onReleased?.(base, pages, reason);
    noteSpan(base, pages);
  };

  let bytes = 0;
  const noteMapped = (): void => {
    if (heap.stats.mapped === bytes) return;
    bytes = heap.stats.mapped;
    const now = new Map(heap.ranges());
    for (const [base, limit] of now) {
      const before = mapped.get(base) ?? base;
      if (limit > before) note(before, (limit - before) / PAGE);
    }
    mapped = now;
  };
  const noteCaches = (): void => {
    for (const p of changedCaches) {
      const before = blocks[p];
      const now = heap.cacheBlock?.(p)?.base;
      if (before !== undefined) note(before, BLOCK_PAGES);
      if (now !== undefined && now !== before) note(now, BLOCK_PAGES);
      if (now === undefined) delete blocks[p];
      else blocks[p] = now;
    }
    changedCaches.clear();
  };

  return {
    get any() {
      return bases.length > 0 || changedCaches.size > 0 || generation || heap.stats.mapped !== bytes;
    },
    drain(visit) {
      noteMapped();
      if (changedCaches.size > 0) noteCaches();
      for (let i = 0; i < bases.length; i++) visit(bases[i]!, counts[i]!);
      bases.length = 0;
      counts.length = 0;
    },
    generation() {
      const was = generation;
      generation = false;
      return was;
    },
  };
}
