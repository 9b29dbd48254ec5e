/** Profiling buckets by the heap profile that they make: it has a sample for each of them. */
import type { Facts } from "./facts.ts";

/** buckhashArray of 179999 pointers, and a bucket's header and memRecord on 64 bits (mprof.go:newBucket). */
const TABLE = 179_999 * 8;
const BUCKET = 48 + 128;
/** Frames of the allocator, which a profile leaves out. */
const HIDDEN_FRAMES = 2;

/** BuckHashSys as a heap profile shows it, bytes: less those of block and mutex profiles, which it does not. 0 without a profile. */
export function bucketsOf(facts: Facts): number {
  const data = facts.profile?.profile.data;
  if (!data || data.sampleCount === 0) return 0;
  const frames = data.stackOffsets[data.sampleCount]! + HIDDEN_FRAMES * data.sampleCount;
  return TABLE + BUCKET * data.sampleCount + 8 * frames;
}
