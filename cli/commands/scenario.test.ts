import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { SCENARIOS } from "../../replay/scenarios/index.ts";
import { main } from "../program.ts";

async function run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const texts = ["", ""];
  const [stdout, stderr] = texts.map((_, i) => {
    const stream = new PassThrough();
    stream.on("data", (chunk: Buffer) => {
      texts[i] += chunk.toString("utf8");
    });
    return stream as unknown as NodeJS.WriteStream;
  });
  const stdin = new PassThrough() as unknown as NodeJS.ReadStream;
  const code = await main(["scenario", ...argv], { stdin, stdout: stdout!, stderr: stderr!, env: { LANG: "C" } });
  return { code, stdout: texts[0]!, stderr: texts[1]! };
}

describe("gopages scenario", () => {
  test("alone lists every scenario", async () => {
    const { code, stdout } = await run();
    expect(code).toBe(0);
    for (const { name, title } of SCENARIOS)
      expect(stdout).toMatch(new RegExp(`^  ${name} +${title.slice(0, 10)}`, "m"));
    const json = JSON.parse((await run("--json")).stdout);
    expect(json.schema).toBe("gopages/scenarios/1");
    expect(json.scenarios.map((s: { name: string }) => s.name)).toEqual(SCENARIOS.map((s) => s.name));
  });

  test("policies side by side, no line wider than 80 columns, ASCII where the terminal has no more", async () => {
    const { code, stdout } = await run(
      "large-request",
      "one-kib",
      "--policy",
      "1.11,go1.27.0",
      "--os",
      "linux,windows",
    );
    expect(code).toBe(0);
    for (const line of stdout.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(stdout).toMatch(/^[\n -~]*$/);
    expect(stdout).toMatch(/^go1\.11 +linux /m);
    expect(stdout).toMatch(/^go1\.27\.0 +windows /m);
    expect(stdout).toMatch(/RSS over .*go1\.11, os linux/);
  });

  test("--json: one document with the settings, the sums and a timeline of each run", async () => {
    const { code, stdout, stderr } = await run(
      "memory-limit",
      "--policy",
      "go1.18,go1.22",
      "--memory-limit",
      "off,200MiB",
      "--json",
    );
    expect([code, stderr]).toEqual([0, ""]);
    const doc = JSON.parse(stdout);
    expect(doc.schema).toBe("gopages/scenario/1");
    const { runs } = doc.scenarios[0];
    expect(
      runs.map((r: { config: { policy: string; memoryLimit: number | null } }) => [
        r.config.policy,
        r.config.memoryLimit,
      ]),
    ).toEqual([
      ["go1.18", null],
      ["go1.22", null],
      ["go1.18", 200 << 20],
      ["go1.22", 200 << 20],
    ]);
    const peak = (i: number): number => runs[i].summary.peakRss;
    expect(peak(2)).toBe(peak(0));
    expect(peak(3)).toBeLessThan(peak(1));
    for (const { timeline, summary } of runs) {
      expect(Math.max(...timeline.map((row: { rss: number }) => row.rss))).toBe(summary.peakRss);
    }
  });

  test("every seed is a run of its own", async () => {
    const doc = JSON.parse((await run("broken-find", "--policy", "go1.12-dev", "--seeds", "2", "--json")).stdout);
    const [a, b] = doc.scenarios[0].runs;
    expect([a.config.seed, b.config.seed]).toEqual([1, 2]);
    expect(a.summary.returnCalls).not.toBe(b.summary.returnCalls);
  });

  test.each([
    [["burst"], /no scenario is named burst\n.*Did you mean bursts/],
    [["bursts", "--policy", "go1.10"], /no such policy/],
    [["bursts", "--policy", "go1.11,,go1.12"], /--policy needs a value/],
    [["bursts", "--os", "plan9"], /--os plan9: not one of linux, windows, darwin/],
    [["bursts", "--procs", "0"], /--procs 0: not a number from 1 to 256/],
    [["bursts", "--phys-page-size", "5KiB"], /not a page size/],
    [["bursts", "--memory-limit", "much"], /not a size/],
    [["bursts", "--policy", "all", "--seeds", "100"], /1500 combinations are more than 500/],
  ])("%j is wrong usage", async (argv, message) => {
    const { code, stdout, stderr } = await run(...argv);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  });
});
