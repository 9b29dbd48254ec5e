import { describe, expect, test } from "vitest";
import { type OsConfig, OsPages } from "./os-pages.ts";
import { osRulesFor } from "./os-rules.ts";

const KiB = 1024;
const MiB = 1 << 20;
const BASE = 0xc000000000;

function pages(version: string, goos: "linux" | "windows" | "darwin", over: Partial<OsConfig> = {}): OsPages {
  const os = new OsPages({
    physPageSize: 4096,
    physHugePageSize: 2 * MiB,
    thp: "never",
    maxPtesNone: 511,
    ...over,
    rules: osRulesFor(version, goos),
  });
  os.map(BASE, 64 * MiB);
  return os;
}

/** A span taken and written to. */
function used(os: OsPages, addr: number, size: number): void {
  os.use(addr, size);
  os.touch(addr, size);
}

describe("what each version calls", () => {
  test.each([
    ["go1.11", "dontneed", "ends"],
    ["go1.12-dev", "free", "ends"],
    ["go1.12.17", "free", "ends"],
    ["go1.15", "free", "ends"],
    ["go1.16", "dontneed", "ends"],
    ["go1.20", "dontneed", "ends"],
    ["go1.21.0", "dontneed", "chunks"],
    ["go1.21.2", "dontneed", "collapse"],
    ["go1.21.4", "dontneed", "none"],
    ["go1.27", "dontneed", "none"],
  ])("%s on linux: %s, huge pages %s", (version, release, hugeAdvice) => {
    expect(osRulesFor(version, "linux")).toEqual({ release, hugeAdvice, commitsOnMap: false });
  });

  test("macOS: MADV_FREE, from 1.13 on reusable; Windows commits arenas as a whole up to 1.12", () => {
    expect(osRulesFor("go1.12", "darwin").release).toBe("free");
    expect(osRulesFor("go1.13", "darwin").release).toBe("free-reusable");
    expect(osRulesFor("go1.12", "windows").commitsOnMap).toBe(true);
    expect(osRulesFor("go1.13", "windows").commitsOnMap).toBe(false);
  });
});

describe("touch it again", () => {
  test("MADV_DONTNEED: gone at once, and each page faults again", () => {
    const os = pages("go1.16", "linux");
    used(os, BASE, 1 * MiB);
    expect([os.resident, os.faults, os.committed]).toEqual([1 * MiB, 256, 64 * MiB]);
    os.release(BASE, 1 * MiB);
    expect([os.resident, os.committed]).toEqual([0, 64 * MiB]);
    os.touch(BASE, 8 * KiB);
    expect([os.resident, os.faults]).toEqual([8 * KiB, 258]);
  });

  test("MADV_FREE: stays until pressure, oldest first; written to again it costs no fault", () => {
    const os = pages("go1.12", "linux");
    used(os, BASE, 1 * MiB);
    os.release(BASE + 512 * KiB, 256 * KiB);
    os.release(BASE, 256 * KiB);
    expect([os.resident, os.lazy]).toEqual([1 * MiB, 512 * KiB]);
    os.touch(BASE + 512 * KiB, 64 * KiB);
    expect([os.faults, os.lazyReused, os.lazy]).toEqual([256, 16, 448 * KiB]);
    // The first run went back first; 64 KiB of it are in use again.
    expect(os.pressure(100 * KiB)).toBe(192 * KiB);
    expect([os.resident, os.lazy]).toEqual([832 * KiB, 256 * KiB]);
    expect(os.pressure(10 * MiB)).toBe(256 * KiB);
    expect(os.pressure(10 * MiB)).toBe(0);
    os.touch(BASE, 4 * KiB);
    expect(os.faults).toBe(257);
  });

  test("MADV_FREE_REUSABLE: resident, but not charged to the process", () => {
    const os = pages("go1.13", "darwin");
    used(os, BASE, 1 * MiB);
    os.release(BASE, 768 * KiB);
    expect([os.resident, os.footprint]).toEqual([1 * MiB, 256 * KiB]);
    used(os, BASE, 256 * KiB);
    expect([os.footprint, os.faults]).toEqual([512 * KiB, 256]);
    const before = pages("go1.12", "darwin");
    used(before, BASE, 1 * MiB);
    before.release(BASE, 768 * KiB);
    expect(before.footprint).toBe(1 * MiB);
  });
});

describe("ask first (Windows)", () => {
  test("from 1.13 on a span is committed when it is used, whole, whatever of it is touched", () => {
    const os = pages("go1.13", "windows");
    expect(os.committed).toBe(0);
    os.use(BASE, 1 * MiB);
    expect([os.committed, os.resident]).toEqual([1 * MiB, 0]);
    os.touch(BASE, 8 * KiB);
    os.release(BASE, 512 * KiB);
    expect([os.committed, os.resident]).toEqual([512 * KiB, 0]);
    os.use(BASE, 512 * KiB);
    expect([os.committed, os.resident]).toEqual([1 * MiB, 0]);
  });

  test("up to 1.12 an arena is committed as a whole", () => {
    const os = pages("go1.12", "windows");
    expect(os.committed).toBe(64 * MiB);
    os.release(BASE, 16 * MiB);
    expect(os.committed).toBe(48 * MiB);
  });
});

