import { describe, expect, test } from "vitest";
import { EVENT_NAMES, type EventBatch, HEAP_GOAL, SPAN_ALLOC, SPAN_FREE } from "../../parsers/events.ts";
import { MINUTE, MiB, PAGE, Workload } from "./workload.ts";

const settings = { seed: 1, procs: 4, gogc: 100, memoryLimit: Number.POSITIVE_INFINITY };

function events(batches: readonly EventBatch[]): { name: string; t: number; addr: number; size: number }[] {
  return batches.flatMap((b) =>
    Array.from({ length: b.length }, (_, i) => ({
      name: EVENT_NAMES[b.kind[i]!]!,
      t: b.time[i]!,
      addr: b.addr[i]!,
      size: b.size[i]!,
    })),
  );
}

describe("workload", () => {
  test("what is dropped is freed by the next GC, not before", () => {
    const w = new Workload(settings);
    const a = w.alloc(3);
    w.alloc(2);
    w.drop(a);
    const freed = (): number[] =>
      events(w.batches)
        .filter((e) => e.name === EVENT_NAMES[SPAN_FREE])
        .map((e) => e.addr);
    expect(freed()).toEqual([]);
    w.gc();
    expect(freed()).toEqual([a]);
    expect(w.live).toBe(2 * PAGE);
  });

  test("the collector comes when the heap nears its goal, and every two minutes", () => {
    const w = new Workload(settings);
    for (let i = 0; i < (32 * MiB) / PAGE; i++) w.drop(w.alloc(1));
    const busy = w.gcs;
    expect(busy).toBeGreaterThanOrEqual(7);
    w.wait(7 * MINUTE);
    expect(w.gcs - busy).toBe(3);
  });

  test("GOGC doubles the goal, a limit caps it", () => {
    const goalOf = (over: Partial<typeof settings>): number => {
      const w = new Workload({ ...settings, ...over });
      for (let i = 0; i < (64 * MiB) / PAGE; i++) w.alloc(1);
      w.gc();
      return events(w.batches)
        .filter((e) => e.name === EVENT_NAMES[HEAP_GOAL])
        .at(-1)!.size;
    };
    expect(goalOf({})).toBe(128 * MiB);
    expect(goalOf({ gogc: 200 })).toBe(192 * MiB);
    expect(goalOf({ memoryLimit: 100 * MiB })).toBe(97 * MiB);
    expect(goalOf({ memoryLimit: 32 * MiB })).toBe(64 * MiB);
  });

  test("time never goes back, over batches too; every free is of a span that is there", () => {
    const w = new Workload(settings);
    for (let i = 0; i < 20_000; i++) w.drop(w.alloc(w.random.int(1, 3), i));
    w.gc();
    const all = events(w.batches);
    expect(w.batches.length).toBeGreaterThan(1);
    const live = new Map<number, number>();
    let before = 0;
    for (const { name, t, addr, size } of all) {
      expect(t).toBeGreaterThanOrEqual(before);
      before = t;
      if (name === EVENT_NAMES[SPAN_ALLOC]) live.set(addr, size);
      if (name === EVENT_NAMES[SPAN_FREE]) {
        expect(live.get(addr)).toBe(size);
        live.delete(addr);
      }
    }
    expect(live.size).toBe(0);
  });
});
