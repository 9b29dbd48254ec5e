import { describe, expect, it } from "vitest";
import {
  GC_MARK_TERMINATION,
  GC_START,
  GO_CREATE,
  GO_END,
  HEAP_GOAL,
  HEAP_LIVE,
  newBatch,
  push,
} from "../../parsers/events.ts";
import { ScannedStacks } from "./scanned-stacks.ts";

const MIB = 1 << 20;
const GLOBALS = MIB / 2;

interface Gc {
  /** MiB. */
  readonly marked: number;
  readonly stacks: number;
  /** Alive while it marks; all but one end before it is done. */
  readonly goroutines?: number;
}

function scanned(gcs: readonly Gc[], { gogc = 100, minor = 27 } = {}): ScannedStacks {
  const batch = newBatch();
  let t = 0;
  const add = (kind: number, size = 0) => push(batch, kind, t++, 0, -1, size, 0);
  add(GO_CREATE, 1);
  for (const { marked, stacks, goroutines = 100 } of gcs) {
    add(GC_START);
    add(GO_CREATE, goroutines - 1);
    add(HEAP_LIVE, marked * MIB);
    add(GO_END, goroutines - 1);
    add(GC_MARK_TERMINATION);
    add(HEAP_GOAL, marked * MIB + ((marked + stacks) * MIB + GLOBALS) * (gogc / 100));
  }
  const out = new ScannedStacks();
  out.add(batch);
  out.finish(minor);
  return out;
}

const steady: readonly Gc[] = [20, 26, 31, 24].map((marked) => ({ marked, stacks: 0 }));

describe("ScannedStacks", () => {
  it.each([50, 100, 200])("takes what goals show beyond the globals for stacks, at GOGC=%d", (gogc) => {
    const stacks = scanned([...steady, { marked: 22, stacks: 6, goroutines: 300 }, ...steady], { gogc });
    expect(stacks.at(5)).toBeCloseTo(6 * MIB, -1);
    expect(stacks.at(4)).toBe(0);
    expect(stacks.at(99)).toBe(0);
    expect(stacks.most).toBe(stacks.at(5));
    expect(stacks.perGoroutine).toBeCloseTo((6 * MIB) / 300, -1);
  });

  it("does not take a GOGC that the program raised for a time for stacks", () => {
    expect(scanned([...steady, { marked: 22, stacks: 60, goroutines: 20 }, ...steady]).most).toBe(0);
  });

  it("learns nothing for others from a few goroutines", () => {
    const stacks = scanned([...steady, { marked: 22, stacks: 1, goroutines: 10 }, ...steady]);
    expect(stacks.most).toBeCloseTo(MIB, -1);
    expect(stacks.perGoroutine).toBe(0);
  });

  it("knows nothing of versions whose goals leave stacks out", () => {
    expect(scanned([...steady, { marked: 22, stacks: 6 }, ...steady], { minor: 17 }).most).toBe(0);
  });
});
