// Tables of the runtime's mpallocbits_test.go and mgcscavenge_test.go (Go 1.27).
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  allocRange,
  candidateSize,
  candidateStart,
  clearRange,
  fillAligned32,
  findBitRange64,
  findInChunk,
  findScavengeCandidate,
  foundFirstFree,
  foundPage,
  freeAbove,
  freeBelow,
  popcntRange,
  popcount32,
  setRange,
  sumEnd,
  sumMax,
  summarize,
  sumStart,
} from "./bits.ts";
import { CHUNK, makeBits, type Ranges } from "./testing/pages.ts";

const anyBits = fc
  .array(fc.tuple(fc.nat(CHUNK - 1), fc.integer({ min: 1, max: 80 })), { maxLength: 40 })
  .map((ranges) => makeBits(ranges.map(([i, n]) => [i, Math.min(n, CHUNK - i)])));

const isSet = (b: Int32Array, i: number): boolean => ((b[i >>> 5]! >>> (i & 31)) & 1) === 1;

describe("popcntRange", () => {
  it.each<[string, Ranges, [i: number, n: number, want: number][]]>([
    [
      "none",
      [],
      [
        [0, 1, 0],
        [5, 3, 0],
        [2, 11, 0],
        [129, 256, 0],
        [0, 512, 0],
      ],
    ],
    [
      "all",
      [[0, 512]],
      [
        [0, 1, 1],
        [5, 3, 3],
        [2, 11, 11],
        [129, 256, 256],
        [0, 512, 512],
      ],
    ],
    [
      "half",
      [[256, 256]],
      [
        [0, 1, 0],
        [255, 1, 0],
        [256, 1, 1],
        [255, 2, 1],
        [128, 128, 0],
        [128, 129, 1],
        [129, 256, 129],
        [0, 512, 256],
      ],
    ],
    [
      "odd bound",
      [[0, 111]],
      [
        [0, 1, 1],
        [110, 2, 1],
        [99, 50, 12],
        [111, 1, 0],
        [256, 256, 0],
        [0, 512, 111],
      ],
    ],
  ])("%s", (_name, init, tests) => {
    const b = makeBits(init);
    for (const [i, n, want] of tests) expect(popcntRange(b, 0, i, n), `${i},${n}`).toBe(want);
  });

  it("agrees with setRange and clearRange bit by bit", () => {
    fc.assert(
      fc.property(anyBits, fc.nat(CHUNK - 1), fc.nat(CHUNK), (b, i, k) => {
        const n = Math.max(1, Math.min(k, CHUNK - i));
        const before = [...Array(CHUNK).keys()].map((x) => isSet(b, x));
        expect(popcntRange(b, 0, i, n)).toBe(before.slice(i, i + n).filter(Boolean).length);
        const set = b.slice();
        setRange(set, 0, i, n);
        const cleared = b.slice();
        clearRange(cleared, 0, i, n);
        for (let x = 0; x < CHUNK; x++) {
          const inside = x >= i && x < i + n;
          expect(isSet(set, x)).toBe(inside || before[x]);
          expect(isSet(cleared, x)).toBe(!inside && before[x]);
        }
      }),
    );
  });
});

it("allocRange sets pages, clears their scavenged bits and counts those", () => {
  fc.assert(
    fc.property(anyBits, fc.nat(CHUNK - 1), fc.nat(CHUNK), (scav, i, k) => {
      const n = Math.max(1, Math.min(k, CHUNK - i));
      const alloc = new Int32Array(16);
      const expected = scav.slice();
      clearRange(expected, 0, i, n);
      const count = popcntRange(scav, 0, i, n);
      expect(allocRange(alloc, scav, 0, i, n)).toBe(count);
      expect(scav).toEqual(expected);
      expect(alloc).toEqual(makeBits([[i, n]]));
    }),
  );
});

