import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../errors.ts";
import { Losses } from "../losses.ts";
import { fixture, observe } from "../testing/observed.ts";
import { readHeapText } from "./legacy-text.ts";

const read = (text: string) => {
  const losses = new Losses();
  return { profiles: readHeapText(text, "p.txt", losses), losses: losses.toJSON() };
};

const FOOTER =
  "\n# runtime.MemStats\n# Alloc = 100\n# TotalAlloc = 200\n# HeapAlloc = 100\n# Stack = 3 / 4\n# LastGC = 1795542110471219116\n# NumGC = 5\n";

describe("text heap profile", () => {
  it("of Go: counts as sampled, calls with their inlining, and MemStats", () => {
    const text = fixture("pprof/go1.27.0/heap.debug1.txt").toString();
    const { profiles, losses } = read(text);
    expect(profiles.length).toBe(1);
    expect(losses).toEqual({});
    const profile = profiles[0]!;
    expect(profile.data.period).toBe(524288);
    expect(profile.data.scaled).toBe(false);
    // The header has the sums of the samples.
    const header = /^heap profile: (\d+): (\d+) \[(\d+): (\d+)\]/.exec(text)!;
    expect(["inuse_objects", "inuse_space", "alloc_objects", "alloc_space"].map((t) => profile.total(t))).toEqual(
      header.slice(1).map(Number),
    );
    const medium = profile.sites().find((s) => s.frame.function === "main.wrapped")!;
    expect(medium.stack.slice(0, 3).map((f) => f.function)).toEqual(["main.wrapped", "main.allocMedium", "main.churn"]);
    expect(profile.memStats!.HeapInuse).toBe(Number(/# HeapInuse = (\d+)/.exec(text)![1]));
    expect(profile.memStats!.StackSys).toBe(Number(/# Stack = \d+ \/ (\d+)/.exec(text)![1]));
    expect(profile.memStats!.MaxRSS).toBeGreaterThan(1e7);
  });

  it("of Go 1.11: inlined calls share the address of the call they were inlined into", () => {
    const { profiles } = read(fixture("pprof/go1.11.13/heap.debug1.txt").toString());
    const medium = profiles[0]!.sites().find((s) => s.frame.function === "main.wrapped")!;
    expect(medium.stack.slice(0, 2).map((f) => [f.function, f.inlined])).toEqual([
      ["main.wrapped", true],
      ["main.allocMedium", false],
    ]);
  });

  it("un-biases with the period of the header, which for Go is twice the rate", () => {
    const { profiles } = read(
      `heap profile: 1: 524288 [2: 1048576] @ heap/1048576\n1: 524288 [2: 1048576] @ 0x10 0x20\n${FOOTER}`,
    );
    const scale = 1 / (1 - Math.exp(-1));
    expect(profiles[0]!.totals().inuseObjects).toBeCloseTo(scale, 9);
    expect(profiles[0]!.totals().allocBytes).toBeCloseTo(1048576 * scale, 3);
  });

  it("of other profilers: two columns, no sampling, a memory map", () => {
    const { profiles, losses } = read(
      "heap profile: 2: 30 [2: 30] @ heapprofile\n 1: 10 [1: 10] @ 0x1\n 1: 20 [1: 20] @ 0x2\n\nMAPPED_LIBRARIES:\n0-1 r-xp 0 0:0 0 x\n",
    );
    expect(profiles[0]!.data.sampleTypes.map((t) => t.type)).toEqual(["objects", "space"]);
    expect(profiles[0]!.totals().inuseBytes).toBe(30);
    expect(losses).toEqual({ "no-memstats": 1 });
  });

  it("several, one after the other, are a series", async () => {
    const one = `heap profile: 1: 8 [2: 16] @ heap/2\n1: 8 [2: 16] @ 0x10\n${FOOTER}`;
    const { source, rows, losses } = await observe(one + one.replaceAll("100", "300"));
    expect(source.format).toBe("pprof-text");
    expect(source.profiles.length).toBe(2);
    expect(rows.map((r) => [r.t, r.heap_alloc, r.profile_live])).toEqual([
      [0, 100, 8],
      [1e9, 300, 8],
    ]);
    expect(losses).toEqual({ "assumed-time": 2 });
    expect(source.notBefore).toBeCloseTo(1795542110471.219, 2);
    expect(source.sequence).toBe(200);
  });

  it("counts what it can't read, and that the end is missing", () => {
    const { profiles, losses } = read(
      "heap profile: 1: 8 [1: 8] @ heap/1048576\n1: 8 [1: 8] @ 0x10\n0: 7 [1: 8] @ 0x10\n1: 8 [nonsense\n# Alloc = 1",
    );
    expect(profiles[0]!.sampleCount).toBe(1);
    expect(losses).toEqual({ "damaged-lines": 2, "no-memstats": 1 });
  });

  it.each([
    ["heap profile: x", /line 1: not a heap profile's header/],
    ["heap profile: 1: 2 [3: 4] @ heapgrowth/1", /kind "heapgrowth"/],
    ["", /does not begin with/],
  ])("refuses %j in one line", (text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow(InputError);
  });

  it("fuzz: lines cut, doubled or garbled never break it", () => {
    const lines = fixture("pprof/go1.22.12/heap.debug1.txt").toString().split("\n").slice(0, 60);
    const change = fc.tuple(fc.nat(lines.length - 1), fc.nat(80), fc.string({ maxLength: 10 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
        const copy = [...lines];
        for (const [at, cut, text] of changes) copy[at] = copy[at]!.slice(0, cut) + text + copy[at]!.slice(cut + 2);
        try {
          for (const profile of readHeapText(copy.join("\n"), "p", new Losses())) {
            profile.sites();
            profile.sizeMix();
          }
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});

it("long lines take time in proportion", async () => {
  const header = "heap profile: 1: 8 [2: 16] @ heap/2\n1: 8 [2: 16] @ 0x10\n";
  const start = performance.now();
  for (const line of [
    `#\t0xf\t${"a\t".repeat(500_000)}`,
    `#\t0xf\t${"a+0x1".repeat(200_000)}\tf:1`,
    `# ${"PauseNs:[".repeat(100_000)}`,
  ]) {
    read(`${header}${line}\n`);
  }
  await expect(observe(`/gc/gogc:percent 1\n/gc/gomemlimit:bytes 2\n${"-/a".repeat(300_000)}`)).resolves.toBeDefined();
  expect(performance.now() - start).toBeLessThan(10_000);
});
