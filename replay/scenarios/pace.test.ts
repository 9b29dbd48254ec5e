import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type PlaySetting, play } from "./play.ts";
import { Workload } from "./workload.ts";

const MiB = 1 << 20;
const MS = 1e6;

/** What a real run of conformance/scavenge-pace had returned, by time in ms: free memory that is no longer backed. */
function measured(version: string): { ms: number; returned: number }[] {
  const file = new URL(`../../fixtures/scavenge-pace/${version}.csv`, import.meta.url);
  const rows = readFileSync(file, "utf8").trim().split("\n").slice(1);
  const backed = rows.map((row) => {
    const [ms, released, idle] = row.split(",").map(Number);
    return { ms: ms!, backed: idle! - released! };
  });
  // What was free when the second GC was done, all that is not kept of 200 MiB, may have begun to go before the first line.
  return backed.map((row) => ({ ms: row.ms, returned: 190 * MiB - row.backed }));
}

/** The same program in simulated time: what is returned at each of those moments. */
function played(policy: string, moments: readonly number[]): number[] {
  const w = new Workload({ seed: 1, procs: 2, gogc: 100, memoryLimit: Number.POSITIVE_INFINITY });
  const spans = Array.from({ length: 3200 }, () => w.alloc(8));
  for (const span of spans.slice(160)) w.drop(span);
  w.gc();
  w.gc();
  const setting: PlaySetting = {
    policy,
    seed: 1,
    procs: 2,
    physPageSize: 4096,
    os: "linux",
    thp: "never",
    maxPtesNone: 511,
    gogc: 100,
    memoryLimit: Number.POSITIVE_INFINITY,
  };
  return moments.map(
    (ms) => play({ batches: w.batches, pressures: [], end: w.now + ms * MS + 1 }, setting).summary.returnedTotal,
  );
}

/** The first of the moments at which half of it is returned. */
function half(moments: readonly number[], returned: readonly number[]): number {
  return moments[returned.findIndex((bytes) => bytes >= 95 * MiB)] ?? Number.POSITIVE_INFINITY;
}

describe.each(["go1.13.15", "go1.14.15", "go1.16.15", "go1.18.10", "go1.22.12", "go1.27.0"])(
  "pace of %s",
  (version) => {
    const real = measured(version);
    const moments = [100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 4000, 7900];
    const model = played(version, moments);

    test("all is returned in the end, within 2%", () => {
      expect(Math.abs(model.at(-1)! - real.at(-1)!.returned) / real.at(-1)!.returned).toBeLessThan(0.02);
    });

    test("half of it is returned at the right order of time: within a factor of 4", () => {
      const realAt = moments.map((ms) => real.find((row) => row.ms >= ms)?.returned ?? real.at(-1)!.returned);
      const ratio = half(moments, model) / half(moments, realAt);
      expect(ratio).toBeGreaterThan(1 / 4);
      expect(ratio).toBeLessThan(4.01);
    });
  },
);
