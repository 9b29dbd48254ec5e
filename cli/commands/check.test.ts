import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { EXIT } from "../exit-codes.ts";
import { runMain } from "../testing/host.ts";

const folder = (name: string) => new URL(`../../fixtures/causes/${name}`, import.meta.url).pathname;
const fixture = (name: string) => new URL(`../../fixtures/${name}`, import.meta.url).pathname;
const temporary = (name: string) => join(mkdtempSync(join(tmpdir(), "gopages-")), name);
const budget = (...budgets: string[]) => budgets.flatMap((text) => ["--budget", text]);

it("check exits 1 with a line for each broken budget, and writes JUnit", async () => {
  const junit = temporary("junit.xml");
  const { code, stdout } = await runMain([
    ...["check", folder("stacks"), "--junit", junit],
    ...budget("peak-rss=50MiB", "peak-rss<=1GiB", "placement>=99%"),
  ]);
  expect(code).toBe(EXIT.budget);
  const rss = /peak-rss is (\S+ MiB)/.exec(stdout)![1]!;
  expect(stdout.replace(rss, "RSS")).toBe(
    "broken: peak-rss is RSS, budget <= 50.0 MiB\n" +
      "unknown: placement: the inputs don't tell it; budget >= 99 %; record: GODEBUG=traceallocfree=1 ./program, and curl -so trace.out 'HOST/debug/pprof/trace?seconds=30'\n",
  );
  expect(readFileSync(junit, "utf8").replace(rss, "RSS")).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites tests="3" failures="1" errors="1">
      <testsuite name="gopages budgets" tests="3" failures="1" errors="1">
        <testcase classname="gopages" name="peak-rss &lt;= 50.0 MiB">
          <failure message="peak-rss is RSS, budget &lt;= 50.0 MiB"/>
        </testcase>
        <testcase classname="gopages" name="peak-rss &lt;= 1.00 GiB"/>
        <testcase classname="gopages" name="placement &gt;= 99 %">
          <error message="placement: the inputs don't tell it; budget &gt;= 99 %; record: GODEBUG=traceallocfree=1 ./program, and curl -so trace.out 'HOST/debug/pprof/trace?seconds=30'"/>
        </testcase>
      </testsuite>
    </testsuites>
    "
  `);
});

it("JUnit that can't be written is one line, and no broken budget", async () => {
  const junit = join(temporary("none"), "junit.xml");
  const { code, stderr } = await runMain(["check", folder("stacks"), "--junit", junit, ...budget("peak-rss=1MiB")]);
  expect({ code, stderr }).toEqual({
    code: EXIT.input,
    stderr: `gopages: ${junit}: can't be written: no such folder; check the path\n`,
  });
});

it("a budget that the inputs can't support is refused, not passed", async () => {
  const log = `${folder("gogc-headroom")}/gctrace.log.gz`;
  const { code, stdout } = await runMain(["check", log, ...budget("peak-rss=1GiB", "gc-cpu=50%")]);
  expect(code).toBe(EXIT.unsupported);
  expect(stdout).toMatch(/^unknown: peak-rss: the inputs don't tell it; .*record: gopages record/);
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
});

it("an address trace supports placement and what was returned; a predicted RSS comes with its margin", async () => {
  const { code, stdout } = await runMain([
    ...["check", fixture("bursts-1.27/trace.out")],
    ...budget("placement>=99%", "returned=80%", "peak-rss<=1MiB"),
  ]);
  expect(code).toBe(EXIT.budget);
  expect(stdout).toMatch(/^broken: peak-rss is \d+ MiB \(predicted: \d+ MiB to \d+ MiB\), budget <= 1\.00 MiB\n$/);
});

it("all wrong budgets are named at once, with what was meant", async () => {
  const { code, stderr } = await runMain(["check", folder("stacks"), ...budget("peek-rss=1MiB", "gc-cpu=many")]);
  expect(code).toBe(EXIT.usage);
  expect(stderr).toContain("--budget peek-rss=1MiB: there is no figure peek-rss; did you mean peak-rss?");
  expect(stderr).toContain("--budget gc-cpu=many: gc-cpu takes per cent (80%) or a fraction (0.8)");
  expect(stderr).toMatch(/Figures: peak-rss, .*placement/s);
});

it("check reads a file of budgets, and says what is wrong with it", async () => {
  const path = temporary("budgets.json");
  writeFileSync(path, JSON.stringify({ "peak-rss": "1GiB", goroutines: { max: 1 } }));
  const { code, stdout } = await runMain(["check", folder("stacks"), "--budgets", path]);
  expect([code, stdout]).toEqual([EXIT.budget, expect.stringMatching(/^broken: goroutines is 3 00\d, budget <= 1\n$/)]);
  writeFileSync(path, JSON.stringify({ "peak-rsz": "1GiB" }));
  const wrong = await runMain(["check", folder("stacks"), "--budgets", path]);
  expect(wrong.code).toBe(EXIT.usage);
  expect(wrong.stderr).toContain("did you mean peak-rss?");
  writeFileSync(path, "[1]");
  expect((await runMain(["check", folder("stacks"), "--budgets", path])).code).toBe(EXIT.input);
});

it("check holds against a baseline, as GitHub annotations", async () => {
  const baseline = temporary("main.json");
  writeFileSync(baseline, (await runMain(["check", folder("stacks"), "--json"])).stdout);
  const same = await runMain(["check", folder("stacks"), "--baseline", baseline, "--tolerance", "5%"]);
  expect([same.code, same.stdout]).toEqual([EXIT.ok, expect.stringMatching(/^ok: \d+ budgets kept\n$/)]);
  const worse = await runMain(["check", folder("gogc-headroom"), "--baseline", baseline, "--github"]);
  expect(worse.code).toBe(EXIT.budget);
  expect(worse.stdout).toMatch(/^::error title=gopages%3A peak-rss::peak-rss is \d+ MiB, .*, \+\d+ %25\)$/m);
});

it.each([
  [["--tolerance", "5%"], /--tolerance is of --baseline/],
  [["--baseline", "x.json", "--tolerance", "much"], /not a share/],
  [["--json", "--github"], /exclude each other/],
  [[], /no budget given/],
])("check %j is wrong usage", async (args, why) => {
  const { code, stderr } = await runMain(["check", folder("stacks"), ...args]);
  expect(code).toBe(EXIT.usage);
  expect(stderr).toMatch(why);
});
