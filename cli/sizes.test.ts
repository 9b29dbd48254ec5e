import { expect, test } from "vitest";
import {
  formatBytes,
  formatCount,
  formatDelta,
  formatDuration,
  formatMargin,
  formatMoment,
  formatPercent,
  parseSize,
} from "./sizes.ts";

test.each([
  ["0", 0],
  ["4096", 4096],
  ["4096B", 4096],
  ["64KiB", 65536],
  ["64kib", 65536],
  ["1.5 GiB", 1.5 * 2 ** 30],
  ["512MB", 512e6],
  ["2GB", 2e9],
  ["1KB", 1000],
  ["0.1MiB", 104858],
  ["", null],
  ["-1", null],
  ["1.5", null],
  ["64K", null],
  ["1e3", null],
  ["1,5GiB", null],
  ["MiB", null],
  ["99999999999GiB", null],
])("parseSize(%j) is %j", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.00 KiB"],
  [13.44 * 2 ** 20, "13.4 MiB"],
  [132 * 2 ** 20, "132 MiB"],
  [1023.9 * 1024, "1.00 MiB"],
  [1.21 * 2 ** 30, "1.21 GiB"],
  [-3.2 * 2 ** 20, "-3.20 MiB"],
  [Number.POSITIVE_INFINITY, "no limit"],
  [Number.NaN, "?"],
])("formatBytes(%d) is %j", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test("differences carry their sign", () => {
  expect([formatDelta(1024), formatDelta(-1024), formatDelta(0)]).toEqual(["+1.00 KiB", "-1.00 KiB", "0 B"]);
});

test.each([
  [0, "0 s"],
  [350, "350 ns"],
  [1200, "1.20 us"],
  [13.4e6, "13.4 ms"],
  [3.21e9, "3.21 s"],
  [59.96e9, "1 min 00 s"],
  [125e9, "2 min 05 s"],
  [3720e9, "1 h 02 min"],
])("formatDuration(%d) is %j", (ns, text) => {
  expect(formatDuration(ns)).toBe(text);
});

test("moments tell neighbouring columns apart", () => {
  expect(formatMoment(3.2e9, 0.1e9)).toBe("3.2 s");
  expect(formatMoment(3.215e9, 0.0001e9)).toBe("3.2150 s");
  expect(formatMoment(125e9, 1e9)).toBe("2 min 05 s");
});

test.each([
  [0, "0 %"],
  [0.0001, "<0.1 %"],
  [-0.0001, ">-0.1 %"],
  [-0.02, "-2 %"],
  [0.004, "0.4 %"],
  [0.123, "12 %"],
  [0.995, "99.5 %"],
  [0.9999999, ">99.9 %"],
  [1, "100 %"],
  [1.666, "167 %"],
])("formatPercent(%d) is %j", (fraction, text) => {
  expect(formatPercent(fraction)).toBe(text);
});

test("margins share their unit when they can", () => {
  const mib = 2 ** 20;
  expect(formatMargin({ below: 2 * mib, above: 5 * mib })).toBe("-2.00/+5.00 MiB");
  expect(formatMargin({ below: 512 * 1024, above: 5 * mib })).toBe("-512 KiB/+5.00 MiB");
  expect(formatMargin({ below: 3 * mib, above: 3 * mib })).toBe("+-3.00 MiB");
  expect(formatMargin({ below: 0, above: 0 })).toBe("none");
});

test("counts are grouped the same in every locale", () => {
  expect(formatCount(1234567)).toBe("1 234 567");
  expect(formatCount(999)).toBe("999");
});
