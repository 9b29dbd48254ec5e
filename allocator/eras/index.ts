import type { Era } from "../types.ts";
import { go1_11 } from "./go1.11.ts";
import { go1_12 } from "./go1.12.ts";
import { go1_12dev } from "./go1.12-dev.ts";
import { go1_13 } from "./go1.13.ts";

/** Every era, oldest first. A new era is one file beside this one and one line here. */
export const ERAS: readonly Era[] = [go1_11, go1_12dev, go1_12, go1_13];

/** [minor, patch] of "go1.21.3", "1.21", "go1.27rc1" ...; patch is Infinity when not given, so that the last of a line is meant. */
function parseVersion(version: string): [minor: number, patch: number] | null {
  const m = /^(?:go)?1\.(\d+)(?:\.(\d+))?(?:(?:rc|beta)\d+)?(?:[-+ ].*)?$/.exec(version.trim());
  return m ? [Number(m[1]), m[2] === undefined ? Number.POSITIVE_INFINITY : Number(m[2])] : null;
}

/**
 * The era of a Go version ("go1.27", "1.21.3") or of an era's own name ("go1.12-dev"). Throws RangeError for anything
 * else: Go before 1.11 is not modelled, and a Go newer than the last era gets the last era only when asked by `latest`.
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
