import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeEach, expect, test } from "vitest";
import { FileSink } from "./file-sink.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "gopages-"));
});

test("a file is there when all of it is", async () => {
  const file = path.join(folder, "run.csv");
  writeFileSync(file, "before", { mode: 0o600 });
  const sink = await FileSink.create(file);
  await sink.write("after");
  expect(readFileSync(file, "utf8")).toBe("before");
  await sink.finish();
  expect(readFileSync(file, "utf8")).toBe("after");
  if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["run.csv"]);
  expect(process.listeners("SIGHUP")).toEqual([]);
});

test("what is abandoned leaves all as it was", async () => {
  const file = path.join(folder, "run.csv");
  writeFileSync(file, "before");
  const sink = await FileSink.create(file);
  await sink.write("half");
  await sink.abandon();
  expect(readFileSync(file, "utf8")).toBe("before");
  expect(readdirSync(folder)).toEqual(["run.csv"]);
});

test.skipIf(process.platform === "win32")("a link stays one, as /dev/stdout is: its file is written", async () => {
  const file = path.join(folder, "file");
  const link = path.join(folder, "link");
  writeFileSync(file, "before");
  symlinkSync(file, link);
  const sink = await FileSink.create(link);
  await sink.write("after");
  await sink.finish();
  expect(readFileSync(file, "utf8")).toBe("after");
  expect(readdirSync(folder, { withFileTypes: true }).map((entry) => [entry.name, entry.isSymbolicLink()])).toEqual([
    ["file", false],
    ["link", true],
  ]);
});

test("what can't be written is said at once", async () => {
  await expect(FileSink.create(path.join(folder, "none", "x"))).rejects.toThrow("x: can't be written: no such folder");
  await expect(FileSink.create(folder)).rejects.toThrow("is a folder; name a file to write to");
});

test.runIf(existsSync("/dev/full"))("a full disk is said", async () => {
  const sink = await FileSink.create("/dev/full");
  await expect(sink.write("x")).rejects.toThrow("/dev/full: can't be written: no space is left there");
  await sink.abandon();
});
