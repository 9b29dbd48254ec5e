// Tables of the runtime's mpagealloc_test.go and mpagecache_test.go (Go 1.27), and a naive model.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sumEnd, sumMax, summarize, sumStart } from "./bits.ts";
import { MAX_LINEAR, type PageAlloc } from "./page-alloc.ts";
import { PageCaches } from "./page-cache.ts";
import { mergeEntries, STRIDE } from "./summary.ts";
import { bitmaps, CHUNK, type Chunks, newPageAlloc, PAGE, pageBase, type Ranges } from "./testing/pages.ts";

const FULL: Ranges = [[0, 512]];
const FREE: Ranges = [];
/** Chunks a terabyte apart. */
const FAR = 0x40000;
/** Pages, chunk and page of the result (null: none), scavenged pages. */
type Hit = [n: number, at: [chunk: number, page: number] | null, scav: number];

describe("alloc", () => {
  it.each<[name: string, before: Chunks, scav: Chunks, hits: Hit[], after: Chunks]>([
    [
      "AllFree1",
      { 0: FREE },
      {
        0: [
          [0, 1],
          [2, 2],
        ],
      },
      [
        [1, [0, 0], 1],
        [1, [0, 1], 0],
        [1, [0, 2], 1],
        [1, [0, 3], 1],
        [1, [0, 4], 0],
      ],
      { 0: [[0, 5]] },
    ],
    ["ManyArena1", { 0: FULL, 1: FULL, 2: [[0, 511]] }, { 2: FULL }, [[1, [2, 511], 1]], { 0: FULL, 1: FULL, 2: FULL }],
    ["NotContiguous1", { 0: FULL, 255: FREE }, { 255: FULL }, [[1, [255, 0], 1]], { 0: FULL, 255: [[0, 1]] }],
    [
      "AllFree2",
      { 0: FREE },
      {
        0: [
          [0, 3],
          [7, 1],
        ],
      },
      [
        [2, [0, 0], 2],
        [2, [0, 2], 1],
        [2, [0, 4], 0],
        [2, [0, 6], 1],
        [2, [0, 8], 0],
      ],
      { 0: [[0, 10]] },
    ],
    ["Straddle2", { 0: [[0, 511]], 1: [[1, 511]] }, { 0: [[511, 1]] }, [[2, [0, 511], 1]], { 0: FULL, 1: FULL }],
    [
      "AllFree5",
      { 0: FREE },
      {
        0: [
          [0, 8],
          [9, 1],
          [17, 5],
        ],
      },
      [
        [5, [0, 0], 5],
        [5, [0, 5], 4],
        [5, [0, 10], 0],
        [5, [0, 15], 3],
        [5, [0, 20], 2],
      ],
      { 0: [[0, 25]] },
    ],
    [
      "Exhaust509",
      { 0: FREE },
      { 0: [[10, 1]] },
      [
        [509, [0, 0], 1],
        [509, null, 0],
        [1, [0, 509], 0],
        [2, [0, 510], 0],
        [1, null, 0],
        [509, null, 0],
      ],
      { 0: FULL },
    ],
    [
      "AllFree64",
      { 0: FREE },
      {
        0: [
          [21, 1],
          [63, 65],
        ],
      },
      [
        [64, [0, 0], 2],
        [64, [0, 64], 64],
        [64, [0, 128], 0],
      ],
      { 0: [[0, 192]] },
    ],
    [
      "AllFree65",
      { 0: FREE },
      { 0: [[129, 1]] },
      [
        [65, [0, 0], 0],
        [65, [0, 65], 1],
        [65, [0, 130], 0],
      ],
      { 0: [[0, 195]] },
    ],
    [
      "AllFree512",
      { 0: FREE },
      {
        0: [
          [0, 1],
          [511, 1],
        ],
      },
      [
        [512, [0, 0], 2],
        [512, null, 0],
        [1, null, 0],
      ],
      { 0: FULL },
    ],
    [
      "Straddle512",
      { 0: [[0, 256]], 1: [[256, 256]] },
      { 1: [[3, 100]] },
      [
        [512, [0, 256], 100],
        [512, null, 0],
        [1, null, 0],
      ],
      { 0: FULL, 1: FULL },
    ],
    [
      "Straddle513",
      { 0: [[0, 256]], 1: FREE },
      { 0: [[256, 256]], 1: FULL },
      [
        [513, [0, 256], 513],
        [512, null, 0],
        [1, [1, 257], 1],
      ],
      { 0: FULL, 1: [[0, 258]] },
    ],
    [
      "AllFree1024",
      { 0: FREE, 1: FREE },
      {},
      [
        [1024, [0, 0], 0],
        [1024, null, 0],
        [1, null, 0],
      ],
      { 0: FULL, 1: FULL },
    ],
    [
      "NotContiguous1024",
      { 0: FREE, 64: FREE, 65: FREE },
      { 0: FULL },
      [
        [1024, [64, 0], 0],
        [21, [0, 0], 21],
        [1, [0, 21], 1],
      ],
      { 0: [[0, 22]], 64: FULL, 65: FULL },
    ],
    [
      "Straddle1024",
      { 0: [[0, 256]], 1: FREE, 2: [[256, 256]] },
      {
        1: [
          [3, 5],
          [121, 10],
        ],
      },
      [
        [1024, [0, 256], 15],
        [1024, null, 0],
        [1, null, 0],
      ],
      { 0: FULL, 1: FULL, 2: FULL },
    ],
    [
      "Straddle640",
      { 0: FULL, 1: [[0, 384]], 2: [[0, 384]], 3: FREE },
      { 1: [[384, 1]], 3: [[341, 1]] },
      [
        [640, [2, 384], 1],
        [640, null, 0],
        [1, [1, 384], 1],
      ],
      { 0: FULL, 1: [[0, 385]], 2: FULL, 3: FULL },
    ],
    [
      "AllFree3589",
      Object.fromEntries([0, 1, 2, 3, 4, 5, 6, 7].map((c) => [c, FREE])),
      Object.fromEntries([50, 31, 7, 200, 3, 51, 20, 1].map((i, c) => [c, [[i, 1]]])),
      [
        [3589, [0, 0], 8],
        [3589, null, 0],
        [1, [7, 5], 0],
      ],
      { ...Object.fromEntries([0, 1, 2, 3, 4, 5, 6].map((c) => [c, FULL])), 7: [[0, 6]] },
    ],
    [
      "DiscontiguousMappedSumBoundary",
      { 511: FREE, [FAR]: FREE },
      {},
      [
        [511, [511, 0], 0],
        [1, [511, 511], 0],
        [1, [FAR, 0], 0],
        [511, [FAR, 1], 0],
        [1, null, 0],
      ],
      { 511: FULL, [FAR]: FULL },
    ],
    // Issue 40191: the candidate for searchAddr must not point to what is not mapped.
    [
      "DiscontiguousBadSearchAddr",
      {
        0: [[0, 511]],
        [FAR + 0x503]: [
          [0, 502],
          [511, 1],
        ],
        [2 * FAR]: FREE,
      },
      {},
      [
        [512, [2 * FAR, 0], 0],
        [1, [0, 511], 0],
        [10, null, 0],
        [9, [FAR + 0x503, 502], 0],
      ],
      { 0: FULL, [FAR + 0x503]: FULL, [2 * FAR]: FULL },
    ],
  ])("%s", (_name, before, scav, hits, after) => {
    const p = newPageAlloc(before, scav);
    for (const [n, at, scavenged] of hits) {
      expect(p.alloc(n)).toBe(at === null ? 0 : pageBase(...at));
      if (at !== null) expect(p.lastScav).toBe(scavenged);
    }
    expect(allocated(p)).toEqual(allocated(newPageAlloc(after)));
  });
});

