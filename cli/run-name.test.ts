import { expect, test } from "vitest";
import { runName } from "./run-name.ts";

test.each([
  [[], undefined],
  [["a/trace.out"], "a/trace.out"],
  [["a/b/heap.pb.gz", "a/b/trace.out"], "a/b"],
  [["trace.out", "samples.csv"], "trace.out"],
  [["a/trace.out", "b/trace.out"], "a/trace.out"],
  [["/trace.out", "/samples.csv"], "/trace.out"],
  [["http://h:1/debug/pprof/trace", "http://h:1/debug/pprof/heap"], "http://h:1/debug/pprof"],
])("%j is the run %s", (paths, name) => {
  expect(runName(paths)).toBe(name);
});
