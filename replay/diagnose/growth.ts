import type { Facts } from "./facts.ts";
import { MiB } from "./text.ts";

/** Growth of the heap while enough of it lay idle, by size: no free run was long enough. */
export interface FragmentedGrowth {
  /** Most that was free and backed at such a moment, and when. */
  readonly free: number;
  readonly t: number;
  /** Growth of this kind, all in all. */
  readonly grown: number;
}

/** null when HeapIdle and HeapSys over time are not known. */
export function fragmentedGrowth(facts: Facts): FragmentedGrowth | null {
  const sys = facts.series("heap_sys");
  const idle = facts.idle();
  const free = facts.free();
  const count = facts.series("num_gc");
  const stacks = facts.series("stack_inuse");
  if (!sys || !idle || !free || sys.length < 8) return null;
  let best = 0;
  let at = 0;
  let grown = 0;
  for (let i = 1; i < sys.length; i++) {
    // Pages that go from stacks to the heap are no growth: HeapSys is without stacks.
    const stack = stacks ? stacks.at(sys.t[i]!) - stacks.at(sys.t[i - 1]!) : 0;
    const growth = sys.v[i]! - sys.v[i - 1]! + stack;
    if (growth < MiB) continue;
    const before = sys.t[i - 1]!;
    const now = sys.t[i]!;
    // A GC in between may have freed what is idle now.
    if (count && count.at(before) !== count.at(now)) continue;
    const had = Math.min(idle.at(before), idle.at(now) - growth);
    if (had < Math.max(growth, 0.1 * sys.v[i - 1]!, 8 * MiB)) continue;
    grown += growth;
    const backed = Math.min(free.at(before), free.at(now), had);
    if (backed >= best) {
      best = backed;
      at = now;
    }
  }
  // Up to 1.16 the heap grows by whole arenas of 64 MiB, needed or not.
  if (facts.version.since(17) === false) grown = Math.max(0, grown - 64 * MiB);
  return { free: best, t: at, grown };
}

export function isFragmented(facts: Facts, growth: FragmentedGrowth): boolean {
  return growth.free >= Math.max(facts.threshold, 0.2 * facts.scale) && growth.grown >= facts.threshold;
}