describe.each([4, 16, 64])("physical pages of %i KiB", (size) => {
  test("only whole ones are given back, and one touch brings a whole one", () => {
    const phys = size * KiB;
    const os = pages("go1.16", "linux", { physPageSize: phys, physHugePageSize: 0 });
    used(os, BASE, 256 * KiB);
    expect(os.faults).toBe(256 / size);
    // All but the first runtime page of 8 KiB: a physical page that it is a part of stays.
    os.release(BASE + 8 * KiB, 248 * KiB);
    expect(os.resident).toBe(Math.max(8 * KiB, phys));
    os.touch(BASE + 128 * KiB, 1);
    expect(os.resident).toBe(Math.max(8 * KiB, phys) + phys);
  });
});

describe("transparent huge pages", () => {
  test("always: the first touch brings 2 MiB; never: 4 KiB", () => {
    const always = pages("go1.27", "linux", { thp: "always" });
    used(always, BASE, 8 * KiB);
    expect([always.resident, always.hugeFaults, always.faults]).toEqual([2 * MiB, 1, 0]);
    const never = pages("go1.27", "linux");
    used(never, BASE, 8 * KiB);
    expect([never.resident, never.hugeFaults, never.faults]).toEqual([8 * KiB, 0, 2]);
  });

  test("madvise: only where the runtime asks for it, which from 1.21.4 on it does not", () => {
    for (const [version, resident] of [
      ["go1.20", 2 * MiB],
      ["go1.21.0", 2 * MiB],
      ["go1.21.4", 8 * KiB],
    ] as const) {
      const os = pages(version, "linux", { thp: "madvise" });
      os.use(BASE, 4 * MiB);
      os.touch(BASE, 8 * KiB);
      expect(os.resident, version).toBe(resident);
    }
  });

  test("up to 1.20 a huge page that a returned range cuts is no longer one", () => {
    const os = pages("go1.20", "linux", { thp: "always" });
    used(os, BASE, 4 * MiB);
    os.release(BASE, 3 * MiB);
    expect(os.resident).toBe(1 * MiB);
    // The first is whole, and comes as a huge page again; the second was cut, and comes by small ones.
    os.touch(BASE, 1);
    os.touch(BASE + 2 * MiB, 1);
    expect([os.resident, os.hugeFaults, os.faults]).toEqual([3 * MiB + 4 * KiB, 3, 1]);
  });

  test("khugepaged fills returned pages again if no more than max_ptes_none are missing", () => {
    for (const [maxPtesNone, resident] of [
      [511, 4 * MiB],
      [128, 2 * MiB + 256 * KiB],
      [0, 2 * MiB + 256 * KiB],
    ] as const) {
      const os = pages("go1.27", "linux", { thp: "always", maxPtesNone });
      used(os, BASE, 4 * MiB);
      os.release(BASE, 2 * MiB - 256 * KiB);
      expect(os.resident).toBe(2 * MiB + 256 * KiB);
      os.khugepaged();
      expect(os.resident, `max_ptes_none ${maxPtesNone}`).toBe(resident);
      expect(os.collapsedFill).toBe(resident - (2 * MiB + 256 * KiB));
    }
  });

  test("khugepaged looks at 4096 pages a round, and goes on where it stopped", () => {
    const os = pages("go1.27", "linux", { thp: "always" });
    used(os, BASE, 20 * 2 * MiB);
    for (let k = 0; k < 20; k++) os.release(BASE + k * 2 * MiB, 1 * MiB);
    os.khugepaged();
    expect(os.collapses).toBe(8);
    os.khugepaged();
    os.khugepaged();
    expect([os.collapses, os.resident]).toEqual([20, 40 * MiB]);
  });

  test("1.21.1-1.21.3 collapse a chunk when 496 of its 512 pages are in use, once, and not one taken whole", () => {
    const os = pages("go1.21.2", "linux", { thp: "madvise" });
    os.use(BASE, 495 * 8192);
    os.touch(BASE, 8 * KiB);
    os.use(BASE + 495 * 8192, 8192);
    // The second huge page of the chunk has no memory yet: nothing to collapse there.
    expect([os.collapses, os.resident]).toEqual([1, 2 * MiB]);
    const whole = pages("go1.21.2", "linux", { thp: "madvise" });
    whole.use(BASE, 4 * MiB);
    expect(whole.collapses).toBe(0);
  });
});
