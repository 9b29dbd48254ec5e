import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { InputError, UnsupportedError } from "../parsers/errors.ts";
import { main } from "./program.ts";
import { fakeResult } from "./testing/fake-result.ts";
import { runMain } from "./testing/host.ts";

describe("help and version", () => {
  test.each([["--version"], ["-v"]])("%s prints the version and nothing else", async (flag) => {
    const run = await runMain([flag]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(run.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test.each([[["--help"]], [["-h"]], [["replay", "--help"]], [["verify", "-h"]]])(
    "%j fits in 80 columns",
    async (argv) => {
      const run = await runMain(argv);
      expect(run).toMatchObject({ code: 0, stderr: "" });
      expect(run.stdout).toContain("Usage:\n  gopages ");
      expect(run.stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    },
  );

  test("help names every command, its options and the exit codes", async () => {
    const { stdout } = await runMain(["--help"]);
    for (const word of ["replay", "verify", "Exit codes", "--version"]) expect(stdout).toContain(word);
    const replay = await runMain(["replay", "--help"]);
    for (const word of ["--json", "--plain", "--samples", "--policy", "--phys-page-size", "--no-progress"]) {
      expect(replay.stdout).toContain(word);
    }
  });
});

describe("wrong usage", () => {
  test.each([
    [[], "no input given"],
    [["replay"], "no input given"],
    [["record"], "no program given"],
    [["record", "./server", "--port", "1"], "The program's own options come after --"],
    [["t.out", "--jsn"], "unknown option --jsn"],
    [["t.out", "-x"], "unknown option -x"],
    [["verify", "t.out", "--plian"], "Did you mean --plain?"],
    [["t.out", "--samples"], "--samples needs a value"],
    [["t.out", "--samples", "0"], "--samples 0: not a number of rows"],
    [["t.out", "--samples", "1e3"], "--samples 1e3: not a number of rows"],
    [["t.out", "--samples", "5", "--samples", "6"], "--samples is given more than once"],
    [["t.out", "--phys-page-size", "4K"], "--phys-page-size 4K: not a size"],
    [["t.out", "--phys-page-size", "5000"], "power of two"],
    [["t.out", "--policy", "go1.5"], "--policy go1.5: no such policy"],
    [["t.out", "--memory-limit", "much"], "--memory-limit much: not a size"],
    [["t.out", "--json", "--plain"], "--json and --plain exclude each other"],
    [["t.out", "--gogc", "50"], "unknown option --gogc"],
    [["t.out", "--no-json"], "unknown option --no-json"],
    [["t.out", "--a.b=\x1b[31m"], "unknown option --a.b"],
  ])("%j ends with 2 and says: %s", async (argv, message) => {
    const run = await runMain(argv);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain(message);
    expect(run.stderr.trimEnd().split("\n")).toHaveLength(2);
    expect(run.stderr).not.toContain("\x1b");
  });
});

describe("what goes wrong", () => {
  test("an input that can't be read ends with 3, in one line", async () => {
    const run = await runMain(["t.out"], { result: new InputError("t.out: \x1b[31mno such file") });
    expect(run).toEqual({ code: 3, stdout: "", stderr: "gopages: t.out: \\x1b[31mno such file\n" });
  });

  test("a mistyped command is not just a missing file", async () => {
    const run = await runMain(["verfy", "t.out"], { result: new InputError("verfy: no such file") });
    expect(run.code).toBe(3);
    expect(run.stderr).toContain("did you mean the command verify?");
  });

  test("an input that can't support what was asked ends with 5", async () => {
    const run = await runMain(["t.out"], { result: new UnsupportedError("t.out: no heap events") });
    expect(run).toMatchObject({ code: 5, stdout: "", stderr: "gopages: t.out: no heap events\n" });
  });

  test("a bug ends with 70, and shows where only when asked", async () => {
    const run = await runMain(["t.out"], { result: new TypeError("x is undefined") });
    expect(run).toMatchObject({ code: 70, stdout: "" });
    expect(run.stderr).toContain("a bug in gopages: x is undefined; please report");
    expect(run.stderr).not.toContain("    at ");
    const debug = await runMain(["t.out"], { result: new TypeError("x"), env: { GOPAGES_DEBUG: "1" } });
    expect(debug.stderr).toContain("    at ");
  });

  test.each([["--json"], ["--plain"]])("a partial input is reported and ends with 4 (%s)", async (flag) => {
    const run = await runMain(["t.out", flag], { result: fakeResult({ partial: true }) });
    expect(run.code).toBe(4);
    expect(run.stdout).toContain("truncated-batch");
    expect(run.stderr).toContain("partial input");
  });

  test("a reader that went away ends it quietly with 0", async () => {
    const stdout = new PassThrough({ highWaterMark: 16 });
    const stderr = new PassThrough();
    const host = { stdin: process.stdin, stdout: asTty(stdout), stderr: asTty(stderr), env: {} };
    setImmediate(() => stdout.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE" })));
    const code = await main(["t.out", "--json"], host, { replay: async () => fakeResult() });
    expect(code).toBe(0);
    expect(stderr.read()).toBeNull();
  });
});

test("options reach replay, files keep their names, and -- ends the options", async () => {
  const calls: unknown[] = [];
  await runMain(["replay", "--policy", "go1.12", "--phys-page-size=64KiB", "0123", "-", "--json", "--", "--odd"], {
    onReplay: (paths, options) => calls.push(paths, options.policy, options.physPageSize, options.samples),
  });
  expect(calls).toEqual([["0123", "-", "--odd"], "go1.12", 65536, 500]);
});

test.each([
  ["512MiB", 512 * 2 ** 20],
  ["off", null],
])("--memory-limit %s", async (value, bytes) => {
  const limits: unknown[] = [];
  await runMain(["t.out", "--memory-limit", value, "--json"], {
    onReplay: (_, options) => limits.push(options.memoryLimit),
  });
  expect(limits).toEqual([bytes]);
});

test("the command may be left out", async () => {
  const paths: string[][] = [];
  const run = await runMain(["trace.out", "samples.csv", "--plain"], { onReplay: (inputs) => paths.push(inputs) });
  expect(run.code).toBe(0);
  expect(paths).toEqual([["trace.out", "samples.csv"]]);
});

function asTty(stream: PassThrough): NodeJS.WriteStream {
  return stream as unknown as NodeJS.WriteStream;
}
