import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Ledger, ReplayResult } from "../replay/result.ts";
import { main } from "./program.ts";

/** The command line on recordings of real programs, with nothing made up between. */

const fixtures = path.join(import.meta.dirname, "..", "fixtures");
const recording = (name: string, file: string): string => path.join(fixtures, name, file);

type Doc = Omit<ReplayResult, "ledgerPeak" | "ledgerFinal"> & {
  schema: string;
  ledger: { peak: Ledger; final: Ledger };
};

async function run(argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const texts = ["", ""];
  const streams = texts.map((_, i) => {
    const stream = new PassThrough();
    stream.on("data", (chunk: Buffer) => {
      texts[i] += chunk.toString("utf8");
    });
    return stream as unknown as NodeJS.WriteStream;
  });
  const stdin = new PassThrough() as unknown as NodeJS.ReadStream;
  const code = await main(argv, { stdin, stdout: streams[0]!, stderr: streams[1]!, env: { LANG: "C.UTF-8" } });
  return { code, stdout: texts[0]!, stderr: texts[1]! };
}

async function json(argv: string[], code = 0): Promise<Doc> {
  const result = await run([...argv, "--json", "--no-progress"]);
  expect(result.stderr).toBe(code === 4 ? "gopages: done, but on a partial input: see the losses in the result\n" : "");
  expect(result.code).toBe(code);
  return JSON.parse(result.stdout) as Doc;
}

/** The highest RSS in a CSV of samples, read without the program's help. */
function measuredPeak(file: string): number {
  const [header = "", ...lines] = gunzipSync(readFileSync(file)).toString("utf8").trim().split("\n");
  const column = header.split(",").indexOf("rss");
  return Math.max(...lines.map((line) => Number(line.split(",")[column])));
}

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "gopages-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(["bursts-1.25", "cache-1.27"])("%s", (name) => {
  const trace = recording(name, "trace.out.gz");
  const samples = recording(name, "samples.csv.gz");

  test("replay predicts a peak near the measured one, from parts that sum up to it", async () => {
    const doc = await json(["replay", trace, samples]);
    expect(doc.schema).toBe("gopages/replay/1");
    expect(doc.inputs[0]).toMatchObject({ path: trace, format: "go-trace-v2", evidence: "exact" });
    expect(doc.inputs[0]!.events).toBeGreaterThan(1000);
    const { peakRss, finalRss, gcCycles } = doc.summary;
    const peak = measuredPeak(samples);
    // The right order of magnitude, from the right file: how good the model is has its own tests.
    expect(peakRss / peak).toBeGreaterThan(0.5);
    expect(peakRss / peak).toBeLessThan(2);
    expect(gcCycles).toBeGreaterThan(0);
    expect(Math.max(...doc.timeline.map((row) => row.rss))).toBe(peakRss);
    expect(doc.timeline.at(-1)!.rss).toBe(finalRss);
    expect(doc.timeline.length).toBeLessThanOrEqual(500);
    expect(doc.timeline.some((row) => row.measuredRss !== undefined)).toBe(true);
    expect(doc.accuracy!.samples).toBeGreaterThan(10);
    for (const ledger of [doc.ledger.peak, doc.ledger.final]) {
      const sum = ledger.parts.reduce((total, part) => total + part.bytes, 0);
      expect(Math.abs(sum - ledger.rss)).toBeLessThan(1);
    }
  });

  test("the summary says it in words", async () => {
    const { code, stdout } = await run([trace, samples]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Peak RSS is predicted at [\d.]+ MiB \(within/);
    expect(stdout.replaceAll("\n", " ")).toMatch(/Against \d+ measured samples it is off by/);
    expect(stdout).not.toMatch(/NaN|undefined|\[object/);
  });
});

test("verify checks placement where the recording has addresses", async () => {
  const doc = await json(["verify", recording("bursts-1.25", "trace.out.gz")]);
  expect(doc.schema).toBe("gopages/verify/1");
  expect(doc.placement!.spans).toBeGreaterThan(100);
  expect(doc.placement!.exact).toBeGreaterThan(0.95);
});

test("another policy is another answer", async () => {
  const trace = recording("bursts-1.25", "trace.out.gz");
  const [own, old] = [await json([trace]), await json([trace, "--policy", "go1.11"])];
  expect(old.config.policy).toBe("go1.11");
  expect(old.summary.returnedTotal).not.toBe(own.summary.returnedTotal);
});

test("a recording that ends too early is replayed as far as it goes, and said to be partial", async () => {
  const whole = gunzipSync(readFileSync(recording("bursts-1.25", "trace.out.gz")));
  const cut = path.join(folder, "cut.out");
  writeFileSync(cut, whole.subarray(0, Math.floor(whole.length * 0.6)));
  const doc = await json([cut], 4);
  expect(doc.partial).toBe(true);
  expect(Object.keys(doc.inputs[0]!.losses).length).toBeGreaterThan(0);
  expect(doc.summary.peakRss).toBeGreaterThan(0);
});

test.each([
  ["no such file", "missing.out", null],
  ["an empty file", "empty.out", ""],
  ["a text", "notes.txt", "this is no recording\n"],
])("%s ends with 3 and one line", async (_, name, content) => {
  const file = path.join(folder, name);
  if (content !== null) writeFileSync(file, content);
  const { code, stdout, stderr } = await run([file]);
  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  expect(stderr.startsWith(`gopages: ${file}`)).toBe(true);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
});
