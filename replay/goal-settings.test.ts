import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { settingsFromGoals } from "./goal-settings.ts";

const MIB = 1 << 20;
const LARGEST = 400;
const marks = fc.array(fc.integer({ min: 4 * MIB, max: LARGEST * MIB }), { minLength: 6, maxLength: 40 });
const gogc = fc.constantFrom(25, 50, 75, 100, 150, 200, 300, 400);
const points = (sizes: readonly number[], percent: number, roots: number) =>
  sizes.map((marked) => ({ marked, goal: marked + Math.trunc(((marked + roots) * percent) / 100) }));

describe("GOGC out of goals", () => {
  test("without roots it is found, whatever the heap's sizes", () => {
    fc.assert(
      fc.property(marks, gogc, fc.integer({ min: 11, max: 27 }), (sizes, percent, minor) => {
        expect(settingsFromGoals(points(sizes, percent, 0), minor)).toEqual({ gogc: percent, limit: null });
      }),
    );
  });

  test("100 is found under roots of up to a quarter of the heap", () => {
    fc.assert(
      fc.property(marks, fc.integer({ min: 0, max: 25 }), (sizes, share) => {
        const roots = (Math.min(...sizes) * share) / 100;
        expect(settingsFromGoals(points(sizes, 100, roots), 27).gogc).toBe(100);
      }),
    );
  });

  test("the heap minimum tells it, too", () => {
    const at = (percent: number) =>
      Array.from({ length: 9 }, () => ({ marked: MIB / 4, goal: (4 * MIB * percent) / 100 }));
    for (const percent of [50, 100, 400])
      expect(settingsFromGoals(at(percent), 27)).toEqual({ gogc: percent, limit: null });
  });

  test("too few goals tell nothing", () => {
    expect(settingsFromGoals(points([50 * MIB, 60 * MIB], 200, 0), 27)).toEqual({ gogc: null, limit: null });
  });
});

describe("a memory limit", () => {
  const sizes = [20, 60, 90, 30, 110, 25, 100, 40].map((mib) => mib * MIB);
  const held = (percent: number, most: number) =>
    points(sizes, percent, 0).map(({ marked, goal }) => ({ marked, goal: Math.max(marked, Math.min(goal, most)) }));

  test("is seen where it holds goals down", () => {
    expect(settingsFromGoals(held(100, 120 * MIB), 27)).toEqual({ gogc: 100, limit: { cycles: 4, goal: 120 * MIB } });
  });

  test("alone makes the goals when GOGC is off", () => {
    const { gogc, limit } = settingsFromGoals(held(1e6, 150 * MIB), 27);
    expect(gogc).toBe(Number.POSITIVE_INFINITY);
    expect(limit).toEqual({ cycles: sizes.length, goal: 150 * MIB });
  });

  test("was not there before Go 1.19", () => {
    expect(settingsFromGoals(held(100, 120 * MIB), 18).limit).toBeNull();
  });
});
