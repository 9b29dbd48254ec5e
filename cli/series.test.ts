import fc from "fast-check";
import { expect, test } from "vitest";
import { Series } from "./series.ts";

function series(points: [t: number, v: number][]): Series {
  return new Series(
    Float64Array.from(points, ([t]) => t),
    Float64Array.from(points, ([, v]) => v),
  );
}

test("a value holds until the next one", () => {
  const s = series([
    [10, 5],
    [20, 7],
  ]);
  expect([s.at(9), s.at(10), s.at(19), s.at(20), s.at(99)]).toEqual([Number.NaN, 5, 5, 7, 7]);
});

test("a column without a change shows the value it began with", () => {
  const { min, max } = series([
    [0, 1],
    [35, 9],
    [36, 2],
  ]).bins(0, 100, 10);
  expect([...max]).toEqual([1, 1, 1, 9, 2, 2, 2, 2, 2, 2]);
  expect([...min]).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
});

test("points do not hold, and the last column has the end", () => {
  const { max } = series([
    [0, 1],
    [100, 3],
  ]).pointBins(0, 100, 4);
  expect([...max]).toEqual([1, Number.NaN, Number.NaN, 3]);
});

test("bins are the extremes of the values in each column, at any length and zoom", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 700 }),
      fc.integer({ min: 0, max: 600 }),
      fc.integer({ min: 1, max: 700 }),
      fc.integer({ min: 1, max: 40 }),
      (values, from, length, columns) => {
        const s = series(values.map((v, i) => [i, v]));
        const to = from + length;
        const { min, max } = s.pointBins(from, to, columns);
        for (let c = 0; c < columns; c++) {
          const start = from + (c * length) / columns;
          const end = from + ((c + 1) * length) / columns;
          const inside = values.filter((_, t) => t >= start && (c === columns - 1 ? t <= to : t < end));
          // Equal up to the rounding of the columns' edges: those are not on values here but at the ends.
          if (inside.length === 0) expect(max[c]).toBeNaN();
          else expect([min[c], max[c]]).toEqual([Math.min(...inside), Math.max(...inside)]);
        }
      },
    ),
    { seed: 1 },
  );
});
