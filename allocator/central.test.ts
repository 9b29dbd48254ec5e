import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ObjectHeap } from "./central.ts";
import { eraFor } from "./eras/index.ts";
import { sizeClassOf, spanLayoutFor } from "./size-classes.ts";

const VERSION = "1.21";
const LAYOUT = spanLayoutFor(VERSION);
const PAGE = 8192;

function heapOf(deadAt: number[], procs = 1, pageSize = PAGE) {
  const pages = eraFor(`go${VERSION}`).create({
    physPageSize: 4096,
    physHugePageSize: 0,
    goos: "linux",
    procs,
    pageSize,
  });
  return new ObjectHeap(pages, spanLayoutFor(VERSION, pageSize), Float64Array.from(deadAt), procs);
}

/** Span class of noscan objects of a size. */
const noscan = (bytes: number) => (sizeClassOf(bytes, VERSION) << 1) | 1;

describe("allocation", () => {
  it("refills when the cached span is full, and counts all of a span's free slots as live", () => {
    const heap = heapOf(new Array(20).fill(Infinity));
    const cls = noscan(1024);
    const refills = Array.from({ length: 9 }, (_, i) => heap.alloc(i, cls, 0));
    expect(refills).toEqual([true, false, false, false, false, false, false, false, true]);
    expect(heap.live).toBe(2 * PAGE);
    expect(heap.allocated).toBe(9 * 1024);
    expect(heap.spans).toBe(2);
  });

  it("gives each P spans of its own", () => {
    const heap = heapOf(new Array(4).fill(Infinity), 2);
    const cls = noscan(1024);
    expect([heap.alloc(0, cls, 0), heap.alloc(1, cls, 1), heap.alloc(2, cls, 0), heap.alloc(3, cls, 1)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(heap.spans).toBe(2);
  });

  it("counts large objects at the size of their span, in pages of the heap's own size", () => {
    const heap = heapOf([Infinity], 1, 4096);
    heap.allocLarge(0, 9, true, 0);
    expect(heap.live).toBe(9 * 4096);
    expect(heap.heap.stats.inUse).toBe(9 * 4096);
  });
});

describe("sweeping", () => {
  it("frees what died by the mark, gives empty spans back and keeps the others", () => {
    // The first span's objects are all dead, of the second one's only the first.
    const heap = heapOf([...new Array(8).fill(1), 1, ...new Array(7).fill(9)]);
    const cls = noscan(1024);
    for (let i = 0; i < 16; i++) heap.alloc(i, cls, 0);
    heap.startSweep(5, 7 * 1024);
    // The cached span is swept at once.
    expect(heap.unswept).toBe(1);
    expect(heap.live).toBe(7 * 1024);
    expect(heap.sweep(10)).toBe(1);
    expect(heap.unswept).toBe(0);
    expect(heap.spans).toBe(1);
    expect(heap.allocated).toBe(7 * 1024);
    expect(heap.heap.stats.inUse).toBe(PAGE);
  });

  it("takes a partly free span before a fresh one: swept ones, then unswept ones that it sweeps for itself", () => {
    const heap = heapOf([
      ...new Array(4).fill(1),
      ...new Array(4).fill(9),
      ...new Array(8).fill(9),
      ...new Array(8).fill(9),
    ]);
    const cls = noscan(1024);
    for (let i = 0; i < 16; i++) heap.alloc(i, cls, 0);
    heap.startSweep(5, 12 * 1024);
    for (let i = 16; i < 20; i++) heap.alloc(i, cls, 0);
    // The first span's four free slots: unswept until they were needed.
    expect(heap.unswept).toBe(0);
    expect(heap.spans).toBe(2);
    expect(heap.allocated).toBe(16 * 1024);
  });

  it("gives up after a hundred full spans and takes a fresh one (mcentral.go: spanBudget)", () => {
    const spans = 150;
    const heap = heapOf(new Array(spans * 8 + 1).fill(9));
    const cls = noscan(1024);
    for (let i = 0; i < spans * 8; i++) heap.alloc(i, cls, 0);
    heap.startSweep(5, spans * PAGE);
    const before = heap.unswept;
    heap.alloc(spans * 8, cls, 0);
    expect(heap.unswept).toBe(before - 101);
    expect(heap.spans).toBe(spans + 1);
  });
});

describe("whatever happens", () => {
  it("bytes in slots are those of objects that live or are not swept yet, and spans those of the page heap", () => {
    const sizes = [16, 48, 512, 1024, 9472, 32768];
    fc.assert(
      fc.property(
        fc.array(fc.record({ size: fc.constantFrom(...sizes), p: fc.nat(1), life: fc.integer({ min: 1, max: 60 }) }), {
          minLength: 50,
          maxLength: 400,
        }),
        fc.integer({ min: 5, max: 60 }),
        (objects, period) => {
          const heap = heapOf(
            objects.map(({ life }, i) => i + life),
            2,
          );
          objects.forEach(({ size, p }, i) => {
            heap.alloc(i, noscan(size), p);
            if (i % period !== period - 1) return;
            heap.startSweep(i, 0);
            heap.sweep(3);
            if (i % 2 === 0) heap.finishSweep();
          });
          const last = objects.length - 1;
          heap.startSweep(last, 0);
          heap.finishSweep();
          let alive = 0;
          objects.forEach(({ size, life }, i) => {
            if (i + life > last) alive += LAYOUT.slotSize[sizeClassOf(size, VERSION)]!;
          });
          expect(heap.allocated).toBe(alive);
          expect(heap.unswept).toBe(0);
          if (alive === 0) expect(heap.heap.stats.inUse).toBe(0);
          expect(heap.heap.stats.inUse).toBeGreaterThanOrEqual(alive);
        },
      ),
      { numRuns: 40 },
    );
  });
});
