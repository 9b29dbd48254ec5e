import type { Era } from "../types.ts";
import { go1_11 } from "./go1.11.ts";
import { go1_12 } from "./go1.12.ts";
import { go1_12dev } from "./go1.12-dev.ts";
import { go1_13 } from "./go1.13.ts";
import { go1_14 } from "./go1.14.ts";
import { go1_15 } from "./go1.15.ts";
import { go1_16 } from "./go1.16.ts";
import { go1_17 } from "./go1.17.ts";
import { go1_18 } from "./go1.18.ts";
import { go1_19 } from "./go1.19.ts";
import { go1_20 } from "./go1.20.ts";
import { go1_21_0 } from "./go1.21.0.ts";
import { go1_21 } from "./go1.21.ts";
import { go1_22 } from "./go1.22.ts";
import { go1_26 } from "./go1.26.ts";

/** Every era, oldest first. A new era is one file beside this one and one line here. */
export const ERAS: readonly Era[] = [
  go1_11,
  go1_12dev,
  go1_12,
  go1_13,
  go1_14,
  go1_15,
  go1_16,
  go1_17,
  go1_18,
  go1_19,
  go1_20,
  go1_21_0,
  go1_21,
  go1_22,
  go1_26,
];

/** [minor, patch] of "go1.21.3", "1.21", "go1.27rc1" ...; patch is Infinity when not given, so that the last of a line is meant. */
function parseVersion(version: string): [minor: number, patch: number] | null {
  const m = /^(?:go)?1\.(\d+)(?:\.(\d+))?(?:(?:rc|beta)\d+)?(?:[-+ ].*)?$/.exec(version.trim());
  return m ? [Number(m[1]), m[2] === undefined ? Number.POSITIVE_INFINITY : Number(m[2])] : null;
}

/**
 * The era of a Go version ("go1.27", "1.21.3") or of an era's own name ("go1.12-dev"). Throws RangeError for anything
 * else: Go before 1.11 is not modelled, and what a Go newer than the last era does is not known.
 */
export function eraFor(version: string): Era {
  const era = findEra(version);
  if (era) return era;
  throw new RangeError(`no era for Go version "${version}"; known are ${ERAS.map((e) => e.name).join(", ")}`);
}

export function findEra(version: string): Era | null {
  const named = ERAS.find((e) => e.name === version);
  if (named) return named;
  const v = parseVersion(version);
  if (!v) return null;
  return ERAS.find((e) => !notBefore(e.since, v) && !notAfter(e.until, v)) ?? null;
}

/** True if `since` ("1.21.4"; "1.21" means from its .0 on) is later than v. */
function notBefore(since: string, [minor, patch]: [number, number]): boolean {
  const [m, p] = parseVersion(since)!;
  return m > minor || (m === minor && (p === Number.POSITIVE_INFINITY ? 0 : p) > patch);
}

/** True if `until` ("1.21.3"; "1.21" means to its last patch) is earlier than v. */
function notAfter(until: string, [minor, patch]: [number, number]): boolean {
  const [m, p] = parseVersion(until)!;
  return m < minor || (m === minor && p < patch);
}
