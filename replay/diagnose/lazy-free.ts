import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut, suspected } from "./rule.ts";
import { mib } from "./text.ts";
import { unseenBeside } from "./unseen.ts";

const ADVICE =
  "GODEBUG=madvdontneed=1 makes returned pages leave RSS at once (Go 1.12 to 1.15); Go 1.16 and later do so by themselves. The system takes them under pressure anyway.";

export const lazyFree: Rule = {
  meta: {
    id: "lazy-free",
    number: 3,
    title: "Returned pages stay in RSS until the system needs them (MADV_FREE)",
    since: 12,
    until: 15,
  },
  audit(facts: Facts) {
    const inRange = facts.version.between(12, 15);
    const godebug = facts.settings.godebug ?? "";
    if (inRange === false && !godebug.includes("madvdontneed=0")) {
      return ruledOut(facts.evidence(`${facts.version.text} returns pages with MADV_DONTNEED`, ""));
    }
    const lazy = facts.series("lazyfree");
    if (lazy) {
      const seen = facts.evidence(`${mib(lazy.last)} of the mappings are LazyFree`, lazy.source, lazy.lastT);
      return facts.notable(lazy.last) ? present(lazy.last, [seen], ADVICE) : ruledOut(seen);
    }
    if (godebug.includes("madvdontneed=1")) return ruledOut(facts.evidence("GODEBUG=madvdontneed=1 is set", ""));
    const { excess } = facts;
    const released = facts.last("heap_released");
    if (inRange !== false && excess && Number.isFinite(released)) {
      const bytes = Math.min(excess.bytes, released);
      const seen = facts.evidence(
        `${mib(excess.bytes)} more are resident than Go has from the system by its own count; ${mib(released)} were returned`,
        excess.source,
        excess.t,
      );
      if (!facts.notable(bytes)) return ruledOut(seen);
      if (inRange === null || !facts.notable(bytes - unseenBeside(facts))) return suspected(bytes, CAPTURE.smaps, seen);
      return present(bytes, [seen, facts.evidence(`${facts.version.text} returns pages with MADV_FREE`, "")], ADVICE);
    }
    return notEnough(CAPTURE.smaps, facts.evidence("no LazyFree figure in the inputs", ""));
  },
};
