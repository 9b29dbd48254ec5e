import { expect, it } from "vitest";
import type { HeapProfile } from "../../parsers/pprof/profile.ts";
import { collect } from "./collect.ts";
import { Facts } from "./facts.ts";
import { retainedSubstring } from "./retained-substring.ts";

const FOLDER = new URL("../../fixtures/causes/gogc-headroom/", import.meta.url).pathname;
const MiB = 2 ** 20;

/** The verdict where all that is alive are 60 buffers of 1 MiB which `place` allocated. */
async function verdict(place: string) {
  const collected = await collect([`${FOLDER}heap.pb.gz`]);
  const profile = {
    sampleCount: 1,
    timeNanos: 0,
    data: { sampleCount: 1, period: 524288, stackOffsets: Uint32Array.of(0, 2) },
    frames: () => [{ function: place }, { function: "main.load" }],
    totals: () => ({ inuseBytes: 60 * MiB }),
    sites: () => [],
    unsampled: () => ({ size: [MiB], inuseBytes: [60 * MiB], inuseObjects: [60], allocBytes: [60 * MiB] }),
  } as unknown as HeapProfile;
  return retainedSubstring.audit(
    new Facts({ ...collected, profiles: [{ profile, source: "heap.pb.gz", t: Number.NaN }] }),
  );
}

it("texts that were made of what was read stay by parts of them", async () => {
  expect(await verdict("bufio.(*Scanner).Text")).toMatchObject({ verdict: "present", bytes: 60 * MiB });
});

it("bytes as they were read may be a cache of whole bodies", async () => {
  expect(await verdict("io.ReadAll")).toMatchObject({ verdict: "not-enough-data", bytes: 60 * MiB });
  expect(await verdict("main.parse")).not.toMatchObject({ verdict: "present" });
});
