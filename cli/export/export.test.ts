import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { parquetReadObjects } from "hyparquet";
import protobuf from "protobufjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ReplayResult, TimelineRow } from "../../replay/result.ts";
import { EXPORT_NAMES } from "../commands/export.ts";
import { fakeResult } from "../testing/fake-result.ts";
import { runMain } from "../testing/host.ts";
import type { ExportJob } from "./exporter.ts";
import { EXPORTERS } from "./registry.ts";
import { rssStacks } from "./stacks.ts";

const input = path.join(import.meta.dirname, "..", "..", "fixtures", "bursts-1.27", "samples.csv");

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "gopages-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function toFile(name: string, result: ReplayResult = fakeResult(), more: string[] = []): Promise<Buffer> {
  const file = path.join(folder, `run.${name}`);
  // The result is made up, but exporters look into the inputs for heap profiles.
  const run = await runMain(["export", "--to", name, "-o", file, input, ...more], { result });
  expect(run).toMatchObject({ code: 0, stdout: "", stderr: "" });
  return readFileSync(file);
}

test("help names what the registry has", () => {
  expect(EXPORTERS.map(({ name }) => name)).toEqual([...EXPORT_NAMES]);
});

describe("csv", () => {
  test("has every row; unknown is empty, no goal is inf", async () => {
    const result = fakeResult();
    result.timeline[5]!.heapGoal = Number.POSITIVE_INFINITY;
    const [header, ...lines] = (await toFile("csv", result)).toString("utf8").trimEnd().split("\n");
    expect(header).toBe(
      "t,rss,heapInuse,heapFree,heapReleased,stacks,heapLive,heapGoal,mapped,measuredRss,measuredReleased,measuredInuse",
    );
    expect(lines).toHaveLength(result.timeline.length);
    const names = header!.split(",");
    for (const [i, line] of lines.entries()) {
      const cells = line.split(",");
      for (const [c, name] of names.entries()) {
        const value = result.timeline[i]![name as keyof TimelineRow];
        const text = value === null || value === undefined ? "" : value === Infinity ? "inf" : String(value);
        expect(cells[c]).toBe(text);
      }
    }
  });

  test("--samples thins, and the peak survives", async () => {
    const result = fakeResult();
    const lines = (await toFile("csv", result, ["--samples", "20"])).toString("utf8").trimEnd().split("\n").slice(1);
    expect(lines.length).toBeLessThanOrEqual(20);
    expect(Math.max(...lines.map((line) => Number(line.split(",")[1])))).toBe(result.summary.peakRss);
  });

  test("--samples all takes each change as the replay hands it out", async () => {
    const result = fakeResult({ rows: 5000 });
    const kept = await toFile("csv", result);
    const all = await toFile("csv", result, ["--samples", "all"]);
    expect(all.equals(kept)).toBe(true);
    expect(all.toString("utf8").split("\n")).toHaveLength(5000 + 2);
  });
});

test.each(["csv", "ndjson", "parquet", "perfetto"])(
  "%s: nothing of --samples all is kept but what is written",
  async (name) => {
    let handed = 0;
    let most = 0;
    let written = 0;
    let writtenBefore = 0;
    const row = fakeResult({ rows: 1 }).timeline[0]!;
    const job: ExportJob = {
      inputs: ["t.out"],
      samples: "all",
      async replay({ rows } = {}) {
        for (; handed < 200_000; handed++) {
          rows!.add({ ...row, t: handed * 1000, rss: row.rss + handed * 4096, heapInuse: handed * 8192 });
          if (handed % 1000 === 0) await rows!.drain();
        }
        await rows!.drain();
        return fakeResult();
      },
    };
    const exporter = EXPORTERS.find((candidate) => candidate.name === name)!;
    await exporter.write(job, {
      async write(chunk) {
        written += chunk.length;
        most = Math.max(most, handed - writtenBefore);
        writtenBefore = handed;
      },
    });
    expect(written).toBeGreaterThan(5e5);
    expect(most).toBeLessThan(60_000);
  },
);

test("ndjson is the rows of --json", async () => {
  const result = fakeResult();
  const lines = (await toFile("ndjson", result)).toString("utf8").trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual(result.timeline);
});

const PACKED_BY = { GZIP: (packed: Uint8Array) => gunzipSync(packed) };

test("parquet is read back as it was written", async () => {
  const result = fakeResult();
  result.timeline[5]!.heapGoal = Number.POSITIVE_INFINITY;
  const bytes = await toFile("parquet", result);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  const rows = await parquetReadObjects({ file, compressors: PACKED_BY });
  expect(rows).toHaveLength(result.timeline.length);
  for (const [i, row] of rows.entries()) {
    for (const [name, value] of Object.entries(row)) {
      expect(value ?? null).toBe(result.timeline[i]![name as keyof TimelineRow] ?? null);
    }
  }
});

