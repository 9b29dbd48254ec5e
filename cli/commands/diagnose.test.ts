import { expect, it } from "vitest";
import { EXIT } from "../exit-codes.ts";
import { runMain } from "../testing/host.ts";

const folder = (name: string) => new URL(`../../fixtures/causes/${name}`, import.meta.url).pathname;

it("diagnose answers first, then shows causes and a ledger", async () => {
  const { code, stdout } = await runMain(["diagnose", folder("stacks"), "--no-progress"]);
  expect(code).toBe(EXIT.ok);
  const lines = stdout.split("\n");
  expect(lines.slice(0, 4).join(" ")).toMatch(/Main cause, 94\.\d MiB: goroutine stacks/);
  expect(stdout).toMatch(/\[stacks\]/);
  expect(stdout).toMatch(/RSS at the peak, .*: 77\.\d MiB =/);
  for (const line of lines.filter((l) => !l.includes("/fixtures/") && !l.includes("record:")))
    expect(line.length).toBeLessThanOrEqual(80);
});

it("diagnose --json is one document whose ledgers sum up", async () => {
  const { code, stdout } = await runMain(["diagnose", folder("stacks"), "--json", "--at", "1.5s", "--no-progress"]);
  expect(code).toBe(EXIT.ok);
  const document = JSON.parse(stdout);
  expect(document.schema).toBe("gopages/diagnose/1");
  expect(document.causes).toHaveLength(39);
  expect(document.causes[0]).toMatchObject({ id: "stacks", number: 22, verdict: "present" });
  expect(document.ledger[2]).toMatchObject({ moment: "at", t: 1.5e9 });
  for (const { parts, rss } of document.ledger) {
    expect(parts.reduce((sum: number, part: { bytes: number }) => sum + part.bytes, 0)).toBeCloseTo(rss, 0);
  }
});

it("diagnose --markdown makes headings and tables", async () => {
  const { stdout } = await runMain(["diagnose", folder("stacks"), "--markdown", "--no-progress"]);
  expect(stdout).toContain("### Causes found");
  expect(stdout).toContain("| stacks | 94.1 MiB | exact |");
});

it.each([
  [["--at", "noon"], /not a moment/],
  [["--go", "1,21"], /not a Go version/],
  [["--gogc", "lots"], /not a value of GOGC/],
  [["--json", "--markdown"], /exclude each other/],
])("diagnose %j is wrong usage", async (args, why) => {
  const { code, stderr } = await runMain(["diagnose", folder("stacks"), ...args]);
  expect(code).toBe(EXIT.usage);
  expect(stderr).toMatch(why);
});

it("causes lists them all; explain shows a page by name or number, and proposes the nearest name", async () => {
  const causes = await runMain(["causes"]);
  expect(causes.stdout.match(/^ ?\d+ {2}/gm)).toHaveLength(39);
  const page = await runMain(["explain", "stacks"]);
  expect(page.stdout).toContain("# Goroutine stacks");
  expect(page.stdout).toContain("## Sources");
  expect((await runMain(["explain", "22"])).stdout).toBe(page.stdout);
  expect((await runMain(["explain", "gogc"])).stderr).toContain("Did you mean gogc-headroom?");
  const wrong = await runMain(["explain", "stack"]);
  expect(wrong.code).toBe(EXIT.usage);
  expect(wrong.stderr).toContain("Did you mean stacks?");
});

it("compare takes two runs and says what came", async () => {
  const { code, stdout } = await runMain(["compare", folder("cgo-memory-twin"), folder("cgo-memory")]);
  expect(code).toBe(EXIT.ok);
  expect(stdout).toMatch(/^Peak RSS grew by 119 MiB/);
  expect(stdout).toContain("New causes: cgo-memory.");
  expect((await runMain(["compare", folder("stacks")])).code).toBe(EXIT.usage);
});
