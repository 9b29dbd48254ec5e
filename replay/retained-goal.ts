/**
 * What the background scavenger lets the heap keep: 10% over what the GC is going to grow to.
 * mgcscavenge.go:gcPaceScavenger (Go 1.13-1.27); one rule, with small differences by version.
 */

const RETAIN_EXTRA_DIVISOR = 10; // 1 / (retainExtraPercent / 100)
const REDUCE_EXTRA_PERCENT = 5;

export interface RetainedGoalInput {
  /** Bytes of object spans at the last mark termination, before sweeping (memstats.lastHeapInUse). */
  readonly lastHeapInuse: number;
  /** The goal just committed, and the goal of the cycle that ended, in bytes. */
  readonly heapGoal: number;
  readonly lastHeapGoal: number;
  readonly physPageSize: number;
  /** Bytes the heap retains now: in use or free and backed. */
  readonly retained: number;
}

/**
 * The GOGC-driven goal in bytes; Infinity when there is nothing to do until the next commit. A heap that is within a
 * physical page of its goal turns scavenging off altogether, growth or not, until the next commit.
 */
export function gcPercentGoal(input: RetainedGoalInput): number {
  if (input.lastHeapGoal === 0) return Number.POSITIVE_INFINITY;
  const goal = exactRetainedGoal(input);
  return input.retained <= goal || input.retained - goal < input.physPageSize ? Number.POSITIVE_INFINITY : goal;
}

/** The goal itself, whether or not the heap is over it (1.13 keeps it even then). Bytes, whole physical pages. */
export function exactRetainedGoal({ lastHeapInuse, heapGoal, lastHeapGoal, physPageSize }: RetainedGoalInput): number {
  // Two infinite goals (GOGC=off) are equal ones: the runtime divides the same huge number by itself.
  const ratio = heapGoal === lastHeapGoal ? 1 : heapGoal / lastHeapGoal;
  let goal = Math.trunc(lastHeapInuse * ratio);
  if (!Number.isFinite(goal)) return Number.POSITIVE_INFINITY;
  goal += Math.trunc(goal / RETAIN_EXTRA_DIVISOR);
  return Math.ceil(goal / physPageSize) * physPageSize;
}

/**
 * The memory-limit goal in bytes (1.19+); Infinity when mapped-and-ready memory is below it.
 * 1.19 to 1.21 forgot to divide the 95% by 100, so the background scavenger never works for the limit there.
 */
export function memoryLimitGoal(limit: number, mappedReady: number, divides: boolean): number {
  if (!Number.isFinite(limit)) return Number.POSITIVE_INFINITY;
  const goal = divides ? Math.trunc(limit * (1 - REDUCE_EXTRA_PERCENT / 100)) : limit * (100 - REDUCE_EXTRA_PERCENT);
  return mappedReady <= goal ? Number.POSITIVE_INFINITY : goal;
}
