import { join } from "node:path";
import process from "node:process";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { ERAS } from "../../allocator/eras/index.ts";
import type { PageHeap } from "../../allocator/types.ts";
import type { EventBatch } from "../../parsers/events.ts";
import { replay } from "../run.ts";
import { HeapHistory } from "./heap-history.ts";
import { CACHED, CHUNK_PAGES, FREE, type HeapPages, IN_USE, PAGE, RELEASED, UNMAPPED } from "./heap-pages.ts";
import { HeapRecorder } from "./heap-recorder.ts";
import { SlotsInUse } from "./slots-in-use.ts";

const SLOTS = [0, 8, 16, 24, 32];
const NO_EVENTS = { length: 0 } as EventBatch;

/** The state of all pages in a heap's ranges, as it tells them itself. */
function statesOf(heap: PageHeap): [base: number, states: Uint8Array][] {
  return heap.ranges().map(([base, limit]) => {
    const states = new Uint8Array((limit - base) / PAGE);
    heap.pageStates(base, states);
    return [base, states];
  });
}

/** That these are the states, all of them, and are counted right. */
function expectStates(pages: HeapPages, truth: readonly [base: number, states: Uint8Array][]): void {
  let mapped = 0;
  for (const [base, states] of truth) {
    const found = states.map((_, i) => pages.stateOf(base / PAGE + i));
    expect(Buffer.compare(found, states)).toBe(0);
    for (const state of states) if (state !== UNMAPPED) mapped++;
  }
  for (const chunk of pages.chunks()) {
    const counts = [0, 0, 0, 0, 0];
    for (let page = chunk * CHUNK_PAGES; page < (chunk + 1) * CHUNK_PAGES; page++) counts[pages.stateOf(page)]!++;
    expect(counts.map((_, state) => pages.count(chunk, state))).toEqual(counts);
    mapped -= CHUNK_PAGES - counts[UNMAPPED]!;
  }
  expect(mapped).toBe(0);
}

/** A heap of the era that is recorded, and one step of a random program on it. */
function drive(name: string, physPageSize: number, procs: number) {
  const era = ERAS.find((e) => e.name === name)!;
  const heap = era.create({ physPageSize, physHugePageSize: 2 << 20, goos: "linux", procs, heapBase: 0xc000000000 });
  heap.journal = true;
  heap.scavengeGoals.gcPercent = 24 << 20;
  const history = new HeapHistory({ slotSizes: SLOTS, holdsDense: true, hasObjects: true });
  const recorder = new HeapRecorder({ heap, objects: new SlotsInUse(SLOTS, false), placed: true }, history);
  const spans: { base: number; pages: number; manual: boolean; kind: number; p: number; t: number }[] = [];
  const step = (what: number, n: number, p: number, t: number): void => {
    heap.now = t;
    const size = n % 7 === 0 ? 1 + n : 1 + (n % 16);
    if (what < 50) {
      const manual = n % 5 === 0;
      const base = heap.allocSpan(size, p, manual);
      spans.push({ base, pages: size, manual, kind: manual ? -1 : n, p, t });
      recorder.spanTaken(base, size, manual ? -1 : n, p);
    } else if (what < 85) {
      const [span] = spans.splice(n % Math.max(1, spans.length), 1);
      if (span) heap.freeSpan(span.base, span.pages, span.manual);
    } else if (what < 88) heap.scavenge(n * 2048);
    else if (what < 90) heap.flushPageCache(p);
    else if (what < 92) heap.markTermination();
    else if (what < 93) heap.sweepDone();
    else if (what < 94) heap.scavengeAll();
    else if (what < 97) {
      heap.allocSpan(size, p, false);
      if (heap.undoAlloc?.() !== true) return;
    } else if (what < 98) heap.seedCache?.(p, 0xc000000000 + n * PAGE);
    else if (what < 99) {
      const base = 0xc000000000 + n * 37 * PAGE;
      if (heap.placeSpan(base, size, p, false)) {
        spans.push({ base, pages: size, manual: false, kind: n, p, t });
        recorder.spanTaken(base, size, n, p);
      }
    } else heap.scavengeAged(t, 1000);
  };
  return { heap, history, recorder, spans, step };
}

