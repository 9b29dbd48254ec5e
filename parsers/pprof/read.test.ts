import { readFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import protobuf, { type Writer } from "protobufjs/minimal.js";
import { describe, expect, it } from "vitest";
import { InputError } from "../errors.ts";
import { Losses } from "../losses.ts";
import { looksLikeProfile } from "./detect.ts";
import { readHeapText } from "./legacy-text.ts";
import type { HeapProfile } from "./profile.ts";
import { readHeapProfile } from "./read.ts";
import { inOrder, intervals } from "./series.ts";
import { sampleScale } from "./unsample.ts";

const folder = new URL("../../fixtures/pprof/", import.meta.url);
const load = (name: string) => readFileSync(new URL(name, folder));

interface Known {
  rate: number;
  sites: { Name: string; Size: number; Allocated: number; Live: number }[];
}
const known = (version: string): Known => JSON.parse(load(`${version}/known.json`).toString());
const loadText = (version: string): HeapProfile => {
  const packed = version.endsWith("rate1");
  const bytes = load(`${version}/heap.debug1.txt${packed ? ".gz" : ""}`);
  return readHeapText((packed ? gunzipSync(bytes) : bytes).toString(), version, new Losses())[0]!;
};

/** Sums of the samples of one size: the sites of known-heap have one size each. */
function ofSize(profile: HeapProfile, size: number) {
  const mix = profile.sizeMix();
  const i = mix.size.indexOf(size);
  return { alloc: mix.allocObjects[i] ?? 0, live: mix.inuseObjects[i] ?? 0, liveBytes: mix.inuseBytes[i] ?? 0 };
}

describe("a program whose heap is known", () => {
  const versions = ["go1.11.13", "go1.16.15", "go1.22.12", "go1.27.0", "go1.27.0-rate4096"];
  for (const version of versions) {
    for (const form of ["protobuf", "text"] as const) {
      it(`${version}, ${form}: estimates are those of un-biased sampling, not of sampling twice un-biased or not at all`, () => {
        const { rate, sites } = known(version);
        const profile = form === "text" ? loadText(version) : readHeapProfile(load(`${version}/heap.pb.gz`));
        expect(profile.data.period).toBe(rate);
        for (const site of sites) {
          const scale = sampleScale(site.Size, rate);
          const estimate = ofSize(profile, site.Size);
          // N objects sampled with probability 1/scale each: the estimate's deviation is sqrt(N (scale - 1)).
          for (const [real, estimated] of [
            [site.Allocated, estimate.alloc],
            [site.Live, estimate.live],
          ] as const) {
            const deviation = Math.sqrt(real * (scale - 1)) + 1;
            expect(Math.abs(estimated - real) / deviation, `${site.Name}: ${estimated} of ${real}`).toBeLessThan(4);
            if (site.Size < rate / 10) {
              expect(Math.abs(estimated * scale - real) / deviation).toBeGreaterThan(4);
              expect(Math.abs(estimated / scale - real) / deviation).toBeGreaterThan(4);
            }
          }
        }
      });
    }
  }

  it("with every allocation sampled, counts are exact", () => {
    const { sites } = known("go1.27.0-rate1");
    for (const profile of [readHeapProfile(load("go1.27.0-rate1/heap.pb.gz")), loadText("go1.27.0-rate1")]) {
      const u = profile.unsampled();
      for (const site of sites) {
        // The runtime's own allocations in a GC that began there stand on the same line, with other sizes.
        let [allocated, live] = [0, 0];
        for (let s = 0; s < profile.sampleCount; s++) {
          if (u.size[s] !== site.Size || !profile.frames(s).some((f) => f.function === site.Name)) continue;
          allocated += u.allocObjects[s]!;
          live += u.inuseObjects[s]!;
        }
        expect([site.Name, allocated, live]).toEqual([site.Name, site.Allocated, site.Live]);
      }
    }
  });

  it.each(versions)("%s: both forms of one program agree", (version) => {
    const a = readHeapProfile(load(`${version}/heap.pb.gz`)).totals();
    const b = loadText(version).totals();
    // The protobuf form is rounded down per sample.
    expect(a.inuseBytes / b.inuseBytes).toBeCloseTo(1, 6);
    expect(a.allocObjects / b.allocObjects).toBeCloseTo(1, 6);
  });

  it("the size of objects is told although Go 1.11 labels them with scaled bytes / rounded objects", () => {
    const profile = readHeapProfile(load("go1.11.13/heap.pb.gz"));
    expect(Array.from(profile.data.sizes)).toContain(802567); // one object of 483328 bytes
    const mix = profile.sizeMix();
    expect(Array.from(mix.size)).toContain(483328);
    expect(Array.from(mix.size)).toContain(1048576);
    expect(Array.from(mix.size)).not.toContain(802567);
  });
});

describe("what a profile tells", () => {
  const heap = readHeapProfile(load("go1.27.0/heap.pb.gz"));

  it("types, time, period, labels", () => {
    expect(heap.data.sampleTypes.map((t) => `${t.type}/${t.unit}`)).toEqual([
      "alloc_objects/count",
      "alloc_space/bytes",
      "inuse_objects/count",
      "inuse_space/bytes",
    ]);
    expect(heap.data.defaultSampleType).toBe("");
    expect(readHeapProfile(load("go1.27.0/allocs.pb.gz")).data.defaultSampleType).toBe("alloc_space");
    expect(heap.data.period).toBe(524288);
    expect(heap.data.periodType).toEqual({ type: "space", unit: "bytes" });
    expect(new Date(heap.timeNanos / 1e6).getUTCFullYear()).toBe(2026);
    expect(heap.isDelta).toBe(false);
    expect(heap.labels(0)).toEqual([{ key: "bytes", value: heap.data.sizes[0], unit: "" }]);
  });

  it("sites have inlined calls resolved, heaviest first", () => {
    const sites = heap.sites();
    expect(sites.map((s) => s.inuseBytes)).toEqual(sites.map((s) => s.inuseBytes).sort((a, b) => b - a));
    const medium = sites.find((s) => s.frame.function === "main.wrapped")!;
    expect(medium.stack.map((f) => [f.function, f.inlined])).toEqual([
      ["main.wrapped", true],
      ["main.allocMedium", false],
      ["main.churn", false],
      ["main.main", false],
      ["runtime.main", false],
    ]);
    expect(medium.frame.file).toMatch(/main\.go$/);
    expect(heap.sites(2, "allocObjects")[0]!.frame.function).toBe("main.allocNode");
  });

  it("flat and cumulative sums by function", () => {
    const rows = heap.byFunction("inuse_space");
    const row = (name: string) => rows.find((r) => r.function === name)!;
    expect(row("main.main").cum).toBe(heap.total("inuse_space"));
    expect(row("main.allocMedium").flat).toBe(0);
    expect(row("main.allocMedium").cum).toBe(row("main.wrapped").flat);
    expect(heap.byFunction("no_such_type")).toEqual([]);
  });

  it("a delta profile has changes, some negative", () => {
    const delta = readHeapProfile(load("go1.27.0/delta.pb.gz"));
    expect(delta.isDelta).toBe(true);
    expect(delta.data.durationNanos).toBeGreaterThan(0.9e9);
    expect(delta.total("inuse_space")).toBeLessThan(0);
    expect(ofSize(delta, 1 << 20).alloc).toBeGreaterThan(5);
    expect(ofSize(delta, 1 << 20).live).toBeLessThan(0);
    expect(inOrder([delta, heap])).toEqual([heap]);
  });

  it("a series of profiles tells what was allocated in between", () => {
    const first = build({ time: 1e18, samples: [{ values: [10, 480, 5, 240], size: 48 }] });
    const second = build({ time: 1e18 + 5e9, samples: [{ values: [30, 1440, 6, 288], size: 48 }] });
    const [a, b] = [readHeapProfile(first), readHeapProfile(second)];
    const [interval, ...rest] = intervals([b, a]);
    expect(rest).toEqual([]);
    expect(interval!.durationNanos).toBe(5e9);
    expect([...interval!.mix.allocObjects]).toEqual([20]);
    expect([...interval!.mix.inuseBytes]).toEqual([288]);
  });
});

interface Built {
  time?: number;
  types?: string[];
  ids?: number[];
  samples?: { values: number[]; size?: number; stack?: number[]; packed?: boolean }[];
  strings?: string[];
  extra?: (w: Writer) => void;
  lineFunction?: number;
}

/** A profile with one function, and a location for each id. */
function build(p: Built): Uint8Array {
  const w = protobuf.Writer.create();
  const types = p.types ?? ["alloc_objects", "alloc_space", "inuse_objects", "inuse_space"];
  const strings = ["", "bytes", "main.f", "f.go", ...types];
  types.forEach((_, i) => {
    w.uint32(0x0a)
      .fork()
      .uint32(0x08)
      .int64(i + 4)
      .ldelim();
  });
  const ids = p.ids ?? [1];
  for (const s of p.samples ?? []) {
    w.uint32(0x12).fork();
    const stack = s.stack ?? [ids[0]!];
    if (s.packed === false) {
      for (const id of stack) w.uint32(0x08).uint64(id);
      for (const v of s.values) w.uint32(0x10).int64(v);
    } else {
      w.uint32(0x0a).fork();
      for (const id of stack) w.uint64(id);
      w.ldelim().uint32(0x12).fork();
      for (const v of s.values) w.int64(v);
      w.ldelim();
    }
    if (s.size) w.uint32(0x1a).fork().uint32(0x08).int64(1).uint32(0x18).int64(s.size).ldelim();
    w.ldelim();
  }
  for (const id of ids) {
    w.uint32(0x22).fork().uint32(0x08).uint64(id);
    w.uint32(0x22)
      .fork()
      .uint32(0x08)
      .uint64(p.lineFunction ?? 1)
      .uint32(0x10)
      .int64(7)
      .ldelim()
      .ldelim();
  }
  w.uint32(0x2a).fork().uint32(0x08).uint64(1).uint32(0x10).int64(2).uint32(0x20).int64(3).ldelim();
  for (const s of p.strings ?? strings) w.uint32(0x32).string(s);
  if (p.time) w.uint32(0x48).int64(p.time);
  p.extra?.(w);
  return w.finish();
}

describe("other producers, and damage", () => {
  const one = { values: [1, 2, 3, 4], size: 48 };

  it("reads unpacked lists, sparse and wide ids, negative values, unknown fields", () => {
    const ids = [0xdeadbeef00, 0xfffffffe, 77];
    const profile = readHeapProfile(
      build({
        ids,
        samples: [
          { values: [1, -2, 2 ** 40, -(2 ** 52) - 1], stack: [ids[2]!, ids[0]!], packed: false },
          { values: [5, 6, 7, 8], stack: [ids[1]!, ids[0]!] },
        ],
        extra: (w) => w.uint32((99 << 3) | 2).string("from the future"),
      }),
    );
    expect([...profile.data.values]).toEqual([1, -2, 2 ** 40, -(2 ** 52) - 1, 5, 6, 7, 8]);
    expect([...profile.data.stacks]).toEqual([2, 0, 1, 0]);
    expect(profile.frames(1).map((f) => `${f.function} ${f.file}:${f.line}`)).toEqual([
      "main.f f.go:7",
      "main.f f.go:7",
    ]);
  });

  it("a location without lines is an address", () => {
    const profile = readHeapProfile(build({ samples: [one], lineFunction: 0 }));
    expect(profile.frames(0)[0]!.function).toBe("");
    expect(profile.sites()[0]!.inuseBytes).toBe(4);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ["nothing", new Uint8Array(0), /is empty/],
    ["a value too few", build({ samples: [{ values: [1, 2, 3] }] }), /3 values for 4 sample types/],
    [
      "samples of different length",
      build({ samples: [one, { values: [1] }] }),
      /a sample of 1 values \(others have 4\) at byte \d+/,
    ],
    ["an unknown location", build({ samples: [{ values: [1, 2, 3, 4], stack: [9] }] }), /location 9, which it lacks/],
    ["location id 0", build({ ids: [0], samples: [{ values: [1, 2, 3, 4], stack: [] }] }), /location.* id 0/],
    ["location ids twice", build({ ids: [3, 3], samples: [] }), /two locations of one id/],
    ["an unknown function", build({ samples: [one], lineFunction: 5 }), /function 5, which it lacks/],
    ["no strings", build({ samples: [], strings: [] }), /no strings/],
    ["too few strings", build({ samples: [one], strings: ["", "bytes", "f"] }), /refers to string \d+ of 3/],
    ["a first string", build({ samples: [one], strings: ["x"] }), /string 0 is not ""/],
    ["no sample types", build({ types: [], samples: [] }), /no sample types/],
    ["65 sample types", build({ types: Array(65).fill("x"), samples: [] }), /more than 64 sample types at byte \d+/],
    [
      "two profiles",
      Buffer.concat([build({ time: 5, samples: [one] }), build({ time: 6, samples: [one] })]),
      /several profiles in one file/,
    ],
    [
      "a CPU profile",
      build({ types: ["samples", "cpu"], samples: [{ values: [1, 2] }] }),
      /tells nothing of memory; record a heap profile/,
    ],
    ["text", Buffer.from("<!doctype html>\n<html>"), /damaged heap profile/],
    ["a cut gzip", load("go1.27.0/heap.pb.gz").subarray(0, 500), /ends early, after \d+ bytes|damaged/],
    [
      "a damaged gzip",
      Buffer.concat([load("go1.27.0/heap.pb.gz").subarray(0, 300), Buffer.alloc(200, 0x5a)]),
      /gzip data/,
    ],
  ])("refuses %s in one line", (_, bytes, message) => {
    let error: unknown;
    try {
      readHeapProfile(bytes, "some/file");
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toMatch(/^some\/file: [^\n]+$/);
  });

  it("what follows the gzip data does no harm", () => {
    const profile = readHeapProfile(Buffer.concat([load("go1.27.0/heap.pb.gz"), Buffer.from("\n\n-- garbage")]));
    expect(profile.sampleCount).toBe(readHeapProfile(load("go1.27.0/heap.pb.gz")).sampleCount);
  });

  it("refuses what decompresses to too much", () => {
    const bomb = gzipSync(Buffer.alloc(300 * 2 ** 20), { level: 1 });
    expect(() => readHeapProfile(bomb, "bomb")).toThrow(/more than 256 MiB/);
  });

  const raw = gunzipSync(load("go1.27.0/heap.pb.gz"));

  it("cut anywhere, it is refused with InputError or is complete", () => {
    for (let length = 1; length < raw.length; length++) {
      try {
        readHeapProfile(raw.subarray(0, length));
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }
  });

  it("fuzz: bytes changed anywhere give a profile whose indexes hold, or InputError", () => {
    const mutation = fc.array(fc.tuple(fc.nat(raw.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(mutation, (changes) => {
        const bytes = Uint8Array.from(raw);
        for (const [at, value] of changes) bytes[at] = value;
        looksLikeProfile(bytes);
        let profile: HeapProfile;
        try {
          profile = readHeapProfile(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
          return;
        }
        for (const location of profile.data.stacks) expect(location).toBeLessThan(profile.data.locations.count);
        profile.sites();
        profile.sizeMix();
        profile.byFunction("inuse_space");
      }),
      { numRuns: 400, seed: 1 },
    );
  });

  it("fuzz: any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readHeapProfile(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});

describe("detection", () => {
  it("knows profiles of all versions by content", () => {
    for (const version of ["go1.11.13", "go1.16.15", "go1.22.12", "go1.27.0"]) {
      for (const name of ["heap", "allocs"]) {
        expect(looksLikeProfile(gunzipSync(load(`${version}/${name}.pb.gz`)))).toBeGreaterThan(0.5);
      }
    }
    expect(looksLikeProfile(gunzipSync(load("go1.27.0/delta.pb.gz")))).toBeGreaterThan(0.5);
  });

  it.each([
    "go 1.22 trace\0\0\0",
    "heap profile: 1: 2 [3: 4] @ heap/1048576\n",
    '{"a":1}',
    "\n\n\n\n",
    "",
    "gc 1 @0.1s",
  ])("does not take %j for one", (text) => {
    expect(looksLikeProfile(Buffer.from(text))).toBe(0);
  });
});
