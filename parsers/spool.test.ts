import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { openBytes } from "./source.ts";
import { randomAccess, Spool } from "./spool.ts";

const folder = mkdtempSync(join(tmpdir(), "gopages-spool-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) & 255);

function check(access: { size: number; readAt(into: Uint8Array, offset: number): number }) {
  expect(access.size).toBe(bytes.length);
  for (const [offset, length] of [
    [0, 10],
    [99_990, 20],
    [123_456, 100_000],
    [299_995, 100],
  ] as const) {
    const into = new Uint8Array(length);
    const want = bytes.subarray(offset, offset + length);
    expect(access.readAt(into, offset)).toBe(want.length);
    expect(Buffer.from(into.subarray(0, want.length)).equals(want)).toBe(true);
  }
  expect(access.readAt(new Uint8Array(5), bytes.length)).toBe(0);
}

describe("random access", () => {
  test.each([
    ["in memory", 1 << 20],
    ["in a temporary file from the middle on", 150_000],
    ["in a temporary file from the start", 0],
  ])("a spool %s", (_, memory) => {
    const spool = new Spool(memory);
    for (let i = 0; i < bytes.length; i += 33_333) spool.append(bytes.slice(i, i + 33_333));
    check(spool);
    spool.close();
  });

  test("a plain file, and a compressed one", async () => {
    writeFileSync(join(folder, "plain"), bytes);
    writeFileSync(join(folder, "packed"), gzipSync(bytes));
    for (const name of ["plain", "packed"]) {
      const source = await openBytes(join(folder, name));
      const access = await randomAccess(source, 1000);
      check(access);
      // The plain file was not read through: it is read in place.
      expect(source.offset).toBe(name === "plain" ? 0 : bytes.length);
      access.close();
      await source.close();
    }
  });
});
