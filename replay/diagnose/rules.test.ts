import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Collected, GcFact } from "./collect.ts";
import { type CauseVerdict, diagnoseCollected } from "./diagnose.ts";
import { CAPTURE } from "./rule.ts";
import { RULES } from "./rules.ts";
import { Series } from "./series.ts";
import { GoVersion } from "./version.ts";

const MiB = 2 ** 20;

interface Given {
  go?: string;
  os?: string;
  physPageSize?: number;
  memoryLimit?: number;
  godebug?: string;
  /** Figures in MiB (counts as they are), a value or one a second. */
  figures?: Record<string, number | readonly number[]>;
  gcs?: Partial<GcFact>[];
}

const COUNTS = new Set(["num_gc", "goroutines", "cgroup_oom_kills"]);

function given({ go = "go1.27.0", figures = {}, gcs = [], ...settings }: Given): Collected {
  const series = new Map<string, Series>();
  for (const [name, value] of Object.entries(figures)) {
    const v = (typeof value === "number" ? [value] : value).map((x) => (COUNTS.has(name) ? x : x * MiB));
    const last = Math.max(...Object.values(figures).map((f) => (typeof f === "number" ? 1 : f.length))) - 1;
    series.set(name, new Series(v.length === 1 ? [last * 1e9] : v.map((_, i) => i * 1e9), v, "samples.csv"));
  }
  return {
    inputs: [],
    notes: [],
    partial: false,
    version: GoVersion.parse(go)!,
    settings: {
      gogc: null,
      memoryLimit: settings.memoryLimit ?? null,
      memoryLimitKnown: settings.memoryLimit !== undefined,
      physPageSize: settings.physPageSize ?? 4096,
      os: settings.os ?? "linux",
      godebug: settings.godebug ?? null,
    },
    series,
    gcs: gcs.map((gc, i) => ({
      n: i + 1,
      t: i * 1e9,
      end: i * 1e9 + 1e7,
      heapStart: 100 * MiB,
      heapEnd: 100 * MiB,
      marked: 50 * MiB,
      goal: 100 * MiB,
      stacks: 0,
      utilization: 1,
      cpuAssist: 0,
      procs: 4,
      forced: false,
      periodic: false,
      ...gc,
    })),
    gcSource: gcs.length > 0 ? "gctrace.log" : "",
    scavs: [],
    profiles: [],
    smaps: [],
    goroutines: [],
    modelled: null,
    replay: null,
    at: null,
  };
}

function verdict(id: string, what: Given): CauseVerdict {
  return diagnoseCollected(given(what)).causes.find((cause) => cause.id === id)!;
}

const HEAP = {
  rss: 300,
  heap_alloc: 80,
  heap_inuse: 90,
  heap_idle: 210,
  heap_released: 200,
  heap_sys: 300,
  sys: 310,
  stack_inuse: 1,
};

