import { existsSync, mkdtempSync, openSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { FileEnd } from "./file-end.ts";

test("what is written is there", () => {
  const name = path.join(mkdtempSync(path.join(tmpdir(), "gopages-")), "x");
  const end = new FileEnd(openSync(name, "w"), "x");
  end.write("a\u00e9\n");
  end.write("b\n");
  expect(end.failed).toBeNull();
  expect(readFileSync(name, "utf8")).toBe("a\u00e9\nb\n");
});

test.runIf(existsSync("/dev/full"))("a full disk is said, and throws nothing", () => {
  const end = new FileEnd(openSync("/dev/full", "w"), "samples.csv");
  end.write("a\n");
  end.write("b\n");
  expect(end.failed).toBe("samples.csv: can't be written: no space is left there");
});
