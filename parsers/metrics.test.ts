import { describe, expect, it } from "vitest";
import { fixture, observe } from "./testing/observed.ts";

const recorded: Record<string, number> = JSON.parse(fixture("companions/metrics.json").toString());

describe("runtime/metrics", () => {
  it.each(["metrics.json", "metrics.txt"])("%s: by MemStats' definitions", async (name) => {
    const { format, rows, source } = await observe(fixture(`companions/${name}`));
    expect(format).toBe("metrics");
    const m = (metric: string) => recorded[metric]!;
    const row = rows[0]!;
    expect(rows.length).toBe(1);
    expect(row.heap_inuse).toBe(m("/memory/classes/heap/objects:bytes") + m("/memory/classes/heap/unused:bytes"));
    expect(row.heap_idle).toBe(m("/memory/classes/heap/free:bytes") + m("/memory/classes/heap/released:bytes"));
    expect(row.heap_sys).toBe(row.heap_inuse! + row.heap_idle!);
    expect(row.mallocs).toBe(m("/gc/heap/allocs:objects") + m("/gc/heap/tiny/allocs:objects"));
    expect(row.heap_live).toBe(m("/gc/heap/live:bytes"));
    expect(row.next_gc).toBe(m("/gc/heap/goal:bytes"));
    expect(row.gomemlimit).toBe(Number.POSITIVE_INFINITY);
    expect(row.gogc).toBe(100);
    expect(row.procs).toBe(2);
    expect(source.info.procs).toBe(2);
    expect(source.sequence).toBe(m("/gc/heap/allocs:bytes"));
  });

  it("GOGC=off is Infinity", async () => {
    const { rows } = await observe("/gc/gogc:percent: 18446744073709551615\n/gc/gomemlimit:bytes: 1073741824\n");
    expect(rows).toEqual([{ t: 0, gogc: Number.POSITIVE_INFINITY, gomemlimit: 2 ** 30 }]);
  });

  it("a series: a metric that comes again, or a time, begins the next", async () => {
    const { rows, losses } = await observe(
      "1795565598\n/gc/heap/live:bytes 5\n/sched/goroutines:goroutines 2\n1795565600\n/gc/heap/live:bytes 6\n/gc/heap/live:bytes 7\n",
    );
    expect(rows.map((r) => [r.t, r.heap_live])).toEqual([
      [0, 5],
      [2e9, 7],
    ]);
    expect(losses).toEqual({});
  });

  it("lists of samples in JSON, with a time", async () => {
    const { rows, source } = await observe(
      '{"ts":1795565598.5,"metrics":[{"Name":"/gc/heap/live:bytes","Value":5},{"name":"/gc/heap/goal:bytes","value":"9"},{"Name":"/x/y:z","Value":1}]}',
    );
    expect(rows).toEqual([{ t: 0, heap_live: 5, next_gc: 9 }]);
    expect(source.info.wallClockStart).toBe(1795565598500);
  });

  it("refuses metrics that tell nothing of memory", async () => {
    await expect(observe("/cpu/classes/idle:cpu-seconds: 1\n/cpu/classes/total:cpu-seconds: 2\n")).rejects.toThrow(
      /no metric of memory/,
    );
  });
});
