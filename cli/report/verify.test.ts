import { expect, test } from "vitest";
import { fakeResult } from "../testing/fake-result.ts";
import { verifyReport } from "./verify.ts";

const terminal = { isTty: false, columns: 80, rows: 24, unicode: true, color: 0, attributes: false } as const;

test("placement leads when there is one, with the first miss", () => {
  const result = fakeResult();
  result.placement = {
    spans: 12_345,
    exact: 0.9987,
    exactUncorrected: 0.91,
    sameChunk: 1,
    firstDivergence: { t: 2e9, span: 77, p: 1, pages: 3, recorded: 0xc000002000, predicted: 0xc000004000 },
  };
  const text = verifyReport(result, null, terminal);
  expect(text.replaceAll("\n", " ")).toMatch(/^The model puts 99.9 % of the recorded spans on the very page/);
  expect(text).toContain("spans predicted: 12 345");
  expect(text.replaceAll(/\n +/g, " ")).toContain(
    "first miss: span 77 (3 pages, P 1) at 2.00 s: recorded 0xc000002000, predicted 0xc000004000",
  );
});

test("without addresses it says what to record", () => {
  expect(verifyReport(fakeResult(), null, terminal)).toContain("GODEBUG=traceallocfree=1");
});

test("heap goals and triggers against those recorded, the first and the last cycles", () => {
  const MiB = 2 ** 20;
  const rows = Array.from({ length: 30 }, (_, i) => ({
    marked: (10 + i) * MiB,
    goal: (20 + 2 * i) * MiB,
    predictedGoal: (20 + 2 * i) * MiB,
    trigger: i === 0 ? null : (18 + 2 * i) * MiB,
    predictedTrigger: i === 0 ? null : (17 + 2 * i) * MiB,
  }));
  const goals = {
    cycles: 30,
    mean: 0.004,
    worst: 0.012,
    triggers: { cycles: 29, mean: 0.03, worst: 0.05 },
    rows,
    gogc: 100,
    roots: MiB,
    stackUse: 0.7,
  };
  const text = verifyReport(fakeResult(), goals, terminal);
  expect(text.replaceAll(/\n +/g, " ")).toContain("heap goals of 30 GCs: off by 0.4 % on average, 1.2 % at most");
  expect(text).toMatch(/\n +30 +39.0 MiB +78.0 MiB +78.0 MiB +76.0 MiB +75.0 MiB\n/);
  expect(text).not.toMatch(/\n +15 +24.0 MiB/);
  expect(text).toContain("all of them are in --json");
});
