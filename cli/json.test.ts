import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { writeReplayJson } from "./json.ts";
import { fakeResult } from "./testing/fake-result.ts";
import { runMain } from "./testing/host.ts";
import { Writer } from "./writer.ts";

interface Doc {
  [name: string]: unknown;
  timeline: { [name: string]: unknown; t: number; rss: number }[];
}

async function document(argv: string[], result = fakeResult()): Promise<Doc> {
  const run = await runMain(argv, { result });
  expect(run).toMatchObject({ code: 0, stderr: "" });
  return JSON.parse(run.stdout) as Doc;
}

test("the document has the fields of the contract", async () => {
  const doc = await document(["replay", "t.out", "--json"]);
  expect(doc.schema).toBe("gopages/replay/1");
  expect((doc.inputs as object[]).map(Object.keys)).toEqual([
    ["path", "format", "goVersion", "evidence", "events", "losses"],
  ]);
  expect(Object.keys(doc.config as object)).toEqual(
    "policy gogc memoryLimit physPageSize pageSize procs os".split(" "),
  );
  expect(Object.keys(doc.summary as object)).toEqual(
    (
      "durationNs gcCycles peakRss finalRss meanRss peakHeapInuse peakHeapLive heapReleasedFinal meanHeapReleased " +
      "returnedTotal returnedBackground returnedOnGrowth returnedForLimit returnedForced pageFaultBytes " +
      "heapLockAcquisitions heapLockAvoided"
    ).split(" "),
  );
  expect(doc.placement).toBeNull();
  expect(Object.keys(doc.accuracy as object)).toEqual(["rssMape", "releasedMape", "inuseMape", "samples"]);
  expect(Object.keys(doc.timeline[0]!)).toEqual(
    "t rss heapInuse heapFree heapReleased stacks heapLive heapGoal mapped measuredRss measuredReleased".split(" "),
  );
});

test("verify is the same document under its own schema", async () => {
  const result = fakeResult();
  const doc = await document(["verify", "t.out", "--json"], result);
  expect(doc).toEqual({ ...(await document(["t.out", "--json"], result)), schema: "gopages/verify/1", goals: null });
});

test("the peak survives the thinning, rows are in order, and all means all", async () => {
  const result = fakeResult({ rows: 5000 });
  for (const [argv, most] of [
    [[], 500],
    [["--samples", "20"], 20],
    [["--samples", "all"], 5000],
  ] as const) {
    const { timeline } = await document(["t.out", "--json", ...argv], result);
    expect(timeline.length).toBeLessThanOrEqual(most);
    expect(timeline.length).toBeGreaterThan(most * 0.7);
    expect(Math.max(...timeline.map((row) => row.rss))).toBe(result.summary.peakRss);
    expect(timeline.map((row) => row.t)).toEqual(timeline.map((row) => row.t).sort((a, b) => a - b));
  }
});

test("no goal is null: JSON has no infinity", async () => {
  const result = fakeResult({ rows: 2 });
  result.timeline[1]!.heapGoal = Number.POSITIVE_INFINITY;
  const { timeline } = await document(["t.out", "--json"], result);
  expect(timeline.map((row) => row.heapGoal)).toEqual([null, null]);
});

test("names out of a recording can't command the terminal", async () => {
  const run = await runMain(["t.out", "--json"], { result: fakeResult({ path: "\x1b]0;x\x07\x9b\u202e.out" }) });
  expect(run.stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  expect((JSON.parse(run.stdout) as { inputs: { path: string }[] }).inputs[0]!.path).toBe("\x1b]0;x\x07\x9b\u202e.out");
});

test("a slow reader is waited for", async () => {
  const stream = new PassThrough({ highWaterMark: 1024 });
  const out = new Writer(stream as unknown as NodeJS.WriteStream);
  let most = 0;
  let text = "";
  stream.on("readable", () =>
    setImmediate(() => {
      most = Math.max(most, stream.readableLength + stream.writableLength);
      for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) text += String(chunk);
    }),
  );
  const result = fakeResult({ rows: 20_000 });
  await writeReplayJson(out, "gopages/replay/1", result, "all");
  await out.flush();
  const read = new Promise((resolve) => stream.once("end", resolve));
  stream.end();
  await read;
  expect((JSON.parse(text) as Doc).timeline).toHaveLength(20_000);
  // Never more than a few writes were waiting, of a document of megabytes.
  expect(text.length).toBeGreaterThan(2e6);
  expect(most).toBeLessThan(200_000);
});
