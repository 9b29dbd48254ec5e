import { expect, it } from "vitest";
import { SPAN_ALLOC, SPAN_FREE } from "../../parsers/events.ts";
import { StackPool } from "./stack-pool.ts";
import { EventWriter } from "./writer.ts";

const KIB = 1 << 10;
const MIB = 1 << 20;

/** Bytes of spans that are there after each step. */
function play(steps: readonly ((out: EventWriter, t: number) => void)[]): number[] {
  const out = new EventWriter();
  const there = new Set<number>();
  return steps.map((step, t) => {
    step(out, t);
    for (const { kind, addr, size, length } of out.take()) {
      for (let i = 0; i < length; i++) {
        expect(size[i]).toBe(4);
        if (kind[i] === SPAN_ALLOC) {
          expect(there.has(addr[i]!)).toBe(false);
          there.add(addr[i]!);
        } else if (kind[i] === SPAN_FREE) expect(there.delete(addr[i]!)).toBe(true);
      }
    }
    return there.size * 32 * KIB;
  });
}

it("keeps what goroutines had until a GC", () => {
  const pool = new StackPool();
  const [start, many, gone, first, second] = play([
    (out, t) => pool.goroutines(out, t, 0),
    (out, t) => pool.goroutines(out, t, 1000),
    (out, t) => pool.goroutines(out, t, -1000),
    (out, t) => pool.gc(out, t, 0),
    (out, t) => pool.gc(out, t, 0),
  ]);
  expect(start).toBe(352 * KIB);
  expect(many! - start!).toBe(4000 * KIB);
  expect(gone).toBe(many);
  expect(first).toBe(many);
  expect(second).toBe(start);
});

it("gives goroutines the deep stacks that GCs found: gone with them, halved where they stay, bounded by what was found", () => {
  const pool = new StackPool({ perGoroutine: 32 * KIB, most: 20 * MIB });
  const deep = play([
    (out, t) => pool.goroutines(out, t, 0),
    (out, t) => pool.goroutines(out, t, 1000),
    (out, t) => pool.gc(out, t, 0),
    (out, t) => pool.goroutines(out, t, -900),
    (out, t) => pool.goroutines(out, t, 10_000),
    (out, t) => pool.gc(out, t, 10 * MIB),
  ]);
  const [start, ...rest] = deep;
  const shallow = (goroutines: number) => start! + goroutines * 4 * KIB;
  expect(rest[0]! - shallow(1000)).toBeCloseTo(1000 * 64 * KIB, -5);
  expect(rest[1]! - shallow(1000)).toBeCloseTo(500 * 64 * KIB, -5);
  // The others' 4 KiB stay until the next GC.
  expect(rest[2]! - shallow(1000)).toBeCloseTo(50 * 64 * KIB, -5);
  expect(rest[3]! - shallow(10_100)).toBeCloseTo(80 * MIB, -5);
});

it("takes what a log's GC scanned, and lets it go by halves", () => {
  const pool = new StackPool();
  const [start, found, half] = play([
    (out, t) => pool.goroutines(out, t, 0),
    (out, t) => pool.gc(out, t, 8 * MIB),
    (out, t) => pool.gc(out, t, 0),
  ]);
  expect(found! - start!).toBe(16 * MIB);
  expect(half! - start!).toBe(8 * MIB);
});
