import { describe, expect, it } from "vitest";
import { sizeClassOf, slotSizesFor, spanLayoutFor } from "./size-classes.ts";

describe("size classes", () => {
  it("are 67 up to 1.15 and 68 with that of 24 bytes from 1.16 on", () => {
    expect(slotSizesFor("go1.15.15")).toHaveLength(67);
    expect(slotSizesFor("go1.16")).toHaveLength(68);
    expect(slotSizesFor("1.27.0").at(-1)).toBe(32768);
    expect(sizeClassOf(24, "1.15")).toBe(3);
    expect(slotSizesFor("1.15")[3]).toBe(32);
    expect(sizeClassOf(32769, "1.27")).toBe(0);
  });

  // Slots per span as real runtimes reported them: [noscan, scan] of 16 B and 512 B.
  it.each([
    ["1.21", [512, 512], [16, 16]],
    ["1.25", [512, 504], [16, 15]],
    ["1.27", [504, 496], [15, 15]],
  ])("slots of Go %s", (version, of16, of512) => {
    const { slots } = spanLayoutFor(version);
    const at = (bytes: number) => {
      const cls = sizeClassOf(bytes, version);
      return [slots[(cls << 1) | 1], slots[cls << 1]];
    };
    expect(at(16)).toEqual(of16);
    expect(at(512)).toEqual(of512);
  });

  it("wastes less than an eighth of a span in whole slots", () => {
    const { slots, slotSize, pages } = spanLayoutFor("1.21");
    for (let cls = 1; cls < slotSize.length; cls++) {
      const tail = pages[cls]! * 8192 - slots[cls << 1]! * slotSize[cls]!;
      expect(tail / (pages[cls]! * 8192)).toBeLessThan(0.125 + 1e-9);
    }
  });
});
