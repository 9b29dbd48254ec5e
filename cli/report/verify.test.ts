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
  const text = verifyReport(result, terminal);
  expect(text.replaceAll("\n", " ")).toMatch(/^The model puts 99.9 % of the recorded spans on the very page/);
  expect(text).toContain("spans predicted: 12 345");
  expect(text.replaceAll(/\n +/g, " ")).toContain(
    "first miss: span 77 (3 pages, P 1) at 2.00 s: recorded 0xc000002000, predicted 0xc000004000",
  );
});

test("without addresses it says what to record", () => {
  expect(verifyReport(fakeResult(), terminal)).toContain("GODEBUG=traceallocfree=1");
});
