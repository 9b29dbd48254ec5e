import { expect, test } from "vitest";
import { fakeResult } from "../testing/fake-result.ts";
import { runMain } from "../testing/host.ts";
import { plainReport } from "./plain.ts";

const utf8 = { isTty: false, columns: 80, rows: 24, unicode: true, color: 0, attributes: false } as const;

test("the answer comes first: peak, end, parts, how sure", () => {
  const [answer] = plainReport(fakeResult(), utf8).split("\n\n");
  expect(answer!.replaceAll("\n", " ")).toBe(
    "Peak RSS is predicted at 162 MiB (within 160 MiB to 167 MiB), at 4.00 s; at the end, after 10.0 s and 14 GC cycles, " +
      "it is 25.6 MiB. At the peak it is 57 % live heap, 24 % free pages kept and 14 % slack inside spans, and smaller " +
      "parts. Against 100 measured samples it is off by 1.3 % of the peak on average.",
  );
});

test("a prediction that measurements contradict is said to be one", () => {
  const result = fakeResult();
  result.accuracy!.rssMape = 0.3;
  expect(plainReport(result, utf8).replaceAll("\n", " ")).toContain(
    "off by 30 % of the peak on average, more than its margin: do not rely on it here.",
  );
});

test("without a measurement it says that nothing checks it", () => {
  expect(plainReport(fakeResult({ measured: false }), utf8).replaceAll("\n", " ")).toContain(
    "the prediction is unchecked",
  );
});

test("every part of the ledger comes with its evidence, its margin and what it rests on", () => {
  const text = plainReport(fakeResult(), utf8);
  expect(text).toMatch(/^Live heap +92\.4 MiB \+-1\.00 MiB +12\.8 MiB \+-1\.00 MiB {2}inferred$/m);
  expect(text).toMatch(/^Goroutine stacks +2\.00 MiB +2\.00 MiB {2}exact$/m);
  expect(text).toContain("  Free pages kept: fake free-backed");
});

test.each([
  ["UTF-8", "C.UTF-8"],
  ["ASCII", "C"],
])("it fits in 80 columns (%s), whatever the names", async (_, locale) => {
  const path = `${"long name ".repeat(10)}${"x".repeat(200)}\x1b[31m\u202e`;
  const run = await runMain(["t.out"], { env: { LANG: locale }, result: fakeResult({ path, partial: true }) });
  expect(run.code).toBe(4);
  expect(run.stdout.split("\n").filter((line) => [...line].length > 80)).toEqual([]);
  expect(run.stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  if (locale === "C") expect(run.stdout).not.toMatch(/[^\x00-\x7f]/);
  else expect(run.stdout).toContain("█");
});

test("the chart's highest column is the peak's", () => {
  const result = fakeResult({ measured: false });
  const lines = plainReport(result, utf8).split("\n");
  const top = lines.find((line) => line.startsWith(" 162 MiB │"))!;
  const columns = [...top.slice(10)].flatMap((char, i) => (char === "█" ? [i] : []));
  const peak = Math.floor((result.ledgerPeak.t / result.summary.durationNs) * 69);
  expect(columns).toContain(peak);
  expect(columns.length).toBeLessThan(15);
});

test.each([[{ rows: 1, gcs: 0, measured: false }], [{ rows: 2, durationNs: 1, gcs: 1 }], [{ chunks: 1, gcs: 0 }]])(
  "degenerate runs are reported too: %j",
  (options) => {
    const text = plainReport(fakeResult(options), utf8);
    expect(text).toContain("Peak RSS is predicted at");
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  },
);

test("colours only on a terminal, and never with NO_COLOR", async () => {
  const tty = { columns: 80, rows: 24 };
  expect((await runMain(["t.out", "--plain"])).stdout).not.toContain("\x1b");
  expect((await runMain(["t.out", "--plain"], { tty })).stdout).toContain("\x1b[38;5;");
  expect((await runMain(["t.out", "--plain"], { tty, env: { NO_COLOR: "1" } })).stdout).not.toContain("\x1b[3");
});
