import { describe, expect, test } from "vitest";
import { contend, LARGE_HEAP, QUEUE_LOCK, RUNTIME_MUTEX, SMALL_HEAP, SPAN_OF_1KIB } from "./lock.ts";

/** Every span taken and given back under the lock (1.11 to 1.13); a page cache takes it once for 64 pages (1.14). */
const TREAP = { outside: SPAN_OF_1KIB, held: SMALL_HEAP.treap, acquisitions: 2 };
const CACHED = { outside: SPAN_OF_1KIB, held: SMALL_HEAP.bitmap, acquisitions: 1 + 1 / 64 };

describe("contention", () => {
  test("one P never waits", () => {
    const { spansPerSecond } = contend(1, TREAP, RUNTIME_MUTEX);
    expect(1e9 / spansPerSecond).toBeCloseTo(SPAN_OF_1KIB + 2 * (100 + 20), 6);
  });

  test("Little's law: Ps at the lock and Ps at work are all Ps", () => {
    for (const procs of [2, 5, 40]) {
      const at = contend(procs, TREAP, RUNTIME_MUTEX);
      const working = (at.spansPerSecond / 1e9) * SPAN_OF_1KIB;
      expect(at.atLock + working).toBeCloseTo(procs, 6);
    }
  });

  test("with a queue of waiters throughput comes to rest at one grant per held + handoff", () => {
    const rest = 1e9 / (2 * (100 + 100));
    expect(contend(64, TREAP, QUEUE_LOCK).spansPerSecond / rest).toBeCloseTo(1, 3);
    expect(contend(256, TREAP, QUEUE_LOCK).spansPerSecond / rest).toBeCloseTo(1, 3);
  });

  test("runtime.mutex collapses: more Ps, less done", () => {
    const at = (n: number): number => contend(n, TREAP, RUNTIME_MUTEX).spansPerSecond;
    expect(at(4)).toBeGreaterThan(at(1) * 1.5);
    expect(at(16)).toBeLessThan(at(4));
    expect(at(64)).toBeLessThan(at(1));
    expect(at(256)).toBeLessThan(at(64) / 2);
  });
});

describe("against what was published", () => {
  test("the lock of 1.11 has collapsed by 48 cores (golang/go#36521)", () => {
    const at = contend(48, TREAP, RUNTIME_MUTEX);
    expect(at.utilization).toBeGreaterThan(0.999);
    expect(at.spansPerSecond).toBeLessThan(contend(4, TREAP, RUNTIME_MUTEX).spansPerSecond / 2);
  });

  test("1.14 does 1.5 to 2 times as much as 1.11 on 72 cores (golang/go#36521)", () => {
    const gain = contend(72, CACHED, RUNTIME_MUTEX).spansPerSecond / contend(72, TREAP, RUNTIME_MUTEX).spansPerSecond;
    expect(gain).toBeGreaterThan(1.5);
    expect(gain).toBeLessThan(2);
  });

  test("in a large heap, held for 4 us instead of 0.7, the lock of 1.12 is saturated by a few cores", () => {
    const treap = { ...TREAP, held: LARGE_HEAP.treap };
    expect(contend(4, treap, RUNTIME_MUTEX).utilization).toBeGreaterThan(0.99);
    expect(contend(2, treap, RUNTIME_MUTEX).spansPerSecond).toBeLessThan(
      contend(1, treap, RUNTIME_MUTEX).spansPerSecond * 1.2,
    );
  });
});

/** conformance/lock-bench: the fastest of several runs on 2 shared cores. */
describe("against the microbenchmark", () => {
  // 456 ns a round, of which a fifth holds the lock (91 ns of 456); without any lock, on 1 P, it took 450 to 458 ns.
  const load = { outside: 365, held: 91, acquisitions: 1 };

  test("runtime.mutex, 1 P: 453 to 461 ns measured", () => {
    const predicted = 1e9 / contend(1, { ...load, held: 91 - RUNTIME_MUTEX.uncontended }, RUNTIME_MUTEX).spansPerSecond;
    expect(predicted).toBeCloseTo(456, 6);
  });

  test("runtime.mutex, 2 Ps: 493 ns measured under 1.13 and 1.14; predicted within 10%", () => {
    const predicted = 2e9 / contend(2, load, RUNTIME_MUTEX).spansPerSecond;
    expect(predicted / 493).toBeGreaterThan(0.9);
    expect(predicted / 493).toBeLessThan(1.1);
  });

  test("1 KiB objects, 1 P: 1.13 took 81 ns an object where 1.14 took 74; predicted within 30%", () => {
    const perObject = 1e9 / contend(1, { ...TREAP, acquisitions: 1 }, RUNTIME_MUTEX).spansPerSecond / 8;
    expect(perObject / 81).toBeGreaterThan(0.7);
    expect(perObject / 81).toBeLessThan(1.3);
  });
});
