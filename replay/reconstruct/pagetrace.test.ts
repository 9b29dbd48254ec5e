import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SCAVENGED, SPAN_ALLOC, SPAN_FREE } from "../../parsers/events.ts";
import { openInput } from "../../parsers/open.ts";
import { replay } from "../run.ts";

const PAGE = 8192;
const FIXTURES = join(import.meta.dirname, "../../fixtures/pagetrace");

/** The recording's own account: pages in use, pages returned and not used since, pages ever returned. */
async function recorded(path: string) {
  const source = await openInput(path);
  const inUse = new Set<number>();
  const away = new Set<number>();
  let returned = 0;
  let peak = 0;
  for await (const { length, kind, addr, size } of source.batches()) {
    for (let i = 0; i < length; i++) {
      for (let n = 0, page = addr[i]! / PAGE; n < size[i]!; n++, page++) {
        if (kind[i] === SPAN_ALLOC) {
          inUse.add(page);
          away.delete(page);
        } else if (kind[i] === SPAN_FREE) inUse.delete(page);
        else if (kind[i] === SCAVENGED && !away.has(page)) {
          away.add(page);
          returned++;
        }
      }
      peak = Math.max(peak, inUse.size);
    }
  }
  await source.close();
  return { inUse: inUse.size, away: away.size, returned, peak };
}

describe.each(["go1.20.14", "go1.22.12"])("page trace of %s, played as given", (version) => {
  it("has the recording's pages in use and returned", { timeout: 30_000 }, async () => {
    const path = join(FIXTURES, `${version}.pagetrace.gz`);
    const truth = await recorded(path);
    const { timeline, summary, config } = await replay([path]);
    const last = timeline.at(-1)!;
    expect((last.heapInuse + last.stacks) / PAGE).toBe(truth.inUse);
    expect(summary.peakHeapInuse / PAGE).toBe(truth.peak);
    expect(summary.returnedTotal / PAGE).toBe(truth.returned);
    expect(summary.returnedOnGrowth).toBe(0);
    // HeapReleased also holds memory that was mapped and never used: less than the chunk (512 pages) that growth rounds up to.
    const released = last.heapReleased / PAGE;
    expect(released).toBeGreaterThanOrEqual(truth.away);
    expect(released - truth.away).toBeLessThan(520);
    expect(config.policy).toMatch(/^go1\.2[012]$/);
  });
});

describe("page trace under --policy", () => {
  const path = join(FIXTURES, "cache-go1.22.12.pagetrace.gz");
  const log = join(FIXTURES, "cache-go1.22.12.log.gz");

  it.each([
    ["alone", [path], /inferred from sweeps/],
    ["with its log", [path, log], /31 GCs are the log's/],
  ])("%s: the model returns what the recording returned", { timeout: 30_000 }, async (_, paths, note) => {
    const given = await replay([path]);
    const predicted = await replay(paths, { policy: "go1.22" });
    expect(predicted.notes.map(({ text }) => text).join("\n")).toMatch(note);
    let difference = 0;
    const moments = 400;
    for (let i = 1; i <= moments; i++) {
      const t = (given.summary.durationNs * i) / moments;
      difference += Math.abs(releasedAt(given, t) - releasedAt(predicted, t));
    }
    expect(difference / moments / given.summary.peakRss).toBeLessThan(0.07);
  });
});

function releasedAt({ timeline }: Awaited<ReturnType<typeof replay>>, t: number): number {
  return (timeline.findLast((row) => row.t <= t) ?? timeline[0]!).heapReleased;
}
