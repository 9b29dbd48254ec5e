import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { fixture, observe } from "../testing/observed.ts";

it("a profile's un-biased sums are observations at its time; the profile itself comes along", async () => {
  const { source, format, rows, losses } = await observe(fixture("pprof/go1.27.0/heap.pb.gz"));
  expect(format).toBe("pprof-heap");
  expect(source.info.evidence).toBe("modelled");
  const totals = source.profile!.totals();
  expect(rows).toEqual([
    {
      t: 0,
      profile_live: totals.inuseBytes,
      profile_live_objects: totals.inuseObjects,
      profile_alloc: totals.allocBytes,
      profile_alloc_objects: totals.allocObjects,
    },
  ]);
  expect(source.info.wallClockStart).toBeCloseTo(source.profile!.timeNanos / 1e6, 3);
  expect(losses).toEqual({});
});

it("uncompressed as well", async () => {
  const { source } = await observe(gunzipSync(fixture("pprof/go1.11.13/heap.pb.gz")));
  expect(source.profile!.sampleCount).toBe(6);
});

it("a difference of profiles measures nothing, and says so", async () => {
  const { source, rows, losses } = await observe(fixture("pprof/go1.27.0/delta.pb.gz"));
  expect(rows).toEqual([]);
  expect(losses).toEqual({ "delta-profile": 1 });
  expect(source.profile!.isDelta).toBe(true);
});

it("a cut download is refused", async () => {
  await expect(observe(fixture("pprof/go1.27.0/heap.pb.gz").subarray(0, 700), "cut.pb.gz")).rejects.toThrow(
    /^cut\.pb\.gz: damaged heap profile: it ends early.*download or record it again$/,
  );
});
