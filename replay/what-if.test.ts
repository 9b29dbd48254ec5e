import { beforeAll, describe, expect, test } from "vitest";
import { slotSizesFor } from "../allocator/size-classes.ts";
import { openInputs } from "../parsers/open.ts";
import { learn } from "./learned.ts";
import { ProgramBuilder } from "./program.ts";
import { solve } from "./solve.ts";
import {
  combine,
  type Prepared,
  prepareWhatIf,
  runPrepared,
  settingProblem,
  type WhatIfRun,
  whatIf,
} from "./what-if.ts";

const TRACE = new URL("../fixtures/cache-1.27/trace.out.gz", import.meta.url).pathname;

let prepared: Prepared;
let byGogc: WhatIfRun[];

beforeAll(async () => {
  prepared = await prepareWhatIf([TRACE]);
  byGogc = await runPrepared(
    prepared,
    [25, 50, 100, 200, 400].map((gogc) => ({ ...prepared.recorded, gogc })),
  );
}, 60_000);

describe("a recorded cache", () => {
  test("the tracer's own heap is left out", () => {
    expect(prepared.recorderBytes).toBe(2.25 * 2 ** 20);
  });

  test("under its own settings, tracer and all, it collects as often as it did", async () => {
    const { sources } = await openInputs([TRACE]);
    const builder = new ProgramBuilder(slotSizesFor("go1.27"), { keepRecorder: true });
    for await (const batch of sources[0]!.batches()) builder.add(batch);
    const program = builder.finish();
    const learned = learn(program, 100, { nonHeapMapped: 5.5e6, untouchedManual: 0.2, untouchedObjects: 0 });
    const job = { ...prepared.job, programs: [program], tables: [], learned };
    const [run] = await runPrepared({ ...prepared, job }, [prepared.recorded]);
    const recorded = program.cycles.length;
    expect(Math.abs(run!.summary.gcCycles - recorded)).toBeLessThanOrEqual(Math.max(2, recorded * 0.1));
    const peak = prepared.baseline.summary.peakHeapInuse;
    expect(run!.summary.peakHeapInuse).toBeGreaterThan(peak * 0.85);
    expect(run!.summary.peakHeapInuse).toBeLessThan(peak * 1.15);
  });

  test("more GOGC: fewer GCs, less GC work, more memory", () => {
    for (let i = 1; i < byGogc.length; i++) {
      const [less, more] = [byGogc[i - 1]!, byGogc[i]!];
      expect(more.summary.gcCycles).toBeLessThan(less.summary.gcCycles);
      expect(more.gcCpuShare).toBeLessThan(less.gcCpuShare);
      expect(more.summary.meanRss).toBeGreaterThan(less.summary.meanRss);
    }
  });

  test("a run is the same each time", async () => {
    const [again] = await runPrepared(prepared, [{ ...prepared.recorded, gogc: 50 }]);
    expect(again).toEqual(byGogc[1]);
  });

  test("a limit holds RSS down, and one below what is alive is told", async () => {
    const free = byGogc[4]!.summary.peakRss;
    const of = (memoryLimit: number) => ({ ...prepared.recorded, gogc: 400, memoryLimit });
    const [held, low] = await runPrepared(prepared, [of(free * 0.75), of(byGogc[0]!.summary.peakHeapLive * 0.5)]);
    expect(held!.summary.peakRss).toBeLessThan(free * 0.9);
    expect(held!.limitTooLow).toBe(false);
    expect(low!.limitTooLow).toBe(true);
  });

  test("every version plays it", async () => {
    const policies = [
      "go1.11",
      "go1.12-dev",
      "go1.12",
      "go1.13",
      "go1.14",
      "go1.17",
      "go1.18",
      "go1.20",
      "go1.21",
      "go1.26",
    ];
    const runs = await runPrepared(
      prepared,
      policies.map((policy) => ({ ...prepared.recorded, policy })),
    );
    for (const run of runs) {
      expect(run.summary.peakHeapInuse, run.config.policy).toBeGreaterThan(byGogc[2]!.summary.peakHeapInuse * 0.7);
      expect(run.summary.peakHeapInuse, run.config.policy).toBeLessThan(byGogc[2]!.summary.peakHeapInuse * 1.5);
    }
  }, 60_000);

  test("solve finds the highest GOGC that holds a peak, and the lowest that holds the GC's share", async () => {
    const most = byGogc[2]!.summary.peakRss;
    const bySize = await solve(prepared, { figure: "peak-rss", most });
    expect(bySize.best!.summary.peakRss).toBeLessThanOrEqual(most);
    const tried = bySize.curve.filter((run) => run.summary.peakRss <= most).map((run) => Number(run.config.gogc));
    expect(bySize.best!.config.gogc).toBe(Math.max(...tried));
    const share = byGogc[1]!.gcCpuShare;
    const byShare = await solve(prepared, { figure: "gc-cpu", most: share });
    expect(byShare.best!.gcCpuShare).toBeLessThanOrEqual(share);
    expect(byShare.limit).toBeNull();
  }, 60_000);
});

test("settings are combined each with each", () => {
  const all = combine(prepared.recorded, { gogc: [50, 200], memoryLimit: [Infinity, 1e8], policy: ["go1.19"] });
  expect(all.map(({ gogc, memoryLimit, policy }) => [policy, memoryLimit, gogc])).toEqual([
    ["go1.19", Infinity, 50],
    ["go1.19", Infinity, 200],
    ["go1.19", 1e8, 50],
    ["go1.19", 1e8, 200],
  ]);
});

test("a limit is refused for versions without one, and the one that brought it is named", async () => {
  expect(settingProblem({ ...prepared.recorded, policy: "go1.18", memoryLimit: 1e8 })).toMatch(/Go 1\.19/);
  expect(settingProblem({ ...prepared.recorded, policy: "go1.19", memoryLimit: 1e8 })).toBeNull();
  await expect(whatIf([TRACE], { policy: ["go1.12"], memoryLimit: [1e8] })).rejects.toThrow(RangeError);
}, 30_000);

test("an abort stops it", async () => {
  const abort = new AbortController();
  abort.abort(new Error("enough"));
  await expect(runPrepared(prepared, [prepared.recorded], { signal: abort.signal })).rejects.toThrow("enough");
});
