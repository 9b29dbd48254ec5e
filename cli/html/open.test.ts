import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runMain } from "../testing/host.ts";
import { starters } from "./browser.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "gopages-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A browser that writes down what it was asked to show. */
function browser(name: string, code = 0): string {
  const file = path.join(folder, name);
  writeFileSync(file, `#!/bin/sh\nprintf '%s\\n' "$#" "$1" > '${folder}/asked'\nexit ${code}\n`);
  chmodSync(file, 0o755);
  return file;
}
const asked = (): string[] => readFileSync(path.join(folder, "asked"), "utf8").trimEnd().split("\n");

describe.skipIf(process.platform === "win32")("replay --open", () => {
  test("shows the report that -o names, whose name means nothing to a shell", async () => {
    const report = path.join(folder, "my $(touch x) report.html");
    const run = await runMain(["-", "--open", "-o", report], { env: { BROWSER: browser("b") } });
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(run.stdout).toBe(`The report is open in the browser; it is in ${report}\n`);
    expect(readFileSync(report, "utf8")).toMatch(/^<!doctype html>/);
    expect(asked()).toEqual(["1", pathToFileURL(report).href]);
  });

  test("writes to a temporary file otherwise, and says where when no browser starts", async () => {
    const run = await runMain(["-", "--open"], { env: { BROWSER: `${folder}/none:${browser("fails", 3)}` } });
    expect(run.code).toBe(0);
    const file = /^No browser could be opened; the report is in (.*)\n$/.exec(run.stdout)?.[1] ?? "";
    expect(readFileSync(file, "utf8")).toMatch(/^<!doctype html>/);
    expect(asked()).toEqual(["1", pathToFileURL(file).href]);
    rmSync(path.dirname(file), { recursive: true });
  });

  test("leaves nothing behind when the report can't be made", async () => {
    const report = path.join(folder, "report.html");
    const run = await runMain(["t.out", "--open", "-o", report], { result: new Error("no") });
    expect(run.code).toBe(70);
    expect(existsSync(report)).toBe(false);
  });

  test.each([
    [["--open", "--json"], "--open and --json exclude each other"],
    [["-o", "x.html"], "--output is for --open"],
    [["--open", "-o", "a", "-o", "b"], "--output is given more than once"],
  ])("%j is wrong usage", async (options, message) => {
    const run = await runMain(["t.out", ...options]);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain(message);
  });
});

test("who opens a URL", () => {
  expect(starters({}, "darwin")).toEqual([["open"]]);
  expect(starters({}, "win32")).toEqual([["rundll32", "url.dll,FileProtocolHandler"]]);
  expect(starters({}, "linux")).toEqual([]);
  expect(starters({ DISPLAY: ":0" }, "linux")).toEqual([["xdg-open"]]);
  expect(starters({ WAYLAND_DISPLAY: "w", WSL_DISTRO_NAME: "d" }, "linux")).toEqual([["wslview"], ["xdg-open"]]);
  expect(starters({ BROWSER: "firefox:lynx %s:w3m" }, "linux")).toEqual([["firefox"], ["w3m"]]);
});
