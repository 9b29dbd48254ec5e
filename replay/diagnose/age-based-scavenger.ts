import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { freeShares } from "./shares.ts";
import { MiB, mib } from "./text.ts";

/** A program that is small has some MiB of it, and other memory beside the heap. */
const LEAST = 16 * MiB;

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
    // Up to 1.12 the rest of the last 64 MiB arena counts as idle, though nobody touched it.
    const { rss, inuse, stacks } = facts.heapAt(shares.t);
    const others = inuse + (stacks || 0) + (facts.at("rss_file", shares.t) || 0);
    const touched = facts.rssMeasured ? Math.max(0, rss - others) : shares.free;
    const free = Math.min(shares.free, touched);
    const seen = facts.evidence(`${mib(free)} were free and not returned`, facts.source("heap_inuse"), shares.t);
    if (free < Math.max(facts.threshold, LEAST)) return ruledOut(seen);
    if (newer === null) return notEnough("gopages diagnose --go VERSION ...", seen);
    const lines = facts.input.scavs.filter(({ released }) => Number.isFinite(released));
    return present(
      free,
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
