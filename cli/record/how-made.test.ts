import { mkdtempSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { environment, goVersionOf, physPageSize } from "./how-made.ts";

/** Build info as the linker lays it down: magic, pointer size, flags, padding, length and version. */
function program(at: number, flags: number): string {
  const info = Buffer.alloc(64);
  info.write("\xff Go buildinf:", 0, "latin1");
  info[14] = 8;
  info[15] = flags;
  info[32] = 8;
  info.write("go1.26.4", 33, "latin1");
  const file = path.join(mkdtempSync(path.join(tmpdir(), "gopages-")), "program");
  writeFileSync(file, Buffer.concat([Buffer.alloc(at, 7), info, Buffer.alloc(5000)]));
  return file;
}

test.each([16, 5_000_000, (1 << 20) - 16, 1 << 20])("a Go program's version, its build info at byte %i", async (at) => {
  expect(await goVersionOf(await open(program(at, 2)))).toBe("go1.26.4");
});

test("no version where there is none to read", async () => {
  expect(await goVersionOf(await open(program(16, 0)))).toBeNull();
  expect(await goVersionOf(await open(process.execPath))).toBeNull();
});

test("of the environment only what the runtime's memory management reads", () => {
  const env = { GOGC: "50", GOMAXPROCS: "", SECRET: "x", GOMEMLIMIT: undefined };
  expect(environment(env, "gctrace=1")).toEqual({ GOGC: "50", GODEBUG: "gctrace=1" });
});

test.runIf(process.platform === "linux")("the page size is a power of two", () => {
  expect(Math.log2(physPageSize()!) % 1).toBe(0);
});
