import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut, suspected } from "./rule.ts";
import { freeShares, ownerOfFree } from "./shares.ts";
import { mayBeRoom, roomEvidence } from "./survivors.ts";
import { mib, seconds } from "./text.ts";

export const backgroundReturn: Rule = {
  meta: {
    id: "background-return",
    number: 5,
    title: "Free memory is on its way back: the background scavenger is slow by design",
    since: 13,
    until: null,
  },
  audit(facts: Facts) {
    if (facts.version.since(13) === false)
      return ruledOut(facts.evidence(`${facts.version.text} has no background scavenger of this kind`, ""));
    const shares = freeShares(facts);
    if (!shares)
      return notEnough(CAPTURE.samples, facts.evidence("free and returned memory over time is not in the inputs", ""));
    const seen = facts.evidence(
      `${mib(shares.free)} free and not returned, ${mib(shares.over)} of it over what the scavenger keeps`,
      facts.source("heap_inuse"),
      shares.t,
    );
    const owner = ownerOfFree(facts);
    if (owner === "unknown")
      return notEnough(facts.hasTimeline ? "gopages diagnose --go VERSION ..." : CAPTURE.samples, seen);
    if (owner !== "background") return ruledOut(seen);
    if (mayBeRoom(facts, shares.over)) return suspected(shares.over, CAPTURE.memstats, seen, roomEvidence(facts));
    const released = facts.series("heap_released");
    const evidence = [seen];
    let wait = "";
    if (released && released.length > 8) {
      const from = facts.fall?.t ?? 0;
      const returned = released.at(shares.t) - released.at(from);
      const rate = returned / Math.max(1, shares.t - from);
      if (rate > 0) {
        evidence.push(
          facts.evidence(
            `${mib(returned)} went back in the ${seconds(shares.t - from)} before`,
            released.source,
            shares.t,
          ),
        );
        if (shares.atEnd) wait = ` At the pace seen here it takes another ${seconds(shares.over / rate)}.`;
      }
    }
    return present(
      shares.over,
      evidence,
      `Nothing leaks: the scavenger works on 1% of CPU time.${wait} If it must be sooner: one debug.FreeOSMemory() after the spike${
        facts.version.since(19) === true ? ", or GOMEMLIMIT below the spike, which is returned for at once" : ""
      }.`,
    );
  },
};
