import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type Comparison, compare, compareRuns, load, type Run } from "./compare.ts";
import { compareSettings } from "./compare-settings.ts";

const cause = (name: string) => new URL(`../fixtures/causes/${name}`, import.meta.url).pathname;
const twice = (name: string) => new URL(`../fixtures/twice/${name}`, import.meta.url).pathname;
const figure = ({ figures }: Pick<Comparison, "figures">, name: string) => figures.find((f) => f.figure.name === name)!;

it("a run compared with itself differs in nothing", async () => {
  const { figures, ledger, causes, verdict, settings } = await compare([cause("stacks")], [cause("stacks")]);
  expect(verdict).toBe("noise");
  expect(settings).toEqual([]);
  expect(figures.length).toBeGreaterThan(5);
  for (const { delta, noise } of figures) expect([delta, noise]).toEqual([0, true]);
  for (const { parts } of ledger) for (const { delta } of parts) expect(delta).toBe(0);
  expect(causes).toMatchObject({ came: [], went: [] });
});

it("a cause that came shows as such, and the part that it lies in", async () => {
  const { causes, figures, ledger, loadRatio, verdict } = await compare(
    [cause("size-class-fragmentation-twin")],
    [cause("size-class-fragmentation")],
  );
  expect(verdict).toBe("different");
  expect(causes.came.find(({ id }) => id === "size-class-fragmentation")).toMatchObject({ noise: false });
  expect(figures.find((f) => f.figure.name === "peak-rss")!.noise).toBe(true);
  expect(figures.find((f) => f.figure.name === "final-rss")).toMatchObject({ noise: false });
  const slack = ledger.find(({ moment }) => moment === "end")!.parts.find(({ id }) => id === "span-slack")!;
  expect(slack.noise).toBe(false);
  expect(slack.delta).toBeGreaterThan(100 * 2 ** 20);
  expect(loadRatio).toBeCloseTo(1, 0);
});

describe("two runs of one program", () => {
  it.each(["bursts", "cache"])("%s: nothing but noise", async (program) => {
    const result = await compare([twice(`${program}-100a`)], [twice(`${program}-100b`)]);
    expect(result.verdict).toBe("noise");
    expect(result.settings).toEqual([]);
    expect(result.figures.filter(({ delta, noise }) => delta !== null && !noise)).toEqual([]);
    expect([...result.causes.came, ...result.causes.went].filter(({ noise }) => !noise)).toEqual([]);
  });

  it.each([
    ["bursts", "50"],
    ["bursts", "200"],
    ["cache", "50"],
    ["cache", "200"],
  ])("%s with GOGC=%s: more than noise, and the setting is named", async (program, gogc) => {
    const result = await compare([twice(`${program}-100a`)], [twice(`${program}-${gogc}`)]);
    expect(result.verdict).toBe("different");
    expect(result.settings).toEqual([{ name: "GOGC", a: "100", b: gogc }]);
    expect(figure(result, "gc-cycles").noise && figure(result, "mean-rss").noise).toBe(false);
  });

  it("the setting shows in a log alone, too", async () => {
    const log = (run: string) => [`${twice(run)}/gctrace.log.gz`];
    const result = await compare(log("cache-100a"), log("cache-50"));
    expect(result.settings).toMatchObject([
      { name: "GOGC", a: expect.stringMatching(/^about (9|10)/), b: expect.stringMatching(/^about (4|5)/) },
    ]);
    expect(figure(result, "gc-cycles")).toMatchObject({
      noise: false,
      perLoad: { unit: "per GiB allocated", noise: false },
    });
  });
});

it("a load four times as high is no other program: what adds up is held against what was allocated", async () => {
  const one = await load([twice("cache-100a")], {});
  const gcs = one.figures.get("gc-cycles")!;
  const two: Run = {
    ...one,
    figures: new Map([...one.figures, ["gc-cycles", 4 * gcs]]),
    load: { bytes: 4 * one.load!.bytes, ns: one.load!.ns },
  };
  const result = compareRuns(one, two);
  expect(result.loadRatio).toBeCloseTo(4);
  expect(figure(result, "gc-cycles")).toMatchObject({ noise: false, perLoad: { noise: true } });
  expect(figure(result, "peak-rss").perLoad).toMatchObject({ unit: "per MiB/s allocated", noise: false });
  expect(result.verdict).toBe("noise");
});

it("one recording under two settings", async () => {
  const trace = new URL("../fixtures/bursts-1.27/trace.out", import.meta.url).pathname;
  const result = await compareSettings([trace], { gogc: [25, 400] });
  expect(result.verdict).toBe("different");
  expect(result.settings).toEqual([{ name: "GOGC", a: "25", b: "400" }]);
  expect(figure(result, "gc-cycles").b!).toBeLessThan(figure(result, "gc-cycles").a!);
  for (const { parts } of result.ledger) expect(parts.map(({ id }) => id)).toContain("live");
  await expect(compareSettings([trace], { gogc: [25, 50, 100] })).rejects.toThrow("two settings");
});

it("runs of other lengths are compared over the same time", async () => {
  const rows = gunzipSync(readFileSync(`${twice("bursts-100b")}/samples.csv.gz`))
    .toString()
    .trimEnd()
    .split("\n");
  const path = join(mkdtempSync(join(tmpdir(), "gopages-")), "samples.csv");
  writeFileSync(path, rows.slice(0, Math.round(rows.length * 0.6)).join("\n"));
  const result = await compare([`${twice("bursts-100a")}/samples.csv.gz`], [path]);
  expect(result.durationRatio).toBeCloseTo(0.6, 1);
  expect(result.sharedNs).toBeCloseTo(0.6 * 7.5e9, -9);
  expect(figure(result, "final-rss").sameTime).not.toBeNull();
  expect(figure(result, "mean-rss").sameTime).toMatchObject({ noise: true });
  expect(result.verdict).toBe("noise");
  const same = await compare([twice("bursts-100a")], [twice("bursts-100b")]);
  expect([same.sharedNs, figure(same, "final-rss").sameTime]).toEqual([null, null]);
});
