import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "./errors.ts";
import { parseSample } from "./prometheus.ts";
import { fixture, observe } from "./testing/observed.ts";

const scrape = fixture("companions/scrape.prom").toString();
const value = (text: string, name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)![1]);

describe("scrapes", () => {
  it.each(["scrape.prom", "scrape.openmetrics"])(
    "%s: MemStats', the runtime's and the process's metrics",
    async (name) => {
      const text = fixture(`companions/${name}`).toString();
      const { format, rows, source, losses } = await observe(text);
      expect(format).toBe("prometheus");
      expect(losses).toEqual({ "no-time": 1 });
      expect(rows.length).toBe(1);
      expect(rows[0]).toMatchObject({
        rss: value(text, "process_resident_memory_bytes"),
        heap_inuse: value(text, "go_memstats_heap_inuse_bytes"),
        heap_released: value(text, "go_memstats_heap_released_bytes"),
        next_gc: value(text, "go_memstats_next_gc_bytes"),
        num_gc: value(text, "go_gc_duration_seconds_count"),
        heap_live: value(text, "go_gc_heap_live_bytes"),
        total_alloc: value(text, "go_memstats_alloc_bytes_total"),
        gogc: 100,
        gomemlimit: Number.POSITIVE_INFINITY,
        procs: 2,
      });
      expect(source.info.goVersion).toBe(/go_info\{version="([^"]+)"/.exec(text)![1]);
      expect(source.notBefore).toBeCloseTo(value(text, "go_memstats_last_gc_time_seconds") * 1e3, 0);
    },
  );

  it("client_golang's sums of runtime/metrics are ours", async () => {
    const runtimeOnly = scrape.split("\n").filter((line) => /^go_(memory|gc|sched)_/.test(line));
    const { rows } = await observe(runtimeOnly.join("\n"));
    for (const [name, metric] of [
      ["heap_inuse", "go_memstats_heap_inuse_bytes"],
      ["heap_idle", "go_memstats_heap_idle_bytes"],
      ["heap_sys", "go_memstats_heap_sys_bytes"],
      ["mspan_sys", "go_memstats_mspan_sys_bytes"],
      ["gc_sys", "go_memstats_gc_sys_bytes"],
      ["mallocs", "go_memstats_mallocs_total"],
      ["sys", "go_memstats_sys_bytes"],
    ] as const) {
      expect([name, rows[0]![name]]).toEqual([name, value(scrape, metric)]);
    }
  });

  it("a series with the time between scrapes", async () => {
    const { rows, source, losses } = await observe(fixture("companions/series.prom"));
    expect(losses).toEqual({});
    expect(rows.map((r) => r.t)).toEqual([0, 1e9, 2e9, 3e9, 4e9]);
    expect(rows.map((r) => r.num_gc)).toEqual([6, 7, 8, 9, 10]);
    expect(source.info.wallClockStart).toBe(1795567107000);
  });

  it("a series without any time is put 1 s apart", async () => {
    const text = fixture("companions/series.prom")
      .toString()
      .replace(/^\d+\n/gm, "");
    const { rows, losses } = await observe(text);
    expect(rows.map((r) => r.t)).toEqual([0, 1e9, 2e9, 3e9, 4e9]);
    expect(losses).toEqual({ "assumed-time": 5 });
  });

  it("timestamps of the samples: ms, or s in OpenMetrics; in any order", async () => {
    const { rows, losses } = await observe(
      'process_resident_memory_bytes{instance="a"} 30 1795565600000\n' +
        'go_memstats_heap_inuse_bytes{instance="a"} 5 1795565598.5 # {id="x"} 1\n' +
        'process_resident_memory_bytes{instance="a"} 20 1795565598500\n',
    );
    expect(rows).toEqual([
      { t: 0, heap_inuse: 5, rss: 20 },
      { t: 1.5e9, rss: 30 },
    ]);
    expect(losses).toEqual({});
  });

  it("of several processes the one with most samples counts, cAdvisor's container beside it", async () => {
    const { rows, losses } = await observe(
      'go_goroutines{instance="b"} 3\nprocess_resident_memory_bytes{instance="a"} 30\nprocess_resident_memory_bytes{instance="b"} 40\n' +
        'container_memory_usage_bytes{id="/x",pod="p"} 99\ncontainer_memory_usage_bytes{container="POD",pod="p"} 1\n' +
        'container_memory_usage_bytes{container="api",pod="p"} 70\ncontainer_spec_memory_limit_bytes{container="api",pod="p"} 0\n',
    );
    expect(rows).toEqual([{ t: 0, goroutines: 3, rss: 40, cgroup_usage: 70, cgroup_limit: Number.POSITIVE_INFINITY }]);
    expect(losses).toEqual({ "other-processes": 3, "no-time": 1 });
  });

  it("names inside braces, escapes, damage", async () => {
    expect(parseSample('{__name__="go_goroutines",instance="a\\"b\\\\c\\n"} 1 1795565598500')).toEqual({
      name: "go_goroutines",
      labels: { instance: 'a"b\\c\n' },
      value: 1,
      timestamp: 1795565598500,
    });
    expect(parseSample('{"go_goroutines", job="x"} +Inf')).toMatchObject({
      name: "go_goroutines",
      value: Number.POSITIVE_INFINITY,
    });
    expect(parseSample("go_goroutines{} NaN")!.value).toBeNaN();
    expect(parseSample('go_goroutines{a="b" 1')).toBeNull();
    expect(parseSample("go_goroutines one")).toBeNull();
    const { rows, losses } = await observe('process_resident_memory_bytes 30\ngo_goroutines{a="b" 1\ngo_threads one\n');
    expect(rows).toEqual([{ t: 0, rss: 30 }]);
    expect(losses).toEqual({ "damaged-lines": 2, "no-time": 1 });
  });

  it("refuses a scrape of other things", async () => {
    await expect(observe("# HELP up Up.\n# TYPE up gauge\nup 1\n")).rejects.toThrow(/none of go_memstats_\*/);
  });

  it("fuzz: any line is a sample or none", () => {
    const word = fc.constantFrom("go_goroutines", "{", "}", "=", '"', "\\", ",", "a", " ", "1", "e9", "# ", "NaN", "é");
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), (words) => {
        const sample = parseSample(words.join(""));
        if (sample) expect(typeof sample.value).toBe("number");
      }),
      { numRuns: 1000, seed: 1 },
    );
  });
});

