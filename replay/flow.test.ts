import { expect, test } from "vitest";
import { Flow, flowData } from "./flow.ts";
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
});

test("a mark counts what is allocated while it goes on", () => {
  expect(new Flow(data).marked(15, 16)).toBe(160);
});

test("totals without a finished cycle tell nothing", () => {
  expect(flowData(Float64Array.of(0), Float64Array.of(0), [cycle(1, 1, 1, Number.NaN)], 0)).toBeNull();
});
