import fc from "fast-check";
import { expect, test } from "vitest";
import { byClock, mutatorClock } from "./mutator-clock.ts";
import type { Program } from "./program.ts";

const MS = 1e6;
const NO_TRACER = { progress: 0.5, tracedNs: 0 };

function program(change: Partial<Program> = {}): Program {
  const none = new Float64Array(0);
  return {
    objects: 0,
    time: none,
    deadAt: none,
    idleFrom: none,
    manual: { time: none },
    cycles: [],
    procs: 2,
    end: 100 * MS,
    busyNs: 200 * MS,
    idleNs: 0,
    flow: null,
    ...change,
  } as unknown as Program;
}

const cycles = [
  { start: 10 * MS, end: 30 * MS, swept: 40 * MS },
  { start: 60 * MS, end: 70 * MS, swept: Number.NaN },
] as unknown as Program["cycles"];

test("the time of marks counts as far as the program went on in it", () => {
  const clock = mutatorClock(program({ cycles }), NO_TRACER)!;
  expect(clock.at(10 * MS)).toBeCloseTo(10 * MS);
  expect(clock.at(20 * MS)).toBeCloseTo(15 * MS);
  expect(clock.at(30 * MS)).toBeCloseTo(20 * MS);
  expect(clock.at(60 * MS)).toBeCloseTo(50 * MS);
  expect(clock.at(100 * MS)).toBeCloseTo(85 * MS);
  expect(clock.at(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
});

test("a program that nothing holds up has no other clock, nor has one on a single P", () => {
  expect(mutatorClock(program({ cycles }), { progress: 1, tracedNs: 0 })).toBeNull();
  expect(mutatorClock(program({ cycles, procs: 1 }), NO_TRACER)).toBeNull();
  expect(mutatorClock(program({ cycles, idleNs: 20 * MS }), NO_TRACER)).toBeNull();
});

test("the tracer's time is taken out where it was, unless the program waits anyway", () => {
  // 1000 objects of 20 us on two Ps in the first 20 ms.
  const time = Float64Array.from({ length: 1000 }, (_, i) => (i + 1) * 0.02 * MS);
  const traced = { progress: 1, tracedNs: 20_000 };
  const clock = mutatorClock(program({ time }), traced)!;
  expect(clock.at(20 * MS) / MS).toBeCloseTo(10, 0);
  expect((clock.at(100 * MS) - clock.at(20 * MS)) / MS).toBeCloseTo(80, 0);
  expect(mutatorClock(program({ time, idleNs: 20 * MS }), traced)).toBeNull();
});

test("no time goes backwards, and columns in common stay so", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 100 * MS }), { maxLength: 50 }),
      fc.double({ min: 0.1, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: 10 * MS }),
      (births, progress, tracedNs) => {
        const time = Float64Array.from(births.sort((a, b) => a - b));
        const one = program({ time, cycles, objects: time.length });
        const clock = mutatorClock(one, { progress, tracedNs });
        if (!clock) return;
        const [a, b] = byClock([one, { ...one, deadAt: time.map((t) => t + 1) }], clock);
        expect(a!.time).toBe(b!.time);
        for (let i = 1; i < time.length; i++) expect(a!.time[i]!).toBeGreaterThanOrEqual(a!.time[i - 1]!);
        expect(a!.end).toBeLessThanOrEqual(one.end);
        for (let i = 0; i < time.length; i++) expect(b!.deadAt[i]!).toBeGreaterThanOrEqual(b!.time[i]!);
      },
    ),
  );
});