describe("summarize", () => {
  it.each<[string, Ranges, [start: number, max: number, end: number]]>([
    ["none free", [], [0, 0, 0]],
    ["only start", [[0, 10]], [10, 10, 0]],
    ["only end", [[472, 40]], [0, 40, 40]],
    [
      "start and end",
      [
        [0, 11],
        [489, 23],
      ],
      [11, 23, 23],
    ],
    [
      "start, max, end",
      [
        [0, 4],
        [50, 100],
        [508, 4],
      ],
      [4, 100, 4],
    ],
    [
      "only max",
      [
        [1, 20],
        [35, 241],
        [462, 30],
      ],
      [0, 241, 0],
    ],
    [
      "several of the longest",
      [
        [35, 2],
        [40, 5],
        [100, 5],
      ],
      [0, 5, 0],
    ],
    ["one", [[2, 1]], [0, 1, 0]],
    ["all free", [[0, 512]], [512, 512, 512]],
  ])("%s", (_name, free, want) => {
    const s = summarize(
      makeBits(free).map((x) => ~x),
      0,
    );
    expect([sumStart(s), sumMax(s), sumEnd(s)]).toEqual(want);
  });

  it("is what a count of free runs says, and so are freeBelow and freeAbove", () => {
    fc.assert(
      fc.property(anyBits, fc.nat(CHUNK - 1), (b, at) => {
        const runs: [number, number][] = [];
        for (let i = 0; i < CHUNK; i++) {
          if (isSet(b, i)) continue;
          const last = runs.at(-1);
          if (last && last[1] === i) last[1]++;
          else runs.push([i, i + 1]);
        }
        const s = summarize(b, 0);
        expect(sumMax(s)).toBe(Math.max(0, ...runs.map(([a, z]) => z - a)));
        expect(sumStart(s)).toBe(runs[0]?.[0] === 0 ? runs[0][1] : 0);
        expect(sumEnd(s)).toBe(runs.at(-1)?.[1] === CHUNK ? CHUNK - runs.at(-1)![0] : 0);
        const run = runs.find(([a, z]) => a <= at && at < z);
        if (run) expect([freeBelow(b, 0, at), freeAbove(b, 0, at)]).toEqual(run);
      }),
      { numRuns: 300 },
    );
  });
});

describe("find", () => {
  it.each<[string, Ranges, number, (number | null)[]]>([
    ["all free 1", [], 1, [0, 1, 2, 3, 4, 5]],
    ["all free 2", [], 2, [0, 2, 4, 6, 8, 10]],
    ["all free 5", [], 5, [0, 5, 10, 15, 20]],
    ["none free 1", [[0, 512]], 1, [null, null]],
    ["none free 5", [[0, 512]], 5, [null, null]],
    ["none free 65", [[0, 512]], 65, [null, null]],
    [
      "exact fit 1",
      [
        [0, 253],
        [254, 258],
      ],
      1,
      [253, null],
    ],
    [
      "exact fit 2",
      [
        [0, 253],
        [255, 257],
      ],
      2,
      [253, null],
    ],
    [
      "exact fit 5",
      [
        [0, 253],
        [258, 254],
      ],
      5,
      [253, null],
    ],
    ["all free 64", [], 64, [0, 64, 128]],
    ["all free 65", [], 65, [0, 65, 130]],
    [
      "some free 64",
      [
        [0, 32],
        [64, 32],
        [100, 412],
      ],
      64,
      [null],
    ],
    [
      "exact fit 65",
      [
        [0, 225],
        [290, 222],
      ],
      65,
      [225, null],
    ],
    [
      "some free 161",
      [
        [0, 185],
        [331, 1],
      ],
      161,
      [332],
    ],
    ["the last 31 pages", [[0, 481]], 31, [481, null]],
  ])("%s", (_name, before, n, hits) => {
    const b = makeBits(before);
    for (const want of hits) {
      const page = foundPage(findInChunk(b, 0, n, 0));
      expect(page).toBe(want ?? -1);
      if (want !== null) setRange(b, 0, page, n);
    }
  });

  it("is the lowest run that fits, and tells the first free page", () => {
    fc.assert(
      fc.property(anyBits, fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: CHUNK })), (b, n) => {
        let want = -1;
        let run = 0;
        let first = -1;
        for (let i = 0; i < CHUNK && want < 0; i++) {
          run = isSet(b, i) ? 0 : run + 1;
          if (run === n) want = i - n + 1;
        }
        for (let i = CHUNK - 1; i >= 0; i--) if (!isSet(b, i)) first = i;
        const r = findInChunk(b, 0, n, 0);
        expect(foundPage(r)).toBe(want);
        expect(foundFirstFree(r)).toBe(first);
      }),
      { numRuns: 500 },
    );
  });
});

describe("findBitRange64", () => {
  const halves = (x: bigint): [number, number] => [Number(x & 0xffffffffn) | 0, Number(x >> 32n) | 0];
  it.each<[bigint, number, number]>([
    [0x8000000000000000n, 1, 63],
    [0xc000010001010000n, 2, 62],
    [0xc000010001030000n, 2, 16],
    [0xe000030001030000n, 3, 61],
    [0xe000030001070000n, 3, 16],
    [0xffff03ff01070000n, 16, 48],
    [0xffff03ff0107ffffn, 16, 0],
    [0x0fff03ff01079fffn, 16, 64],
  ])("%d, %d", (x, n, want) => {
    expect(findBitRange64(...halves(x), n)).toBe(want);
  });

  it("of all ones and of none", () => {
    for (let n = 1; n <= 64; n++) {
      expect(findBitRange64(-1, -1, n)).toBe(0);
      expect(findBitRange64(0, 0, n)).toBe(64);
    }
  });
});

