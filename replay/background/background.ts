import type { PageHeap } from "../../allocator/types.ts";

/** What a background scavenger reads of the program it runs in. */
export interface BackgroundWorld {
  readonly heap: PageHeap;
  /** GOMAXPROCS now. */
  procs: number;
  /** System calls made so far to return memory: what returning costs depends on how many it takes. */
  returnCalls: number;
  /** When sysmon sees what is due at `due`, ns: late while all Ps are idle. Without it, at once. */
  readonly sysmonLooks?: (due: number) => number;
}

/** A version's background return of memory, in simulated time (ns). One implementation per pace. */
export interface Background {
  /** Time of the next step; Infinity while parked. */
  readonly next: number;
  /** Does every step due up to and including `now`. */
  advance(now: number): void;
  /** New goals were published (heap.scavengeGoals), after a GC or a change of settings. */
  paced(now: number): void;
  /** A GC cycle starts: finishsweep_m wakes the scavenger at once (mgcsweep.go, 1.15+), out of its sleep too. */
  gcStarted(now: number): void;
  /** The last span of a cycle is swept. */
  swept(now: number): void;
}

/** Retained heap in bytes (mgcscavenge.go:heapRetained): what the goals are compared with. */
export function heapRetained(heap: PageHeap): number {
  return heap.stats.inUse + heap.stats.freeBacked;
}

/** Bytes mapped and backed as far as the runtime knows (gcController.mappedReady, 1.19+). */
export function mappedReady(heap: PageHeap): number {
  return heap.stats.mapped - heap.stats.released + heap.nonHeapMapped;
}
