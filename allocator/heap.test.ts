import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isBitmapEra } from "./eras/bitmap-era.ts";
import { ERAS, eraFor } from "./eras/index.ts";
import type { BitmapHeap } from "./heap.ts";
import { heapDigest } from "./testing/digest.ts";
import { type HeapConfig, PAGE_STATES, type PageState } from "./types.ts";

const PAGE = 8192;
const MiB = 1 << 20;
const BITMAP_ERAS = ERAS.filter(isBitmapEra).map((e) => e.name);
const BASE = 0xc000000000;

function newHeap(era: string, config: Partial<HeapConfig> = {}): BitmapHeap {
  return eraFor(era).create({
    physPageSize: 4096,
    physHugePageSize: 2 * MiB,
    goos: "linux",
    procs: 2,
    heapBase: BASE,
    ...config,
  }) as BitmapHeap;
}

/** Bytes of all mapped pages by state. */
function statesOf(h: BitmapHeap): Record<PageState, number> {
  const bytes = Object.fromEntries(PAGE_STATES.map((s) => [s, 0])) as Record<PageState, number>;
  for (const [base, limit] of h.ranges()) {
    const out = new Uint8Array((limit - base) / PAGE);
    h.pageStates(base, out);
    for (const s of out) bytes[PAGE_STATES[s]!] += PAGE;
  }
  return bytes;
}

function checkIdentity(h: BitmapHeap): void {
  const s = h.stats;
  expect(s.inUse + s.manual + s.freeBacked + s.released).toBe(s.mapped);
  for (const x of [s.inUse, s.manual, s.freeBacked, s.released]) expect(x).toBeGreaterThanOrEqual(0);
}

type Op =
  | { op: "alloc"; n: number; p: number; manual: boolean }
  | { op: "free"; k: number }
  | { op: "flush" | "resize"; p: number }
  | { op: "scavenge"; bytes: number }
  | { op: "gc" | "sweep" | "all" }
  | { op: "limit"; bytes: number }
  | { op: "place"; page: number; n: number; p: number }
  | { op: "seed"; page: number; p: number };

const anyP = fc.integer({ min: -1, max: 3 });
const anyOp: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      op: fc.constant("alloc" as const),
      n: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 1400 })),
      p: anyP,
      manual: fc.boolean(),
    }),
  },
  { weight: 9, arbitrary: fc.record({ op: fc.constant("free" as const), k: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom("flush" as const, "resize" as const), p: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("scavenge" as const), bytes: fc.nat(2 * MiB) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom("gc" as const, "sweep" as const, "all" as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("limit" as const), bytes: fc.nat(64 * MiB) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant("place" as const),
      page: fc.nat(3000),
      n: fc.integer({ min: 1, max: 200 }),
      p: anyP,
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("seed" as const), page: fc.nat(3000), p: fc.nat(3) }) },
);

/** Does operations on a heap and on a set of pages in use, which the heap's answers are checked against. */
class Checked {
  readonly heap: BitmapHeap;
  readonly live: { base: number; pages: number; manual: boolean }[] = [];
  private readonly used = new Set<number>();
  private returned = 0;
  private reported = 0;

  constructor(heap: BitmapHeap) {
    this.heap = heap;
    heap.onReleased = (_base, pages) => {
      this.reported += pages * PAGE;
    };
  }