const STEP = fc.tuple(
  fc.integer({ min: 0, max: 99 }),
  fc.integer({ min: 0, max: 600 }),
  fc.integer({ min: 0, max: 2 }),
);

describe("the heap at any moment", () => {
  it.each(ERAS.map(({ name }, i) => [name, i % 2 === 0 ? 4096 : 65536] as [string, number]))(
    "is that of the model: %s, physical pages of %i bytes",
    (name, physPageSize) => {
      fc.assert(
        fc.property(
          fc.array(STEP, { minLength: 40, maxLength: 200 }),
          fc.infiniteStream(fc.nat(300)),
          (steps, moments) => {
            const { heap, history, recorder, step } = drive(name, physPageSize, 3);
            const truth: ReturnType<typeof statesOf>[] = [];
            for (const [i, [what, n, p]] of steps.entries()) {
              // "undo" leaves nothing behind where an era can't take back: its span stays, unknown to everybody.
              step(what, n, p, i * 10);
              recorder.commit(i * 10);
              truth.push(statesOf(heap));
              if (i % 97 === 96) recorder.batchDone(NO_EVENTS, i * 10);
            }
            recorder.finish(steps.length * 10);
            for (let k = 0; k < 6 && steps.length > 0; k++) {
              const i = moments.next().value! % steps.length;
              expectStates(history.at(i * 10 + (k % 2) * 9), truth[i]!);
            }
            history.close();
          },
        ),
        { numRuns: 5 },
      );
    },
  );

  it("knows each span: where it begins and ends, its kind, P and when it was taken", () => {
    const { heap, history, recorder, spans, step } = drive("go1.26", 4096, 2);
    const random = fc.sample(STEP, { seed: 7, numRuns: 1500 });
    const truth = new Map<number, typeof spans>();
    for (const [i, [what, n, p]] of random.entries()) {
      step(what, n, Math.min(p, 1), i * 10);
      recorder.commit(i * 10);
      if (i % 100 === 0) truth.set(i * 10, [...spans]);
    }
    expect(heap.stats.inUse).toBeGreaterThan(1e6);
    recorder.finish(15_000);
    let seen = 0;
    for (const [t, alive] of [...truth].reverse()) {
      const pages = history.at(t);
      for (const { base, pages: n, kind, p, t: taken } of alive) {
        const expected = { page: base / PAGE, pages: n, state: IN_USE, span: { kind, p, taken, type: 0, objects: 0 } };
        expect(pages.runAt(base / PAGE)).toEqual(expected);
        expect(pages.runAt(base / PAGE + n - 1)).toEqual(expected);
        seen++;
      }
    }
    expect(seen).toBeGreaterThan(500);
    history.close();
  });

  it("steps from change to change, forth and back, over stored states too", () => {
    const { heap, history, recorder } = drive("go1.26", 4096, 1);
    const changes: number[] = [];
    for (let i = 0; i < 40_000; i++) {
      const base = heap.allocSpan(1 + (i % 40), 0, false);
      recorder.spanTaken(base, 1 + (i % 40), 0, 0);
      recorder.commit(i * 1000);
      if (i > 100) heap.freeSpan(base, 1 + (i % 40), false);
      recorder.commit(i * 1000 + 500);
      changes.push(i * 1000);
      if (i > 100) changes.push(i * 1000 + 500);
      if (i % 100 === 0) recorder.batchDone(NO_EVENTS, i * 1000 + 500);
    }
    recorder.finish(4e7);
    expect(history.size).toBeGreaterThan(600_000);
    for (let k = 0; k < changes.length - 1; k += 631) {
      expect(history.next(changes[k]!)).toBe(changes[k + 1]);
      expect(history.previous(changes[k + 1]!)).toBe(changes[k]);
    }
    expect(history.previous(0)).toBeNull();
    expect(history.next(changes.at(-1)!)).toBeNull();
    history.close();
  });

  it("can be asked while it is being written", () => {
    const { heap, history, recorder } = drive("go1.26", 4096, 1);
    for (let i = 0; i < 200; i++) {
      recorder.spanTaken(heap.allocSpan(3, 0, false), 3, 9, 0);
      recorder.commit(i);
      expectStates(history.at(i), statesOf(heap));
    }
    history.close();
  });
});

