import { expect, test } from "vitest";
import { burstyIntervals } from "./bursts.ts";
import { Lifetimes } from "./lifetimes.ts";

const SIZE = 64;

/** Bursts each 5 s that live for 400 ms, and marks that meet some of them young, some long dead. */
function bursts(): { time: Float64Array; size: Float64Array; deadIn: Int32Array; marks: number[] } {
  const births: number[] = [];
  for (let burst = 0; burst < 10; burst++) for (let i = 0; i < 100; i++) births.push(1e6 + burst * 5e9 + i * 5e5);
  const marks = [3e7, 6e8, 5.02e9, 1.004e10, 1.09e10, 1.502e10, 2.003e10, 2.4e10, 3.003e10, 3.5e10, 4.4e10, 4.9e10];
  const time = Float64Array.from(births);
  const deadIn = Int32Array.from(births, (born) => marks.findIndex((mark) => mark > born && mark >= born + 4e8));
  return { time, size: new Float64Array(births.length).fill(SIZE), deadIn, marks };
}

test("ages at death of other bursts tell when one died that no mark met in time", () => {
  const lifetimes = Lifetimes.of(bursts());
  // Nothing dies in its first tenth of a second, all of it within the second.
  expect(lifetimes.deadBy(SIZE, 2e7)).toBeLessThan(0.02);
  expect(lifetimes.deadBy(SIZE, 1e9)).toBeGreaterThan(0.95);
  for (const draw of [0, 0.3, 0.7, 0.999]) {
    const age = lifetimes.ageAtDeath(SIZE, 2e7, 5e9, draw);
    expect(age).toBeGreaterThanOrEqual(2e7);
    expect(age).toBeLessThan(1e9);
  }
});

test("an age at death lies within what is known of it, also where nothing was ever seen to die", () => {
  const lifetimes = Lifetimes.of(bursts());
  for (const [from, to] of [
    [0, 1e3],
    [5, 6],
    [2e10, 3e10],
    [1e9, 1e9],
  ] as const) {
    for (const draw of [0, 0.5, 0.999999]) {
      const age = lifetimes.ageAtDeath(SIZE, from, to, draw);
      expect(age).toBeGreaterThanOrEqual(from);
      expect(age).toBeLessThanOrEqual(to);
    }
  }
});

test("what has lived through the age of death of all others lives on", () => {
  const lifetimes = Lifetimes.of(bursts());
  expect(lifetimes.deathAfter(SIZE, 0, 5e9, 0.5)).toBeLessThan(1e9);
  const { time, size, deadIn, marks } = bursts();
  const immortal = Lifetimes.of({ time, size, deadIn: deadIn.fill(-1), marks });
  expect(immortal.deathAfter(SIZE, 0, 5e9, 0.5)).toBeNull();
});

test("intervals in which allocation comes in bursts", () => {
  const burst = Array.from({ length: 100 }, (_, i) => i * 10);
  const even = Array.from({ length: 100 }, (_, i) => 1e6 + i * 1e4);
  const time = Float64Array.from([...burst, ...even]);
  const size = new Float64Array(time.length).fill(SIZE);
  expect([...burstyIntervals(time, size, [1e6, 2e6], 3e6)]).toEqual([1, 0, 0]);
});
