import { expect, test } from "vitest";
import { Flow, flowData, SlackByRefills, USUAL_SLACK } from "./flow.ts";
import type { RecordedCycle } from "./recorded-cycles.ts";

const cycle = (start: number, liveAtStart: number, liveAtEnd: number, marked: number): RecordedCycle => ({
  start,
  end: start + 1,
  swept: start + 2,
  liveAtStart,
  liveBefore: liveAtStart,
  liveAtEnd,
  marked,
  goalBefore: Number.NaN,
  goalAfter: Number.NaN,
  forced: false,
  freesOsMemory: false,
  workNs: Number.NaN,
  assistNs: Number.NaN,
  stoppedNs: 0,
  stacks: { deep: 0, shallow: 0 },
});

// 10 bytes a tick; 100 reachable at tick 10, 200 at tick 20; 5 of what each mark counts was allocated meanwhile.
const data = flowData(
  Float64Array.of(0, 10, 20, 30),
  Float64Array.of(0, 100, 200, 300),
  [cycle(10, 100, 105, 105 + 7), cycle(20, 212, 217, 205 + 7)],
  7,
)!;

test("what is reachable lies between what the marks found, by bytes allocated", () => {
  const flow = new Flow(data);
  expect(flow.allocatedAt(15)).toBe(150);
  expect([10, 15, 20].map((t) => flow.liveAt(t))).toEqual([100, 150, 200]);
  expect(flow.liveAt(5)).toBe(50);
  expect(flow.liveAt(29)).toBe(200);
  expect(flow.allocatedAt(99)).toBe(300);
  expect([0, 5, 150, 300, 301].map((bytes) => flow.timeOf(bytes))).toEqual([0, 0.5, 15, 30, Infinity]);
});

test("a mark counts what is allocated while it goes on", () => {
  expect(new Flow(data).marked(15, 16)).toBe(160);
});

test("totals without a finished cycle tell nothing", () => {
  expect(flowData(Float64Array.of(0), Float64Array.of(0), [cycle(1, 1, 1, Number.NaN)], 0)).toBeNull();
});

test("slack follows what refills take out of free slots", () => {
  const refills = new SlackByRefills();
  expect(refills.slack).toBe(USUAL_SLACK);
  // Before the first mark nothing was swept.
  refills.step(100);
  refills.gcStart(100);
  refills.markTermination();
  refills.step(3 * 8192);
  refills.step(4000);
  refills.step(-9000);
  refills.step(6000);
  refills.gcStart(100_000);
  expect(refills.slack).toBeCloseTo(0.03 + 0.65 * 0.1);
});
