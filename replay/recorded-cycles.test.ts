import { expect, test } from "vitest";
import {
  GC_FORCED,
  GC_MARK_TERMINATION,
  GC_START,
  GC_SWEEP_DONE,
  GC_WORK,
  HEAP_GOAL,
  HEAP_LIVE,
  NO_ADDR,
  STACK_ALLOC,
  STACK_FREE,
  STW_BEGIN,
  STW_END,
} from "../parsers/events.ts";
import { RecordedCycles } from "./recorded-cycles.ts";

function record(events: readonly [kind: number, t: number, size?: number, aux?: number, addr?: number][]) {
  const cycles = new RecordedCycles();
  for (const [kind, t, size = 0, aux = 0, addr = NO_ADDR] of events) cycles.event(kind, t, 0, addr, size, aux);
  return cycles.all;
}

test("a cycle with what was live and its goals", () => {
  const [cycle] = record([
    [HEAP_GOAL, 0, 200],
    [HEAP_LIVE, 1, 150],
    [HEAP_LIVE, 2, 190],
    [GC_START, 3, 1],
    [HEAP_LIVE, 4, 210],
    [HEAP_LIVE, 9, 100],
    [GC_MARK_TERMINATION, 10, 1],
    [HEAP_GOAL, 10, 204],
    [GC_SWEEP_DONE, 15],
    [HEAP_GOAL, 16, 300],
  ]);
  expect(cycle).toMatchObject({
    start: 3,
    end: 10,
    swept: 15,
    liveBefore: 150,
    liveAtStart: 190,
    liveAtEnd: 210,
    marked: 100,
    goalBefore: 200,
    goalAfter: 204,
    forced: false,
  });
});

test("CPU time of workers and assists counts while it marks, and the world's stops", () => {
  const [cycle] = record([
    [STW_BEGIN, 90],
    [STW_END, 100],
    [GC_START, 101, 1, GC_FORCED],
    [GC_WORK, 150, 40, 0],
    [GC_WORK, 160, 5, 1],
    [STW_BEGIN, 195],
    [GC_MARK_TERMINATION, 200, 1],
    [STW_END, 203],
    // Half of it lies after mark termination.
    [GC_WORK, 220, 40, 0],
  ]);
  expect(cycle).toMatchObject({ workNs: 60, assistNs: 5, stoppedNs: 18, forced: true });
  const [silent] = record([[GC_START, 1, 1]]);
  expect(silent!.workNs).toBeNaN();
});

test("stacks are those at mark termination", () => {
  const [cycle] = record([
    [STACK_ALLOC, 1, 8192, 0, 0x10000],
    [STACK_ALLOC, 2, 16384, 0, 0x20000],
    [STACK_FREE, 2, 0, 0, 0x10000],
    [GC_START, 3, 1],
    [GC_MARK_TERMINATION, 4, 1],
  ]);
  expect(cycle!.stacks.deep).toBe(16384);
});
