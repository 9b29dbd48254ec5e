import { describe, expect, it } from "vitest";
import { ERAS, eraFor, findEra } from "./index.ts";

describe("eraFor", () => {
  it.each([
    ["go1.14", "go1.14"],
    ["go1.15.15", "go1.15"],
    ["1.16", "go1.16"],
    ["go1.17.13", "go1.17"],
    ["go1.18", "go1.18"],
    ["go1.19.13", "go1.19"],
    ["go1.20", "go1.20"],
    ["go1.21.0", "go1.21.0"],
    ["go1.21.3", "go1.21.0"],
    ["1.21.4", "go1.21"],
    ["go1.21", "go1.21"],
    ["go1.22", "go1.22"],
    ["go1.23.12", "go1.22"],
    ["go1.25.5", "go1.22"],
    ["go1.26", "go1.26"],
    ["go1.27", "go1.26"],
    ["1.27.0", "go1.26"],
    ["go1.27rc1", "go1.26"],
    ["go1.25.3 X:nocoverageredesign", "go1.22"],
  ])("of %s is %s", (version, era) => {
    expect(eraFor(version).name).toBe(era);
  });

  it("knows every era by its own name", () => {
    for (const era of ERAS) expect(eraFor(era.name)).toBe(era);
  });

  it("has no gap and no overlap from 1.11 to 1.27", () => {
    for (let minor = 11; minor <= 27; minor++) {
      for (const patch of [0, 3, 4, 7, 17]) {
        const v = `1.${minor}.${patch}`;
        expect(findEra(v), v).not.toBeNull();
      }
    }
  });

  it.each(["1.10", "go1.28", "go2.0", "latest", "", "1.27; rm"])("refuses %j", (version) => {
    expect(findEra(version)).toBeNull();
    expect(() => eraFor(version)).toThrow(RangeError);
  });
});
