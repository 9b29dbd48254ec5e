import { describe, expect, test } from "vitest";
import { parseRunDescription } from "../parsers/run-description.ts";
import { gogcNotes, recordedGogc } from "./recorded-settings.ts";
import type { GcRow } from "./result.ts";
import { replay } from "./run.ts";

const MIB = 1 << 20;
const log = (name: string) => replay([`fixtures/goals/${name}.log.gz`]);

describe("a log that does not tell its settings", () => {
  test.each([25, 50, 100, 200, 400])("GOGC=%i", async (gogc) => {
    const { config, recordedGogc } = await log(`gogc${gogc}`);
    expect(config.gogc).toBe(gogc);
    expect(recordedGogc).toMatchObject({ basis: "goals", limit: null });
  });

  test.each([
    ["gogc100-limit", 100, 3],
    ["gogc100-tight", 100, 80],
    ["off-limit", "off", 12],
  ])("%s: a limit held down goals", async (name, gogc, cycles) => {
    const { config, recordedGogc, notes } = await log(name);
    expect(config.gogc).toBe(gogc);
    expect(recordedGogc.limit?.cycles).toBeGreaterThanOrEqual(cycles);
    expect(notes.map(({ text }) => text).join("\n")).toMatch(/a memory limit held down the goal of \d+ GC cycles/);
  });
});

describe("what was told", () => {
  const gcs = (marked: number[], percent: number): GcRow[] =>
    [...marked, 0].map((bytes, i) => ({
      n: i + 1,
      start: i,
      markTermination: i,
      sweepDone: null,
      liveAtStart: null,
      liveAtMark: null,
      liveMarked: bytes * MIB,
      goal: i === 0 ? null : marked[i - 1]! * MIB * (1 + percent / 100),
    }));
  const told = (env: Record<string, string>) => parseRunDescription("meta.json", JSON.stringify({ env }));
  const sizes = [20, 35, 50, 80, 40];

  test("holds where no goals contradict it", () => {
    expect(recordedGogc([], "go1.27", 0, told({ GOGC: "300" }))).toMatchObject({ gogc: 300, basis: "told" });
    expect(recordedGogc(gcs(sizes, 53), "go1.27", 0, told({ GOGC: "50" }))).toMatchObject({ gogc: 50, basis: "told" });
    expect(recordedGogc([], "go1.27", 0, told({ GOGC: "off" })).gogc).toBe(Number.POSITIVE_INFINITY);
  });

  test("gives way to goals that show debug.SetGCPercent", () => {
    const set = recordedGogc(gcs(sizes, 400), "go1.27", 0, told({}));
    expect(set).toMatchObject({ gogc: 400, basis: "goals" });
    expect(gogcNotes(set, Number.POSITIVE_INFINITY).map(({ text }) => text)).toEqual([
      "GOGC was 400, as the heap goals show",
    ]);
  });

  test("a default is assumed where nothing tells", () => {
    const none = recordedGogc([], "go1.27", 0, null);
    expect(none).toEqual({ gogc: 100, basis: "assumed", limit: null });
    expect(gogcNotes(none, Number.POSITIVE_INFINITY)).toEqual([]);
  });
});
