import fc from "fast-check";
import { expect, test } from "vitest";
import { Deaths } from "./death-tables.ts";
import type { Program } from "./program.ts";

test("what is alive, and what a mark leaves, are the sums over all objects", () => {
  const object = fc.record({
    born: fc.integer({ min: 0, max: 50 }),
    // Many die at one moment, and some never.
    life: fc.option(fc.integer({ min: 0, max: 10 }), { nil: Number.POSITIVE_INFINITY }),
    size: fc.integer({ min: 8, max: 64 }),
  });
  fc.assert(
    fc.property(fc.array(object), fc.integer({ min: 0, max: 60 }), fc.nat(5), (all, t, length) => {
      const objects = all.sort((a, b) => a.born - b.born);
      const deaths = new Deaths({
        time: Float64Array.from(objects, ({ born }) => born),
        deadAt: Float64Array.from(objects, ({ born, life }) => born + life),
        size: Float64Array.from(objects, ({ size }) => size),
      } as Program);
      const bytes = (of: (o: { born: number; life: number }) => boolean) =>
        objects.filter(of).reduce((sum, { size }) => sum + size, 0);
      expect(deaths.liveAt(t)).toBe(bytes(({ born, life }) => born <= t && born + life > t));
      expect(deaths.marked(t, t + length)).toBe(bytes(({ born, life }) => born <= t + length && born + life > t));
    }),
  );
});