// The part of the published protos that is used, by hand: protos/perfetto/trace/.
const PERFETTO = protobuf
  .parse(
    `
  syntax = "proto2";
  message Trace { repeated TracePacket packet = 1; }
  message TracePacket {
    optional uint64 timestamp = 8; optional uint32 trusted_packet_sequence_id = 10; optional uint32 sequence_flags = 13;
    optional TrackEvent track_event = 11; optional TrackDescriptor track_descriptor = 60;
  }
  message TrackDescriptor {
    optional uint64 uuid = 1; optional string name = 2; optional ProcessDescriptor process = 3;
    optional uint64 parent_uuid = 5; optional CounterDescriptor counter = 8;
  }
  message ProcessDescriptor { optional int32 pid = 1; optional string process_name = 6; }
  message CounterDescriptor { optional int32 unit = 3; }
  message TrackEvent {
    optional int32 type = 9; optional uint64 track_uuid = 11; optional string name = 23; optional int64 counter_value = 30;
    repeated DebugAnnotation debug_annotations = 4;
  }
  message DebugAnnotation { optional string name = 10; optional int64 int_value = 4; }
`,
    new protobuf.Root(),
    { keepCase: true },
  )
  .root.lookupType("Trace");

interface Packet {
  timestamp?: number;
  track_descriptor?: { uuid: number; name?: string; counter?: { unit: number }; parent_uuid?: number };
  track_event?: { type: number; track_uuid: number; name?: string; counter_value?: number };
}

test("perfetto has the counters, and slices that nest", async () => {
  const result = fakeResult();
  result.marks.push({ t: 5e9, kind: "return-background", value: 8192 });
  result.marks.push({ t: 5.01e9, kind: "return-background", value: 8192 });
  const bytes = await toFile("perfetto", result);
  const { packet } = PERFETTO.toObject(PERFETTO.decode(bytes), { longs: Number }) as { packet: Packet[] };
  const names = new Map(packet.flatMap(({ track_descriptor: d }) => (d?.name ? [[d.uuid, d.name] as const] : [])));
  const rss = packet.filter(({ track_event: e }) => e?.type === 4 && names.get(e.track_uuid) === "RSS (predicted)");
  expect(Math.max(...rss.map(({ track_event: e }) => e!.counter_value!))).toBe(result.summary.peakRss);
  expect([...names.values()]).toContain("RSS (measured)");
  const depth = new Map<number, number>();
  let gcs = 0;
  let returns = 0;
  for (const { track_event: e } of packet) {
    if (e?.type === 1) {
      expect(depth.get(e.track_uuid) ?? 0).toBe(0);
      depth.set(e.track_uuid, 1);
      if (e.name!.startsWith("GC ")) gcs++;
      if (e.name === "return") returns++;
    } else if (e?.type === 2) depth.set(e.track_uuid, 0);
  }
  expect(gcs).toBe(result.gcs.length);
  expect(returns).toBe(1);
  expect([...depth.values()]).toEqual([0, 0]);
});

// github.com/google/pprof/proto/profile.proto
const PROFILE = protobuf
  .parse(
    `
  syntax = "proto3";
  message Profile {
    repeated ValueType sample_type = 1; repeated Sample sample = 2; repeated Location location = 4;
    repeated Function function = 5; repeated string string_table = 6; int64 default_sample_type = 14;
  }
  message ValueType { int64 type = 1; int64 unit = 2; }
  message Sample { repeated uint64 location_id = 1; repeated int64 value = 2; }
  message Location { uint64 id = 1; repeated Line line = 4; }
  message Line { uint64 function_id = 1; int64 line = 2; }
  message Function { uint64 id = 1; int64 name = 2; int64 system_name = 3; int64 filename = 4; }
`,
    new protobuf.Root(),
    { keepCase: true },
  )
  .root.lookupType("Profile");

test("pprof: the parts sum up to RSS, and every reference leads somewhere", async () => {
  const result = fakeResult();
  const raw = gunzipSync(await toFile("pprof", result));
  const p = PROFILE.toObject(PROFILE.decode(raw), { longs: Number, defaults: true }) as {
    sample_type: { type: number }[];
    sample: { location_id: number[]; value: number[] }[];
    location: { id: number; line: { function_id: number }[] }[];
    function: { id: number; name: number }[];
    string_table: string[];
    default_sample_type: number;
  };
  expect(p.string_table[0]).toBe("");
  expect(p.sample_type.map(({ type }) => p.string_table[type])).toEqual(["peak_rss", "final_rss"]);
  const sums = [0, 1].map((i) => p.sample.reduce((sum, { value }) => sum + value[i]!, 0));
  expect(sums).toEqual([result.ledgerPeak.rss, result.ledgerFinal.rss]);
  const functions = new Map(p.function.map(({ id, name }) => [id, p.string_table[name]]));
  const locations = new Map(p.location.map(({ id, line }) => [id, functions.get(line[0]!.function_id)]));
  for (const { location_id } of p.sample) {
    const stack = location_id.map((id) => locations.get(id));
    expect(stack.at(-1)).toBe("RSS");
    expect(stack).not.toContain(undefined);
  }
});

