import { describe, expect, it } from "vitest";
import { sharedClock } from "./join.ts";

const S = 1e9;

describe("sharedClock", () => {
  const trace = [0.5, 1.25, 3.1, 3.4, 7.75, 9].map((s) => s * S);

  it("finds the shift of a log that saw the same cycles, each rounded to a ms", () => {
    const log = trace.map((t) => Math.round(t / 1e6) * 1e6 + 42 * S);
    expect(sharedClock(log, trace)).toBeCloseTo(-42 * S, -6);
  });

  it("finds it when the trace is a part of the log", () => {
    const log = [0.1, 0.3, 5, 6.2, ...trace.map((t) => t / S + 8), 21, 25].map((s) => s * S);
    expect(sharedClock(log, trace)).toBeCloseTo(-8 * S, -6);
  });

  it("finds it when the log lacks lines at its end", () => {
    expect(sharedClock(trace.slice(0, 4), trace)).toBeCloseTo(0, -6);
  });

  it("does not take cycles of another run for the same", () => {
    expect(
      sharedClock(
        [0.2, 0.9, 1.7, 4.4, 5.1, 8].map((s) => s * S),
        trace,
      ),
    ).toBeNull();
    expect(sharedClock([], trace)).toBeNull();
  });
});
