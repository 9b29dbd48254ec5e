import { describe, expect, it } from "vitest";
import { eraFor } from "../../allocator/eras/index.ts";
import type { Background } from "../background/background.ts";
import { newReturns, RecordedReturns } from "./recorded-returns.ts";

const MIB = 1 << 20;

/** A heap with 40 MiB free, and a model that returns a MiB each ms. */
function world() {
  const heap = eraFor("go1.21").create({ physPageSize: 4096, physHugePageSize: 0, goos: "linux", procs: 1 });
  heap.scavengeGoals.gcPercent = Number.POSITIVE_INFINITY;
  const spans = Array.from({ length: 10 }, () => heap.allocSpan(512, 0, false));
  for (const base of spans) heap.freeSpan(base, 512, false);
  heap.markTermination();
  const model: Background = {
    next: 1e6,
    advance(now) {
      heap.scavenge(MIB);
      (this as { next: number }).next = now + 1e6;
    },
    paced() {},
    gcStarted() {},
    swept() {},
  };
  return { world: { heap, procs: 1, returnCalls: 0 }, model, returned: () => heap.stats.returned.background / MIB };
}

function run(background: RecordedReturns, until: number): void {
  while (background.next <= until) background.advance(background.next);
}

describe("RecordedReturns", () => {
  it("stops the model where the line's figure is reached", () => {
    const { world: w, model, returned } = world();
    const background = new RecordedReturns(w, model, { times: [20e6], bytes: [3 * MIB] });
    run(background, 19e6);
    expect(returned()).toBeCloseTo(3, 0);
  });

  it("returns at the line what the model was short of", () => {
    const { world: w, model, returned } = world();
    const background = new RecordedReturns(w, model, { times: [2.5e6], bytes: [12 * MIB] });
    run(background, 2.4e6);
    expect(returned()).toBeCloseTo(2, 0);
    run(background, 2.5e6);
    expect(returned()).toBeCloseTo(12, 0);
  });

  it("leaves the model alone after the last line", () => {
    const { world: w, model, returned } = world();
    const background = new RecordedReturns(w, model, { times: [2.5e6], bytes: [0] });
    run(background, 2.5e6);
    expect(returned()).toBe(0);
    run(background, 5.5e6);
    // 3, 4 and 5 ms; nothing of what it did not do before.
    expect(returned()).toBeCloseTo(3, 0);
  });

  it("takes lines that come while it is replayed", () => {
    const { world: w, model, returned } = world();
    const returns = newReturns();
    const background = new RecordedReturns(w, model, returns);
    returns.times.push(10e6);
    returns.bytes.push(0);
    run(background, 9e6);
    expect(returned()).toBe(0);
  });
});
