import { describe, expect, it } from "vitest";
import { slotSizesFor } from "../allocator/size-classes.ts";
import { ObjectLedger } from "./objects.ts";

const BASE = 0xc000000000;
const TINY = (2 << 1) | 1;

describe("ObjectLedger", () => {
  it("counts slots, not what the program asked for", () => {
    const ledger = new ObjectLedger(slotSizesFor("go1.27"));
    ledger.spanAlloc(BASE, 1, 10);
    expect(ledger.objectAlloc(BASE + 48)).toBe(48);
    expect(ledger.bytes).toBe(48);
    ledger.objectFree(BASE + 48);
    expect(ledger.bytes).toBe(0);
  });

  it("counts a large object as its whole span", () => {
    const ledger = new ObjectLedger(slotSizesFor("go1.27"));
    ledger.spanAlloc(BASE, 5, 1);
    expect(ledger.objectAlloc(BASE)).toBe(5 * 8192);
    ledger.objectFree(BASE);
    expect(ledger.bytes).toBe(0);
  });

  it("counts a tiny block once, however many objects share it", () => {
    const ledger = new ObjectLedger(slotSizesFor("go1.27"));
    ledger.spanAlloc(BASE, 1, TINY);
    expect(ledger.objectAlloc(BASE + 16)).toBe(16);
    expect(ledger.objectAlloc(BASE + 24)).toBe(0);
    ledger.objectFree(BASE + 16);
    ledger.objectFree(BASE + 16);
    expect(ledger.bytes).toBe(0);
    // A span that was freed forgets its blocks.
    ledger.objectAlloc(BASE + 16);
    ledger.spanFree(BASE, 1);
    ledger.spanAlloc(BASE, 1, TINY);
    expect(ledger.objectAlloc(BASE + 16)).toBe(16);
  });

  it("counts objects in no known span as orphans", () => {
    const ledger = new ObjectLedger(slotSizesFor("go1.27"));
    expect(ledger.objectAlloc(BASE)).toBe(0);
    ledger.objectFree(BASE);
    expect(ledger.orphans).toBe(2);
    expect(ledger.bytes).toBe(0);
  });

  it("keeps what was allocated since the last mark apart, and where spans were moved", () => {
    const ledger = new ObjectLedger(slotSizesFor("go1.27"));
    ledger.spanAlloc(BASE, 2, 10, 4096);
    ledger.objectAlloc(BASE);
    ledger.markTermination();
    ledger.objectAlloc(BASE + 48);
    expect([ledger.bytes, ledger.sinceMark]).toEqual([96, 48]);
    expect(ledger.shiftAt(BASE + 8192)).toBe(4096);
  });
});