it("fillAligned fills groups that have a one", () => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(1, 2, 4, 8, 16, 32), (x, m) => {
      let want = 0;
      for (let i = 0; i < 32; i += m) {
        const group = m === 32 ? -1 : ((1 << m) - 1) << i;
        if ((x & group) !== 0) want |= group;
      }
      expect(fillAligned32(x, m) | 0).toBe(want | 0);
    }),
  );
});

it("popcount32 counts", () => {
  fc.assert(
    fc.property(fc.integer(), (x) => {
      expect(popcount32(x)).toBe((x >>> 0).toString(2).replaceAll("0", "").length);
    }),
  );
});

describe("findScavengeCandidate", () => {
  type Case = [
    name: string,
    alloc: Ranges,
    scav: Ranges,
    min: number,
    max: number,
    want: [number, number],
    huge?: number,
  ];
  const cases: Case[] = [
    [
      "mixed",
      [
        [0, 40],
        [42, 470],
      ],
      [
        [0, 41],
        [42, 470],
      ],
      1,
      512,
      [41, 1],
    ],
    [
      "several",
      [
        [0, 63],
        [65, 20],
        [87, 425],
      ],
      [[86, 1]],
      1,
      512,
      [85, 1],
    ],
    ["whole huge page at the bottom", [[258, 254]], [], 1, 3, [0, 258], 256],
    ["whole huge page at the top", [[0, 256]], [], 1, 1, [256, 256], 256],
    [
      "smaller huge pages, middle",
      [
        [0, 54],
        [138, 374],
      ],
      [],
      1,
      12,
      [64, 74],
      64,
    ],
  ];
  for (let m = 1; m <= 64; m *= 2) {
    cases.push(
      [`all free, min ${m}`, [], [], m, 512, [0, 512]],
      [`all scavenged, min ${m}`, [], [[0, 512]], m, 512, [0, 0]],
      [`none free, min ${m}`, [[0, 512]], [[256, 256]], m, 512, [0, 0]],
      [`start free, min ${m}`, [[m, 512 - m]], [], m, 512, [0, m]],
      [`end free, min ${m}`, [[0, 512 - m]], [], m, 512, [512 - m, m]],
      [
        `across words, min ${m}`,
        [
          [0, 64 - m],
          [64 + m, 448 - m],
        ],
        [],
        m,
        2 * m,
        [64 - m, 2 * m],
      ],
      [
        `bottom edge, min ${m}`,
        [
          [64, 64],
          [128 + 3 * m, 384 - 3 * m],
        ],
        [[1, 10]],
        m,
        3 * m,
        [128, 3 * m],
      ],
      [
        `bottom edge with a pocket, min ${m}`,
        [
          [64, 62],
          [127, 1],
          [128 + 3 * m, 384 - 3 * m],
        ],
        [[1, 10]],
        m,
        3 * m,
        [128, 3 * m],
      ],
      [`max 0, min ${m}`, [], [[0, 512 - m]], m, 0, [512 - m, m]],
    );
    if (m > 1) {
      cases.push(
        [`max unaligned, min ${m}`, [], [[0, 512 - (2 * m - 1)]], m, m - 2, [512 - m, m]],
        [
          `skips what is too small, min ${m}`,
          [
            [0, 64 - m],
            [64, 5],
            [70, 11],
            [82, 430],
          ],
          [],
          m,
          m,
          [64 - m, m],
        ],
        [
          `skips what is misaligned, min ${m}`,
          [
            [0, 64 - m],
            [64, 63],
            [127 + m, 385 - m],
          ],
          [],
          m,
          m,
          [64 - m, m],
        ],
        [`max less than min ${m}`, [], [[0, 512 - m]], m, 1, [512 - m, m]],
      );
    }
  }
  it.each(cases)("%s", (_name, alloc, scav, min, max, want, huge = 0) => {
    const r = findScavengeCandidate(makeBits(alloc), makeBits(scav), 0, 511, min, max, huge);
    if (want[1] === 0) expect(candidateSize(r)).toBe(0);
    else expect([candidateStart(r), candidateSize(r)]).toEqual(want);
  });
});