describe("queries", () => {
  it("a range query is a series of one process", async () => {
    const { format, rows, source, losses } = await observe(fixture("companions/range.json"));
    expect(format).toBe("prometheus");
    expect(rows.map((r) => r.t)).toEqual([0, 1e9, 2e9, 3e9, 4e9]);
    expect(Object.keys(rows[0]!).length).toBeGreaterThan(15);
    const series = fixture("companions/series.prom").toString();
    expect(rows[0]!.rss).toBe(value(series, "process_resident_memory_bytes"));
    expect(source.info.wallClockStart).toBe(1795567107781);
    expect(losses).toEqual({ "other-processes": 1 });
  });

  it("several answers one after the other, instant ones too", async () => {
    const vector = (name: string, v: string) =>
      `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"${name}"},"value":[1795565598,"${v}"]}]}}`;
    const { rows } = await observe(
      `${vector("process_resident_memory_bytes", "7")}\n${vector("go_memstats_sys_bytes", "9")}`,
    );
    expect(rows).toEqual([{ t: 0, rss: 7, sys: 9 }]);
  });

  it.each([
    ['{"status":"error","errorType":"bad_data","error":"parse\\nerror"}', /answered with an error \(parse error\)/],
    ['{"status":"success","data":{"resultType":"matrix","result":[]}}', /none of go_memstats/],
    [
      '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"instance":"a"},"values":[[1795565598,"1"]]}]}}',
      /must keep the metric's name/,
    ],
    ['{"status":"success","data":{"resultType":"matrix","result":[{"metric', /no complete JSON/],
  ])("refuses %s in one line", async (text, message) => {
    const failure = await observe(text, "q.json").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InputError);
    expect((failure as Error).message).toMatch(message);
    expect((failure as Error).message).toMatch(/^q\.json: [^\n]+$/);
  });
});
