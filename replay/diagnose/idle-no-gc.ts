import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { deadShares } from "./shares.ts";
import { mib, seconds } from "./text.ts";

export const idleNoGc: Rule = {
  meta: {
    id: "idle-no-gc",
    number: 8,
    title: "No GC without allocation: garbage stays when traffic stops",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const { idle, cycles } = deadShares(facts);
    if (idle) {
      return present(
        idle.bytes,
        [
          facts.evidence(`no GC for ${seconds(idle.length)}`, facts.gcSource, idle.from),
          idle.proved
            ? facts.evidence(
                `the GC that came then found ${mib(idle.bytes)} dead`,
                facts.gcSource,
                idle.from + idle.length,
              )
            : facts.evidence(
                `the heap stands still with ${mib(idle.bytes)} more than a GC usually finds alive`,
                facts.source("heap_alloc"),
                facts.endT,
              ),
        ],
        "Call debug.FreeOSMemory() when the program becomes idle. By itself the runtime forces a GC only after two minutes without one.",
      );
    }
    const tail = facts.quietTail;
    const source = facts.gcSource;
    if (!tail && cycles.length === 0)
      return notEnough(CAPTURE.gctrace, facts.evidence("no GC cycles in the inputs", ""));
    if (!tail) {
      return notEnough(
        CAPTURE.samples,
        facts.evidence(
          "no GC that was forced after two minutes found much garbage; whether the log ends in such a pause it does not tell",
          source,
        ),
      );
    }
    const { dead } = facts.end;
    if (tail.length > 15e9 && facts.notable(dead)) {
      return notEnough(
        CAPTURE.gctrace,
        facts.evidence(
          `no GC for the last ${seconds(tail.length)}; ${mib(dead)} were allocated since, and only the next GC tells what of it is dead: record on until it comes (two minutes)`,
          source,
          tail.from,
        ),
      );
    }
    return ruledOut(facts.evidence(`the last GC was ${seconds(tail.length)} before the end`, source, tail.from));
  },
};