/** The alloc bitmaps alone. */
function allocated(p: PageAlloc): unknown {
  return (bitmaps(p) as unknown[][]).map(([chunk, alloc]) => [chunk, alloc]);
}

describe("free", () => {
  it.each<[name: string, n: number, before: Chunks, frees: [number, number][], after: Chunks]>([
    [
      "Free1",
      1,
      { 0: FULL },
      [
        [0, 0],
        [0, 1],
        [0, 2],
        [0, 3],
        [0, 4],
      ],
      { 0: [[5, 507]] },
    ],
    [
      "ManyArena1",
      1,
      { 0: FULL, 1: FULL, 2: FULL },
      [
        [0, 256],
        [1, 0],
        [2, 511],
      ],
      {
        0: [
          [0, 256],
          [257, 255],
        ],
        1: [[1, 511]],
        2: [[0, 511]],
      },
    ],
    [
      "Free5",
      5,
      { 0: FULL },
      [
        [0, 0],
        [0, 5],
        [0, 10],
      ],
      { 0: [[15, 497]] },
    ],
    [
      "Free65",
      65,
      { 0: FULL },
      [
        [0, 0],
        [0, 65],
        [0, 130],
      ],
      { 0: [[195, 317]] },
    ],
    ["Straddle2", 2, { 0: [[511, 1]], 1: [[0, 1]] }, [[0, 511]], { 0: FREE, 1: FREE }],
    ["Straddle513", 513, { 0: FULL, 1: FULL }, [[0, 256]], { 0: [[0, 256]], 1: [[257, 255]] }],
    ["Straddle1024", 1024, { 0: FULL, 1: FULL, 2: FULL }, [[0, 256]], { 0: [[0, 256]], 1: FREE, 2: [[256, 256]] }],
  ])("%s", (_name, n, before, frees, after) => {
    const p = newPageAlloc(before);
    for (const [c, i] of frees) p.free(pageBase(c, i), n);
    expect(allocated(p)).toEqual(allocated(newPageAlloc(after)));
    checkSummaries(p);
  });
});

