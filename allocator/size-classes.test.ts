import { describe, expect, it } from "vitest";
import { makeSizeClasses, sizeClassOf, slotSizesFor, spanLayoutFor } from "./size-classes.ts";

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

describe("makeSizeClasses", () => {
  it.each([
    ["1.15", 15],
    ["1.27", 27],
  ])("makes Go %s's own tables for its own page", (version, minor) => {
    const layout = spanLayoutFor(version);
    expect(makeSizeClasses(8192, minor)).toEqual({
      slotSize: Array.from(layout.slotSize),
      pages: Array.from(layout.pages),
    });
  });

  // What Go 1.22's own mksizeclasses.go prints when its pageShift is 12 and 14.
  it.each([
    [
      4096,
      "0 8 16 24 32 48 64 80 96 112 128 144 160 176 192 208 224 240 256 288 320 352 384 448 512 576 640 704 768 896 1024 1152 1280 1536 1536 1664 2048 2432 2688 3072 3328 4096 4864 5120 5376 6144 6784 7168 8192 9472 10240 10880 12288 14336 16384 18432 20480 22528 24576 26624 28672 32768",
      "0 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 2 1 2 1 2 1 3 2 3 1 3 2 3 5 1 6 5 4 3 5 7 2 7 5 8 3 7 4 9 5 11 6 13 7 8",
    ],
    [
      16384,
      "0 8 16 24 32 48 64 80 96 112 128 144 160 176 192 208 224 240 256 288 320 352 384 416 448 480 512 576 640 704 768 832 896 960 1024 1152 1280 1408 1536 1792 2048 2304 2688 2944 3200 3584 4096 4608 5376 6144 6528 6912 8192 9344 9728 10880 12288 13056 13568 13952 14336 16384 18688 19072 19584 20480 21760 24576 27264 28672 32768",
      "0 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 2 1 2 1 2 1 3 2 3 1 4 3 2 3 4 5 6 7 1 8 7 6 5 4 3 5 7 2",
    ],
  ])("makes what Go's generator makes for pages of %i bytes", (pageSize, sizes, pages) => {
    const made = makeSizeClasses(pageSize, 22);
    expect(made.slotSize.join(" ")).toBe(sizes);
    expect(made.pages.join(" ")).toBe(pages);
  });

  it.each([4096, 16384, 32768, 65536])("wastes at most an eighth of a span of pages of %i bytes", (pageSize) => {
    const { slotSize, pages } = makeSizeClasses(pageSize, 27);
    expect(slotSize.at(-1)).toBe(32768);
    for (let cls = 1; cls < slotSize.length; cls++) {
      const bytes = pages[cls]! * pageSize;
      expect((bytes % slotSize[cls]!) / bytes).toBeLessThanOrEqual(1 / 8);
      // Two classes may end at one size, as in Go's own generator.
      expect(slotSize[cls]).toBeGreaterThanOrEqual(slotSize[cls - 1]!);
    }
  });

  it("has more classes the larger the page, and other slots in a span", () => {
    expect(makeSizeClasses(4096, 27).slotSize.length).toBeLessThan(68);
    expect(makeSizeClasses(16384, 27).slotSize.length).toBeGreaterThan(68);
    const { slots, slotSize } = spanLayoutFor("1.27", 16384);
    const cls = Array.from(slotSize).indexOf(1024);
    expect(slots[cls << 1]).toBe(16);
    expect(() => spanLayoutFor("gccgo", 4096)).toThrow(RangeError);
  });
});
