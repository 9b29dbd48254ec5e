import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { deadShares, freeShares } from "./shares.ts";
import { MiB, mib } from "./text.ts";

export const gogcHeadroom: Rule = {
  meta: {
    id: "gogc-headroom",
    number: 1,
    title: "GOGC headroom: the dead heap up to the next GC",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const { cycles, typicalLive, typicalRoom, atPeak, active, ...shares } = deadShares(facts);
    // Of a program at rest the same room is free now, and kept by design.
    const free = active ? null : freeShares(facts);
    const headroom = Math.max(0, shares.headroom - (free?.atEnd ? free.kept : 0));
    if (cycles.length === 0 && !(atPeak > 0)) {
      return notEnough(CAPTURE.gctrace, facts.evidence("no GC cycle and no live heap in the inputs", ""));
    }
    const source = facts.gcSource;
    if (cycles.length < 3)
      return notEnough(
        CAPTURE.gctrace,
        facts.evidence(`${cycles.length} GC cycle(s) in the inputs: too few to tell`, source),
      );
    const seen = facts.evidence(
      `of ${cycles.length} GCs the median found ${mib(typicalLive)} alive; the goal after it was ${mib(typicalRoom)} above that`,
      source,
    );
    if (headroom < Math.max(24 * MiB, 0.3 * facts.scale)) {
      return ruledOut(
        seen,
        facts.small(`${mib(headroom)} of the heap at the peak were dead or new and are GOGC's`, source, facts.peakT),
      );
    }
    const { gogc } = facts;
    if (gogc === "off" && facts.limit !== null) {
      return ruledOut(
        seen,
        facts.evidence(`GOGC is off: the heap may fill GOMEMLIMIT (${mib(facts.limit)}), as was asked for`, source),
      );
    }
    return present(
      headroom,
      [
        seen,
        facts.evidence(`${mib(atPeak)} of the heap were allocated since the last GC, or dead`, source, facts.peakT),
        ...(gogc === null
          ? []
          : [facts.evidence(`GOGC is ${facts.settings.gogc === null ? "about " : ""}${gogc}`, source)]),
      ],
      `Keep fewer bytes alive, or let the GC come earlier: GOGC below ${typeof gogc === "number" ? `${gogc}${facts.settings.gogc === null ? ", as it seems to be now" : ""}` : 100} (half of it about halves this, for twice the GC work)${
        facts.version.since(19) === true ? "; or GOMEMLIMIT, which lets the heap grow only where there is room" : ""
      }.`,
    );
  },
};
