import type { Era } from "../allocator/types.ts";

/** What replay has to know of a version beyond its page heap. */
export interface EraRules {
  /** 1.26+: the heap begins at a random place, with padding pages below the first span (malloc.go:mallocinit). */
  readonly randomBase: boolean;
  /** 1.22+: the scavenger's 95% of the memory limit is divided by 100 (mgcscavenge.go:gcPaceScavenger). */
  readonly dividesLimitGoal: boolean;
  /** 1.26+: spans that were scavenged as a whole are not zeroed (mheap.go:allocNeedsZero, needZeroAfterSysUnused). */
  readonly scavengedIsClean: boolean;
  /** 1.13: a heap at its retained goal keeps the goal; later versions turn scavenging off until the next GC. */
  readonly keepsGoal: boolean;
  /** 1.12-1.15: MADV_FREE (mem_linux.go:sysUnused): pages that are returned stay in RSS until memory is short. */
  readonly freesLazily: boolean;
  /** Minor version of Go 1.x. */
  readonly minor: number;
}

/** N of Go 1.N, of "go1.22.3" or "1.22"; the newest for what tells none. */
export function minorOf(version: string): number {
  return Number(/1\.(\d+)/.exec(version)?.[1] ?? 27);
}

export function rulesOf(era: Era): EraRules {
  const minor = minorOf(era.since);
  return {
    randomBase: minor >= 26,
    dividesLimitGoal: minor >= 22,
    scavengedIsClean: minor >= 26,
    keepsGoal: minor === 13,
    freesLazily: minor >= 12 && minor <= 15,
    minor,
  };
}
