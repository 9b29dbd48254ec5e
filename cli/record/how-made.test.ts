import { expect, test } from "vitest";
import { environment, physPageSize } from "./how-made.ts";

test("of the environment only what the runtime's memory management reads", () => {
  const env = { GOGC: "50", GOMAXPROCS: "", SECRET: "x", GOMEMLIMIT: undefined };
  expect(environment(env, "gctrace=1")).toEqual({ GOGC: "50", GODEBUG: "gctrace=1" });
});

test.runIf(process.platform === "linux")("the page size is a power of two", () => {
  expect(Math.log2(physPageSize()!) % 1).toBe(0);
});
