import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readBaseline, readBudgets } from "./budget-files.ts";
import { type Budget, budgetsOf, checkBudgets, parseBudget, parseValue } from "./budgets.ts";

const budget = (text: string): Budget => {
  const parsed = parseBudget(text);
  if (!("figure" in parsed)) throw new Error(parsed.problem);
  return parsed;
};

describe("budgets", () => {
  it.each([
    ["peak-rss=512MiB", "<=", 512 * 2 ** 20],
    ["returned=80%", ">=", 0.8],
    ["gc-cpu=10%", "<=", 0.1],
    ["placement>=99%", ">=", 0.99],
    ["released-final<=1KB", "<=", 1000],
    ["gc-rate = 5/s", "<=", 5],
    ["duration=2min", "<=", 120e9],
  ] as const)("%s", (text, op, bound) => {
    expect(budget(text)).toMatchObject({ op, bound });
  });

  it.each([
    ["peak-rss", "looks like"],
    ["peak-rsss=1MiB", "there is no figure"],
    ["peak-rss=12 parsecs", "takes a size"],
    ["gc-cpu=12", "takes per cent"],
    ["gc-cpu=-1%", "takes per cent"],
    ["peak-rss=1constructor", "takes a size"],
  ])("%s is none", (text, why) => {
    expect(parseBudget(text)).toMatchObject({ text, problem: expect.stringContaining(why) });
  });

  it("say which name no figure has", () => {
    expect(parseBudget("peak-rsss=1MiB")).toMatchObject({ unknown: "peak-rsss" });
  });

  it("are broken on the wrong side, and neither kept nor broken when the figure is not known", () => {
    const figures = new Map([
      ["peak-rss", 100],
      ["returned", 0.5],
    ]);
    const outcome = (text: string) => checkBudgets([budget(text)], figures)[0]!.outcome;
    expect(outcome("peak-rss=100")).toBe("kept");
    expect(outcome("peak-rss=99")).toBe("broken");
    expect(outcome("returned=50%")).toBe("kept");
    expect(outcome("returned=51%")).toBe("broken");
    expect(outcome("placement=1%")).toBe("unknown");
  });

  it("of a baseline leave the tolerance on the side that is worse, and some pages", () => {
    const made = budgetsOf(
      new Map([
        ["peak-rss", 100 * 2 ** 20],
        ["returned", 0.8],
      ]),
      0.05,
      ["peak-rss", "returned"],
    );
    expect(made.map(({ figure, op }) => [figure.name, op])).toEqual([
      ["peak-rss", "<="],
      ["returned", ">="],
    ]);
    expect(made[0]!.bound).toBeCloseTo(105 * 2 ** 20);
    expect(made[1]!.bound).toBeCloseTo(0.76);
    const [stacks] = budgetsOf(new Map([["peak-stacks", 400 << 10]]), 0.05, ["peak-stacks"]);
    expect(stacks!.bound).toBe((400 << 10) + 2 ** 20);
    expect(budgetsOf(new Map([["peak-stacks", 400 << 10]]), 0, ["peak-stacks"])[0]!.bound).toBe(400 << 10);
  });

  it("read values in their units only", () => {
    expect(parseValue("5%", "fraction")).toBe(0.05);
    expect(parseValue("5", "fraction")).toBeNull();
    expect(parseValue("10ms", "ns")).toBe(1e7);
    expect(parseValue("10", "ns")).toBeNull();
  });
});

describe("files of budgets and baselines", () => {
  const folder = mkdtempSync(join(tmpdir(), "gopages-"));
  const file = (value: unknown) => {
    const path = join(folder, "file.json");
    writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
    return path;
  };

  it.each([
    [{ "peak-rss": "512MiB", placement: ">=99%" }, ["peak-rss=512MiB", "placement>=99%"]],
    [
      { budgets: { goroutines: 500, returned: { min: "80%", max: 1 } } },
      ["goroutines=500", "returned>=80%", "returned<=1"],
    ],
    [["peak-rss<=1GiB"], ["peak-rss<=1GiB"]],
    [{ $schema: "x", "gc-rate": "5/s" }, ["gc-rate=5/s"]],
  ])("%j", async (value, texts) => {
    expect(await readBudgets(file(value))).toEqual(texts);
  });

  it.each([
    ["{", "is no JSON"],
    ["null", "holds no budgets"],
    [[], "holds no budgets"],
    [[1], "1: not a budget"],
    [{ "peak-rss": null }, "peak-rss: not a budget"],
    [{ "peak-rss": { most: 1 } }, "peak-rss.most: not a budget"],
    [{ "peak-rss": { max: [] } }, "peak-rss: not a budget"],
  ])("%j is none", async (value, why) => {
    await expect(readBudgets(file(value))).rejects.toThrow(why);
  });

  it("a baseline is what check, diagnose or replay printed", async () => {
    expect([...(await readBaseline(file({ figures: { "peak-rss": 5, bogus: 1 } })))]).toEqual([["peak-rss", 5]]);
    expect((await readBaseline(file({ rssPeak: 7, rssFinal: 6 }))).get("final-rss")).toBe(6);
    expect((await readBaseline(file({ summary: { peakRss: 9, gcCycles: 3 } }))).get("gc-cycles")).toBe(3);
    await expect(readBaseline(file({ figures: { "peak-rss": "5" } }))).rejects.toThrow("holds no figures");
    await expect(readBaseline(file("7"))).rejects.toThrow("holds no figures");
    await expect(readBaseline("nosuch.json")).rejects.toThrow("nosuch.json: no such file; check the path");
  });
});