  do(op: Op): void {
    const h = this.heap;
    switch (op.op) {
      case "alloc":
        this.took(h.allocSpan(op.n, op.p, op.manual), op.n, op.manual);
        break;
      case "free": {
        const span = this.live.splice(op.k % Math.max(1, this.live.length), 1)[0];
        if (!span) return;
        h.freeSpan(span.base, span.pages, span.manual);
        for (let i = 0; i < span.pages; i++) this.used.delete(span.base / PAGE + i);
        break;
      }
      case "flush":
        h.flushPageCache(op.p);
        break;
      case "resize":
        h.procResize(op.p + 1);
        break;
      case "scavenge":
        this.returned += h.scavenge(op.bytes);
        break;
      case "gc":
        h.scavengeGoals = { gcPercent: h.stats.inUse, memoryLimit: Number.POSITIVE_INFINITY };
        h.markTermination();
        break;
      case "sweep":
        h.sweepDone();
        break;
      case "all":
        this.returned += h.scavengeAll();
        break;
      case "limit":
        if (h.era >= "go1.19") h.memoryLimit = op.bytes;
        break;
      case "place": {
        const base = BASE + op.page * PAGE;
        const free = !this.overlaps(base, op.n);
        expect(h.placeSpan(base, op.n, op.p, false)).toBe(free);
        if (free) this.took(base, op.n, false);
        break;
      }
      case "seed": {
        const addr = BASE + op.page * PAGE;
        expect(h.seedCache(op.p, addr)).toBe(h.cacheBlock(op.p) !== null);
        break;
      }
    }
    const r = h.stats.returned;
    expect(this.reported).toBe(r.background + r.growth + r.limit + r.forced);
    expect(this.returned).toBe(r.background + r.forced);
  }

  private took(base: number, pages: number, manual: boolean): void {
    expect(base).toBeGreaterThan(0);
    expect(this.overlaps(base, pages)).toBe(false);
    for (let i = 0; i < pages; i++) this.used.add(base / PAGE + i);
    this.live.push({ base, pages, manual });
  }

  private overlaps(base: number, pages: number): boolean {
    for (let i = 0; i < pages; i++) if (this.used.has(base / PAGE + i)) return true;
    return false;
  }

  check(): void {
    checkIdentity(this.heap);
    const states = statesOf(this.heap);
    const { stats } = this.heap;
    expect(states["in-use"]).toBe(this.used.size * PAGE);
    expect(stats.inUse + stats.manual).toBe(this.used.size * PAGE);
    expect(states.free + states.released + states.cached).toBe(stats.freeBacked + stats.released);
    expect(states.free).toBeLessThanOrEqual(stats.freeBacked);
  }
}

