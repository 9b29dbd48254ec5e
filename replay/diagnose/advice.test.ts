/** Advice and commands name only what the Go version at hand has. */
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { collect } from "./collect.ts";
import { type CauseVerdict, diagnoseCollected } from "./diagnose.ts";
import { RULES } from "./rules.ts";
import { GoVersion } from "./version.ts";

const FOLDER = new URL("../../fixtures/causes/", import.meta.url).pathname;

/** What texts may name, and since when it exists: minor version, and patch release where it was not the first. */
const NAMES: readonly [name: RegExp, minor: number, patch?: number][] = [
  [/madvdontneed/, 12],
  [/scavtrace/, 14],
  [/strings\.Clone/, 18],
  [/GOMEMLIMIT|SetMemoryLimit/, 19],
  [/bytes\.Clone/, 20],
  [/\bclear\b/, 21],
  [/\bPGO\b/, 21],
  [/disablethp/, 21, 6],
  [/profstackdepth/, 23],
  [/traceallocfree/, 23],
  [/AddCleanup/, 24],
  [/checkfinalizers/, 25],
];
/** Gone since: nobody should be told to set it. */
const GONE: readonly [name: RegExp, minor: number][] = [[/scavenge=1/, 18]];

const VERSIONS: readonly GoVersion[] = [
  ...Array.from({ length: 17 }, (_, i) => new GoVersion([11 + i], 0)),
  new GoVersion([21], 3),
  new GoVersion([21], 5),
  new GoVersion([21], 13),
  new GoVersion([24], 11),
  new GoVersion([12, 13], null),
  new GoVersion([21, 22, 23, 24, 25, 26, 27], null),
  new GoVersion([], null),
];

/** What of a cause's texts that version does not have. */
function wrong(version: GoVersion, { advice, capture = "" }: CauseVerdict, limited = false): string[] {
  const out: string[] = [];
  const text = `${advice} ${capture}`;
  for (const [name, minor, patch] of NAMES) {
    const found = name.exec(text);
    if (!found) continue;
    const [oldest] = version.minors;
    // A GODEBUG setting that a runtime does not know it ignores: no harm where the version is not known.
    if (oldest === undefined && name.source === "scavtrace") continue;
    // Who has set a memory limit has a version with one.
    if (oldest === undefined && limited && minor === 19) continue;
    // Where the version is not known, the text itself must say since when.
    const said = text.includes(`Go 1.${minor}`);
    if (oldest === undefined ? !said : oldest < minor || (oldest === minor && (version.patch ?? 0) < (patch ?? 0)))
      if (!(said && (version.minor === null || oldest === undefined))) out.push(found[0]);
  }
  for (const [name, minor] of GONE)
    if (name.test(text) && (version.minors.at(-1) ?? 99) >= minor) out.push(name.source);
  return out;
}

describe("advice and commands name only what that Go version has", () => {
  const seen = new Set<string>();

  it.each(readdirSync(FOLDER).filter((name) => !name.includes(".")))("%s", async (name) => {
    const collected = await collect([`${FOLDER}${name}`]);
    for (const version of VERSIONS) {
      for (const cause of diagnoseCollected({ ...collected, version }).causes) {
        if (cause.verdict === "present") seen.add(cause.id);
        expect(
          wrong(version, cause, collected.settings.memoryLimit !== null),
          `${cause.id}, ${version.text}: ${cause.advice} ${cause.capture}`,
        ).toEqual([]);
      }
    }
  });

  it("a command for what is not recorded at all", async () => {
    const empty = { ...(await collect([`${FOLDER}stacks`])), series: new Map(), gcs: [], profiles: [], goroutines: [] };
    for (const version of VERSIONS) {
      for (const cause of diagnoseCollected({ ...empty, version }).causes)
        expect(wrong(version, cause), `${cause.id}, ${version.text}`).toEqual([]);
    }
  });

  it("most causes were met with their advice", () => {
    const missing = RULES.map(({ meta }) => meta.id).filter((id) => !seen.has(id));
    // These take another system, kernel or version pair, or are shown in rules.test.ts.
    expect(missing.sort()).toEqual(["large-phys-pages", "other-os", "version-change"].sort());
  });
});
