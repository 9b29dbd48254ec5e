import { expect, it } from "vitest";
import type { HeapProfile } from "../../parsers/pprof/profile.ts";
import type { Facts } from "./facts.ts";
import { doublingSite, mayBeBlocks } from "./map-sites.ts";

const MiB = 2 ** 20;

/** One place's blocks of one size. */
function profile(size: number, live: number, made: number, place = "main.load"): HeapProfile {
  return {
    sampleCount: 1,
    frames: () => [{ function: place }],
    unsampled: () => ({ size: [size], inuseBytes: [live * size], inuseObjects: [live], allocObjects: [made] }),
  } as unknown as HeapProfile;
}

const facts = (most: number) => ({ gcs: [{ marked: most }], series: () => null }) as unknown as Facts;

it("tables of one size of which two were made for each that is alive are a map's", () => {
  expect(doublingSite(profile(27264, 1000, 2040))).toMatchObject({ bytes: 1000 * 27264, steps: 0, made: 2040 * 27264 });
  expect(doublingSite(profile(27264, 1000, 5000))).toBeNull();
  expect(doublingSite(profile(27264, 1000, 1000))).toBeNull();
});

it("tables may be of a power of two, too: 128 groups of eight slots of 56 bytes take 64 KiB", () => {
  expect(doublingSite(profile(65536, 2000, 3900))).toMatchObject({ bytes: 2000 * 65536 });
  expect(doublingSite(profile(65536, 40, 80))).toBeNull();
});

it("blocks of which half were dropped were all alive at once, and a map's tables never", () => {
  const blocks = doublingSite(profile(49152, 1000, 2100))!;
  expect(mayBeBlocks(facts(2100 * 49152), blocks)).toBe(true);
  expect(mayBeBlocks(facts(1000 * 49152 + 10 * MiB), blocks)).toBe(false);
});
