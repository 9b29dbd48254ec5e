import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { diagnose } from "./diagnose.ts";
import { CAPTURE } from "./rule.ts";

const folder = (name: string) => new URL(`../../fixtures/causes/${name}`, import.meta.url).pathname;
const truth = (name: string) => Number(readFileSync(`${folder(name)}/truth.txt`, "utf8"));

/** Programs that have a cause, and how far its bytes may be off the truth. */
const CAUSES: readonly [id: string, tolerance: number][] = [
  ["gogc-headroom", 0.2],
  ["gc-caught-burst", 0.2],
  ["retained-by-design", 0.2],
  ["dense-chunks", 0.2],
  ["dense-chunks-half", 0.2],
  ["idle-no-gc", 0.2],
  ["limit-death-spiral", 0.2],
  ["non-heap-eats-limit", 0.2],
  ["size-class-fragmentation", 0.2],
  ["page-fragmentation", 0.2],
  ["stacks", 0.2],
  ["dead-goroutines", 0.2],
  ["goroutine-leak", 0.2],
  ["profile-buckets", 0.2],
  ["metadata-stays", 0.2],
  ["cgo-memory", 0.2],
  ["file-mappings", 0.2],
  ["map-never-shrinks", 0.2],
  ["retained-substring", 0.2],
  ["heap-minimum", 0.2],
  ["forced-regrowth", 0.2],
  ["background-return", 0.2],
  ["lazy-free", 0.2],
  ["age-based-scavenger", 0.2],
  ["stale-profile", 0.2],
  ["mark-overshoot", 0.2],
  ["needless-zeroing", 0.2],
  ["no-memory-limit", 0.2],
  ["page-cache", 0.2],
  ["khugepaged-refill", 0.2],
  ["huge-pages-survive", 0.2],
  ["finalizers", 0.2],
  ["pool-giants-made", 0.2],
];

/** Of several programs for a cause, the folder's name says more than the cause's. */
const SEVERAL: Readonly<Record<string, string>> = {
  "pool-giants-made": "pool-giants",
  "dense-chunks-half": "dense-chunks",
};
const causeOf = (name: string) => SEVERAL[name] ?? name;

/** Programs whose twin, made for another question, has the cause, too. */
const SAME_IN_TWIN = new Set(["dense-chunks-half"]);

describe("programs with one known cause", () => {
  it.each(CAUSES)("%s ranks first, its bytes within the tolerance", async (id, tolerance) => {
    const { causes } = await diagnose([folder(id)]);
    expect(causes[0]).toMatchObject({ id: causeOf(id), verdict: "present" });
    expect(Math.abs(causes[0]!.bytes / truth(id) - 1)).toBeLessThan(tolerance);
  });

  it.each(CAUSES.map(([id]) => id).filter((id) => !SAME_IN_TWIN.has(id)))(
    "the twin of %s does not have it",
    async (id) => {
      const { causes } = await diagnose([folder(`${id}-twin`)]);
      const cause = causes.find((c) => c.id === causeOf(id))!;
      expect(cause.verdict, JSON.stringify(cause.evidence)).not.toBe("present");
    },
  );

  it("address space is no memory", async () => {
    const { causes } = await diagnose([folder("address-space")]);
    expect(causes[0]).toMatchObject({ id: "address-space", verdict: "present", bytes: 0 });
  });

  it("pages larger than the runtime's keep what smaller ones would not, by the model", async () => {
    const trace = new URL("../../fixtures/cache-1.27/trace.out.gz", import.meta.url).pathname;
    const [small, large] = await Promise.all(
      [4096, 65536].map(async (physPageSize) => {
        const { causes } = await diagnose([trace], { physPageSize });
        return causes.find(({ id }) => id === "large-phys-pages")!;
      }),
    );
    expect(small!.verdict).toBe("ruled-out");
    expect(large!.verdict, JSON.stringify(large)).toBe("present");
    expect(large!.bytes).toBeGreaterThan(8 * 2 ** 20);
  });

  it("a pool's giants show as a site, not as a verdict", async () => {
    const { causes } = await diagnose([folder("pool-giants")]);
    const pool = causes.find(({ id }) => id === "pool-giants")!;
    expect(pool.verdict).toBe("not-enough-data");
    expect(pool.bytes).toBeGreaterThan(32 * 2 ** 20);
    expect(pool.evidence.map(({ text }) => text).join(" ")).toMatch(/growth of a bytes\.Buffer/);
  });

  it("old Go's returned pages are not those of a new one", async () => {
    const { causes } = await diagnose([folder("background-return")]);
    for (const id of ["dense-chunks", "lazy-free", "age-based-scavenger", "forced-huge-pages"]) {
      expect(causes.find((c) => c.id === id)!.verdict, id).toBe("ruled-out");
    }
  });
});

describe("a plain trace with RSS, and the log that was put aside", () => {
  it("tells stacks by what GCs scanned of them, and takes them for nothing of C's", async () => {
    const { causes } = await diagnose([folder("plain-stacks")]);
    expect(causes[0]).toMatchObject({ id: "stacks", verdict: "present" });
    expect(Math.abs(causes[0]!.bytes / truth("plain-stacks") - 1)).toBeLessThan(0.2);
    expect(causes.find(({ id }) => id === "cgo-memory")!.verdict).not.toBe("present");
  });

  it("can't tell room in spans from free pages or from C's memory: it is named, with what would tell", async () => {
    const { causes } = await diagnose([folder("plain-size-class-fragmentation")]);
    expect(causes.filter(({ verdict, bytes }) => verdict === "present" && bytes > 0)).toEqual([]);
    const first = causes.find(({ bytes }) => bytes > 0)!;
    expect(first).toMatchObject({
      id: "size-class-fragmentation",
      verdict: "not-enough-data",
      capture: CAPTURE.memstats,
    });
    expect(Math.abs(first.bytes / truth("plain-size-class-fragmentation") - 1)).toBeLessThan(0.2);
  });
});

describe("the ledger", () => {
  it.each(["gogc-headroom", "stacks", "cgo-memory"])(
    "of %s sums up to the measured RSS at every moment",
    async (id) => {
      const { ledger } = await diagnose([folder(id)], { at: 2e9 });
      expect(ledger.map(({ moment }) => moment)).toEqual(["peak", "end", "at"]);
      for (const { parts, rss, measured } of ledger) {
        expect(measured).toBe(true);
        expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBeCloseTo(rss, 0);
      }
    },
  );

  it("shows what nothing explains as such", async () => {
    const { ledger } = await diagnose([folder("cgo-memory")]);
    const rest = ledger.find(({ moment }) => moment === "end")!.parts.find(({ id }) => id === "unexplained")!;
    expect(rest.bytes / truth("cgo-memory")).toBeGreaterThan(0.9);
  });
});

describe("a log of GCs alone", () => {
  it.each(CAUSES.map(([id]) => id).filter((id) => existsSync(`${folder(id)}/gctrace.log.gz`)))(
    "of %s leads to no cause that it can't show",
    async (id) => {
      const { causes } = await diagnose([`${folder(id)}/gctrace.log.gz`]);
      const shown = causes.filter(({ verdict }) => verdict === "present").map((c) => c.id);
      const possible = [
        "gogc-headroom",
        "gc-caught-burst",
        "limit-death-spiral",
        "mark-overshoot",
        "heap-minimum",
        "forced-regrowth",
        "stacks",
        "idle-no-gc",
        "over-scavenging",
      ];
      expect(shown.filter((c) => !possible.includes(c))).toEqual([]);
    },
  );
});