describe.each(BITMAP_ERAS)("%s", (era) => {
  it("keeps its books against a set of pages in use", () => {
    fc.assert(
      fc.property(
        fc.array(anyOp, { minLength: 1, maxLength: 120 }),
        fc.constantFrom(4096, 16384, 65536),
        fc.constantFrom("linux" as const, "windows" as const),
        fc.nat(600),
        (ops, physPageSize, goos, heapPadding) => {
          const c = new Checked(newHeap(era, { physPageSize, goos, heapPadding: heapPadding % 512 }));
          for (const op of ops) {
            // Recorded spans never lie in padding.
            if (era === "go1.26" && (op.op === "place" || op.op === "seed")) continue;
            c.do(op);
            checkIdentity(c.heap);
          }
          c.check();
        },
      ),
      { numRuns: 40 },
    );
  });

  it("places a page of a block that two Ps have parts of", () => {
    const heap = newHeap(era);
    const first = heap.allocSpan(1, 0, false);
    const freed = heap.allocSpan(2, 0, false);
    heap.freeSpan(freed, 2, false);
    expect(heap.allocSpan(1, 1, false)).toBe(freed);
    expect(freed).toBe(first + PAGE);
    expect(heap.placeSpan(freed + PAGE, 1, 0, false)).toBe(true);
    expect(heap.placeSpan(freed + PAGE, 1, 0, false)).toBe(false);
    checkIdentity(heap);
  });

  it("takes an allocation back as if it had never been", () => {
    fc.assert(
      fc.property(
        fc.array(anyOp, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 700 }),
        anyP,
        fc.boolean(),
        (ops, n, p, manual) => {
          const c = new Checked(newHeap(era));
          for (const op of ops) c.do(op);
          c.heap.memoryLimit = Number.POSITIVE_INFINITY;
          c.heap.journal = true;
          const before = heapDigest(c.heap);
          const mapped = c.heap.stats.mapped;
          const base = c.heap.allocSpan(n, p, manual);
          const grew = c.heap.stats.grown > (before as { stats: { grown: number } }).stats.grown;
          expect(c.heap.undoAlloc()).toBe(true);
          expect(c.heap.undoAlloc()).toBe(false);
          checkIdentity(c.heap);
          if (grew) expect(c.heap.stats.mapped).toBeGreaterThanOrEqual(mapped);
          else expect(heapDigest(c.heap)).toEqual(before);
          // The policy decides the same again.
          expect(c.heap.allocSpan(n, p, manual)).toBe(base);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("allocates at the lowest address that fits when no cache serves", () => {
    const h = newHeap(era);
    const a = h.allocSpan(100, -1, false);
    const b = h.allocSpan(50, -1, false);
    const c = h.allocSpan(100, -1, false);
    expect([a, b, c]).toEqual([BASE, BASE + 100 * PAGE, BASE + 150 * PAGE]);
    h.freeSpan(b, 50, false);
    h.freeSpan(a, 100, false);
    expect(h.allocSpan(120, -1, false)).toBe(BASE);
    expect(h.allocSpan(40, -1, true)).toBe(BASE + 250 * PAGE);
    expect(h.allocSpan(30, -1, true)).toBe(BASE + 120 * PAGE);
  });

  it("serves small spans of different Ps from different blocks", () => {
    const h = newHeap(era);
    // An empty heap has nothing to fill a cache with: the first span is the heap's.
    expect(h.allocSpan(1, 0, false)).toBe(BASE);
    expect(h.cacheBlock(0)).toBeNull();
    expect(h.allocSpan(1, 0, false)).toBe(BASE + PAGE);
    expect(h.allocSpan(1, 1, false)).toBe(BASE + 64 * PAGE);
    expect(h.allocSpan(15, 0, false)).toBe(BASE + 2 * PAGE);
    expect(h.cacheBlock(0)).toEqual({ base: BASE, lo: -1 << 17, hi: -1 });
    // 16 pages are too many for a cache.
    expect(h.allocSpan(16, 0, false)).toBe(BASE + 128 * PAGE);
    h.flushPageCache(0);
    expect(h.cacheBlock(0)).toBeNull();
    expect(h.allocSpan(16, 0, false)).toBe(BASE + 17 * PAGE);
  });
});

describe("growth", () => {
  it("maps whole arenas up to 1.16, chunks later", () => {
    for (const [era, mapped] of [
      ["go1.16", 64 * MiB],
      ["go1.17", 4 * MiB],
    ] as const) {
      const h = newHeap(era);
      h.allocSpan(1, -1, false);
      expect(h.stats.mapped).toBe(mapped);
      expect(h.stats.grown).toBe(4 * MiB);
    }
  });

  it("grows by chunks inside arenas, and contiguously from one to the next", () => {
    const h = newHeap("go1.25");
    h.allocSpan(1, -1, false);
    expect(h.allocSpan(512 * 16, -1, false)).toBe(BASE + PAGE);
    expect(h.ranges()).toEqual([[BASE, BASE + 68 * MiB]]);
  });

  it("says that the address space is exhausted", () => {
    const h = newHeap("go1.25", { heapBase: 2 ** 47 - 64 * MiB });
    expect(h.allocSpan(8192, -1, false)).toBe(2 ** 47 - 64 * MiB);
    expect(h.allocSpan(1, 0, false)).toBe(0);
    checkIdentity(h);
  });

  it("begins inside an arena, after padding, from 1.26 on", () => {
    const h = newHeap("go1.27", { heapBase: BASE + 12 * MiB, heapPadding: 100 });
    expect(h.allocSpan(1, -1, false)).toBe(BASE + 12 * MiB + 100 * PAGE);
    expect(h.stats.released).toBe(511 * PAGE);
    h.scavengeAll();
    expect(h.stats.returned.forced).toBe(0);
    expect(newHeap("go1.25", { heapPadding: 100 }).allocSpan(1, -1, false)).toBe(BASE);
  });

  it("draws the base of 1.26 by seed, and keeps it free of chance otherwise", () => {
    const base = (seed: number) => {
      const { heapBase: _, ...rest } = newHeap("go1.26").config;
      return eraFor("go1.26")
        .create({ ...rest, heapPadding: 0, seed })
        .allocSpan(1, -1, false);
    };
    expect(base(1)).toBe(base(1));
    expect(base(1)).not.toBe(base(2));
    expect(base(3) % (4 * MiB)).toBe(0);
    expect(base(3)).toBeLessThan(2 ** 46);
  });

  it("has arenas of 4 MiB on windows", () => {
    const h = newHeap("go1.16", { goos: "windows" });
    h.allocSpan(1, -1, false);
    expect(h.stats.mapped).toBe(4 * MiB);
  });
});

describe("scavenging on the allocation side", () => {
  /** A heap with 8 MiB free and backed, of 12 MiB. */
  function half(era: string): BitmapHeap {
    const h = newHeap(era);
    h.scavengeGoals = { gcPercent: Number.POSITIVE_INFINITY, memoryLimit: Number.POSITIVE_INFINITY };
    const a = h.allocSpan(1024, -1, false);
    h.allocSpan(512, -1, false);
    h.freeSpan(a, 1024, false);
    h.scavengeGoals = { gcPercent: 0, memoryLimit: Number.POSITIVE_INFINITY };
    h.markTermination();
    h.sweepDone();
    return h;
  }

  it.each(BITMAP_ERAS)("%s returns as much as it grows when above the goal", (era) => {
    const h = half(era);
    h.scavengeGoals.gcPercent = 1;
    h.allocSpan(1025, 0, false);
    expect(h.stats.returned.growth).toBe(8 * MiB);
    expect(h.stats.returned.background).toBe(0);
  });

  it.each(BITMAP_ERAS)("%s returns nothing on growth without a goal", (era) => {
    const h = half(era);
    h.scavengeGoals.gcPercent = Number.POSITIVE_INFINITY;
    h.allocSpan(1025, 0, false);
    expect(h.stats.returned.growth).toBe(0);
  });

  it("returns for the memory limit what the new span pages in, from 1.19 on and with a P", () => {
    for (const [era, p, returned] of [
      ["go1.18", 0, 0],
      ["go1.19", -1, 0],
      ["go1.19", 0, 4 * MiB],
      ["go1.27", 0, 4 * MiB],
    ] as const) {
      const h = half(era);
      h.scavengeGoals.gcPercent = Number.POSITIVE_INFINITY;
      h.memoryLimit = 12 * MiB;
      // 4 MiB in use, 8 free and backed: 12 in all, and what the span of 1025 pages brings.
      const grown = h.allocSpan(1025, p, false);
      expect(grown).toBeGreaterThan(0);
      expect(Math.floor(h.stats.returned.limit / MiB)).toBe(returned === 0 ? 0 : 8);
    }
  });

  it("counts what is mapped outside the heap against the limit", () => {
    const h = half("go1.27");
    h.scavengeGoals.gcPercent = Number.POSITIVE_INFINITY;
    h.memoryLimit = 13 * MiB;
    h.allocSpan(16, 0, false);
    expect(h.stats.returned.limit).toBe(0);
    h.nonHeapMapped = 2 * MiB;
    h.allocSpan(16, 0, false);
    expect(h.stats.returned.limit).toBeGreaterThanOrEqual(1 * MiB);
    const before = h.stats.returned.limit;
    h.cpuLimiting = true;
    h.nonHeapMapped = 8 * MiB;
    h.allocSpan(16, 0, false);
    expect(h.stats.returned.limit).toBe(before);
  });
});

describe("placing recorded spans", () => {
  it("moves a P's cache to the recorded block", () => {
    const h = newHeap("go1.27");
    h.journal = true;
    expect(h.allocSpan(1, 0, false)).toBe(BASE);
    const recorded = BASE + 192 * PAGE;
    expect(h.undoAlloc()).toBe(true);
    expect(h.placeSpan(recorded, 1, 0, false)).toBe(true);
    expect(h.cacheBlock(0)?.base).toBe(recorded);
    expect(h.allocSpan(1, 0, false)).toBe(recorded + PAGE);
    checkIdentity(h);
  });

  it("takes a block over from another P", () => {
    const h = newHeap("go1.27");
    h.allocSpan(1, 0, false);
    expect(h.placeSpan(BASE + PAGE, 1, 1, false)).toBe(true);
    expect(h.cacheBlock(0)).toBeNull();
    expect(h.cacheBlock(1)?.base).toBe(BASE);
    expect(h.allocSpan(1, 1, false)).toBe(BASE + 2 * PAGE);
  });

  it("leaves a cache without room alone and takes the pages from the heap", () => {
    const h = newHeap("go1.27");
    for (let i = 0; i < 4; i++) h.allocSpan(15, 0, false);
    expect(h.placeSpan(BASE + 128 * PAGE, 10, 0, false)).toBe(true);
    expect(h.cacheBlock(0)?.base).toBe(BASE);
    expect(h.allocSpan(4, 0, false)).toBe(BASE + 60 * PAGE);
  });

  it("refuses pages in use and padding", () => {
    const h = newHeap("go1.27", { heapPadding: 10 });
    const a = h.allocSpan(20, -1, false);
    const before = heapDigest(h);
    expect(h.placeSpan(a + 5 * PAGE, 1, -1, false)).toBe(false);
    expect(h.placeSpan(BASE, 4, -1, false)).toBe(false);
    expect(heapDigest(h)).toEqual(before);
  });

  it("grows up to a span above the heap, maps one elsewhere, and grows on above it", () => {
    const h = newHeap("go1.27");
    h.allocSpan(1, -1, false);
    expect(h.placeSpan(BASE + 20 * MiB, 600, -1, false)).toBe(true);
    expect(h.ranges()).toEqual([[BASE, BASE + 28 * MiB]]);
    const far = 0x1c000000000;
    expect(h.placeSpan(far, 1, -1, false)).toBe(true);
    expect(h.ranges()).toContainEqual([far, far + 4 * MiB]);
    checkIdentity(h);
    expect(h.allocSpan(512 * 9, -1, false)).toBe(far + PAGE);
    expect(h.ranges()).toContainEqual([far, far + 40 * MiB]);
  });

  it("builds a starting state from ranges, padding and caches", () => {
    const h = newHeap("go1.27");
    h.mapRange(BASE + 4 * MiB, 1024, true);
    h.mapRange(BASE + 4 * MiB + 100 * PAGE, 50, false);
    h.markPadding(BASE + 4 * MiB, 20);
    expect(h.stats).toMatchObject({ mapped: 8 * MiB, freeBacked: 50 * PAGE, inUse: 0, grown: 0 });
    expect(h.placeSpan(BASE + 4 * MiB + 64 * PAGE, 10, -1, true)).toBe(true);
    expect(h.seedCache(1, BASE + 4 * MiB + 80 * PAGE)).toBe(true);
    expect(h.cacheBlock(1)).toEqual({ base: BASE + 4 * MiB + 64 * PAGE, lo: -1 << 10, hi: -1 });
    expect(h.allocSpan(1, 1, false)).toBe(BASE + 4 * MiB + 74 * PAGE);
    expect(h.allocSpan(1, -1, false)).toBe(BASE + 4 * MiB + 20 * PAGE);
    const states = new Uint8Array(30);
    h.pageStates(BASE + 4 * MiB + 70 * PAGE, states);
    expect(PAGE_STATES[states[0]!]).toBe("in-use");
    expect(PAGE_STATES[states[5]!]).toBe("cached");
    checkIdentity(h);
    expect(h.allocSpan(1025, -1, false)).toBe(BASE + 4 * MiB + 128 * PAGE);
    expect(h.ranges()).toEqual([[BASE + 4 * MiB, BASE + 24 * MiB]]);
  });
});
