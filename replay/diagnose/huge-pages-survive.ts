import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut, suspected } from "./rule.ts";
import { mib } from "./text.ts";
import { unseenBytes } from "./unseen.ts";

export const hugePagesSurvive: Rule = {
  meta: {
    id: "huge-pages-survive",
    number: 18,
    title: "Huge pages survive scavenging in small pieces (before Go 1.21)",
    since: 12,
    until: 20,
  },
  audit(facts: Facts) {
    if (facts.version.since(21) === true)
      return ruledOut(facts.evidence(`${facts.version.text} does not ask for huge pages where it returned memory`, ""));
    const huge = facts.series("anon_huge");
    if (!huge) return notEnough(CAPTURE.smaps, facts.evidence("AnonHugePages is not in the inputs", ""));
    const seen = facts.evidence(`${mib(huge.last)} are in huge pages`, huge.source, huge.lastT);
    if (!facts.notable(huge.last)) return ruledOut(seen);
    const { excess } = facts;
    if (!excess) return notEnough(CAPTURE.memstats, seen);
    const more = facts.evidence(
      `${mib(excess.bytes)} more are resident than Go has from the system by its own count`,
      excess.source,
      excess.t,
    );
    const bytes = Math.min(excess.bytes - (facts.last("lazyfree") || 0), huge.last);
    if (!facts.notable(bytes)) return ruledOut(seen, more);
    if (!facts.notable(bytes - unseenBytes(facts))) return suspected(bytes, CAPTURE.memstats, seen, more);
    if (facts.version.since(21) === null) return notEnough("gopages diagnose --go VERSION ...", seen, more);
    return present(
      bytes,
      [seen, more],
      "Go 1.21.4 and later no longer do this; until then set transparent_hugepage/khugepaged/max_ptes_none to 0, or THP to never for this service.",
    );
  },
};