test("where there is no room for it the replay goes on without", () => {
  const { heap, history, recorder } = drive("go1.26", 4096, 1);
  const { TMPDIR } = process.env;
  process.env.TMPDIR = "/nowhere/at/all";
  try {
    for (let i = 0; i < 4000 && history.lost === null; i++) {
      // Enough for the part that stays in memory.
      history.append(new Uint8Array(1 << 20));
      recorder.spanTaken(heap.allocSpan(3, 0, false), 3, 9, 0);
      recorder.commit(i);
      recorder.batchDone(NO_EVENTS, i);
    }
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
  expect(history.lost).toMatch(/temporary file/);
  expect(history.at(10).chunks()).toHaveLength(0);
  expect([history.next(0), history.previous(10)]).toEqual([null, null]);
  recorder.commit(5000);
  recorder.finish(5001);
});

describe("the history of a recording", () => {
  const fixtures = join(import.meta.dirname, "../../fixtures");
  it.each([
    ["bursts-1.27/trace.out", undefined],
    ["bursts-1.23/trace.out.gz", undefined],
    ["bursts-1.27/trace.out", "go1.12"],
    ["bursts-1.27-plain/trace.out.gz", undefined],
  ])("%s as %s sums up to the timeline at every moment", async (name, policy) => {
    const result = await replay([join(fixtures, name)], { heapHistory: true, ...(policy ? { policy } : {}) });
    const history = result.heapHistory!;
    const rows = result.timeline.filter((_, i) => i % 97 === 0).reverse();
    for (const row of rows) {
      // Rows of the same moment: the history has the last one.
      if (result.timeline.some((other) => other !== row && Math.floor(other.t) === Math.floor(row.t))) continue;
      const pages = history.at(row.t);
      const sums = [0, 0, 0, 0, 0];
      for (const chunk of pages.chunks()) {
        for (const state of [IN_USE, CACHED, FREE, RELEASED]) sums[state]! += pages.count(chunk, state) * PAGE;
      }
      expect(sums[IN_USE]).toBe(row.heapInuse + row.stacks);
      expect(sums[CACHED]! + sums[FREE]! + sums[RELEASED]!).toBe(row.heapFree + row.heapReleased);
      // What 1.11 and 1.12 count as backed before anyone touched it has no memory; pages of a cache may be released ones.
      if (policy) continue;
      expect(sums[FREE]).toBeLessThanOrEqual(row.heapFree);
      expect(sums[RELEASED]).toBeLessThanOrEqual(row.heapReleased);
    }
    history.close();
  });

  it("tells what is in a span: its type and the slots in use", async () => {
    const result = await replay([join(fixtures, "bursts-1.27/trace.out")], { heapHistory: true });
    const history = result.heapHistory!;
    const pages = history.at(result.summary.durationNs);
    let objects = 0;
    let typed = 0;
    let spans = 0;
    for (const chunk of pages.chunks()) {
      for (let page = chunk * CHUNK_PAGES; page < (chunk + 1) * CHUNK_PAGES; ) {
        const run = pages.runFrom(page);
        page = run.page + run.pages;
        if (run.span === null || run.span.kind < 0) continue;
        spans++;
        objects += run.span.objects;
        if (history.types.has(run.span.type)) typed++;
        const slot = history.slotSizes[run.span.kind >> 1]!;
        if (run.span.kind >= 2) expect(run.span.objects * slot).toBeLessThanOrEqual(run.pages * PAGE);
      }
    }
    expect(spans).toBeGreaterThan(100);
    expect(objects).toBeGreaterThan(spans);
    expect(typed / spans).toBeGreaterThan(0.5);
    history.close();
  });
});
