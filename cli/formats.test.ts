import { describe, expect, it } from "vitest";
import { FORMATS } from "../parsers/registry.ts";
import { runMain } from "./testing/host.ts";

describe("gopages formats", () => {
  it("lists every format of the registry with how to record it", async () => {
    const { code, stdout } = await runMain(["formats"]);
    expect(code).toBe(0);
    for (const { id, title, record } of FORMATS) {
      expect(stdout).toContain(`${id}: ${title}\n`);
      for (const line of record.split("\n")) expect(stdout).toContain(`    $ ${line}\n`);
    }
  });

  it("gives the same as JSON", async () => {
    const { code, stdout } = await runMain(["formats", "--json"]);
    expect(code).toBe(0);
    const rows = JSON.parse(stdout) as { id: string; evidence: string }[];
    expect(rows.map(({ id }) => id)).toEqual(FORMATS.map(({ id }) => id));
    expect(new Set(rows.map(({ evidence }) => evidence))).toEqual(new Set(["exact", "inferred", "modelled"]));
  });

  it("takes no inputs", async () => {
    const { code, stderr } = await runMain(["formats", "trace.out"]);
    expect(code).toBe(2);
    expect(stderr).toContain("formats takes no inputs");
  });
});
