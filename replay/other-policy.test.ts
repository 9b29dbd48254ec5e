import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { drawn, drawsFor } from "./other-policy.ts";
import type { TimelineRow } from "./result.ts";
import { replay } from "./run.ts";
import { DRAWN } from "./what-if-run.ts";

const TRACE = path.join(import.meta.dirname, "..", "fixtures", "cache-1.27", "trace.out.gz");

test("an address trace under another version has that version's GCs, and ledgers that sum up", async () => {
  const recorded = await replay([TRACE]);
  const rows: TimelineRow[] = [];
  const policy = "go1.13";
  const result = await replay([TRACE], {
    policy,
    rows: { add: (row) => void rows.push(row), drain: () => Promise.resolve() },
  });
  expect(result.placement).toBeNull();
  expect(result.gcs.map(({ start }) => start)).not.toEqual(recorded.gcs.map(({ start }) => start));
  for (const { start, markTermination, liveAtStart, goal } of result.gcs) {
    expect(markTermination).toBeGreaterThanOrEqual(start);
    expect(liveAtStart).toBeGreaterThan(0);
    expect(goal).toBeGreaterThan(0);
  }
  // The same program: its memory is of the same order.
  expect(result.summary.meanRss).toBeGreaterThan(recorded.summary.meanRss * 0.6);
  expect(result.summary.meanRss).toBeLessThan(recorded.summary.meanRss * 1.6);
  expect(result.summary.gcCycles).toBeGreaterThan(0);
  for (const ledger of [result.ledgerPeak, result.ledgerFinal, result.ledgerAt(result.summary.durationNs / 2)]) {
    const sum = ledger.parts.reduce((total, { bytes }) => total + bytes, 0);
    expect(Math.abs(sum - ledger.rss)).toBeLessThan(2);
  }
  expect(rows).toEqual(result.timeline);
  expect(rows.every(({ t }, i) => i === 0 || t >= rows[i - 1]!.t)).toBe(true);
  expect(result.notes.some(({ text }) => text.includes(`GCs come when ${policy} would start them`))).toBe(true);
});

test("asked for by name, the recorded version is simulated like the others: as it would run without the tracer", async () => {
  const [named, plain] = [await replay([TRACE], { policy: "go1.27" }), await replay([TRACE])];
  expect(plain.placement).not.toBeNull();
  // Where the recorded spans lie is told all the same.
  expect(named.placement).toEqual(plain.placement);
  expect(named.notes.some(({ text }) => text.includes("without the tracer's own heap"))).toBe(true);
  // It is the same program at the same version: some 2 MiB of live heap less, and what goes with it.
  expect(named.summary.meanRss).toBeLessThan(plain.summary.meanRss);
  expect(named.summary.meanRss).toBeGreaterThan(plain.summary.meanRss * 0.8);
});

test("of a trace that may be of another version than is assumed, that version's name tells it", async () => {
  const named = await replay([TRACE], { policy: "go1.26" });
  expect(named.notes.some(({ text }) => text.includes("without the tracer's own heap"))).toBe(false);
  expect(named.gcs.length).toBe((await replay([TRACE])).gcs.length);
});

test("measured beside it is the recorded run: it is replayed, though its version is asked for by name", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "gopages-"));
  try {
    const samples = path.join(folder, "samples.csv");
    writeFileSync(samples, "t_ms,rss\n100,20000000\n200,30000000\n");
    const [named, plain] = [await replay([TRACE, samples], { policy: "go1.27" }), await replay([TRACE, samples])];
    expect(plain.accuracy).not.toBeNull();
    expect(named.accuracy).toEqual(plain.accuracy);
    expect(named.summary).toEqual(plain.summary);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a short recording gets more draws than a long one, each of another pace and seed, and any gets one", () => {
  expect(drawsFor(0)).toBe(9);
  expect(drawsFor(80_000)).toBe(9);
  expect(drawsFor(200_000)).toBe(7);
  expect(drawsFor(4_000_000)).toBe(3);
  expect(drawsFor(6_000_000)).toBe(2);
  expect(drawsFor(50_000_000)).toBe(1);
  const pairs = Array.from({ length: 9 }, (_, i) => drawn(i));
  expect(new Set(pairs.map(({ pace, seed }) => `${pace} ${seed}`)).size).toBe(9);
  expect(pairs.slice(0, 3)).toEqual(DRAWN);
});
