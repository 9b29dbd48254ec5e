import { expect, it } from "vitest";
import { epochMs, lineTime } from "./clock-text.ts";

const t = Date.UTC(2026, 10, 25, 0, 8, 36);

it.each([
  ["1795565316", t],
  ["# 1795565316.5", t + 500],
  ["1795565316000", t],
  ["1795565316000000000", t],
  ["2026-11-25T00:08:36Z", t],
  ["2026-11-25 00:08:36,250 something", t + 250],
  ["[2026-11-25T01:08:36+01:00] INFO", t],
  ["2026-11-25T01:08:36.5+0100", t + 500],
  ["2026/11/25 00:08:36.000001 Alloc = 5", t],
  ["Wed Nov 25 00:08:36 UTC 2026", t],
  ["Wed Nov 25 00:08:36 2026", t],
  ["=== Wed, 25 Nov 2026 00:08:36 GMT", t],
])("%j is a time", (line, ms) => {
  expect(Math.abs(lineTime(line) - ms)).toBeLessThan(0.01);
});

it.each([
  "",
  "Rss: 4 kB",
  "12345",
  "go_goroutines 1795565316",
  "1795565316 4 5",
  "c000000000-c000400000 rw-p",
  "Size 1",
  "# HELP x 2026",
])("%j is none", (line) => {
  expect(lineTime(line)).toBeNaN();
});

it("tells the unit of an epoch by its magnitude", () => {
  for (const scale of [1, 1e3, 1e6, 1e9]) expect(epochMs(1795565316 * scale)).toBeCloseTo(t, 0);
  expect(epochMs(42)).toBeNaN();
});