describe("page caches", () => {
  const block = (lo: number, hi: number, scavLo = 0, scavHi = 0) => ({
    lo: lo | 0,
    hi: hi | 0,
    scavLo: scavLo | 0,
    scavHi: scavHi | 0,
  });

  it.each<[name: string, cache: ReturnType<typeof block>, hits: [n: number, page: number | null, scav: number][]]>([
    [
      "Empty",
      block(0, 0),
      [
        [1, null, 0],
        [5, null, 0],
        [64, null, 0],
      ],
    ],
    [
      "Lo1",
      block(1, 0, 1),
      [
        [1, 0, 1],
        [1, null, 0],
      ],
    ],
    [
      "Hi1",
      block(0, 1 << 31, 1),
      [
        [1, 63, 0],
        [1, null, 0],
      ],
    ],
    [
      "Swiss1",
      block(0x20005555, 0, 0x5505),
      [
        [2, null, 0],
        [1, 0, 1],
        [1, 2, 1],
        [1, 4, 0],
        [1, 6, 0],
        [1, 8, 1],
        [1, 10, 1],
        [1, 12, 1],
        [1, 14, 1],
        [1, 29, 0],
        [1, null, 0],
      ],
    ],
    [
      "Hi2",
      block(0, 3 << 30, 0, 3 << 30),
      [
        [2, 62, 2],
        [2, null, 0],
      ],
    ],
    [
      "across halves",
      block(3 << 30, 1),
      [
        [3, 30, 0],
        [1, null, 0],
      ],
    ],
    [
      "Full53",
      block(-1, -1, -1 << 10, 0x3ff),
      [
        [53, 0, 32],
        [53, null, 0],
        [1, 53, 0],
      ],
    ],
    [
      "Full64",
      block(-1, -1, -1, -1),
      [
        [64, 0, 64],
        [1, null, 0],
      ],
    ],
    [
      "FullMixed",
      block(-1, -1, -1, -1),
      [
        [5, 0, 5],
        [7, 5, 7],
        [1, 12, 1],
        [23, 13, 23],
        [63, null, 0],
        [3, 36, 3],
        [3, 39, 3],
        [3, 42, 3],
        [12, 45, 12],
        [11, null, 0],
        [4, 57, 4],
        [4, null, 0],
        [2, 61, 2],
        [3, null, 0],
        [1, 63, 1],
        [1, null, 0],
      ],
    ],
  ])("alloc: %s", (_name, cache, hits) => {
    const p = newPageAlloc({ 0: FULL });
    const c = new PageCaches(p, 1);
    c.set(0, pageBase(0, 0), cache.lo, cache.hi, cache.scavLo, cache.scavHi);
    for (const [n, page, scav] of hits) {
      expect(c.alloc(0, n)).toBe(page === null ? 0 : pageBase(0, page));
      if (page !== null) expect(c.lastScav).toBe(scav);
    }
  });

  it.each<
    [
      name: string,
      alloc: Chunks,
      scav: Chunks,
      hits: [at: [number, number] | null, cache: ReturnType<typeof block>][],
      after: Chunks,
    ]
  >([
    [
      "AllFree",
      { 0: FREE },
      {
        0: [
          [1, 1],
          [64, 64],
        ],
      },
      [
        [[0, 0], block(-1, -1, 2)],
        [[0, 64], block(-1, -1, -1, -1)],
        [[0, 128], block(-1, -1)],
      ],
      { 0: [[0, 192]] },
    ],
    ["ManyArena", { 0: FULL, 1: FULL, 2: [[0, 448]] }, {}, [[[2, 448], block(-1, -1)]], { 0: FULL, 1: FULL, 2: FULL }],
    [
      "NotContiguous",
      { 0: FULL, 255: FREE },
      { 255: [[31, 67]] },
      [[[255, 0], block(-1, -1, 1 << 31, -1)]],
      { 0: FULL, 255: [[0, 64]] },
    ],
    [
      "First",
      {
        0: [
          [0, 32],
          [33, 31],
          [96, 32],
        ],
      },
      {
        0: [
          [32, 1],
          [66, 2],
        ],
      },
      [
        [[0, 0], block(0, 1, 0, 1)],
        [[0, 64], block(-1, 0, 0xc)],
      ],
      { 0: [[0, 128]] },
    ],
    [
      "Fail",
      { 0: FULL },
      {},
      [
        [null, block(0, 0)],
        [null, block(0, 0)],
      ],
      { 0: FULL },
    ],
  ])("allocToCache: %s", (_name, alloc, scav, hits, after) => {
    const p = newPageAlloc(alloc, scav);
    const c = new PageCaches(p, 1);
    for (const [at, want] of hits) {
      expect(c.refill(0)).toBe(at !== null);
      if (at === null) continue;
      expect(c.base[0]).toBe(pageBase(...at));
      expect([c.freeLo[0], c.freeHi[0], c.scavLo[0], c.scavHi[0]]).toEqual([
        want.lo,
        want.hi,
        want.scavLo,
        want.scavHi,
      ]);
      c.set(0, 0, 0, 0, 0, 0);
    }
    expect(allocated(p)).toEqual(allocated(newPageAlloc(after)));
    checkSummaries(p);
  });

  it("gives back what is left, with its scavenged bits", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.integer(), fc.integer(), fc.nat(7), (lo, hi, sl, sh, k) => {
        const p = newPageAlloc({ 0: [[64 * k, 64]] });
        const before = bitmaps(p) as [number, string, string][];
        const c = new PageCaches(p, 1);
        c.set(0, pageBase(0, 64 * k), lo, hi, sl & lo, sh & hi);
        const any = c.flush(0);
        expect(any).toBe((lo | hi) !== 0);
        expect(c.empty(0)).toBe(true);
        const [[, alloc, scav]] = bitmaps(p) as [[number, string, string]];
        const want = before[0]![1].split(",").map(Number);
        want[2 * k]! &= ~lo;
        want[2 * k + 1]! &= ~hi;
        expect(alloc).toBe(want.join());
        const wantScav = before[0]![2].split(",").map(Number);
        wantScav[2 * k] = sl & lo;
        wantScav[2 * k + 1] = sh & hi;
        expect(scav).toBe(wantScav.join());
        checkSummaries(p);
      }),
      { numRuns: 50 },
    );
  });
});

