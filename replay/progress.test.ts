import { afterEach, expect, test, vi } from "vitest";
import type { ReplayResult } from "./result.ts";
import { replay } from "./run.ts";

const TRACE = "fixtures/bursts-1.27/trace.out";

afterEach(() => void vi.restoreAllMocks());

/** With a clock that goes a second each time it is looked at, there is a report for every batch. */
function hurry(): void {
  let now = 0;
  vi.spyOn(Date, "now").mockImplementation(() => (now += 1000));
}

test("while it reads, a replay tells its result so far, and that changes nothing", async () => {
  const plain = await replay([TRACE]);
  hurry();
  const seen: { end: number; rss: number; peak: number; rows: number }[] = [];
  const result = await replay([TRACE], {
    heapMaps: true,
    onProgress: ({ soFar }) => {
      const now = soFar!() satisfies ReplayResult;
      const end = now.timeline.at(-1)!.t;
      seen.push({ end, rss: now.ledgerAt(end).rss, peak: now.summary.peakRss, rows: now.timeline.length });
      expect(now.ledgerFinal.rss).toBe(now.summary.finalRss);
      expect(now.heapMapAt(end)).not.toBeNull();
    },
  });
  expect(seen.length).toBeGreaterThan(3);
  for (let i = 1; i < seen.length; i++) {
    expect(seen[i]!.end).toBeGreaterThanOrEqual(seen[i - 1]!.end);
    expect(seen[i]!.peak).toBeGreaterThanOrEqual(seen[i - 1]!.peak);
  }
  expect(seen.at(-1)!.end).toBeGreaterThan(seen[0]!.end);
  expect(result.summary).toEqual(plain.summary);
  expect(result.timeline).toEqual(plain.timeline);
  expect(result.notes).toEqual(plain.notes);
});

test("a replay can be stopped between two batches", async () => {
  hurry();
  const stop = new AbortController();
  const run = replay([TRACE], { signal: stop.signal, onProgress: () => stop.abort() });
  await expect(run).rejects.toMatchObject({ name: "AbortError" });
});
