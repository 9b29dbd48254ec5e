import { expect, it } from "vitest";
import { stacksOfScan } from "./unseen.ts";

const KiB = 1024;

it("stacks that a GC scanned are as large as the next power of two", () => {
  expect(stacksOfScan(250 * 184 * KiB, 250)).toBe(250 * 256 * KiB);
  expect(stacksOfScan(300 * 32 * KiB, 300)).toBe(300 * 32 * KiB);
});

it("where goroutines were not counted, three quarters of stacks are taken to be in use", () => {
  expect(stacksOfScan(45, Number.NaN)).toBe(60);
  // Fewer bytes for each than a stack has at least: the count is of another moment.
  expect(stacksOfScan(30 * KiB, 1000)).toBe(40 * KiB);
});
