// Tables of the runtime's mgcscavenge_test.go (Go 1.27), for every era's scavenger where they hold there.
import { describe, expect, it } from "vitest";
import { isBitmapEra } from "./eras/bitmap-era.ts";
import { ERAS } from "./eras/index.ts";
import type { PageAlloc } from "./page-alloc.ts";
import { bitmaps, type Chunks, newPageAlloc, PAGE, pageBase, type Ranges } from "./testing/pages.ts";

const ALL = Number.POSITIVE_INFINITY;
const FULL: Ranges = [[0, 512]];
const FREE: Ranges = [];
const ERA_NAMES = ERAS.filter(isBitmapEra).map((e) => e.name);

/** The runtime's PageAlloc.Scavenge: a new cycle, then everything allowed. */
function scavenge(p: PageAlloc, bytes: number): number {
  return p.scavenger.scavenge(bytes, true, false);
}

function scavengedBits(p: PageAlloc): unknown {
  return (bitmaps(p) as unknown[][]).map(([chunk, , scav]) => [chunk, scav]);
}

describe.each(ERA_NAMES)("%s scavenges", (era) => {
  describe.each([4096, 8192, 65536])("with physical pages of %d", (phys) => {
    const m = Math.max(1, phys / PAGE);
    const unit = m * PAGE;
    it.each<[name: string, alloc: Chunks, scav: Chunks, steps: [request: number, expect: number][], after: Chunks]>([
      ["all that is free", { 0: FREE, 1: FREE, 2: FREE }, {}, [[ALL, 1536 * PAGE]], { 0: FULL, 1: FULL, 2: FULL }],
      ["nothing where nothing is free and backed", { 0: FULL, 1: FREE, 2: FULL }, { 1: FULL }, [[ALL, 0]], { 1: FULL }],
      ["the highest page first", { 0: FREE }, { 0: [[m, 512 - 2 * m]] }, [[1, unit]], { 0: [[m, 512 - m]] }],
      [
        "twice",
        { 0: FREE },
        { 0: [[m, 512 - 2 * m]] },
        [
          [unit, unit],
          [unit, unit],
        ],
        { 0: FULL },
      ],
      [
        "across chunks",
        { 0: FREE, 1: FREE },
        { 0: [[m, 512 - 2 * m]], 1: [[0, 512 - 2 * m]] },
        [
          [2 * unit, 2 * unit],
          [unit, unit],
          [unit, unit],
        ],
        { 0: FULL, 1: FULL },
      ],
      [
        "across a gap",
        { 0: FREE, 14: FREE },
        { 0: [[m, 512 - 2 * m]], 14: [[2 * m, 512 - 2 * m]] },
        [
          [2 * unit, 2 * unit],
          [ALL, 2 * unit],
          [ALL, 0],
        ],
        { 0: FULL, 14: FULL },
      ],
      [
        "across a wide gap",
        { 0: FREE, 4096: FREE },
        {},
        [
          [ALL, 1024 * PAGE],
          [ALL, 0],
        ],
        { 0: FULL, 4096: FULL },
      ],
    ])("%s", (_name, alloc, scav, steps, after) => {
      const p = newPageAlloc(alloc, scav, era, phys);
      p.scavenger.nextGen();
      for (const [request, want] of steps) expect(scavenge(p, request)).toBe(want);
      expect(scavengedBits(p)).toEqual(scavengedBits(newPageAlloc(alloc, after, era, phys)));
    });
  });

  it("stops after one find when the CPU limiter is on, from 1.19 on", () => {
    const p = newPageAlloc(
      {
        0: [
          [100, 1],
          [200, 1],
        ],
      },
      {},
      era,
    );
    p.scavenger.nextGen();
    const released = p.scavenger.scavenge(ALL, true, true);
    expect(released).toBe((era < "go1.19" ? 510 : 311) * PAGE);
  });

  it("tells what it released", () => {
    const p = newPageAlloc(
      {
        0: [
          [0, 500],
          [505, 7],
        ],
      },
      {},
      era,
    );
    p.scavenger.nextGen();
    const seen: [number, number][] = [];
    p.onScavenged = (base, pages) => seen.push([base, pages]);
    expect(scavenge(p, ALL)).toBe(5 * PAGE);
    expect(seen).toEqual([[pageBase(0, 500), 5]]);
  });
});

describe("cycles", () => {
  it("1.14 looks above its address again after a reset only", () => {
    const p = newPageAlloc({ 0: FULL, 1: FULL }, {}, "go1.14");
    p.scavenger.nextGen();
    p.free(pageBase(0, 10), 1);
    expect(p.scavenger.scavenge(ALL, false, false)).toBe(PAGE);
    p.free(pageBase(1, 10), 1);
    expect(p.scavenger.scavenge(ALL, false, false)).toBe(0);
    p.scavenger.nextGen();
    expect(p.scavenger.scavenge(ALL, false, false)).toBe(PAGE);
  });

  it.each(["go1.15", "go1.18"])("%s finds what was freed above in the next generation", (era) => {
    const p = newPageAlloc({ 0: FULL, 1: FULL }, {}, era);
    p.scavenger.nextGen();
    p.free(pageBase(0, 10), 1);
    expect(p.scavenger.scavenge(ALL, false, false)).toBe(PAGE);
    p.free(pageBase(1, 10), 1);
    expect(p.scavenger.scavenge(ALL, false, false)).toBe(0);
    p.scavenger.nextGen();
    expect(p.scavenger.scavenge(ALL, false, false)).toBe(PAGE);
  });

  it.each(["go1.19", "go1.20"])("%s has none: what is freed is found at once", (era) => {
    const p = newPageAlloc({ 0: FULL, 1: FULL }, {}, era);
    expect(p.scavenger.scavenge(ALL, false, false)).toBe(0);
    p.free(pageBase(1, 10), 1);
    expect(p.scavenger.scavenge(ALL, false, false)).toBe(PAGE);
  });

  it("1.21 and later keep dense chunks from the background until a cycle began without, not from force", () => {
    const p = newPageAlloc({ 0: [[0, 497]], 1: [[0, 400]] }, {}, "go1.21");
    p.scavenger.nextGen();
    expect(p.scavenger.scavenge(ALL, false, false)).toBe(112 * PAGE);
    // Far from dense now, but it was when the cycle began.
    p.free(pageBase(0, 0), 400);
    expect(p.scavenger.scavenge(ALL, false, false)).toBe(0);
    p.scavenger.nextGen();
    expect(p.scavenger.scavenge(ALL, false, false)).toBe(415 * PAGE);
    const q = newPageAlloc({ 0: [[0, 497]] }, {}, "go1.27");
    q.scavenger.nextGen();
    expect(q.scavenger.scavenge(ALL, false, false)).toBe(0);
    expect(q.scavenger.scavenge(ALL, true, false)).toBe(15 * PAGE);
  });

  it("1.21 and later wait one mark termination for memory freed above the cursor", () => {
    const p = newPageAlloc({ 0: FULL }, {}, "go1.27");
    p.scavenger.nextGen();
    p.scavenger.nextGen();
    p.free(pageBase(0, 0), 100);
    p.scavenger.scavenge(ALL, false, false);
    p.free(pageBase(0, 300), 100);
    expect(p.scavenger.scavenge(ALL, false, false)).toBe(0);
    p.scavenger.nextGen();
    expect(p.scavenger.scavenge(ALL, false, false)).toBe(200 * PAGE);
  });
});
