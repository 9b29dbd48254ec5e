import { expect, test } from "vitest";
import { eraFor } from "./index.ts";

test.each([
  ["go1.11", "go1.11"],
  ["1.11.13", "go1.11"],
  ["1.12.0", "go1.12-dev"],
  ["go1.12.4", "go1.12-dev"],
  ["go1.12-dev", "go1.12-dev"],
  ["1.12.5", "go1.12"],
  ["1.12", "go1.12"],
  ["go1.13.15", "go1.13"],
])("%s is %s, and its heap says so", (version, name) => {
  const era = eraFor(version);
  expect(era.name).toBe(name);
  const heap = era.create({ physPageSize: 4096, physHugePageSize: 0, goos: "linux", procs: 1 });
  expect(heap.era).toBe(name);
  expect(heap.allocSpan(1, 0, false)).toBe(0xc000000000);
});
