import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { replay } from "../run.ts";

const RUNS = join(import.meta.dirname, "../../fixtures/runs");
const runs = readdirSync(RUNS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

async function rssError(run: string, files: readonly string[]): Promise<number> {
  const policy = `go${/^1\.\d+/.exec(run)![0]}`;
  const paths = [...files, "samples.csv.gz"].map((file) => join(RUNS, run, file));
  const { accuracy } = await replay(paths, { policy });
  expect(accuracy?.samples).toBeGreaterThan(50);
  return accuracy!.rssMape!;
}

describe.each(runs)("%s", (run) => {
  const trace = existsSync(join(RUNS, run, "trace.out.zst"));

  it("RSS from the gctrace log alone", { timeout: 30_000 }, async () => {
    expect(await rssError(run, ["gctrace.log.gz"])).toBeLessThan(0.1);
  });

  it.runIf(trace)(
    "RSS from the plain trace alone; the log beside it makes it no worse",
    { timeout: 30_000 },
    async () => {
      const alone = await rssError(run, ["trace.out.zst"]);
      expect(alone).toBeLessThan(0.05);
      expect(await rssError(run, ["trace.out.zst", "gctrace.log.gz"])).toBeLessThan(alone + 0.004);
    },
  );
});

describe("heap profiles alone", () => {
  const files = ["heap.00.pb.gz", "heap.01.pb.gz"].map((file) => join(RUNS, "1.27.0-server", file));

  it("give a band narrower than a factor of two that holds what was measured", async () => {
    const { timeline, uncertainty, summary } = await replay(files);
    for (const row of timeline) expect(row.rssHigh! / row.rssLow!).toBeLessThan(2);
    // The process measured 35.5 and 52.9 MiB at the two.
    const [first, last] = [timeline[0]!, timeline.at(-1)!];
    expect(first.rssLow! / 2 ** 20).toBeLessThan(35.5);
    expect(first.rssHigh! / 2 ** 20).toBeGreaterThan(35.5);
    expect(last.rssLow! / 2 ** 20).toBeLessThan(52.9);
    expect(last.rssHigh! / 2 ** 20).toBeGreaterThan(52.9);
    expect((summary.peakRss + uncertainty.above) / (summary.peakRss - uncertainty.below)).toBeLessThan(2);
  });

  it("are the same each time, in any order", async () => {
    const once = await replay(files);
    const again = await replay([...files].reverse());
    expect(again.timeline).toEqual(once.timeline);
  });
});

it("a profile beside a trace says what it is good for", async () => {
  const folder = join(RUNS, "1.22.12-spike");
  const { notes } = await replay([join(folder, "trace.out.zst"), join(RUNS, "1.27.0-server", "heap.00.pb.gz")]);
  expect(notes.map(({ text }) => text).join("\n")).toMatch(/heap\.00\.pb\.gz adds nothing to RSS/);
});

it("a log of another run is left out, and why", async () => {
  const trace = join(RUNS, "1.22.12-spike", "trace.out.zst");
  const { notes } = await replay([trace, join(RUNS, "1.27.0-server", "gctrace.log.gz")]);
  expect(notes.map(({ text }) => text).join("\n")).toMatch(/its GCs are not those of/);
});

it("samples alone can't be replayed: says what to record", async () => {
  await expect(replay([join(RUNS, "1.22.12-spike", "samples.csv.gz")])).rejects.toThrow(/record an execution trace/);
});

it("a log without a GC can't be replayed: says what to record", async () => {
  const log = join(mkdtempSync(join(tmpdir(), "gopages-")), "scav.log");
  writeFileSync(log, "scav 0 KiB work (bg), 0 KiB work (eager), 3648 KiB now, 98% util\n");
  await expect(replay([log])).rejects.toThrow(/no line of a finished GC/);
});
