import { expect, test } from "vitest";
import { CpuLimiter } from "./cpu-limiter.ts";

const SECOND = 1e9;

test("a quarter for the GC never fills the bucket", () => {
  const limiter = new CpuLimiter(4);
  for (let s = 1; s <= 100; s++) limiter.update(s * SECOND, true);
  expect(limiter.limiting).toBe(false);
});

test("more GC work than program work fills it: after a second of every P more", () => {
  const limiter = new CpuLimiter(2);
  // 0.5 s of 2 s in the background, 1 s in assists: 1.5 s against 0.5 s, so 1 s a second of 2 s.
  limiter.update(1 * SECOND, true, 1 * SECOND);
  expect(limiter.limiting).toBe(false);
  limiter.update(2 * SECOND, true, 1 * SECOND);
  expect(limiter.limiting).toBe(true);
  limiter.update(3 * SECOND, true, 1 * SECOND);
  expect(limiter.limitedNs).toBe(1 * SECOND);
  // The program's own work makes room again at once.
  limiter.update(3.001 * SECOND, false);
  expect(limiter.limiting).toBe(false);
});

test("idle time is nobody's", () => {
  const limiter = new CpuLimiter(1);
  limiter.update(1 * SECOND, true, 0.4 * SECOND, 0.35 * SECOND);
  limiter.update(2 * SECOND, true, 0.4 * SECOND, 0.35 * SECOND);
  // 0.65 against 0 each second.
  expect(limiter.limiting).toBe(true);
});

test("pauses are the GC's alone, and time that is over is not counted again", () => {
  const limiter = new CpuLimiter(1);
  limiter.stopped(1.2 * SECOND);
  expect(limiter.limiting).toBe(true);
  limiter.update(0.5 * SECOND, false);
  expect(limiter.limiting).toBe(false);
  limiter.update(0.2 * SECOND, true, SECOND);
  expect(limiter.limiting).toBe(false);
});
