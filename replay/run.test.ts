import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { replay } from "./run.ts";

const fixtures = join(import.meta.dirname, "../fixtures");
const inputs = (name: string, packed = true) => {
  const end = packed ? ".gz" : "";
  return [join(fixtures, name, `trace.out${end}`), join(fixtures, name, `samples.csv${end}`)];
};

// Real programs with what they measured about themselves (fixtures/record.sh). Bars are those of the contract, not of these runs.
describe("replay of recordings with addresses", () => {
  it.each([
    ["bursts-1.27", false, 2],
    ["bursts-1.25", true, 1],
    ["bursts-1.23", true, 2],
    ["cache-1.27", true, 1],
  ])("%s agrees with what was measured", async (name, packed, procs) => {
    const result = await replay(inputs(name, packed));
    const { accuracy, placement, summary, config } = result;
    expect(config.procs).toBe(procs);
    expect(placement!.spans).toBeGreaterThan(3000);
    expect(placement!.exact).toBeGreaterThanOrEqual(procs === 1 ? 0.999 : 0.99);
    if (procs === 1) expect(placement!.exactUncorrected).toBeGreaterThanOrEqual(0.99);
    expect(placement!.sameChunk).toBeGreaterThanOrEqual(placement!.exact);
    expect(accuracy!.samples).toBeGreaterThan(200);
    expect(accuracy!.inuseMape).toBeLessThan(0.001);
    // Two real runs differ by 1-4%; a scavenger's burst that comes one GC earlier or later costs some per cent more.
    expect(accuracy!.rssMape).toBeLessThan(0.08);
    expect(accuracy!.releasedMape).toBeLessThan(0.08);
    expect(summary.returnedTotal).toBe(
      summary.returnedBackground + summary.returnedOnGrowth + summary.returnedForLimit + summary.returnedForced,
    );
    expect(summary.returnedTotal).toBeGreaterThan(10e6);
    expect(result.partial).toBe(false);
  });

  it("sums its ledger up to RSS at every moment asked for", async () => {
    const result = await replay(inputs("bursts-1.27", false));
    for (const t of [0, 0.5e9, 2e9, 5e9, 1e12]) {
      const { rss, parts } = result.ledgerAt(t);
      expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBeCloseTo(rss, 3);
    }
    expect(result.ledgerPeak.rss).toBeGreaterThan(result.summary.peakRss * 0.99);
    expect(result.ledgerFinal.rss).toBe(result.summary.finalRss);
    const [live] = result.ledgerPeak.parts;
    expect(live).toMatchObject({ id: "live", evidence: "exact" });
  });

  it("keeps its timeline in order, within the run, and consistent", async () => {
    const { timeline, summary } = await replay(inputs("cache-1.27"));
    expect(timeline.length).toBeGreaterThan(500);
    let before = -1;
    for (const row of timeline) {
      expect(row.t).toBeGreaterThanOrEqual(before);
      before = row.t;
      expect(row.heapInuse + row.heapFree + row.heapReleased + row.stacks).toBe(row.mapped);
      expect(row.rss).toBeLessThanOrEqual(summary.peakRss);
    }
  });

  it("runs under another version's policy without that version's placement being corrected", async () => {
    const own = await replay(inputs("bursts-1.27", false));
    const old = await replay(inputs("bursts-1.27", false), { policy: "go1.12" });
    expect(old.config.policy).toBe("go1.12");
    expect(old.placement).toBeNull();
    // 1.12 returns by age only (and on growth): nothing within seconds of a spike.
    expect(old.summary.returnedBackground).toBe(0);
    expect(own.summary.returnedBackground).toBeGreaterThan(50e6);
  });
});
