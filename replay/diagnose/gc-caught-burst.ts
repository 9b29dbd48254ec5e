import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { deadShares } from "./shares.ts";
import { MiB, mib } from "./text.ts";

/** A burst smaller than this is a program at its start. */
const LEAST = 16 * MiB;

export const gcCaughtBurst: Rule = {
  meta: {
    id: "gc-caught-burst",
    number: 9,
    title: "A GC in the middle of a burst doubled the goal",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const { burst, burstBytes, cycles, typicalLive } = deadShares(facts);
    const source = facts.gcSource;
    if (cycles.length < 3)
      return notEnough(
        CAPTURE.gctrace,
        facts.evidence(`${cycles.length} GC cycles in the inputs: too few to tell a burst`, source),
      );
    if (!burst || burstBytes < Math.max(facts.threshold, LEAST)) {
      return ruledOut(
        facts.evidence(
          `of ${cycles.length} GCs none before the peak found far more alive than the others (median ${mib(typicalLive)})`,
          source,
        ),
      );
    }
    return present(
      burstBytes,
      [
        facts.evidence(
          `a GC found ${mib(burst.marked)} alive, where it had been ${mib(burst.before)}; the goal became ${mib(burst.goal)}`,
          source,
          burst.t,
        ),
        facts.evidence(`${mib(burstBytes)} of the heap were dead or new`, source, facts.peakT),
      ],
      `Smooth the burst (fewer requests at once, smaller batches)${facts.version.since(19) === true ? ", or set GOMEMLIMIT above the usual heap and below twice the burst" : ""}.`,
    );
  },
};
