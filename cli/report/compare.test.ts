import { expect, it } from "vitest";
import { compare } from "../../replay/compare.ts";
import { compareJson, compareReport, summary } from "./compare.ts";

const fixture = (name: string) => new URL(`../../fixtures/${name}`, import.meta.url).pathname;

it("the report of two runs under two settings", async () => {
  const result = await compare([fixture("twice/cache-100a")], [fixture("twice/cache-50")]);
  const text = compareReport(result, "old\u001b[31m", "new");
  expect(text).toMatchSnapshot();
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  expect(text).not.toContain("\u001b");
});

it("another load is named, and figures for equal load are shown", async () => {
  const result = await compare([fixture("causes/stacks-twin")], [fixture("causes/stacks")]);
  expect(summary(result)).toMatch(
    /B allocates \d+\.\d\d times as much a second: the load was not the same; for each MiB\/s/,
  );
  expect(compareReport(result, "a", "b")).toMatch(/^For equal load {16}.*\npeak-rss per MiB\/s /m);
});

it("as one JSON document", async () => {
  const result = await compare([fixture("causes/stacks-twin")], [fixture("causes/stacks")]);
  const document = JSON.parse(compareJson(result));
  expect(document).toMatchObject({ schema: "gopages/compare/1", verdict: "different", settings: [] });
  expect(document.causes.came[0]).toMatchObject({ id: "stacks", noise: false });
  expect(document.figures[0]).toMatchObject({ figure: { name: "peak-rss" }, noise: false });
  expect(document.ledger.map(({ moment }: { moment: string }) => moment)).toEqual(["peak", "end"]);
});

it("what is only noise is said first, with the settings that made none", async () => {
  const result = await compare([fixture("twice/bursts-100a")], [fixture("twice/bursts-100b")]);
  expect(summary(result)).toMatch(
    /^No difference beyond noise: two runs of one program differ by as much\. Peak RSS is/,
  );
  const settings = [{ name: "GOMEMLIMIT" as const, a: "off", b: "1073741824" }];
  expect(summary({ ...result, settings })).toContain("though they are set differently (GOMEMLIMIT off, then 1.00 GiB)");
});
