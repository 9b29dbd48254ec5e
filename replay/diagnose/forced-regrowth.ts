import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { deadShares } from "./shares.ts";
import { mib } from "./text.ts";

export const forcedRegrowth: Rule = {
  meta: {
    id: "forced-regrowth",
    number: 39,
    title: "Memory grows back after each debug.FreeOSMemory",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    if (facts.gcs.length === 0) return notEnough(CAPTURE.gctrace, facts.evidence("no GC cycles in the inputs", ""));
    const { regrowth } = deadShares(facts);
    const forced = facts.gcs.filter((gc) => gc.forced && !gc.periodic).length;
    const seen = facts.evidence(`${forced} of ${facts.gcs.length} GCs were asked for by the program`, facts.gcSource);
    if (!regrowth) {
      if (forced >= 3 && !facts.rss && facts.input.scavs.length === 0) return notEnough(CAPTURE.gctrace, seen);
      return ruledOut(seen);
    }
    return present(
      regrowth.bytes,
      [
        seen,
        facts.evidence(
          `after each of ${regrowth.calls} returns memory grew by ${mib(regrowth.bytes)} again (median)`,
          facts.rss?.source ?? facts.gcSource,
        ),
      ],
      `Drop the loop: what is returned is taken back on the way to the next goal, with page faults. ${facts.version.since(19) === true ? "GOMEMLIMIT, or a lower GOGC," : "A lower GOGC"} bounds it for good.`,
    );
  },
};
