/**
 * The page heap as the rest of gopages sees it: one interface for every era, 1.11 to 1.27.
 *
 * The allocator knows no clock: whoever drives it says when a GC ends and how many bytes the background scavenger may
 * return now. All sizes and addresses are in bytes, held exactly by doubles; "pages" are runtime pages (8 KiB).
 */

/** Why memory was returned to the OS. */
export type ReturnReason = "background" | "growth" | "limit" | "forced";

export interface HeapConfig {
  /** Runtime page size in bytes; 8192 in every Go version. */
  readonly pageSize?: number;
  /** Physical page size in bytes (4096, 16384, 65536). */
  readonly physPageSize: number;
  /** Transparent huge page size in bytes, 0 for none. */
  readonly physHugePageSize: number;
  readonly goos: "linux" | "windows" | "darwin";
  /** GOMAXPROCS: how many Ps (page caches) there are at the start. */
  readonly procs: number;
  /**
   * First address the heap grows at: 0xc000000000 (the first arena hint of amd64) when not given, from 1.26 on random by seed.
   * From 1.26 on it need not begin an arena, only a chunk of 512 pages.
   */
  readonly heapBase?: number;
  /**
   * 1.26+: pages at the heap's base that are padding, never used (pageAlloc.markRandomPaddingPages). Random by seed when
   * neither this nor heapBase is given, none when only heapBase is; ignored before 1.26.
   */
  readonly heapPadding?: number;
  /** Seed for whatever the runtime randomizes (treap priorities, 1.26's heap base). */
  readonly seed?: number;
}

/** A P's page cache: the free ones of 64 aligned pages, from which it allocates without the heap lock. */
export interface CacheBlock {
  /** Address of the block. */
  base: number;
  /** Its free pages, bit i of lo for page i, bit i of hi for page 32 + i. */
  lo: number;
  hi: number;
}

/** Live counters of a heap. Bytes; they always hold: inUse + manual + freeBacked + released = mapped. */
export interface HeapStats {
  /** Address space in Prepared or Ready state (HeapSys + stacks and work buffers in use). */
  mapped: number;
  /** Pages of object spans (HeapInuse). */
  inUse: number;
  /** Pages of manual spans (stacks, work buffers). */
  manual: number;
  /** Free (or cached by a P) and still backed: HeapIdle - HeapReleased. */
  freeBacked: number;
  /** Scavenged or never used (HeapReleased). */
  released: number;
  /**
   * Bytes of freeBacked that have no memory behind them all the same, so not in RSS: 1.11 and 1.12 count fresh memory as
   * backed before anyone touched it, and 1.11 forgets that pages are returned. Absent in eras where there are none.
   */
  untouched?: number;
  /** Bytes returned to the OS so far, by reason. */
  returned: Record<ReturnReason, number>;
  /** Bytes of scavenged pages that were allocated again (each page faults at its next touch). */
  faulted: number;
  /** Bytes by which the heap grew. */
  grown: number;
  /** Times the heap lock was taken, and times a page cache avoided it. */
  lockAcquisitions: number;
  lockAvoided: number;
}

/** State of one page, for the heap map. */
export type PageState = "unmapped" | "in-use" | "cached" | "free" | "released";

export interface PageHeap {
  /** Name of the era, e.g. "go1.27". */
  readonly era: string;
  readonly config: Required<HeapConfig>;
  readonly stats: HeapStats;

  /**
   * Takes a span (mheap.allocSpan). `p` is the P that allocates, -1 for a thread without one; `manual` is true for stacks
   * and work buffers. Grows the heap when nothing fits and scavenges because of it as that version does.
   * Returns the base address, or 0 when the address space is exhausted.
   */
  allocSpan(pages: number, p: number, manual: boolean): number;
  /** Gives a span back (mheap.freeSpan). */
  freeSpan(base: number, pages: number, manual: boolean): void;

  /**
   * Puts a span where a recording says it is, whatever the policy would have done: grows the heap as needed and takes the
   * pages out of the bitmap or of whichever P's cache holds them. When the span is one that policy serves from P `p`'s
   * cache and that cache is empty or elsewhere, the cache is first moved to the block of the recorded address, as a refill
   * would have. Returns false (and changes nothing) if the pages are in use.
   */
  placeSpan(base: number, pages: number, p: number, manual: boolean): boolean;

