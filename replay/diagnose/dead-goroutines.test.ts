import { expect, it } from "vitest";
import type { HeapProfile } from "../../parsers/pprof/profile.ts";
import { collect } from "./collect.ts";
import { deadGoroutines } from "./dead-goroutines.ts";
import { Facts } from "./facts.ts";
import { Series } from "./series.ts";

const FIXTURE = new URL("../../fixtures/causes/dead-goroutines/heap.pb.gz", import.meta.url).pathname;
const MiB = 2 ** 20;

/** A heap profile of descriptors alone, beside what the MemStats say of stacks. */
async function verdict(stacks: number | null) {
  const collected = await collect([FIXTURE]);
  const series = new Map(collected.series);
  if (stacks !== null) series.set("stack_inuse", new Series([0], [stacks], "heap.txt"));
  return deadGoroutines.audit(new Facts({ ...collected, series }));
}

it("descriptors may be of goroutines that are alive: a profile alone does not prove them dead", async () => {
  const [fact] = (await collect([FIXTURE])).profiles;
  expect((fact!.profile satisfies HeapProfile).sampleCount).toBeGreaterThan(0);
  expect(await verdict(null)).toMatchObject({ verdict: "not-enough-data" });
  expect((await verdict(null)).bytes).toBeGreaterThan(32 * MiB);
});

it("no more goroutines are alive than have a stack", async () => {
  expect(await verdict(MiB)).toMatchObject({ verdict: "present" });
  // 2 KiB of stack for each of the 200000.
  expect((await verdict(400 * MiB)).verdict).not.toBe("present");
});
