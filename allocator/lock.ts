/**
 * The heap lock (mheap.lock) as a queueing model: how many spans a second N Ps get that now and then need the same lock.
 *
 * Each P works for a while without the lock, then needs it once: a closed network of N customers, one delay station and one
 * server whose service time depends on how many are there. That dependence is the whole difference between locks:
 * `runtime.mutex` lets all waiters spin on one cache line and wakes another sleeper at each unlock (runtime/lock_futex.go,
 * 1.11 to 1.23), so each waiter makes handing over slower, and throughput collapses as Ps are added. A lock with a queue of
 * waiters (sync.Mutex; from 1.24 on, runtime.mutex itself with its "spinning" bit, golang/go#68578) hands over at the same price
 * however many wait: throughput stays flat. Both beat neither: what helps is not to need the lock, as with 1.14's page caches.
 *
 * All times in ns. Where a constant comes from stands beside it; "lock-bench" is conformance/lock-bench, its README has the runs.
 */

export interface LockCosts {
  /** To take and release it when nobody else wants it. */
  readonly uncontended: number;
  /** To pass it on to one that waits. */
  readonly handoff: number;
  /** What each further waiter adds to that. */
  readonly perWaiter: number;
}

/**
 * Uncontended: 50 million uses a second; handed over between active threads: 10 million a second (golang/proposal,
 * design/68578-mutex-spinbit.md, "Rationale": i7-13700H).
 */
const UNCONTENDED = 20;
const HANDOFF_ACTIVE = 100;

/**
 * One more reader of the lock's cache line, which a write has to take away again: an estimate of what it costs to move a line
 * between two cores of a socket. Nothing here measures it: lock-bench has 2 Ps, and with two there is no third that waits. The
 * published facts only bound it, and lock.test.ts holds it to them: the lock of 1.11 has collapsed by 48 cores, and 1.14 does 1.5 to 2
 * times as much as 1.11 on 72 (Michael Knyszek in golang/go#36521, objects of 1 to 64 KiB).
 */
const PER_SPINNER = 40;

/** runtime.mutex up to 1.23. */
export const RUNTIME_MUTEX: LockCosts = { uncontended: UNCONTENDED, handoff: HANDOFF_ACTIVE, perWaiter: PER_SPINNER };

/** A lock with a queue of waiters: one at most is awake. */
export const QUEUE_LOCK: LockCosts = { uncontended: UNCONTENDED, handoff: HANDOFF_ACTIVE, perWaiter: 0 };

/** What one span costs, apart from waiting. */
export interface LockLoad {
  /** Work done without the lock, for each span: filling it, and its share of everything else. */
  readonly outside: number;
  /** How long the lock is held, each time. */
  readonly held: number;
  /** How often a span needs the lock: taken, and given back. */
  readonly acquisitions: number;
}

export interface LockPoint {
  readonly procs: number;
  /** Spans a second of all Ps together. */
  readonly spansPerSecond: number;
  /** How many Ps wait for the lock or hold it, on average. */
  readonly atLock: number;
  /** Fraction of the time in which the lock is held or being handed over. */
  readonly utilization: number;
}

/** Time from one grant of the lock to the next while k want it (the holder among them). */
export function serviceTime(k: number, held: number, costs: LockCosts): number {
  return held + (k <= 1 ? costs.uncontended : costs.handoff + costs.perWaiter * (k - 2));
}

/** Steady state of `procs` Ps (machine repairman with a server that depends on its queue; exponential times). */
export function contend(procs: number, load: LockLoad, costs: LockCosts): LockPoint {
  const think = load.outside / load.acquisitions;
  // log of the probability that k are at the lock, up to a constant: p(k) = p(k-1) * arrivals(k-1) * service(k).
  const logs = new Float64Array(procs + 1);
  let top = 0;
  for (let k = 1; k <= procs; k++) {
    const service = serviceTime(k, load.held, costs);
    logs[k] = logs[k - 1]! + Math.log(((procs - k + 1) / think) * service);
    if (logs[k]! > top) top = logs[k]!;
  }
  let sum = 0;
  let atLock = 0;
  let grants = 0;
  for (let k = 0; k <= procs; k++) {
    const weight = Math.exp(logs[k]! - top);
    sum += weight;
    atLock += k * weight;
    if (k > 0) grants += weight / serviceTime(k, load.held, costs);
  }
  return {
    procs,
    spansPerSecond: ((grants / sum) * 1e9) / load.acquisitions,
    atLock: atLock / sum,
    utilization: 1 - Math.exp(logs[0]! - top) / sum,
  };
}

/** How long the page heap holds its lock for one operation. */
export interface HeapSpeed {
  /** The treaps of 1.12 and 1.13, and the bitmap of 1.14. */
  readonly treap: number;
  readonly bitmap: number;
}

/**
 * A small heap. golang/proposal, design/35112-scaling-the-page-allocator.md: "small heaps may see allocations as fast as 100 ns";
 * lock-bench's 1.13 and 1.14 lie 50 to 200 ns a span apart on 1 P. The bitmap is taken as no faster there.
 */
export const SMALL_HEAP: HeapSpeed = { treap: 100, bitmap: 100 };

/**
 * A large heap: Kubernetes' load test under 1.12.4 held the lock for 4.0 us for a span of a small size class; the prototype of the
 * bitmap took 680 ns without a page cache, whatever the heap's size (the same proposal, "Rationale"). A free is faster; it is
 * counted like an allocation.
 */
export const LARGE_HEAP: HeapSpeed = { treap: 4000, bitmap: 680 };

/** Objects of 1 KiB that a span of 8 KiB holds. */
export const OBJECTS_PER_SPAN = 8;

/**
 * What eight objects of 1 KiB cost besides the heap lock: lock-bench, go1.14.15, 1 P (where the page cache leaves hardly anything
 * of the lock): 74 ns an object.
 */
export const SPAN_OF_1KIB = 594;
