/** The places in the program that made what is alive, by the heaviest of the heap profiles. */
import type { Facts } from "./facts.ts";

export interface LiveSite {
  /** The innermost function outside the runtime, and where it allocates. */
  readonly function: string;
  readonly file: string;
  readonly line: number;
  /** Who calls it on its heaviest stack; "" when the profile does not tell. */
  readonly caller: string;
  readonly bytes: number;
  readonly objects: number;
}

export interface LiveSites {
  readonly source: string;
  /** All that the profile shows alive, bytes. */
  readonly total: number;
  /** By bytes. */
  readonly sites: readonly LiveSite[];
}

/** As many as a person looks at. */
const SHOWN = 10;
/** Places that hold less than this share of it all explain nothing. */
const LEAST_SHARE = 0.01;

/** null without a heap profile, or with an empty one. */
export function liveSites(facts: Facts): LiveSites | null {
  const fact = facts.heaviestProfile;
  if (!fact) return null;
  const total = fact.profile.totals().inuseBytes;
  if (!(total > 0)) return null;
  return {
    source: fact.source,
    total,
    sites: facts.sites
      .filter(({ inuseBytes }) => inuseBytes >= LEAST_SHARE * total)
      .slice(0, SHOWN)
      .map(({ frame, stack, inuseBytes, inuseObjects }) => ({
        function: frame.function,
        file: frame.file,
        line: frame.line,
        caller: stack.find((outer) => outer.function !== frame.function)?.function ?? "",
        bytes: Math.round(inuseBytes),
        objects: Math.round(inuseObjects),
      })),
  };
}
