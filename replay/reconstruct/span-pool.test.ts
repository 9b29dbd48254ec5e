import { describe, expect, it } from "vitest";
import { PAGE, SpanPool } from "./span-pool.ts";

function freedOf(pool: SpanPool, bytes: number): number[] {
  const handles: number[] = [];
  pool.free(bytes, (handle) => handles.push(handle));
  return handles;
}

describe("SpanPool", () => {
  it("frees what is asked for and never more, the same each time", () => {
    const run = () => {
      const pool = new SpanPool();
      for (let i = 0; i < 500; i++) pool.take(1 + (i % 7));
      const before = pool.bytes;
      pool.startSweep();
      const freed = freedOf(pool, 300 * PAGE + 100);
      expect(before - pool.bytes).toBeLessThanOrEqual(300 * PAGE);
      expect(before - pool.bytes).toBeGreaterThan(298 * PAGE);
      return freed;
    };
    expect(run()).toEqual(run());
  });

  it("does not free spans taken after the mark", () => {
    const pool = new SpanPool();
    const before = [pool.take(1), pool.take(1)];
    pool.startSweep();
    pool.take(1);
    expect(freedOf(pool, 10 * PAGE).sort()).toEqual([...before].sort());
    expect(pool.bytes).toBe(PAGE);
  });

  it("frees young spans more often than old ones, but not before all old ones", () => {
    const pool = new SpanPool();
    const old = new Set(Array.from({ length: 1000 }, () => pool.take(1)));
    pool.startSweep();
    pool.endSweep();
    for (let i = 0; i < 1000; i++) pool.take(1);
    pool.startSweep();
    const freed = freedOf(pool, 500 * PAGE);
    const ofOld = freed.filter((handle) => old.has(handle)).length;
    expect(ofOld).toBeGreaterThan(50);
    expect(ofOld).toBeLessThan(200);
  });
});
