import { expect, it } from "vitest";
import type { HeapProfile } from "../../parsers/pprof/profile.ts";
import { bucketsOf } from "./buckets.ts";
import { collect } from "./collect.ts";
import { Facts } from "./facts.ts";
import { profileBuckets } from "./profile-buckets.ts";

const FOLDER = new URL("../../fixtures/causes/", import.meta.url).pathname;

it("a heap profile alone shows what its buckets take", async () => {
  const collected = await collect([`${FOLDER}gogc-headroom/heap.pb.gz`]);
  const [real] = collected.profiles;
  // What a program with 42091 different stacks left, of 33.85 frames each; MemStats gave 20586289 bytes for BuckHashSys.
  const sampleCount = 42_091;
  const stackOffsets = Uint32Array.from({ length: sampleCount + 1 }, (_, s) => Math.round(33.85 * s));
  const { profile } = real!;
  const many = Object.create(profile, {
    data: { value: { ...profile.data, sampleCount, stackOffsets } },
  }) as HeapProfile;
  const given = { ...collected, profiles: [{ ...real!, profile: many }] };
  expect(bucketsOf(new Facts(given)) / 20_586_289).toBeCloseTo(1, 1);
  expect(profileBuckets.audit(new Facts(given)).verdict).toBe("present");
});

it("the profile of an ordinary program has few", async () => {
  const collected = await collect([`${FOLDER}gogc-headroom/heap.pb.gz`]);
  expect(bucketsOf(new Facts(collected))).toBeLessThan(2 * 2 ** 20);
  expect(profileBuckets.audit(new Facts(collected)).verdict).toBe("ruled-out");
});
