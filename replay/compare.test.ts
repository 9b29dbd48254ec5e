import { expect, it } from "vitest";
import { compare } from "./compare.ts";

const folder = (name: string) => new URL(`../fixtures/causes/${name}`, import.meta.url).pathname;

it("a run compared with itself differs in nothing", async () => {
  const { figures, ledger, causes } = await compare([folder("stacks")], [folder("stacks")]);
  expect(figures.length).toBeGreaterThan(5);
  for (const { delta, noise } of figures) expect([delta, noise]).toEqual([0, true]);
  for (const { parts } of ledger) for (const { delta } of parts) expect(delta).toBe(0);
  expect(causes).toMatchObject({ came: [], went: [] });
});

it("a cause that came shows as such, and the part that it lies in", async () => {
  const { causes, figures, ledger, loadRatio } = await compare(
    [folder("size-class-fragmentation-twin")],
    [folder("size-class-fragmentation")],
  );
  expect(causes.came.map(({ id }) => id)).toContain("size-class-fragmentation");
  expect(figures.find(({ figure }) => figure.name === "peak-rss")!.noise).toBe(true);
  expect(figures.find(({ figure }) => figure.name === "final-rss")).toMatchObject({ noise: false });
  const slack = ledger.find(({ moment }) => moment === "end")!.parts.find(({ id }) => id === "span-slack")!;
  expect(slack.noise).toBe(false);
  expect(slack.delta).toBeGreaterThan(100 * 2 ** 20);
  expect(loadRatio).toBeCloseTo(1, 0);
});
