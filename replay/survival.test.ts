import { expect, test } from "vitest";
import { Survival } from "./survival.ts";

/** Objects with exponential lives of mean `life` ns, met by one mark at each of `ages`. */
function exponential(survival: Survival, size: number, life: number, ages: readonly number[]): void {
  for (const age of ages) {
    const alive = Math.exp(-age / life);
    const n = 1000;
    for (let i = 0; i < n; i++) survival.observe(size, age, i < alive * n);
  }
}

const AGES = Array.from({ length: 40 }, (_, i) => 1e4 * 1.3 ** i);

test("the curve is the one that the marks were fed with, and never falls", () => {
  const survival = new Survival();
  exponential(survival, 64, 1e7, AGES);
  survival.finish();
  for (const age of [1e6, 5e6, 1e7, 3e7]) expect(survival.deadBy(64, age)).toBeCloseTo(1 - Math.exp(-age / 1e7), 1);
  let before = 0;
  for (let age = 1e3; age < 1e9; age *= 1.1) {
    const dead = survival.deadBy(64, age);
    expect(dead).toBeGreaterThanOrEqual(before - 1e-12);
    before = dead;
  }
});

test("marks that contradict each other are averaged, by bytes", () => {
  const survival = new Survival();
  // More dead at the lower age: the curve must not fall.
  for (let i = 0; i < 10; i++) survival.observe(64, 1e6, i >= 8);
  for (let i = 0; i < 10; i++) survival.observe(64, 1e7, i >= 4);
  survival.finish();
  expect(survival.deadBy(64, 9e5)).toBeLessThanOrEqual(0.6 + 1e-9);
  expect(survival.deadBy(64, 2e7)).toBeCloseTo(0.6);
});

test("sizes live by themselves", () => {
  const survival = new Survival();
  exponential(survival, 64, 1e6, AGES);
  exponential(survival, 1 << 20, 1e9, AGES);
  survival.finish();
  expect(survival.deadBy(64, 1e7)).toBeGreaterThan(0.95);
  expect(survival.deadBy(1 << 20, 1e7)).toBeLessThan(0.1);
});

test("ages at death lie below the age found dead at, and follow the curve", () => {
  const survival = new Survival();
  exponential(survival, 64, 1e7, AGES);
  survival.finish();
  const found = 2e7;
  const ages = Array.from({ length: 1000 }, (_, i) => survival.ageAtDeath(64, found, (i + 0.5) / 1000));
  for (const age of ages) {
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThanOrEqual(found);
  }
  const median = ages[500]!;
  // Of the exponential cut off at two lives: half of 1 - e^-2.
  expect(median).toBeGreaterThan(-1e7 * Math.log(1 - (1 - Math.exp(-2)) / 2) * 0.8);
  expect(median).toBeLessThan(-1e7 * Math.log(1 - (1 - Math.exp(-2)) / 2) * 1.2);
});
