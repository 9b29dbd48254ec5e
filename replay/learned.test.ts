import { expect, test } from "vitest";
import { learn, learnedFrom, median, runwayFactor, triggerError } from "./learned.ts";
import type { Program } from "./program.ts";
import type { RecordedCycle } from "./recorded-cycles.ts";

const MiB = 2 ** 20;
const REST = { nonHeapMapped: 0, untouchedManual: 0, untouchedObjects: 0 };

function cycle(change: Partial<RecordedCycle>): RecordedCycle {
  return {
    start: 0,
    end: 1e6,
    swept: 2e6,
    liveAtStart: 38 * MiB,
    liveBefore: 38 * MiB,
    liveAtEnd: 39 * MiB,
    marked: 20 * MiB,
    goalBefore: 40 * MiB,
    goalAfter: 41 * MiB,
    forced: false,
    freesOsMemory: false,
    workNs: Number.NaN,
    assistNs: Number.NaN,
    stoppedNs: 0,
    stacks: { deep: 0, shallow: 0 },
    ...change,
  };
}

function program(cycles: RecordedCycle[], procs = 4): Program {
  const none = new Float64Array(0);
  return { time: none, size: none, cycles, procs, end: 1e9 } as unknown as Program;
}

test("a mark takes a fixed time and one by the byte, less with more Ps", () => {
  const cycles = [10, 20, 40, 80].map((marked) => cycle({ marked: (marked + 1) * MiB, end: 5e5 + marked * MiB * 0.1 }));
  const values = learn(program(cycles), 100, REST);
  const four = learnedFrom(values);
  expect(four.markNs(60 * MiB, 0)).toBeCloseTo(5e5 + 60 * MiB * 0.1, -5);
  const eight = learnedFrom(values, 8);
  expect(eight.markNs(60 * MiB, 0)).toBeLessThan(four.markNs(60 * MiB, 0));
  expect(eight.markNs(60 * MiB, 0)).toBeGreaterThan(four.markNs(60 * MiB, 0) / 2);
});

test("roots are what goals have beyond the marked heap, by the GOGC that was", () => {
  const goals = [20, 30, 50].map((marked) =>
    cycle({ marked: marked * MiB, goalAfter: marked * MiB + (marked + 2) * MiB * 0.5 }),
  );
  expect(learn(program(goals), 50, REST).roots / MiB).toBeCloseTo(2);
  expect(learn(program(goals), 100, REST).roots).toBe(0);
});

test("what a cycle costs: a quarter of the Ps, assists as in most cycles, every P while the world is stopped", () => {
  const told = [1, 2, 3].map((n) => cycle({ workNs: 1e6, assistNs: n === 3 ? 9e9 : 2e5, stoppedNs: 1e5 }));
  const { cost } = learnedFrom(learn(program(told), 100, REST));
  const { mark, assist, stopped } = cost(20 * MiB, 0);
  expect(assist / mark).toBeCloseTo(0.2);
  expect(stopped).toBe(4e5);
  // Where goroutines wait in assists for most of the time, they count as much as the background at most.
  const waiting = learn(program(told.map((one) => ({ ...one, assistNs: 9e9 }))), 100, REST);
  expect(waiting.assistCores).toBe(waiting.cores);
  // Nothing told: no assists, and a usual stop.
  expect(learn(program([cycle({})]), 100, REST)).toMatchObject({ assistCores: 0, stoppedNs: 2e5 });
});

test("forced cycles teach nothing of pace and goals, and no cycle at all leaves defaults", () => {
  const values = learn(program([cycle({ forced: true, goalAfter: 400 * MiB })]), 100, REST);
  expect(values.roots).toBe(0);
  expect(values.overshoot).toBe(1);
  const none = learnedFrom(learn(program([]), 100, REST));
  expect(none.markNs(0, 0)).toBeGreaterThan(0);
  expect(none.markNs(1e9, 0)).toBeGreaterThan(none.markNs(1e6, 0));
});

test("a trigger between the live heap before the last allocation and after it is no error", () => {
  expect(triggerError(95, 100, 90)).toBe(0);
  expect(triggerError(85, 100, 90)).toBe(5);
  expect(triggerError(110, 100, 90)).toBe(10);
  expect(triggerError(85, 100)).toBe(15);
});

test("the runway's factor is the one under which the recorded starts come out", () => {
  // 4 MiB are allocated while each marks 20 MiB; GCs begin 8 MiB before a goal of 60 MiB: twice what a mark like those needs.
  const cycles = Array.from({ length: 12 }, () => ({
    liveAtStart: 52 * MiB,
    liveBefore: 52 * MiB,
    liveAtEnd: 56 * MiB,
    marked: 20 * MiB,
    goalAfter: 60 * MiB,
  }));
  expect(runwayFactor(cycles)).toBeCloseTo(2, 1);
  expect(runwayFactor([])).toBe(1);
});

test("median", () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([])]).toEqual([2, 2.5, null]);
});
