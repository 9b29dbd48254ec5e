import { describe, expect, test } from "vitest";
import { gcLinePrefix, MIB, parseGctraceLine } from "./gctrace-line.ts";
import { parseScavLine } from "./scavtrace.ts";

describe("gctrace lines", () => {
  test("1.11 to 1.17", () => {
    expect(
      parseGctraceLine(
        "gc 7 @12.345s 3%: 0.018+1.3+0 ms clock, 0.14+0.35/0.96/27+0.032 ms cpu, 41->43->21 MB, 42 MB goal, 8 P (forced)",
      ),
    ).toEqual({
      kind: "gc",
      cycle: 7,
      at: 12_345_000_000,
      utilization: 3,
      sweepTermination: 18_000,
      mark: 1_300_000,
      markTermination: 0,
      // 1 us, 0.1 ms; 0 is less than 1 us.
      wallUnits: [1_000, 100_000, 1_000],
      cpuSweepTermination: 140_000,
      cpuAssist: 350_000,
      cpuBackground: 960_000,
      cpuIdle: 27_000_000,
      cpuMarkTermination: 32_000,
      cpuUnits: [10_000, 10_000, 10_000, 1_000_000, 1_000],
      heapStart: 41 * MIB,
      heapEnd: 43 * MIB,
      heapMarked: 21 * MIB,
      goal: 42 * MIB,
      stacks: null,
      globals: null,
      procs: 8,
      forced: true,
      leakCheck: false,
    });
  });

  test("1.18 and later: stacks and globals", () => {
    const line = parseGctraceLine(
      "gc 1024 @0.004s 0%: 0.01+2.0+0.003 ms clock, 0.02+0/0/0+0.006 ms cpu, 3->4->1 MB, 4 MB goal, 2 MB stacks, 5 MB globals, 16 P",
    )!;
    expect(line.stacks).toBe(2 * MIB);
    expect(line.globals).toBe(5 * MIB);
    expect(line.procs).toBe(16);
    expect(line.forced).toBe(false);
    expect(line.at).toBe(4_000_000);
  });

  test("1.26 and later: a cycle that looks for leaked goroutines", () => {
    const line = parseGctraceLine(
      "gc 9 @1.250s 2% (checking for goroutine leaks): 0.1+5.5+0.2 ms clock, 0.2+0/5/0+0.4 ms cpu, 9->9->3 MB, 10 MB goal, 0 MB stacks, 0 MB globals, 2 P (forced)",
    )!;
    expect(line.leakCheck).toBe(true);
    expect(line.utilization).toBe(2);
    expect(line.sweepTermination).toBe(100_000);
  });

  test.each([
    "gc 7 @12.345s 3%: 0.018+1.3 ms clock, 0.14+0.35/0.96/27+0.032 ms cpu, 41->43->21 MB, 42 MB goal, 8 P",
    "gc 7 @12.345s 3%: 0.018+1.3+0 ms clock, 0.14+0.35/0.96/27+0.032 ms cpu, 41->43 MB, 42 MB goal, 8 P",
    "gc 7 @12.345s 3%: 0.018+1.3+0 ms clock, 0.14+0.35/0.96/27+0.032 ms cpu, 41->43->21 MB, 42 MB goal",
    "gc -1 @12.345s 3%: 0.018+1.3+0 ms clock, 0.14+0.35/0.96/27+0.032 ms cpu, 41->43->21 MB, 42 MB goal, 8 P",
    "GC 7 @12.345s 3%: 0.018+1.3+0 ms clock, 0.14+0.35/0.96/27+0.032 ms cpu, 41->43->21 MB, 42 MB goal, 8 P",
    "gc 12 objects collected",
    "",
  ])("not a line: %s", (text) => {
    expect(parseGctraceLine(text)).toBeNull();
  });

  test("how far a broken line goes", () => {
    const whole = "gc 7 @12.345s 3%: 0.018+1.3+0 ms clock, 0.1+0/0/0+0 ms cpu, 1->2->1 MB, 4 MB goal, 8 P";
    for (const n of [3, 4, 6, 12, 17, 30, 40, 60, whole.length]) {
      expect(gcLinePrefix(`${whole.slice(0, n)}\n`, 0)).toBe(n);
    }
    expect(gcLinePrefix("gc 7 @12.345s 3%: 0.018+1[info] hello", 0)).toBe("gc 7 @12.345s 3%: 0.018+1".length);
  });
});

describe("lines about returned memory", () => {
  const none = {
    kind: "scav",
    scan: null,
    generation: null,
    work: null,
    eagerWork: null,
    released: null,
    inuse: null,
    idle: null,
    sys: null,
    utilization: null,
    forced: false,
  };
  test.each([
    ["scvg7: 12 MB released", { versions: ["1.11", "1.12"], unit: MIB, scan: 7, work: 12 * MIB }],
    ["scvg-1: 3 MB released", { versions: ["1.11", "1.12"], unit: MIB, scan: -1, work: 3 * MIB, forced: true }],
    [
      "scvg0: inuse: 3, idle: 60, sys: 63, released: 57, consumed: 6 (MB)",
      {
        versions: ["1.11", "1.12"],
        unit: MIB,
        scan: 0,
        inuse: 3 * MIB,
        idle: 60 * MIB,
        sys: 63 * MIB,
        released: 57 * MIB,
      },
    ],
    ["scvg: 0 MB released", { versions: ["1.13"], unit: MIB, work: 0 }],
    ["forced scvg: 10 MB released", { versions: ["1.13"], unit: MIB, work: 10 * MIB, forced: true }],
    [
      "forced scvg: inuse: 1, idle: 2, sys: 3, released: 2, consumed: 1 (MB)",
      { versions: ["1.13"], unit: MIB, inuse: MIB, idle: 2 * MIB, sys: 3 * MIB, released: 2 * MIB, forced: true },
    ],
    [
      "scav 10296 KiB work, 65000 KiB total, 90% util",
      { versions: ["1.14", "1.19", "1.20"], unit: 1024, work: 10296 * 1024, released: 65000 * 1024, utilization: 90 },
    ],
    [
      "scav 4 10408 KiB work, 65016 KiB total, 100% util [controller reset]",
      {
        versions: ["1.15", "1.16", "1.17", "1.18"],
        unit: 1024,
        generation: 4,
        work: 10408 * 1024,
        released: 65016 * 1024,
        utilization: 100,
      },
    ],
    [
      "scav 0 KiB work (bg), 10440 KiB work (eager), 11736 KiB now, 100% util (forced)",
      {
        versions: ["1.21", "1.22", "1.23", "1.24", "1.25", "1.26", "1.27"],
        unit: 1024,
        work: 0,
        eagerWork: 10440 * 1024,
        released: 11736 * 1024,
        utilization: 100,
        forced: true,
      },
    ],
  ])("%s", (text, want) => {
    expect(parseScavLine(`2024-01-01 something: ${text}`)).toEqual({ ...none, ...want });
  });

  test.each(["scav 4 KiB work, 10 KiB now, 1% util", "scvg: released", "scav x KiB work", "scvg3: 12 GB released"])(
    "not a line: %s",
    (text) => {
      expect(parseScavLine(text)).toBeNull();
    },
  );
});
