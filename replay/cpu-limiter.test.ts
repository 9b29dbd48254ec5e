import { expect, test } from "vitest";
import { CpuLimiter } from "./cpu-limiter.ts";

const SECOND = 1e9;

test("less GC work than program work never fills the bucket", () => {
  const limiter = new CpuLimiter(4);
  for (let s = 1; s <= 100; s++) {
    limiter.program(s * SECOND, 0.75);
    limiter.collected(SECOND);
  }
  expect(limiter.limiting).toBe(false);
});

test("more GC work than program work fills it: after a second of every P more", () => {
  const limiter = new CpuLimiter(2);
  limiter.program(1 * SECOND, 0.25);
  limiter.collected(1.5 * SECOND);
  expect(limiter.limiting).toBe(false);
  limiter.program(2 * SECOND, 0.25);
  limiter.collected(1.5 * SECOND);
  expect(limiter.limiting).toBe(true);
  // The program's own work makes room again at once.
  limiter.program(2.001 * SECOND, 0.25);
  expect(limiter.limiting).toBe(false);
  expect(limiter.limitedNs).toBe(0.001 * SECOND);
});

test("idle time is nobody's", () => {
  const limiter = new CpuLimiter(1);
  limiter.collected(1.2 * SECOND);
  limiter.program(10 * SECOND, 0);
  expect(limiter.limiting).toBe(true);
});

test("time that is over is not counted again", () => {
  const limiter = new CpuLimiter(1);
  limiter.program(0.5 * SECOND, 1);
  limiter.collected(1.2 * SECOND);
  limiter.program(0.2 * SECOND, 1);
  expect(limiter.limiting).toBe(true);
});
