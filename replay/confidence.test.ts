import { expect, test } from "vitest";
import { type ConfidenceInput, confidenceOf } from "./confidence.ts";

const draw = (peakRss: number, gcs = 40) => ({ peakRss, meanRss: 50, gcs });
const input = (change: Partial<ConfidenceInput> = {}): ConfidenceInput => ({
  draws: [draw(100), draw(100), draw(100)],
  evidence: "exact",
  tracedShare: 0,
  damaged: false,
  otherVersion: false,
  nearLimit: false,
  limitTooLow: false,
  ...change,
});

test("draws that differ widen the band of what differs, and are given as a reason", () => {
  const sure = confidenceOf(input());
  const open = confidenceOf(input({ draws: [draw(100), draw(90), draw(110)] }));
  expect(open.peakRss).toBeGreaterThan(sure.peakRss);
  expect(open.gcs).toBe(sure.gcs);
  expect(open.reasons.length).toBe(sure.reasons.length + 1);
});

test("a band from an address trace is never wider than 30% in all", () => {
  const { peakRss, gcs } = confidenceOf(
    input({ draws: [draw(100, 1), draw(10, 90), draw(300)], nearLimit: true, otherVersion: true, tracedShare: 0.5 }),
  );
  expect(Math.max(peakRss, gcs)).toBeLessThanOrEqual(0.15);
});

test("less evidence, wider bands, and each says why", () => {
  const [exact, inferred, modelled] = (["exact", "inferred", "modelled"] as const).map((evidence) =>
    confidenceOf(input({ evidence })),
  );
  expect(inferred!.meanRss).toBeGreaterThan(exact!.meanRss);
  expect(modelled!.meanRss).toBeGreaterThan(inferred!.meanRss);
  expect(inferred!.reasons.join()).toMatch(/no addresses/);
  expect(modelled!.reasons.join()).toMatch(/made up/);
});

test("a damaged trace tells no more than one without addresses", () => {
  const damaged = confidenceOf(input({ damaged: true }));
  expect(damaged.peakRss).toBe(confidenceOf(input({ evidence: "inferred" })).peakRss);
  expect(damaged.reasons.join()).toMatch(/can't be read/);
});

test("near a limit only the number of GCs is less sure", () => {
  const near = confidenceOf(input({ nearLimit: true }));
  expect(near.gcs).toBeGreaterThan(confidenceOf(input()).gcs);
  expect(near.peakRss).toBe(confidenceOf(input()).peakRss);
});

test("GCs back to back are counted less surely, where the live heap is not known exactly", () => {
  const without = confidenceOf(input({ evidence: "inferred", nearLimit: true }));
  const squeezed = confidenceOf(input({ evidence: "inferred", nearLimit: true, limitTooLow: true }));
  expect(squeezed.gcs).toBe(0.5);
  expect(squeezed.peakRss).toBe(without.peakRss);
  expect(squeezed.reasons.join()).toMatch(/back to back/);
  expect(confidenceOf(input({ limitTooLow: true })).gcs).toBeLessThanOrEqual(0.15);
});
