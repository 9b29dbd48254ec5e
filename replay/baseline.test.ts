import { expect, test } from "vitest";
import { baselineRss, baselineUnder } from "./baseline.ts";

test("a binary of an older version has less in RSS, the runtime's own state stays", () => {
  // A small program of 1.27: 2.9 MB of file-backed RSS; built by 1.11 to 1.22 it has 1.8 to 2.1.
  const { bytes } = baselineRss({ textSpan: 1.25e6 });
  const runtime = 0.5e6;
  expect(bytes - runtime).toBeCloseTo(2.9e6, -5);
  for (const minor of [11, 16, 22]) {
    const under = baselineUnder(bytes, 27, minor) - runtime;
    expect(under).toBeGreaterThan(1.8e6);
    expect(under).toBeLessThan(2.15e6);
  }
  expect(baselineUnder(bytes, 27, 27)).toBe(bytes);
  expect(baselineUnder(baselineUnder(bytes, 27, 16), 16, 27)).toBeCloseTo(bytes);
});
