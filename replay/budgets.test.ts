import { describe, expect, it } from "vitest";
import { type Budget, budgetsOf, checkBudgets, parseBudget, parseValue } from "./budgets.ts";

const budget = (text: string): Budget => {
  const parsed = parseBudget(text);
  if (typeof parsed === "string") throw new Error(parsed);
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
  ])("%s is none", (text, why) => {
    expect(parseBudget(text)).toContain(why);
  });

  it("are broken on the wrong side, or when the figure is not known", () => {
    const figures = new Map([
      ["peak-rss", 100],
      ["returned", 0.5],
    ]);
    const broken = (text: string) => checkBudgets([budget(text)], figures)[0]!.broken;
    expect(broken("peak-rss=100")).toBe(false);
    expect(broken("peak-rss=99")).toBe(true);
    expect(broken("returned=50%")).toBe(false);
    expect(broken("returned=51%")).toBe(true);
    expect(broken("placement=1%")).toBe(true);
  });

  it("of a baseline leave the tolerance on the side that is worse", () => {
    const made = budgetsOf(
      new Map([
        ["peak-rss", 100],
        ["returned", 0.8],
      ]),
      0.05,
      ["peak-rss", "returned"],
    );
    expect(made.map(({ figure, op }) => [figure.name, op])).toEqual([
      ["peak-rss", "<="],
      ["returned", ">="],
    ]);
    expect(made[0]!.bound).toBeCloseTo(105);
    expect(made[1]!.bound).toBeCloseTo(0.76);
  });

  it("read values in their units only", () => {
    expect(parseValue("5%", "fraction")).toBe(0.05);
    expect(parseValue("5", "fraction")).toBeNull();
    expect(parseValue("10ms", "ns")).toBe(1e7);
    expect(parseValue("10", "ns")).toBeNull();
  });
});
