import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut, suspected } from "./rule.ts";
import { freeShares } from "./shares.ts";
import { mayBeRoom, roomEvidence } from "./survivors.ts";
import { MiB, mib } from "./text.ts";

/** Any heap keeps some MiB. */
const LEAST = 16 * MiB;

export const retainedByDesign: Rule = {
  meta: {
    id: "retained-by-design",
    number: 6,
    title: "Room that the heap keeps by design: up to the goal and 10% over it",
    since: 13,
    until: null,
  },
  audit(facts: Facts) {
    if (facts.version.since(13) === false)
      return ruledOut(facts.evidence(`${facts.version.text} keeps no such goal`, ""));
    const shares = freeShares(facts);
    if (!shares) return notEnough(CAPTURE.samples, facts.evidence("free and returned memory is not in the inputs", ""));
    const source = facts.source("heap_inuse");
    if (!facts.notable(shares.free))
      return ruledOut(facts.small(`${mib(shares.free)} are free and not returned`, source, shares.t));
    if (Number.isNaN(shares.goal)) {
      return notEnough(
        CAPTURE.samples,
        facts.evidence(
          `${mib(shares.free)} are free and not returned; the goal that the scavenger has is not known`,
          source,
          shares.t,
        ),
      );
    }
    const seen = facts.evidence(
      `the scavenger keeps ${mib(shares.goal)} by the last GC; ${mib(shares.kept)} of the ${mib(shares.free)} free are below that`,
      source,
      shares.t,
    );
    if (!shares.atEnd || shares.kept < Math.max(facts.threshold, LEAST)) return ruledOut(seen);
    if (mayBeRoom(facts, shares.kept)) return suspected(shares.kept, CAPTURE.memstats, seen, roomEvidence(facts));
    return present(
      shares.kept,
      [seen],
      `Nothing to repair: the heap is going to grow to its goal again. A lower GOGC${facts.version.since(19) === true ? " or GOMEMLIMIT" : ""} lowers it.`,
    );
  },
};
