import { expect, test } from "vitest";
import { markPace, paceAt } from "./mark-pace.ts";

const mark = (start: number, ns: number) => ({ start, ns, expected: 100 });

test("marks of a phase in which the program leaves them no idle P are longer there only", () => {
  const quiet = Array.from({ length: 10 }, (_, i) => mark(i, 50));
  const busy = Array.from({ length: 10 }, (_, i) => mark(10 + i, 200));
  const pace = markPace([...quiet, ...busy]);
  expect(paceAt(pace, 2)).toBe(0.5);
  expect(paceAt(pace, 17)).toBe(2);
  expect(paceAt(pace, 100)).toBe(2);
  expect(paceAt(pace, -5)).toBe(0.5);
});

test("a single late mark counts for nothing", () => {
  const pace = markPace([1, 1, 9, 1, 1, 1].map((times, i) => mark(i, times * 100)));
  for (let t = 0; t < 6; t += 0.5) expect(paceAt(pace, t)).toBe(1);
});

test("between two marks lies the line between them; without marks there is nothing to change", () => {
  expect(paceAt({ time: [10, 20], factor: [1, 3] }, 15)).toBe(2);
  expect(paceAt({ time: [], factor: [] }, 15)).toBe(1);
});
