import {
  contend,
  LARGE_HEAP,
  OBJECTS_PER_SPAN,
  QUEUE_LOCK,
  RUNTIME_MUTEX,
  SMALL_HEAP,
  SPAN_OF_1KIB,
} from "../../allocator/lock.ts";

/** Objects of 1 KiB a second over the number of cores, for 1.13 (every span under the lock) and 1.14 (page caches). */
export interface LockCurveRow {
  readonly cores: number;
  readonly heap: "small" | "large";
  readonly go113: number;
  /** 1.13, had its lock a queue of waiters instead. */
  readonly go113Queue: number;
  readonly go114: number;
  /** Of 1.13's lock. */
  readonly utilization113: number;
  readonly utilization114: number;
}

export const CORES = [1, 2, 4, 8, 16, 32, 48, 64, 72, 96, 128, 192, 256];

/** A span is taken and given back under the lock; from 1.14 on a cache of 64 pages is filled instead, and only frees take it. */
const ACQUISITIONS_113 = 2;
const ACQUISITIONS_114 = 1 + 1 / 64;

export function lockCurve(): LockCurveRow[] {
  return (["small", "large"] as const).flatMap((heap) => {
    const { treap, bitmap } = heap === "small" ? SMALL_HEAP : LARGE_HEAP;
    const before = { outside: SPAN_OF_1KIB, held: treap, acquisitions: ACQUISITIONS_113 };
    const after = { outside: SPAN_OF_1KIB, held: bitmap, acquisitions: ACQUISITIONS_114 };
    return CORES.map((cores) => {
      const a = contend(cores, before, RUNTIME_MUTEX);
      const b = contend(cores, after, RUNTIME_MUTEX);
      return {
        cores,
        heap,
        go113: a.spansPerSecond * OBJECTS_PER_SPAN,
        go113Queue: contend(cores, before, QUEUE_LOCK).spansPerSecond * OBJECTS_PER_SPAN,
        go114: b.spansPerSecond * OBJECTS_PER_SPAN,
        utilization113: a.utilization,
        utilization114: b.utilization,
      };
    });
  });
}
