import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect } from "./collect.ts";
import { Facts } from "./facts.ts";
import { ledgerAt, ledgers } from "./ledger.ts";

const fixture = (name: string) => new URL(`../../fixtures/${name}`, import.meta.url).pathname;

/** Each kind of evidence, alone and together; whether RSS is measured in it, and whether it says anything of RSS at all. */
const EVIDENCE: readonly [what: string, inputs: readonly string[], rss: "measured" | "predicted" | "none"][] = [
  ["an address trace", ["bursts-1.27/trace.out"], "predicted"],
  ["an address trace and samples", ["bursts-1.27/trace.out", "bursts-1.27/samples.csv"], "measured"],
  ["a plain trace", ["bursts-1.27-plain/trace.out.gz"], "predicted"],
  ["an old trace", ["v1/go1.19.13.trace.gz"], "predicted"],
  ["a log alone", ["twice/cache-100a/gctrace.log.gz"], "predicted"],
  ["samples alone", ["twice/cache-100a/samples.csv.gz"], "measured"],
  ["a log and samples", ["twice/bursts-100a"], "measured"],
  ["a log and one look at /proc", ["reports/profile-shows-half"], "measured"],
  ["MemStats alone", ["companions/memstats.json"], "predicted"],
  ["MemStats and smaps", ["reports/huge-pages"], "measured"],
  ["smaps alone", ["companions/smaps.txt"], "measured"],
  ["smaps_rollup alone", ["companions/smaps_rollup.txt"], "measured"],
  ["/proc/PID/status alone", ["companions/status.txt"], "measured"],
  ["a cgroup alone", ["companions/cgroup.v2.txt"], "none"],
  ["a heap profile alone", ["pprof/go1.27.0/heap.pb.gz"], "none"],
  ["a text heap profile", ["pprof/go1.27.0/heap.debug1.txt"], "predicted"],
  ["metrics", ["companions/metrics.txt"], "predicted"],
  ["a scrape", ["companions/scrape.prom"], "measured"],
];

describe("the ledger sums up to RSS", () => {
  it.each(EVIDENCE)("%s", async (_, inputs, rss) => {
    const facts = new Facts(await collect(inputs.map(fixture), {}));
    const all = ledgers(facts);
    expect(all.map(({ moment }) => moment)).toEqual(rss === "none" ? [] : ["peak", "end"]);
    for (const { measured } of all) expect(measured).toBe(rss === "measured");
    fc.assert(
      fc.property(fc.double({ min: -0.1, max: 1.2, noNaN: true }), (share) => {
        const ledger = ledgerAt(facts, "at", share * Math.max(1e9, facts.endT));
        if (rss === "none") return ledger === null;
        const sum = ledger!.parts.reduce((total, { bytes }) => total + bytes, 0);
        expect(sum).toBeCloseTo(ledger!.rss, 0);
        expect(Number.isFinite(ledger!.rss)).toBe(true);
        // What no part explains is a part of its own, once.
        expect(ledger!.parts.filter(({ id }) => id === "unexplained").length).toBeLessThanOrEqual(1);
        expect(new Set(ledger!.parts.map(({ id }) => id)).size).toBe(ledger!.parts.length);
        return true;
      }),
      { numRuns: 25 },
    );
  });

  it("bytes that nothing explains stay unexplained", async () => {
    const facts = new Facts(await collect([fixture("reports/c-side")], {}));
    const [peak] = ledgers(facts);
    expect(peak!.parts.find(({ id }) => id === "unexplained")!.bytes).toBeGreaterThan(0.9 * peak!.rss);
    const known = peak!.parts.filter(({ id }) => id !== "unexplained" && id !== "files");
    const { backed } = { backed: facts.backed()!.last };
    expect(known.reduce((total, { bytes }) => total + bytes, 0)).toBe(backed);
  });

  it("of a moment asked for is of that moment, not of the peak or the end", async () => {
    const inputs = [fixture("bursts-1.27/trace.out")];
    const facts = new Facts(await collect(inputs, { at: 1.5e9 }));
    const [peak, end, at] = ledgers(facts);
    expect(at).toMatchObject({ moment: "at", measured: false });
    expect(at!.t).toBeGreaterThan(1.4e9);
    expect(at!.t).toBeLessThanOrEqual(1.5e9);
    expect([peak!.rss, end!.rss]).not.toContain(at!.rss);
  });
});