  /**
   * Prediction and correction, in eras of the page bitmap (1.14+; recordings with addresses are of 1.20+). The driver sets
   * `journal`, asks allocSpan where the policy puts a span, and compares with the recording. If it is elsewhere: undoAlloc,
   * then placeSpan at the recorded address. With `journal` off (the default) undoAlloc does nothing.
   */
  journal?: boolean;
  /**
   * Takes the last allocSpan back, if no other operation came after it: its pages return to where they came from (P's cache
   * or the bitmap) with their scavenged bits, a cache refill that it made is undone, searchAddr and the scavenge index are as
   * before, and stats count it as never made. Growth, and what was scavenged because of it, stays: that memory is free and
   * released. Returns false if there is nothing to take back.
   */
  undoAlloc?(): boolean;
  /** What P `p`'s page cache holds, null if it is empty. */
  cacheBlock?(p: number): CacheBlock | null;
  /**
   * Gives P `p` the 64-page block of an address as its page cache, with every page of it that is free now (in the bitmap or
   * in another P's cache, which loses the block); what p had before is flushed. For a starting state whose caches are
   * inferred. Returns false, with p's cache empty, if no page of the block is free.
   */
  seedCache?(p: number, addr: number): boolean;
  /**
   * 1.26+: takes the pages out of use for ever as the runtime does at the start of its randomized heap
   * (pageAlloc.markRandomPaddingPages): neither free nor backed, they count in `released`. mapRange comes first. For a heap
   * that grows by itself, HeapConfig.heapPadding does the same.
   */
  markPadding?(base: number, pages: number): void;

  /**
   * Marks [base, base+pages) as mapped, free; `released` tells whether it is scavenged. Used to build a starting state.
   * From 1.14 on a heap grows in whole chunks of 512 pages: the rest of a chunk that is new becomes mapped, free and released.
   * Pages in use stay so. Growth goes on above the highest mapped page.
   */
  mapRange(base: number, pages: number, released: boolean): void;

  /** GOMAXPROCS changed: caches of Ps that go away are flushed. */
  procResize(procs: number): void;
  /** Flushes P `p`'s page cache (1.14+; nothing in eras without). */
  flushPageCache(p: number): void;
  /** The scavenger's part of mark termination, inside the STW (1.21+: the next generation of the scavenge index). */
  markTermination(): void;
  /** The last span of the cycle is swept (1.15-1.18: a scavenging generation starts). */
  sweepDone(): void;

  /**
   * Goals that allocation-side scavenging is held to, in bytes; Infinity means off. They are the driver's to compute, by that
   * version's rules, when the runtime would.
   */
  scavengeGoals: { gcPercent: number; memoryLimit: number };
  /** GOMEMLIMIT and the mapped-ready bytes outside the heap that count against it; Infinity: no limit. 1.19+ only. */
  memoryLimit: number;
  nonHeapMapped: number;
  /** True while the GC CPU limiter is limiting: no scavenging for the limit then (1.19+). */
  cpuLimiting: boolean;

  /** Background scavenging of up to `bytes`; returns what was released (it may exceed `bytes` by rounding to pages and huge pages). */
  scavenge(bytes: number): number;
  /** 1.11 and 1.12: returns spans unused for longer than `limit` ns at time `now`; later eras return 0. */
  scavengeAged(now: number, limit: number): number;
  /** Told before operations in eras that stamp free spans with the time (1.11, 1.12). ns. */
  now: number;
  /** debug.FreeOSMemory's scavenging, without its GC. */
  scavengeAll(): number;
  /** 1.13: whole huge pages in free spans with memory, which its background pacing counts (mTreap.unscavHugePages). */
  readonly unscavHugePages?: number;

  /**
   * Called for each run of pages that goes back to the OS, as it happens; null by default. Replay keeps by it which
   * physical pages the program has touched since.
   */
  onReleased: ((base: number, pages: number, reason: ReturnReason) => void) | null;

  /** Lowest and highest mapped addresses as ranges [base, limit), ascending. */
  ranges(): [base: number, limit: number][];
  /** Writes one code a page (index into PAGE_STATES) of [base, base + out.length pages) to `out`. */
  pageStates(base: number, out: Uint8Array): void;
}

export const PAGE_STATES: readonly PageState[] = ["unmapped", "in-use", "cached", "free", "released"];

/** One policy change of the page heap's history. */
export interface Era {
  /** Name for --policy, e.g. "go1.27", "go1.12-dev". */
  readonly name: string;
  /** First and last release that has it, e.g. "1.21.4" and "1.21". */
  readonly since: string;
  readonly until: string;
  /** What changed, one line. */
  readonly summary: string;
  /** How the background scavenger paces itself; replay has the simulation of each. */
  readonly pace: "aged" | "line" | "ewma" | "pi";
  /** Exact rules that replay needs; see the runtime facts of that version. */
  readonly create: (config: HeapConfig) => PageHeap;
}
