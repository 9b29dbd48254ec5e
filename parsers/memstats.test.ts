import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Losses } from "./losses.ts";
import { memStatsFromText, memstats } from "./memstats.ts";
import { fixture, observe } from "./testing/observed.ts";

const recorded = JSON.parse(fixture("companions/memstats.json").toString());

describe("MemStats", () => {
  it.each(["memstats.json", "memstats.plus-v.txt", "memstats.v.txt"])(
    "%s: the same figures in each form",
    async (name) => {
      const { format, rows, source, losses } = await observe(fixture(`companions/${name}`));
      expect(format).toBe("memstats");
      expect(losses).toEqual({ "no-time": 1 });
      expect(rows).toEqual([
        {
          t: 0,
          heap_alloc: recorded.HeapAlloc,
          total_alloc: recorded.TotalAlloc,
          sys: recorded.Sys,
          mallocs: recorded.Mallocs,
          frees: recorded.Frees,
          heap_sys: recorded.HeapSys,
          heap_idle: recorded.HeapIdle,
          heap_inuse: recorded.HeapInuse,
          heap_released: recorded.HeapReleased,
          heap_objects: recorded.HeapObjects,
          stack_inuse: recorded.StackInuse,
          mspan_inuse: recorded.MSpanInuse,
          mspan_sys: recorded.MSpanSys,
          mcache_inuse: recorded.MCacheInuse,
          mcache_sys: recorded.MCacheSys,
          buckhash_sys: recorded.BuckHashSys,
          gc_sys: recorded.GCSys,
          other_sys: recorded.OtherSys,
          num_gc: recorded.NumGC,
          gc_cpu_fraction: recorded.GCCPUFraction,
          next_gc: recorded.NextGC,
        },
      ]);
      expect(source.memStats[0]!.BySize).toEqual(recorded.BySize);
      expect(source.sequence).toBe(recorded.TotalAlloc);
      expect(source.notBefore).toBeCloseTo(recorded.LastGC / 1e6, 0);
    },
  );

  it("inside expvar's variables, whatever stands before", async () => {
    const { format, rows } = await observe(fixture("companions/expvar.json"));
    expect(format).toBe("memstats");
    expect(rows[0]!.heap_inuse).toBe(JSON.parse(fixture("companions/expvar.json").toString()).memstats.HeapInuse);
  });

  it("a series of JSON documents with times", async () => {
    const line = (time: string, n: number) =>
      `{"time":"${time}","memstats":{"HeapAlloc":${n},"HeapInuse":${n + 1},"Sys":9}}`;
    const { rows, source, losses } = await observe(
      [
        line("2026-11-25T00:00:00Z", 5),
        line("2026-11-25T00:00:02.5Z", 7),
        '{"time":"2026-11-25T00:00:04Z","memst',
      ].join("\n"),
    );
    expect(rows.map((r) => [r.t, r.heap_alloc, r.heap_inuse])).toEqual([
      [0, 5, 6],
      [2.5e9, 7, 8],
    ]);
    expect(source.info.wallClockStart).toBe(Date.UTC(2026, 10, 25));
    expect(losses).toEqual({ "damaged-json": 1 });
  });

  it("log lines with some fields, rounded, after a time", async () => {
    const { rows, losses } = await observe(
      "2026/11/25 00:13:18 Alloc = 5 MiB\tTotalAlloc = 6 MiB\tSys = 71 MiB\tNumGC = 1\n" +
        "2026/11/25 00:13:19 Alloc = 7 MiB\tTotalAlloc = 9 MiB\tSys = 71 MiB\tNumGC = 2\n",
    );
    expect(rows.map((r) => [r.t, r.heap_alloc, r.total_alloc, r.num_gc])).toEqual([
      [0, 5 << 20, 6 << 20, 1],
      [1e9, 7 << 20, 9 << 20, 2],
    ]);
    expect(losses["rounded-figures"]).toBe(6);
  });

  it("sizes alone are of use for the size mix", async () => {
    const { source, rows } = await observe('[{"Size":0,"Mallocs":0,"Frees":0},{"Size":48,"Mallocs":9,"Frees":4}]');
    expect(rows).toEqual([]);
    expect(source.memStats[0]!.BySize![1]).toEqual({ Size: 48, Mallocs: 9, Frees: 4 });
  });

  it("a document about other things that mentions some fields is no dump", () => {
    const score = (text: string) => memstats.detect(Buffer.from(text));
    expect(score('{"case":"x","final":{"HeapAlloc":1,"HeapInuse":2,"HeapIdle":3,"Sys":4}}')).toBe(0);
    expect(score('{"time":1795565598,"HeapAlloc":1,"HeapInuse":2,"HeapIdle":3,"Sys":4}')).toBeGreaterThan(0.9);
  });

  it("no next GC is Infinity", async () => {
    const { rows } = await observe('{"HeapAlloc":1,"HeapInuse":2,"Lookups":0,"NextGC":18446744073709551615}');
    expect(rows[0]!.next_gc).toBe(Number.POSITIVE_INFINITY);
  });

  it("hexadecimal fields of %#v; BySize's own Mallocs are not the heap's", () => {
    const [stats] = memStatsFromText(
      "runtime.MemStats{Alloc:0x10, HeapAlloc:0x10, HeapInuse:0x20, Mallocs:0x3, PauseNs:[256]uint64{0x1, 0x2}, BySize:[61]struct { Size uint32; Mallocs uint64; Frees uint64 }{{Size:0x8, Mallocs:0x63, Frees:0x2}}}",
      new Losses(),
    );
    expect(stats!.HeapAlloc).toBe(16);
    expect(stats!.Mallocs).toBe(3);
    expect(stats!.BySize).toEqual([{ Size: 8, Mallocs: 99, Frees: 2 }]);
  });

  it("fuzz: any text is read in time, or not at all", () => {
    const word = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      "Alloc:",
      "HeapSys = ",
      "1",
      "12 ",
      " ",
      "\n",
      "Stack = 1 / 2",
      "BySize:[",
      "0x1f",
      "MiB",
      ":",
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 300 }), (words) => {
        memStatsFromText(words.join(""), new Losses());
      }),
      { numRuns: 200, seed: 1 },
    );
    const long = `{${"1 ".repeat(50_000)}] [${"1".repeat(50_000)}`;
    const start = performance.now();
    memStatsFromText(long, new Losses());
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
