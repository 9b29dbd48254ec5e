import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compare } from "../compare.ts";
import { diagnose } from "./diagnose.ts";

const REPORTS = new URL("../../fixtures/reports/", import.meta.url);
const folder = (name: string) => new URL(name, REPORTS).pathname;

/** What is given of each report, the cause that its thread arrived at, and words of the advice given there. */
const ANSWERS: readonly [report: string, inputs: string, cause: string, advice: RegExp][] = [
  ["profile-shows-half", "", "gogc-headroom", /GOGC below .*GOMEMLIMIT/],
  ["released-but-resident", "", "lazy-free", /madvdontneed=1/],
  ["limit-at-live-heap", "", "limit-death-spiral", /Raise GOMEMLIMIT/],
  ["profiler-buckets", "", "profile-buckets", /profstackdepth=32/],
  ["half-empty-spans", "", "size-class-fragmentation", /never moves objects/],
  ["c-side", "", "cgo-memory", /MALLOC_ARENA_MAX/],
  ["malg", "", "dead-goroutines", /Bound how many goroutines/],
  ["pgo-stacks", "/after", "stacks", /PGO/],
  ["nothing-for-minutes", "", "age-based-scavenger", /FreeOSMemory/],
  ["huge-pages", "", "khugepaged-refill", /max_ptes_none.*disablethp=1/],
  ["gc-saw-the-burst", "", "gc-caught-burst", /GOMEMLIMIT/],
  ["tiny-heap", "", "heap-minimum", /Raise GOGC/],
  ["container-killed", "", "no-memory-limit", /GOMEMLIMIT .*80-90%/],
  ["res-is-shr", "", "file-mappings", /RssAnon/],
];

describe("public bug reports", () => {
  it("are all held to their answers", () => {
    const folders = readdirSync(REPORTS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).sort()).toEqual(ANSWERS.map(([name]) => name).sort());
  });

  it.each(ANSWERS)("%s%s: %s", async (report, inputs, cause, advice) => {
    const { causes } = await diagnose([folder(report + inputs)]);
    expect(causes[0]).toMatchObject({ id: cause, verdict: "present" });
    expect(causes[0]!.advice).toMatch(advice);
    expect(readFileSync(folder(`${report}/README.md`), "utf8")).toContain(`Answer: \`${cause}\``);
  });

  it("pgo-stacks: of what grew between the builds, stacks are all", async () => {
    const { figures, ledger } = await compare([folder("pgo-stacks/before")], [folder("pgo-stacks/after")]);
    const rss = figures.find(({ figure }) => figure.name === "peak-rss")!;
    const moved = ledger.find(({ moment }) => moment === "peak")!.parts.filter(({ noise }) => !noise);
    expect(rss.noise).toBe(false);
    expect(moved.map(({ id, delta }) => [id, delta])).toEqual([["stacks", rss.delta]]);
  });
});
