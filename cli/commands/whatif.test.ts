import { describe, expect, test } from "vitest";
import { UsageError } from "../errors.ts";
import { runMain } from "../testing/host.ts";
import { readWhatIfArgs } from "./whatif-options.ts";

const TRACE = new URL("../../fixtures/cache-1.27/trace.out.gz", import.meta.url).pathname;
const read = (options: Record<string, unknown>) => readWhatIfArgs({ inputs: ["trace.out"], ...options });

describe("options", () => {
  test("lists are read, and values given twice are run once", async () => {
    const { options } = await read({
      gogc: "50, 100,off,50",
      "memory-limit": "off,512MiB",
      "phys-page-size": "4KiB,64KiB",
      "page-size": "8KiB,16KiB",
      thp: "never,always",
      procs: "2,8",
      os: "linux,windows",
      "free-os-memory-every": "off,1.5s",
      policy: "go1.12,go1.27",
    });
    expect(options).toEqual({
      gogc: [50, 100, Infinity],
      memoryLimit: [Infinity, 512 * 2 ** 20],
      physPageSize: [4096, 65536],
      pageSize: [8192, 16384],
      thp: ["never", "always"],
      procs: [2, 8],
      goos: ["linux", "windows"],
      freeOsMemoryEvery: [Infinity, 1.5e9],
      policy: ["go1.12", "go1.27"],
    });
  });

  test.each([
    ["gogc", "fifty"],
    ["gogc", "0"],
    ["gogc", "50,,100"],
    ["memory-limit", "12 parsecs"],
    ["phys-page-size", "5000"],
    ["page-size", "2KiB"],
    ["page-size", "12KiB"],
    ["page-size", "128KiB"],
    ["thp", "sometimes"],
    ["procs", "0"],
    ["os", "plan9"],
    ["free-os-memory-every", "10"],
    ["policy", "go1.10"],
    ["solve", "rss<5"],
    ["solve", "gc-cpu<=5"],
    ["solve", "peak-rss<=5%"],
  ])("--%s %s is refused", async (name, value) => {
    await expect(read({ [name]: value })).rejects.toThrow(UsageError);
  });

  test("goals", async () => {
    expect((await read({ solve: "peak-rss<=512MiB" })).goal).toEqual({ figure: "peak-rss", most: 512 * 2 ** 20 });
    expect((await read({ solve: "gc-cpu <= 5%" })).goal).toEqual({ figure: "gc-cpu", most: 0.05 });
  });

  test("with a goal, everything else is one setting, and GOGC and the limit are what it looks for", async () => {
    const solve = "gc-cpu<=5%";
    expect((await read({ solve, policy: "go1.22", procs: "2" })).options).toMatchObject({ procs: [2] });
    await expect(read({ solve, procs: "2,4" })).rejects.toThrow(/one setting/);
    await expect(read({ solve, gogc: "50" })).rejects.toThrow(/--gogc/);
    await expect(read({ solve, "memory-limit": "1GiB" })).rejects.toThrow(/--memory-limit/);
  });

  test("too many combinations are refused before anything is read", async () => {
    const many = Array.from({ length: 40 }, (_, i) => i + 1).join(",");
    await expect(read({ gogc: many, procs: many })).rejects.toThrow(/1600 combinations/);
  });
});

test("a table: the answer first, a row a setting, why the figures are not exact", async () => {
  const { code, stdout, stderr } = await runMain(["whatif", TRACE, "--gogc", "50,400", "--no-progress"]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^Without its trace, at the recorded settings\s\(go1\.27/);
  expect(stdout).toMatch(/\nbaseline .* MiB/);
  expect(stdout).toMatch(/\nGOGC=50 .* -\d+ %/);
  expect(stdout).toMatch(/\nGOGC=400 .* \+\d+ %/);
  expect(stdout).toMatch(/Why the figures are not exact:/);
}, 120_000);

test("--json is one document of the schema", async () => {
  const { code, stdout } = await runMain(["whatif", TRACE, "--gogc", "off", "--memory-limit", "off,64MiB", "--json"]);
  expect(code).toBe(0);
  const document = JSON.parse(stdout);
  expect(document.schema).toBe("gopages/whatif/1");
  expect(document.inputs[0].format).toBe("go-trace-v2");
  expect(document.baseline.summary.peakRss).toBeGreaterThan(0);
  expect(document.runs.map((run: { config: object }) => run.config)).toMatchObject([
    { gogc: "off", memoryLimit: null },
    { gogc: "off", memoryLimit: 64 * 2 ** 20 },
  ]);
  for (const run of document.runs) {
    expect(run.confidence.peakRss).toBeGreaterThan(0);
    expect(run.confidence.reasons.length).toBeGreaterThan(0);
    expect(Object.keys(run.summary)).toEqual(
      expect.arrayContaining(["peakRss", "meanRss", "gcCycles", "pageFaultBytes"]),
    );
  }
}, 120_000);

test("--solve prints the curve and names what holds", async () => {
  const { code, stdout } = await runMain(["whatif", TRACE, "--solve", "gc-cpu<=0.5%"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/the lowest GOGC tried/);
  expect(stdout).toMatch(/\n\* GOGC=1600/);
  // Two bars a line: RSS falls as the GC's CPU time rises.
  expect(stdout).toMatch(/\n. GOGC=10 +\S+ +\d[\d.]* MiB +█{12} /);
}, 120_000);

test.each([
  [["--os", "windows", "--thp", "always"], /windows has no transparent huge pages/],
  [["--os", "windows", "--page-size", "16KiB"], /on windows arenas are 4 MiB/],
])("%s is refused before anything is read", async (options, message) => {
  const { code, stderr } = await runMain(["whatif", "nothing.out", ...options]);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

test("the runtime's own page and huge pages: in the configuration, and what is re-derived is said", async () => {
  const asked = ["--page-size", "8KiB,16KiB", "--thp", "always"];
  const { code, stdout } = await runMain(["whatif", TRACE, ...asked, "--json"]);
  expect(code).toBe(0);
  const { runs, baseline, notes } = JSON.parse(stdout);
  expect(runs.map(({ config }: { config: object }) => config)).toMatchObject([
    { pageSize: 8192, thp: "always" },
    { pageSize: 16384, thp: "always" },
  ]);
  expect(notes.some(({ text }: { text: string }) => text.includes("mksizeclasses.go"))).toBe(true);
  // A first touch brings a whole huge page: never less than without.
  expect(runs[0].summary.meanRss).toBeGreaterThan(baseline.summary.meanRss);
}, 120_000);

test("a version without a memory limit is refused with the one that brought it", async () => {
  const { code, stderr } = await runMain(["whatif", "nothing.out", "--policy", "go1.16", "--memory-limit", "1GiB"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/GOMEMLIMIT came with Go 1\.19/);
});
