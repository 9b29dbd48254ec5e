import fc from "fast-check";
import { expect, it } from "vitest";
import { InputError } from "./errors.ts";
import type { Format } from "./format.ts";
import { isCompanion } from "./observation-source.ts";
import { FORMATS } from "./registry.ts";
import { bytesSource } from "./source.ts";
import { fixture, rowsOf } from "./testing/observed.ts";

const FILES: readonly [file: string, format: string][] = [
  ["companions/expvar.json", "memstats"],
  ["companions/memstats.v.txt", "memstats"],
  ["companions/metrics.json", "metrics"],
  ["companions/metrics.txt", "metrics"],
  ["companions/series.prom", "prometheus"],
  ["companions/range.json", "prometheus"],
  ["companions/smaps_rollup.txt", "smaps"],
  ["companions/status.txt", "proc-status"],
  ["companions/cgroup.v1.txt", "cgroup"],
  ["companions/cgroup.v2.txt", "cgroup"],
  ["pprof/go1.27.0/heap.debug1.txt", "pprof-text"],
];
const formatOf = (id: string): Format => FORMATS.find((format) => format.id === id)!;

it.each(FILES)(
  "fuzz: %s with pieces removed, doubled and replaced is read, or refused in one line",
  async (file, id) => {
    const text = fixture(file).toString().slice(0, 8000);
    const edit = fc.tuple(
      fc.nat(text.length),
      fc.nat(400),
      fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom("\n", "{", '"', " 9e99 ", "-1", "\0")),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), fc.boolean(), async (edits, twice) => {
        let changed = text;
        for (const [at, length, put] of edits) changed = changed.slice(0, at) + put + changed.slice(at + length);
        if (twice) changed += changed;
        if (changed === "") return;
        const format = formatOf(id);
        try {
          const source = await format.open(await bytesSource(Buffer.from(changed), "some/file", 997), {});
          if (!isCompanion(source)) throw new Error("no companion");
          // Times must not go back; rowsOf sees to that.
          await rowsOf(source);
          JSON.stringify(source.losses);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
          expect((error as Error).message).toMatch(/^some\/file: [^\n]+$/);
        }
      }),
      { numRuns: 60, seed: 1 },
    );
  },
);

it("none of the formats takes another's file", () => {
  for (const [file, id] of FILES) {
    const scores = FORMATS.map((format) => [format.detect(fixture(file)), format.id] as const).sort(
      (a, b) => b[0] - a[0],
    );
    expect([file, scores[0]![1]]).toEqual([file, id]);
    expect([file, scores[1]![0] < scores[0]![0]]).toEqual([file, true]);
  }
});
