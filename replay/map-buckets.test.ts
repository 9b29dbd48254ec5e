import { expect, test } from "vitest";
import { slotSizesFor } from "../allocator/size-classes.ts";
import { bucketBytes, doubles, isMapGroup, mapShare, withBuckets } from "./map-buckets.ts";
import type { Program } from "./program.ts";

const SLOTS = slotSizesFor("go1.27");

function objects(sizes: readonly number[], noscan = 0): Program {
  const n = sizes.length;
  return {
    objects: n,
    time: new Float64Array(n),
    deadAt: new Float64Array(n),
    spanClass: Uint8Array.from(sizes, (size) => (SLOTS.includes(size) ? (SLOTS.indexOf(size) << 1) | noscan : noscan)),
    size: Float64Array.from(sizes),
    p: new Int16Array(n),
    manual: { time: new Float64Array(0), id: new Float64Array(0), pages: new Int32Array(0), p: new Int16Array(0) },
    cycles: [],
    procs: 1,
    idleFrom: new Float64Array(0),
    end: 0,
    busyNs: 0,
    idleNs: 0,
    heapBase: null,
    survivors: 0,
    flow: null,
    recorderBytes: 0,
  };
}

test("arrays of groups are told by their type", () => {
  expect([undefined, "map.group[string]int", "main.T"].map(isMapGroup)).toEqual([false, true, false]);
});

test("a map of eight has one bucket, of the same size class; other objects stay as they are", () => {
  const program = objects([208, 1792, 208]);
  const converted = withBuckets(program, [200, 0, 0], SLOTS, 1);
  expect([...converted.size]).toEqual([208, 1792, 208]);
  expect([...converted.spanClass]).toEqual([...program.spanClass]);
  expect(mapShare(program, [200, 0, 0])).toBeCloseTo(208 / 2208);
});

test("larger ones have as many buckets as groups, or twice as many as often as buckets would have grown", () => {
  const n = 4000;
  // Eight groups of 200 bytes and a header: 1792. Eight buckets of 208: the same class; sixteen and one for overflow: 3536.
  const { size, spanClass } = withBuckets(objects(new Array(n).fill(1792)), new Array(n).fill(200), SLOTS, 7);
  const doubled = size.filter((bytes) => bytes === 4096).length;
  expect(size.filter((bytes) => bytes === 1792).length).toBe(n - doubled);
  expect(Math.abs(doubled / n - doubles(8))).toBeLessThan(0.03);
  expect(doubles(8)).toBeGreaterThan(doubles(128));
  expect([...spanClass].every((cls, i) => SLOTS[cls >> 1] === size[i])).toBe(true);
});

test("what is more than 32 KiB is a large object, with or without pointers as before", () => {
  // A table of 128 groups is 27264 bytes; 256 buckets and 16 for overflow are 56576: seven pages.
  expect(bucketBytes(256, 200)).toBe(272 * 208);
  const n = 200;
  for (const noscan of [0, 1]) {
    const { size, spanClass } = withBuckets(
      objects(new Array(n).fill(27264), noscan),
      new Array(n).fill(200),
      SLOTS,
      3,
    );
    const large = [...spanClass.keys()].filter((i) => spanClass[i]! < 2);
    expect(large.length).toBeGreaterThan(0);
    expect(large.every((i) => size[i] === 7 * 8192 && spanClass[i] === noscan)).toBe(true);
  }
});
