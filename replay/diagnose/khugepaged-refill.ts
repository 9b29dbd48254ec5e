import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut, suspected } from "./rule.ts";
import { mib } from "./text.ts";
import { unseenBytes } from "./unseen.ts";

export const khugepagedRefill: Rule = {
  meta: {
    id: "khugepaged-refill",
    number: 17,
    title: "Huge pages fill returned memory again",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    if (facts.version.since(21) === false)
      return ruledOut(
        facts.evidence(`in ${facts.version.text} huge pages survive scavenging: that is the other cause`, ""),
      );
    if (facts.version.patches(21, 0, 3) === true)
      return ruledOut(facts.evidence(`${facts.version.text} asks for huge pages itself`, ""));
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
    const { minor, patch } = facts.version;
    const disable = facts.version.since(22) === true || (minor === 21 && (patch ?? 0) >= 6);
    return present(
      bytes,
      [seen, more],
      `Set /sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none to 0${
        disable ? ", or run with GODEBUG=disablethp=1" : ""
      }; "madvise" instead of "always" in transparent_hugepage/enabled keeps the heap out of it, too.`,
    );
  },
};
