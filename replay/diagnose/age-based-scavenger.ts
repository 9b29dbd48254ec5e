import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { freeShares } from "./shares.ts";
import { mib } from "./text.ts";

export const ageBasedScavenger: Rule = {
  meta: {
    id: "age-based-scavenger",
    number: 4,
    title: "Free memory is returned only after five minutes (Go up to 1.12)",
    since: null,
    until: 12,
  },
  audit(facts: Facts) {
    const newer = facts.version.since(13);
    if (newer === true) return ruledOut(facts.evidence(`${facts.version.text} has no age-based scavenger`, ""));
    const shares = freeShares(facts);
    if (!shares) return notEnough(CAPTURE.memstats, facts.evidence("free memory is not in the inputs", ""));
    const seen = facts.evidence(`${mib(shares.free)} were free and not returned`, facts.source("heap_inuse"), shares.t);
    if (!facts.notable(shares.free)) return ruledOut(seen);
    if (newer === null) return notEnough("gopages diagnose --go VERSION ...", seen);
    const lines = facts.input.scavs.filter(({ released }) => Number.isFinite(released));
    return present(
      shares.free,
      [
        seen,
        ...(lines.length > 0
          ? [
              facts.evidence(
                `${lines.length} scvg lines; the last says ${mib(lines.at(-1)!.released)} released`,
                facts.gcSource,
              ),
            ]
          : []),
      ],
      "Go 1.13 and later return free memory in the background. Up to then a span goes only after it was free for 5 minutes (and merging makes it young again); debug.FreeOSMemory returns it at once.",
    );
  },
};
