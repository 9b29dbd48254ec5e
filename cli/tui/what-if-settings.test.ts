import { describe, expect, test } from "vitest";
import { FIELDS, stepPreset } from "./what-if-settings.ts";

const OFF = Number.POSITIVE_INFINITY;
const field = (id: string) => FIELDS.find((candidate) => candidate.id === id)!;

test.each([
  ["gogc", "200", 200],
  ["gogc", "off", OFF],
  ["gogc", "0", null],
  ["gogc", "-1", null],
  ["memoryLimit", "512MiB", 2 ** 29],
  ["memoryLimit", "off", OFF],
  ["memoryLimit", "0", null],
  ["physPageSize", "64KiB", 65536],
  ["physPageSize", "12KiB", null],
  ["policy", "1.19", "go1.19"],
  ["policy", "go1.21.3", "go1.21.3"],
  ["policy", "go2", null],
  ["procs", "8", 8],
  ["procs", "9999", null],
  ["goos", "windows", "windows"],
  ["goos", "plan9", null],
  ["freeOsMemoryEvery", "10s", 10e9],
  ["freeOsMemoryEvery", "0s", null],
])("%s %s is %s", (id, text, expected) => {
  expect(field(id).parse(text)).toBe(expected);
});

describe("steps", () => {
  test.each([
    ["gogc", 100, true, 150],
    ["gogc", 100, false, 75],
    ["gogc", 110, false, 100],
    ["gogc", OFF, true, OFF],
    ["gogc", OFF, false, 800],
    ["gogc", 10, false, 10],
    ["policy", "go1.27.0", false, "go1.26"],
    ["policy", "go1.19", true, "go1.20"],
    ["policy", "go1.11", false, "go1.11"],
    ["memoryLimit", 2 ** 30, true, 1.5 * 2 ** 30],
  ])("%s from %s, up: %s, is %s", (id, value, up, expected) => {
    expect(stepPreset(field(id), value, up)).toBe(expected);
  });
});

test("a preset is written as it is read", () => {
  for (const { presets, format, parse } of FIELDS) {
    for (const preset of presets) expect(parse(format(preset).replace(" ", ""))).toBe(preset);
  }
});
