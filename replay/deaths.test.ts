import fc from "fast-check";
import { expect, test } from "vitest";
import { DeathDraws, type DrawInput, firstAfter } from "./deaths.ts";
import { Lifetimes } from "./lifetimes.ts";
import { Survival } from "./survival.ts";

function inputOf(births: number[], finds: number[], marks: number[], end: number): DrawInput {
  const time = Float64Array.from([...births].sort((a, b) => a - b));
  // An object can only be found dead by a mark after its birth; -1 is "never".
  const deadIn = Int32Array.from(time, (born, i) => {
    const first = firstAfter(marks, born);
    const wanted = finds[i % finds.length]!;
    return wanted < 0 || first >= marks.length ? -1 : first + (wanted % (marks.length - first));
  });
  const size = Float64Array.from(time, (_, i) => 16 << (i % 12));
  const survival = new Survival();
  time.forEach((born, i) => {
    const first = firstAfter(marks, born);
    if (first < marks.length) survival.observe(size[i]!, marks[first]! - born, deadIn[i] !== first);
  });
  survival.finish();
  const lifetimes = Lifetimes.of({ time, size, deadIn, marks });
  return { time, size, deadIn, marks, survival, lifetimes, end, p: new Int16Array(time.length) };
}

test("every death lies between the last mark survived (or the birth) and the mark that found it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9e6 }), { minLength: 1, maxLength: 200 }),
      fc.array(fc.integer({ min: -1, max: 5 }), { minLength: 1, maxLength: 50 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 9e6 }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 0, max: 5 }),
      (births, finds, times, seed) => {
        const marks = times.sort((a, b) => a - b);
        const input = inputOf(births, finds, marks, 1e7);
        const { deadAt, survivors } = new DeathDraws(input).draw(seed);
        let alive = 0;
        input.time.forEach((born, i) => {
          const found = input.deadIn[i]!;
          if (deadAt[i] === Number.POSITIVE_INFINITY) alive++;
          if (found >= 0) {
            const before = found > 0 ? marks[found - 1]! : 0;
            expect(deadAt[i]).toBeGreaterThanOrEqual(Math.max(born, Math.min(before, marks[found]!)));
            expect(deadAt[i]).toBeLessThanOrEqual(marks[found]! + 1e-6);
          } else if (deadAt[i]! < Number.POSITIVE_INFINITY) {
            expect(deadAt[i]).toBeGreaterThanOrEqual(Math.max(born, marks.at(-1)!));
            expect(deadAt[i]).toBeLessThanOrEqual(1e7 + 1e-6);
          }
        });
        expect(survivors).toBe(alive);
      },
    ),
    { numRuns: 60 },
  );
});

test("without a mark nothing is known to die", () => {
  const { survivors, deadAt } = new DeathDraws(inputOf([1, 2, 3], [-1], [], 10)).draw(0);
  expect(survivors).toBe(3);
  expect([...deadAt]).toEqual([Infinity, Infinity, Infinity]);
});

test("in a steady heap as much lives between marks as at them", () => {
  // A queue of constant length: each object lives for 800 births; marks come each 1000 births.
  const births = Array.from({ length: 20_000 }, (_, i) => i * 100);
  const marks = Array.from({ length: 20 }, (_, k) => (k + 1) * 100_000 - 500);
  const life = 80_000;
  const time = Float64Array.from(births);
  const deadIn = Int32Array.from(time, (born) => {
    const mark = firstAfter(marks, born + life);
    return mark < marks.length ? mark : -1;
  });
  const size = new Float64Array(time.length).fill(64);
  const survival = new Survival();
  time.forEach((born, i) => {
    const first = firstAfter(marks, born);
    if (first < marks.length) survival.observe(64, marks[first]! - born, deadIn[i] !== first);
  });
  survival.finish();
  const p = new Int16Array(time.length);
  const { deadAt } = new DeathDraws({ time, size, deadIn, marks, survival, end: 2e6, p }).draw(0);
  const aliveAt = (t: number) => time.reduce((n, born, i) => n + (born <= t && deadAt[i]! > t ? 1 : 0), 0);
  for (let t = 500_000; t < 1_500_000; t += 17_000) {
    expect(aliveAt(t)).toBeGreaterThan(800 * 0.75);
    expect(aliveAt(t)).toBeLessThan(800 * 1.25);
  }
});

test("what a P allocates one after the other and one mark finds dead, dies together", () => {
  // 4 KiB objects, alternately of two Ps: those from before the first mark survive it, and the second finds them dead.
  const time = Float64Array.from({ length: 8192 }, (_, i) => i + 1);
  const marks = [4097, 8193];
  const input = {
    time,
    size: new Float64Array(time.length).fill(4096),
    deadIn: Int32Array.from(time, (_, i) => (i < 4096 ? 1 : -1)),
    marks,
    survival: new Survival(),
    end: 20_000,
    p: Int16Array.from(time, (_, i) => i % 2),
  };
  input.survival.finish();
  const { deadAt } = new DeathDraws(input).draw(0);
  // 16 of each P have 64 KiB.
  for (let i = 0; i < 4096; i += 32) {
    for (let k = 0; k < 32; k += 2) {
      expect(deadAt[i + k]).toBe(deadAt[i]);
      expect(deadAt[i + k + 1]).toBe(deadAt[i + 1]);
    }
  }
  expect(new Set(deadAt.subarray(0, 4096)).size).toBeGreaterThan(100);
});

test("what is replaced dies as it is replaced: with what is allocated, not with the time", () => {
  // 1000 old objects that the second mark finds dead. Between the marks nearly all is allocated in the last tenth of the time.
  const old = 1000;
  const marks = [1_000_000, 2_000_000, 3_000_000];
  const later = Array.from({ length: 1000 }, (_, i) => 1_000_001 + (i < 100 ? i * 9000 : 900_000 + (i - 100) * 100));
  const time = Float64Array.from([...Array.from({ length: old }, (_, i) => 1 + i * 900), ...later]);
  const size = new Float64Array(time.length).fill(1024);
  const deadIn = Int32Array.from(time, (_, i) => (i < old ? 1 : -1));
  const survival = new Survival();
  survival.finish();
  const p = new Int16Array(time.length);
  const { deadAt } = new DeathDraws({ time, size, deadIn, marks, survival, end: 3e6, p }).draw(0);
  const early = deadAt.subarray(0, old).filter((at) => at < 1_900_000).length;
  expect(early).toBeLessThan(old * 0.3);
});
