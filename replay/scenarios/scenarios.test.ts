import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { findEra } from "../../allocator/eras/index.ts";
import { SCENARIOS } from "./index.ts";
import type { ScenarioRun } from "./play.ts";
import { runScenario } from "./run.ts";
import type { ScenarioOptions } from "./scenario.ts";

const MiB = 1 << 20;
const MINUTE = 60e9;

/** Runs of a scenario by policy. */
function runs(name: string, asked: Partial<ScenarioOptions> = {}): Map<string, ScenarioRun> {
  const scenario = SCENARIOS.find((s) => s.name === name)!;
  return new Map(runScenario(scenario, asked).runs.map((run) => [run.config.policy, run]));
}

/** The first moment after `from` at which RSS is below `bytes`. */
function below(run: ScenarioRun, bytes: number, from: number): number {
  return run.timeline.find((row) => row.t > from && row.rss < bytes)?.t ?? Number.POSITIVE_INFINITY;
}

describe("every scenario", () => {
  test.each(SCENARIOS)("$name: has its page, known policies and columns of its own", ({ name, defaults, program }) => {
    expect(existsSync(new URL(`./${name}.md`, import.meta.url))).toBe(true);
    for (const policy of defaults.policies) expect(findEra(policy), policy).not.toBeNull();
    expect(program !== undefined || defaults.policies.length === 0).toBe(true);
  });

  test("is the same each time", () => {
    const policies = ["go1.12-dev", "go1.27"];
    expect(runs("fragmentation", { policies })).toEqual(runs("fragmentation", { policies }));
  });

  test.each(["bursts", "fragmentation", "virtual-leak"])(
    "%s: heap and system agree on what is mapped, and RSS is what is in use or free and backed",
    (name) => {
      for (const [policy, { summary, timeline }] of runs(name, { os: ["linux"] })) {
        expect(summary.finalCommit, policy).toBe(summary.finalMapped);
        if (policy < "go1.13" || policy === "go1.13" || policy === "go1.14") continue;
        const last = timeline.at(-1)!;
        // Pages taken and not touched do not exist here: every span is written to.
        expect(last.rss, policy).toBe(last.heapInuse + last.heapFree + last.stacks);
      }
    },
  );
});

