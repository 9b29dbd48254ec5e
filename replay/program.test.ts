import { expect, test } from "vitest";
import { slotSizesFor } from "../allocator/size-classes.ts";
import {
  GC_MARK_TERMINATION,
  GC_START,
  GC_SWEEP_DONE,
  NO_ADDR,
  newBatch,
  OBJECT_ALLOC,
  OBJECT_FREE,
  P_START,
  P_STOP,
  PROCS,
  push,
  SPAN_ALLOC,
} from "../parsers/events.ts";
import { ProgramBuilder } from "./program.ts";

const BASE = 0xc000000000;

/** Two spans of large objects, one dead at each of two cycles; of the second cycle's sweep only the start is recorded or all. */
function recorded(sweptToTheEnd: boolean, procs = 2) {
  const batch = newBatch();
  push(batch, PROCS, 0, -1, NO_ADDR, procs, 0);
  push(batch, P_START, 0, 0, NO_ADDR, 0, 0);
  for (let i = 0; i < 40; i++) {
    push(batch, SPAN_ALLOC, 1000 + i * 100, 0, BASE + i * 65536, 8, 1);
    push(batch, OBJECT_ALLOC, 1000 + i * 100, 0, BASE + i * 65536, 65536, 0);
    if (i !== 19 && i !== 38) continue;
    const t = 1001 + i * 100;
    push(batch, GC_START, t, 0, NO_ADDR, 0, 0);
    push(batch, GC_MARK_TERMINATION, t + 10, 0, NO_ADDR, 0, 0);
    // All that was allocated since the cycle before is garbage.
    const [from, to] = i === 19 ? [0, 20] : [20, sweptToTheEnd ? 39 : 21];
    for (let k = from; k < to; k++) push(batch, OBJECT_FREE, t + 20, 0, BASE + k * 65536, 0, 0);
    if (i === 19 || sweptToTheEnd) push(batch, GC_SWEEP_DONE, t + 30, 0, NO_ADDR, 0, 0);
  }
  // Lost to a system call, and out of work.
  push(batch, P_STOP, 5500, 0, NO_ADDR, 0, 1);
  push(batch, P_START, 5500, 0, NO_ADDR, 0, 0);
  push(batch, P_STOP, 6000, 0, NO_ADDR, 0, 0);
  const builder = new ProgramBuilder(slotSizesFor("go1.27"));
  builder.add(batch);
  return builder.finish();
}

test("garbage of the last mark whose sweep the recording does not have does not count as alive", () => {
  expect(recorded(true).survivors).toBe(0);
  const cut = recorded(false);
  expect(cut.survivors).toBe(0);
  expect(cut.deadAt.slice(0, 20).every((t) => t <= 2901)).toBe(true);
});

test("a program is busy while its Ps run", () => {
  expect(recorded(true).busyNs).toBe(6000);
});

test("with one P it is told when that ran out of work", () => {
  expect([...recorded(true, 1).idleFrom]).toEqual([6000]);
  expect([...recorded(true, 2).idleFrom]).toEqual([]);
});
