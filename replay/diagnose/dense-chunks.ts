import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut, suspected } from "./rule.ts";
import { freeShares, ownerOfFree } from "./shares.ts";
import { mayBeRoom, roomEvidence } from "./survivors.ts";
import { mib, seconds } from "./text.ts";

export const denseChunks: Rule = {
  meta: {
    id: "dense-chunks",
    number: 7,
    title: "Memory of the last cycle is held back one GC longer (Go 1.21+)",
    since: 21,
    until: null,
  },
  audit(facts: Facts) {
    if (facts.version.since(21) === false)
      return ruledOut(facts.evidence(`${facts.version.text} holds no chunks back`, ""));
    const shares = freeShares(facts);
    if (!shares || !facts.hasTimeline)
      return notEnough(CAPTURE.samples, facts.evidence("free memory and GCs over time are not in the inputs", ""));
    const seen = facts.evidence(
      `${mib(shares.free)} free and not returned; ${Number.isNaN(shares.gcsSince) ? "the heap did not fall" : `the heap fell ${shares.gcsSince} GC cycle(s) ago`}`,
      facts.source("heap_inuse"),
      shares.t,
    );
    const owner = ownerOfFree(facts);
    if (owner === "unknown") return notEnough("gopages diagnose --go VERSION ...", seen);
    if (owner !== "dense") return ruledOut(seen);
    if (mayBeRoom(facts, shares.over)) return suspected(shares.over, CAPTURE.memstats, seen, roomEvidence(facts));
    return present(
      shares.over,
      [
        seen,
        facts.evidence(
          `it had lasted for ${seconds(shares.lasted)}; without allocation the next GC is forced after two minutes`,
          facts.gcSource,
          shares.t,
        ),
      ],
      "It goes back after the next GC. If that is too late: debug.FreeOSMemory() once after the spike (it runs a GC and returns everything), or GOMEMLIMIT, for which dense chunks are returned, too.",
    );
  },
};