describe("what the story says", () => {
  test("1.11 returns a burst when it has been free for five minutes; 1.16 with the GC after the one that frees it, 1.27 one later", () => {
    const all = runs("bursts", { policies: ["go1.11", "go1.16", "go1.27"] });
    const freed = 2.5 * MINUTE;
    const at = below(all.get("go1.11")!, 100 * MiB, freed) - freed;
    expect(at).toBeGreaterThan(5 * MINUTE);
    expect(at).toBeLessThan(8 * MINUTE);
    const period = 2 * MINUTE;
    const later = (policy: string): number => (below(all.get(policy)!, 100 * MiB, freed) - freed) / period;
    expect(later("go1.16")).toBeCloseTo(1, 1);
    expect(later("go1.27")).toBeCloseTo(2, 1);
  });

  test("a trickle keeps 1.11 and 1.12 from returning anything", () => {
    const all = runs("trickle", { policies: ["go1.11", "go1.12", "go1.13"] });
    expect([...all.values()].map((run) => run.summary.returnedTotal > 0)).toEqual([false, false, true]);
  });

  test("the broken find needs half as much again at least, whatever the seed; the fixed one does not depend on it", () => {
    const scenario = SCENARIOS.find((s) => s.name === "broken-find")!;
    const all = runScenario(scenario, { policies: ["go1.12-dev", "go1.12"], seeds: 3 }).runs;
    const mapped = (policy: string): number[] =>
      all.filter((run) => run.config.policy === policy).map((run) => run.summary.finalMapped);
    const fixed = mapped("go1.12");
    expect(new Set(fixed).size).toBe(1);
    for (const bytes of mapped("go1.12-dev")) expect(bytes).toBeGreaterThan(1.5 * fixed[0]!);
    expect(new Set(all.map((run) => run.summary.returnCalls)).size).toBeGreaterThan(2);
  });

  test("growth is paid for from 1.12 on, not in 1.11", () => {
    const all = runs("large-request", { policies: ["go1.11", "go1.12", "go1.16"] });
    expect(all.get("go1.11")!.summary.returnedTotal).toBe(0);
    expect(all.get("go1.12")!.summary.returnedOnGrowth).toBeGreaterThanOrEqual(96 * MiB);
    expect(all.get("go1.16")!.summary.peakRss).toBeLessThan(all.get("go1.11")!.summary.peakRss - 64 * MiB);
  });

  test("page caches take the lock once for 64 pages, and for each free", () => {
    const all = runs("one-kib", { policies: ["go1.13", "go1.14"] });
    const before = all.get("go1.13")!.summary;
    const after = all.get("go1.14")!.summary;
    expect(before.heapLockAvoided).toBe(0);
    expect(after.heapLockAcquisitions / before.heapLockAcquisitions).toBeCloseTo((1 + 1 / 64) / 2, 2);
  });

  test("MADV_FREE stays in RSS until there is pressure, and saves faults", () => {
    const all = runs("lazy-free", { policies: ["go1.15", "go1.16"] });
    const lazy = all.get("go1.15")!.summary;
    const eager = all.get("go1.16")!.summary;
    expect(lazy.returnedTotal).toBe(eager.returnedTotal);
    expect(lazy.finalLazy).toBeGreaterThan(100 * MiB);
    expect(eager.finalLazy).toBe(0);
    expect(lazy.faults).toBeLessThan(eager.faults);
    // 64 MiB were taken after the first burst, and faulted in the second; nothing else did.
    expect(lazy.faults - (176 * MiB) / 4096).toBe((64 * MiB) / 4096);
  });

  test("GOMEMLIMIT holds from 1.19 on", () => {
    const all = runs("memory-limit", { policies: ["go1.18", "go1.19", "go1.27"] });
    expect(all.get("go1.18")!.summary.peakRss).toBeGreaterThan(240 * MiB);
    for (const policy of ["go1.19", "go1.27"]) {
      expect(all.get(policy)!.summary.peakRss, policy).toBeLessThanOrEqual(225 * MiB);
      expect(all.get(policy)!.summary.returnedForLimit, policy).toBeGreaterThan(0);
    }
  });

  test("dense chunks are left alone from 1.21 on", () => {
    const all = runs("dense-chunks", { policies: ["go1.20", "go1.21"], thp: ["never"] });
    expect(all.get("go1.21")!.summary.returnCalls).toBeLessThan(all.get("go1.20")!.summary.returnCalls / 2);
  });

  test("khugepaged fills what was returned, unless it may not or the runtime has said no", () => {
    const filled = (policy: string, maxPtesNone: number): number =>
      runs("huge-pages", { policies: [policy], thp: ["always"], maxPtesNone: [maxPtesNone] }).get(policy)!.summary
        .collapsedFill;
    expect(filled("go1.27", 511)).toBeGreaterThan(10 * MiB);
    expect(filled("go1.27", 0)).toBe(0);
    expect(filled("go1.20", 511)).toBe(0);
  });

  test("with pages of 64 KiB nothing can be returned when each has a page in use", () => {
    const run = (size: number): ScenarioRun =>
      runs("fixed-pages", { policies: ["go1.18"], physPageSizes: [size] }).get("go1.18")!;
    expect(run(65536).summary.returnedTotal).toBe(0);
    expect(run(4096).summary.finalRss).toBeLessThan(20 * MiB);
    expect(run(16384).summary.finalRss).toBe(32 * MiB);
  });

  test("on Windows commit charge follows the heap, on Linux it never falls", () => {
    const scenario = SCENARIOS.find((s) => s.name === "operating-systems")!;
    const all = runScenario(scenario, { policies: ["go1.16"], os: ["linux", "windows"] }).runs;
    const [linux, windows] = all.map((run) => run.summary);
    expect(linux!.finalCommit).toBe(linux!.peakCommit);
    expect(windows!.finalCommit).toBeLessThan(windows!.peakCommit / 10);
    expect(windows!.finalCommit).toBe(windows!.finalRss);
  });

  test("the virtual leak is of address space: commit and RSS stay a third of it", () => {
    const all = runs("virtual-leak", { policies: ["go1.11", "go1.27"], os: ["windows"] });
    const now = all.get("go1.27")!.summary;
    expect(now.finalCommit).toBeLessThan(now.finalMapped / 3 + 1);
    const then = all.get("go1.11")!.summary;
    expect(then.finalRss).toBeGreaterThan(then.finalMapped * 0.9);
  });
});
