import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COL, Recorder } from "./recorder.ts";
import { emptyRow, sampleRows, toTimelineRow } from "./timeline.ts";

function row(t: number, rss: number): Float64Array {
  const out = emptyRow();
  out[COL.t] = t;
  out[COL.rss] = rss;
  return out;
}

const run = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 5e7 }), fc.integer({ min: 1, max: 1e9 })), { minLength: 1, maxLength: 400 })
  .map((steps) => {
    let t = 0;
    return steps.map(([dt, rss]) => {
      t += dt;
      return [t, rss] as const;
    });
  });

describe("Recorder", () => {
  it("keeps the highest and the lowest row, the first and the last, in bounded space and in order of time", () => {
    fc.assert(
      fc.property(run, (steps) => {
        const recorder = new Recorder(8);
        for (const [t, rss] of steps) recorder.add(row(t, rss));
        const kept = [...recorder.kept()].map((r) => ({ t: r[COL.t]!, rss: r[COL.rss]! }));
        const values = steps.map(([, rss]) => rss);
        expect(kept.length).toBeLessThanOrEqual(8 * 4);
        expect(Math.max(...kept.map(({ rss }) => rss))).toBe(Math.max(...values));
        expect(Math.min(...kept.map(({ rss }) => rss))).toBe(Math.min(...values));
        expect(kept.at(-1)!.t).toBe(steps.at(-1)![0]);
        expect(kept[0]!.t).toBe(steps[0]![0]);
        for (let i = 1; i < kept.length; i++) expect(kept[i]!.t).toBeGreaterThanOrEqual(kept[i - 1]!.t);
        const known = new Set(steps.map(([t, rss]) => `${t}:${rss}`));
        for (const { t, rss } of kept) expect(known.has(`${t}:${rss}`)).toBe(true);
      }),
    );
  });

  it("means are weighted by time and over every row", () => {
    const recorder = new Recorder(2);
    recorder.add(row(0, 100));
    recorder.add(row(9e9, 200));
    recorder.add(row(10e9, 50));
    expect(recorder.meanRss).toBeCloseTo((100 * 9 + 200 * 1) / 10, 9);
    expect(recorder.maxRss).toBe(200);
    recorder.add(row(11e9, 200.5));
    expect(recorder.maxRss).toBe(200.5);
    expect(recorder.peak[COL.t]).toBe(9e9);
  });

  it("keeps every row when told to", () => {
    const recorder = new Recorder(2, true);
    for (let i = 0; i < 100; i++) recorder.add(row(i, i % 7));
    expect([...recorder.kept()]).toHaveLength(100);
  });
});

describe("sampleRows", () => {
  it("never exceeds the count, keeps order, the peak and (from 3 on) both ends", () => {
    fc.assert(
      fc.property(run, fc.integer({ min: 0, max: 60 }), (steps, count) => {
        const rows = steps.map(([t, rss]) => toTimelineRow(row(t, rss)));
        const out = sampleRows(rows, count);
        expect(out.length).toBe(Math.min(out.length, count));
        if (count === 0) return;
        expect(Math.max(...out.map(({ rss }) => rss))).toBe(Math.max(...rows.map(({ rss }) => rss)));
        for (let i = 1; i < out.length; i++) expect(out[i]!.t).toBeGreaterThanOrEqual(out[i - 1]!.t);
        if (count >= 3) {
          expect(out[0]!.t).toBe(rows[0]!.t);
          expect(out.at(-1)!.t).toBe(rows.at(-1)!.t);
        }
      }),
    );
  });
});