test("live bytes are shared out among a profile's sites, and nothing is lost", () => {
  const { ledgerPeak } = fakeResult();
  const profile = {
    unsampled: () => ({ inuseBytes: Float64Array.of(3, 1, 0) }),
    frames: (s: number) => [{ function: `main.f${s}`, file: "main.go", line: s, inlined: false, address: 0 }],
  } as unknown as Parameters<typeof rssStacks>[1];
  const stacks = rssStacks([ledgerPeak], profile);
  expect(stacks.reduce((sum, { bytes }) => sum + bytes[0]!, 0)).toBe(ledgerPeak.rss);
  const of = (name: string) => stacks.find(({ frames }) => frames.at(-1)!.name === name)!.bytes[0]!;
  expect(of("main.f0") / of("main.f1")).toBeCloseTo(3, 5);
  expect(stacks.some(({ frames }) => frames.at(-1)!.name === "main.f2")).toBe(false);
});

test("speedscope: weights match samples, frames exist", async () => {
  const doc = JSON.parse((await toFile("speedscope")).toString("utf8"));
  expect(doc.$schema).toBe("https://www.speedscope.app/file-format-schema.json");
  expect(doc.profiles.length).toBe(18);
  for (const { type, unit, samples, weights, endValue } of doc.profiles) {
    expect([type, unit]).toEqual(["sampled", "bytes"]);
    expect(samples.length).toBe(weights.length);
    expect(weights.reduce((a: number, b: number) => a + b, 0)).toBe(endValue);
    for (const stack of samples) for (const i of stack) expect(doc.shared.frames[i].name).toBeTypeOf("string");
  }
});

const HOSTILE = `x"><script>alert(1)</script>|*_\`@all<img src=x>`;

test.each(["svg", "markdown", "html"])("%s: a name from outside is text", async (name) => {
  const result = fakeResult({ path: HOSTILE });
  result.notes.push({ level: "warning", text: HOSTILE });
  const text = (await toFile(name, result)).toString("utf8");
  expect(text).not.toContain("<script>alert");
  expect(text).not.toContain("<img");
  if (name === "markdown") expect(text).not.toMatch(/(?<!\\)\*_|@all/);
});

test("svg draws the highest point of RSS at the top", async () => {
  const text = (await toFile("svg", fakeResult({ measured: false }))).toString("utf8");
  expect(text).toContain('<title id="t">');
  const ys = [...text.matchAll(/<path d="([^"]*)"/g)][0]![1]!
    .split(/[ML]/)
    .slice(1)
    .map((p) => Number(p.split(" ")[1]));
  const top = 44 + (420 - 44 - 40) * (1 - 1 / 1.05);
  expect(Math.min(...ys)).toBeCloseTo(top, 0);
  expect(text).not.toMatch(/NaN|undefined/);
});

test.each(EXPORT_NAMES.filter((name) => name !== "events"))("%s: degenerate runs are exported too", async (name) => {
  for (const options of [
    { rows: 1, gcs: 0, measured: false, chunks: 1 },
    { rows: 2, durationNs: 1, gcs: 1 },
  ]) {
    expect((await toFile(name, fakeResult(options))).length).toBeGreaterThan(0);
  }
});

describe("command line", () => {
  test.each([
    [["export", "t.out"], "--to is missing"],
    [["export", "--to", "html5", "t.out"], "no such format"],
    [["export", "--to", "csv", "--to", "svg", "t.out"], "more than once"],
  ])("%j is wrong usage", async (argv, message) => {
    const run = await runMain(argv);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(message);
  });

  test("binary formats don't go to a terminal", async () => {
    const run = await runMain(["export", "--to", "pprof", "t.out"], { tty: { columns: 80, rows: 24 } });
    expect(run.code).toBe(2);
    expect(run.stderr).toContain("-o run.pb.gz");
  });

  test("a file that could not be written whole is not there", async () => {
    const file = path.join(folder, "never");
    const run = await runMain(["export", "--to", "csv", "-o", file, "t.out"], { result: new Error("boom") });
    expect(run.code).toBe(70);
    expect(readdirSync(folder).filter((name) => name.startsWith("never"))).toEqual([]);
  });

  test("a partial input is said to be one", async () => {
    const run = await runMain(["export", "--to", "csv", "t.out"], { result: fakeResult({ partial: true }) });
    expect(run.code).toBe(4);
  });
});