describe("rules", () => {
  it("are the 39 of the table, each with its page", () => {
    expect(RULES.map(({ meta }) => meta.number)).toEqual(Array.from({ length: 39 }, (_, i) => i + 1));
    for (const { meta } of RULES) {
      const page = new URL(`./${meta.id}.md`, import.meta.url);
      expect(existsSync(page), meta.id).toBe(true);
      expect(readFileSync(page, "utf8")).toContain(`# ${meta.title}\n`);
    }
  });

  it("say what to record where nothing is known, and guess nothing", () => {
    for (const cause of diagnoseCollected(given({})).causes) {
      expect(cause.verdict, cause.id).not.toBe("present");
      if (cause.verdict === "not-enough-data") expect(cause.capture, cause.id).toBeTruthy();
    }
  });

  // [cause, what is given, bytes in MiB], and the same with one thing changed, by which it is not present.
  const CASES: readonly [id: string, has: Given, mib: number, lacks: Given][] = [
    [
      "lazy-free",
      { go: "go1.13.5", figures: { ...HEAP, lazyfree: 180 } },
      180,
      { go: "go1.13.5", figures: { ...HEAP, lazyfree: 2 } },
    ],
    [
      "lazy-free",
      { go: "go1.14.1", figures: { ...HEAP, rss_anon: 290 } },
      180,
      { go: "go1.14.1", godebug: "madvdontneed=1", figures: { ...HEAP, rss_anon: 290 } },
    ],
    [
      "age-based-scavenger",
      { go: "go1.11.4", figures: { ...HEAP, heap_released: 0 } },
      209,
      { go: "go1.20.1", figures: { ...HEAP, heap_released: 0 } },
    ],
    [
      "no-memory-limit",
      { figures: { ...HEAP, cgroup_limit: 256, next_gc: 400 } },
      144,
      { figures: { ...HEAP, cgroup_limit: 512, next_gc: 400 } },
    ],
    [
      "mark-overshoot",
      { gcs: [{}, { heapStart: 95 * MiB, heapEnd: 180 * MiB, goal: 100 * MiB }] },
      80,
      { gcs: [{}, { heapStart: 180 * MiB, heapEnd: 182 * MiB, goal: 100 * MiB }] },
    ],
    [
      "large-phys-pages",
      { physPageSize: 65536, figures: { ...HEAP, heap_released: 10 } },
      200,
      { physPageSize: 4096, figures: { ...HEAP, heap_released: 10 } },
    ],
    [
      "khugepaged-refill",
      { go: "go1.22.3", figures: { ...HEAP, rss_anon: 290, anon_huge: 240 } },
      180,
      { go: "go1.22.3", figures: { ...HEAP, rss_anon: 112, anon_huge: 90 } },
    ],
    [
      "huge-pages-survive",
      { go: "go1.19.3", figures: { ...HEAP, rss_anon: 290, anon_huge: 240 } },
      180,
      { go: "go1.22.3", figures: { ...HEAP, rss_anon: 290, anon_huge: 240 } },
    ],
    [
      "forced-huge-pages",
      { go: "go1.21.1", figures: { ...HEAP, rss_anon: 290, anon_huge: 240 } },
      180,
      { go: "go1.21.5", figures: { ...HEAP, rss_anon: 290, anon_huge: 240 } },
    ],
    [
      "cgo-memory",
      { figures: { ...HEAP, rss: 500, rss_anon: 400 } },
      290,
      { figures: { ...HEAP, rss: 500, rss_anon: 115 } },
    ],
    [
      "file-mappings",
      { figures: { ...HEAP, rss: 600, rss_file: 500 } },
      500,
      { figures: { ...HEAP, rss: 300, rss_file: 8 } },
    ],
    [
      "page-cache",
      { figures: { rss: 50, cgroup_usage: 500, cgroup_file: 430 } },
      430,
      { figures: { rss: 50, cgroup_usage: 60, cgroup_file: 4 } },
    ],
    ["address-space", { figures: { ...HEAP, rss: 110 } }, 0, { figures: { ...HEAP, heap_released: 20 } }],
    [
      "released-gauge",
      { figures: { heap_released: [10, 200, 200, 40] } },
      0,
      { figures: { heap_released: [10, 200, 200, 200] } },
    ],
    [
      "over-scavenging",
      { go: "go1.13.4", figures: { rss: 100, heap_released: [0, 90, 0, 90, 0, 90, 0, 90, 0, 90, 0, 90, 0] } },
      0,
      { go: "go1.20.4", figures: { rss: 100, heap_released: [0, 90, 0, 90, 0, 90, 0, 90, 0, 90, 0, 90, 0] } },
    ],
    ["other-os", { os: "windows" }, 0, { os: "linux" }],
  ];

  it.each(CASES)("%s is told by what shows it", (id, has, mib, lacks) => {
    const yes = verdict(id, has);
    expect(yes.verdict, JSON.stringify(yes.evidence)).toBe("present");
    expect(yes.bytes / MiB).toBeCloseTo(mib, 0);
    expect(yes.advice).not.toBe("");
    expect(verdict(id, lacks).verdict).not.toBe("present");
  });

  it("goals that a limit made tell what is beside the heap, where no MemStats do", () => {
    // 20 MiB alive and 30 of stacks scanned: GOGC alone would give 70.
    const gcs = (goal: number) =>
      Array.from({ length: 6 }, () => ({ marked: 20 * MiB, stacks: 30 * MiB, goal: goal * MiB }));
    const of = (goal: number) => verdict("non-heap-eats-limit", { memoryLimit: 100 * MiB, gcs: gcs(goal) });
    expect(of(38.8)).toMatchObject({ verdict: "present" });
    expect(of(38.8).bytes / MiB).toBeCloseTo(60, 1);
    expect(of(70).verdict).toBe("ruled-out");
    // No more than what is alive: the limit leaves not even that.
    expect(of(20.1).verdict).toBe("ruled-out");
    const older = verdict("non-heap-eats-limit", { go: "go1.20.1", memoryLimit: 100 * MiB, gcs: gcs(38.8) });
    expect(older.bytes / MiB).toBeCloseTo(100 - 39.8, 1);
  });

  it("goals close to what is alive are a low GOGC's where they rise with it, and a limit's where they do not", () => {
    const gcs = (goalOf: (live: number) => number) =>
      Array.from({ length: 24 }, (_, i) => {
        const marked = (40 + 2 * i) * MiB;
        return { t: i * 1e8, end: i * 1e8 + 5e7, marked, heapStart: 1.05 * marked, goal: goalOf(marked - 2 * MiB) };
      });
    expect(verdict("limit-death-spiral", { gcs: gcs((live) => live + 3 * MiB) }).verdict).toBe("present");
    expect(verdict("limit-death-spiral", { gcs: gcs((live) => 1.1 * live) }).verdict).toBe("ruled-out");
  });

  it("a goal somewhat over the least is the heap minimum's only where GCs come very often", () => {
    const gcs = (goal: number, perSecond: number) =>
      Array.from({ length: 40 }, (_, i) => ({
        t: (i * 1e9) / perSecond,
        end: (i * 1e9) / perSecond + 1e5,
        marked: 3 * MiB,
        goal: goal * MiB,
      }));
    expect(verdict("heap-minimum", { gcs: gcs(4, 20) }).verdict).toBe("present");
    expect(verdict("heap-minimum", { gcs: gcs(7, 20) }).verdict).toBe("ruled-out");
    expect(verdict("heap-minimum", { gcs: gcs(7, 120) }).verdict).toBe("present");
  });

  it("idle-no-gc is proved by the GC that was forced after two minutes", () => {
    const gcs = [
      {},
      {},
      { periodic: true, forced: false, t: 125e9, end: 126e9, heapStart: 95 * MiB, marked: 20 * MiB },
    ];
    expect(verdict("idle-no-gc", { gcs })).toMatchObject({ verdict: "present", bytes: 75 * MiB });
    expect(verdict("idle-no-gc", { gcs: gcs.map((gc) => ({ ...gc, periodic: false })) }).verdict).toBe(
      "not-enough-data",
    );
  });

  it("name no setting that the version lacks", () => {
    const old = diagnoseCollected(
      given({ go: "go1.17.3", figures: { ...HEAP, heap_released: [0, 0], rss_anon: 290 }, gcs: [{}, {}, {}, {}] }),
    );
    for (const { id, advice } of old.causes) expect(advice, id).not.toMatch(/GOMEMLIMIT/);
    const huge = { ...HEAP, rss_anon: 290, anon_huge: 240 };
    expect(verdict("khugepaged-refill", { go: "go1.21.4", figures: huge }).advice).not.toContain("disablethp");
    expect(verdict("khugepaged-refill", { go: "go1.21.6", figures: huge }).advice).toContain("disablethp");
    const buckets = { ...HEAP, buckhash_sys: 90 };
    expect(verdict("profile-buckets", { go: "go1.22.1", figures: buckets }).advice).not.toContain("profstackdepth");
    expect(verdict("profile-buckets", { go: "go1.23.1", figures: buckets }).advice).toContain("profstackdepth");
  });

  it("rank what is present by bytes, then what is unknown, then what is ruled out", () => {
    const { causes } = diagnoseCollected(given({ figures: { ...HEAP, rss: 800, rss_anon: 400, rss_file: 350 } }));
    const order = ["present", "not-enough-data", "ruled-out"];
    for (let i = 1; i < causes.length; i++) {
      const [a, b] = [causes[i - 1]!, causes[i]!];
      expect(order.indexOf(a.verdict)).toBeLessThanOrEqual(order.indexOf(b.verdict));
      if (a.verdict === "present" && b.verdict === "present") expect(a.bytes).toBeGreaterThanOrEqual(b.bytes);
    }
    expect(causes[0]!.id).toBe("file-mappings");
    expect(causes.find(({ id }) => id === "no-memory-limit")!.capture).toBe(CAPTURE.cgroup);
  });

  it("what a replay without addresses takes for returned, or can't see of stacks, may be what is resident beyond", () => {
    const of = (rss_anon: number, source: string) => {
      const collected = given({
        figures: {
          heap_inuse: 60,
          heap_idle: 50,
          heap_released: 40,
          rss: rss_anon,
          rss_anon,
          goroutines: 40,
          sys: 110,
        },
      });
      const series = new Map(collected.series);
      if (source === "replay") series.delete("sys");
      for (const name of ["heap_inuse", "heap_idle", "heap_released"] as const) {
        const { t, v } = series.get(name)!;
        series.set(name, new Series(t, v, source));
      }
      return diagnoseCollected(
        { ...collected, series },
        RULES.filter(({ meta }) => meta.id === "cgo-memory"),
      ).causes[0]!;
    };
    // 70 MiB are Go's, 40 more were, and 10 may be stacks, some 20 metadata.
    expect(of(105, "samples.csv")).toMatchObject({ verdict: "present", bytes: 35 * MiB });
    expect(of(105, "replay")).toMatchObject({ verdict: "not-enough-data", capture: CAPTURE.memstats });
    expect(of(160, "replay")).toMatchObject({ verdict: "present", bytes: 90 * MiB });
  });

  it("without MemStats, anonymous memory far beyond the heap that a log shows is not Go's", () => {
    const gcs = Array.from({ length: 5 }, () => ({ heapEnd: 20 * MiB, stacks: MiB }));
    const of = (rss: number) => {
      const collected = given({ figures: { rss, rss_anon: rss }, gcs });
      const ledger = { t: 0, rss: 25 * MiB, parts: [] };
      const modelled = { ledgerPeak: ledger, ledgerFinal: ledger } as unknown as Collected["modelled"];
      return diagnoseCollected(
        { ...collected, modelled },
        RULES.filter(({ meta }) => meta.id === "cgo-memory"),
      ).causes[0]!;
    };
    expect(of(180)).toMatchObject({ verdict: "present", bytes: 155 * MiB });
    // Up to half as much again, and some, may be Go's own.
    expect(of(55).verdict).toBe("not-enough-data");
  });
});