/** All summaries against ones computed from the bitmaps alone. */
function checkSummaries(p: PageAlloc): void {
  p.update();
  const s = p.summaries;
  const out = new Int32Array(3);
  for (let r = 0; r < p.inUse.length; r++) {
    const lo = p.inUse.base(r) / p.chunkBytes;
    const hi = p.inUse.limit(r) / p.chunkBytes;
    for (let c = lo; c < hi; c++) {
      const sum = summarize(p.bits, s.slotChunk(c) * 16);
      expect(s.entry(4, c)).toEqual([sumStart(sum), sumMax(sum), sumEnd(sum)]);
    }
    for (let level = 3; level >= 0; level--) {
      const chunks = 8 ** (4 - level);
      for (let e = Math.floor(lo / chunks); e <= Math.floor((hi - 1) / chunks); e++) {
        const children = new Int32Array(8 * STRIDE);
        for (let j = 0; j < 8; j++) children.set(s.entry(level + 1, e * 8 + j), j * STRIDE);
        mergeEntries(children, 0, 9 + 3 * (3 - level), out);
        expect(s.entry(level, e), `level ${level} entry ${e}`).toEqual([...out]);
      }
    }
  }
}

describe("any sequence of operations", () => {
  const anyN = fc.oneof(
    fc.integer({ min: 1, max: 8 }),
    fc.integer({ min: 1, max: 70 }),
    fc.integer({ min: 1, max: 2000 }),
  );
  const anyOps = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ op: fc.constant("alloc" as const), n: anyN }) },
      { weight: 5, arbitrary: fc.record({ op: fc.constant("free" as const), n: fc.nat() }) },
      {
        weight: 1,
        arbitrary: fc.record({ op: fc.constant("grow" as const), n: fc.constantFrom(0, 1, 7, 64, 600, 5000) }),
      },
    ),
    { minLength: 1, maxLength: 150 },
  );

  it("places at the lowest address that fits, with right summaries and nothing free below searchAddr", () => {
    fc.assert(
      fc.property(anyOps, (ops) => {
        const p = newPageAlloc({ 0: FREE, 1: FREE, 2: FREE });
        // Free runs as [first page, limit), ascending: the naive model.
        let free: [number, number][] = [[0, 3 * CHUNK]];
        const live: [number, number][] = [];
        let top = 3;
        for (const { op, n } of ops) {
          if (op === "grow") {
            p.grow(pageBase(top + n, 0), CHUNK * PAGE);
            free = give(free, (top + n) * CHUNK, CHUNK);
            top += n + 1;
          } else if (op === "alloc") {
            const run = free.find(([a, z]) => z - a >= n);
            expect(p.alloc(n)).toBe(run ? pageBase(0, run[0]) : 0);
            if (!run) continue;
            live.push([run[0], n]);
            run[0] += n;
            free = free.filter(([a, z]) => a < z);
          } else if (live.length > 0) {
            const [page, pages] = live.splice(n % live.length, 1)[0]!;
            p.free(pageBase(0, page), pages);
            free = give(free, page, pages);
          }
          const search = p.searchAddr;
          if (search === MAX_LINEAR) expect(free).toEqual([]);
          else if (free[0]) expect(search - 2 ** 47).toBeLessThanOrEqual(pageBase(0, free[0][0]));
        }
        checkSummaries(p);
      }),
      { numRuns: 150 },
    );
  });
});

function give(free: [number, number][], page: number, n: number): [number, number][] {
  const out: [number, number][] = [];
  for (const run of [...free, [page, page + n] as [number, number]].sort((a, b) => a[0] - b[0])) {
    const last = out.at(-1);
    if (last && last[1] === run[0]) last[1] = run[1];
    else out.push([...run]);
  }
  return out;
}
