import { expect, test } from "vitest";
import { StackScan } from "./stack-scan.ts";

const KiB = 1024;

test("a stack is deep from when it grew until the GC halves it", () => {
  const scan = new StackScan();
  scan.alloc(0, 0x1000, 8 * KiB);
  expect(scan.now().deep).toBe(0);
  // copystack to twice the size: the new one, then the old one goes.
  scan.alloc(0, 0x8000, 16 * KiB);
  scan.free(0, 0x1000);
  expect(scan.now().deep).toBe(16 * KiB);
  // shrinkstack: half the size.
  scan.alloc(0, 0x1000, 8 * KiB);
  scan.free(0, 0x8000);
  expect(scan.now().deep).toBe(0);
  expect(scan.now().shallow).toBeGreaterThan(0);
});

test("another P's stacks have nothing to do with it, nor has a free of another size", () => {
  const scan = new StackScan();
  scan.alloc(0, 0x1000, 8 * KiB);
  scan.alloc(1, 0x8000, 16 * KiB);
  scan.free(0, 0x1000);
  expect(scan.now().deep).toBe(0);
  scan.alloc(0, 0x2000, 32 * KiB);
  scan.free(0, 0x8000);
  expect(scan.now().deep).toBe(32 * KiB);
  scan.free(0, 0x2000);
  expect(scan.now()).toEqual({ deep: 0, shallow: 0 });
});

test("large stacks that were there at the start have grown before", () => {
  const scan = new StackScan();
  scan.live(0x1000, 64 * KiB);
  scan.live(0x20000, 4 * KiB);
  expect(scan.now().deep).toBe(64 * KiB);
  // An address taken again replaces what was there.
  scan.live(0x1000, 4 * KiB);
  expect(scan.now().deep).toBe(0);
});
