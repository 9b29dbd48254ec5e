import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut, suspected } from "./rule.ts";
import type { Series } from "./series.ts";
import { deadShares } from "./shares.ts";
import { mayBeRoom, roomAtMost, unexplainedHeap } from "./survivors.ts";
import { MiB, mib, percent } from "./text.ts";

/** Any heap has some MiB of it: each P and each size class has a span that is not full. */
const LEAST = 16 * MiB;

/**
 * At the end; in a program that goes on allocating, the least of the last cycles: slots that a GC has freed are filled again before the
 * next one.
 */
function roomInSpans(facts: Facts, inuse: Series, alloc: Series): { slack: number; occupancy: number } {
  const end = {
    slack: facts.settled(inuse) - facts.settled(alloc),
    occupancy: facts.settled(alloc) / facts.settled(inuse),
  };
  if (!deadShares(facts).active) return end;
  const from = facts.lastCycles;
  let least = end;
  for (let i = inuse.indexAt(from); i < inuse.length; i++) {
    const used = alloc.at(inuse.t[i]!);
    const slack = inuse.v[i]! - used;
    if (slack < least.slack) least = { slack, occupancy: used / inuse.v[i]! };
  }
  return least;
}

export const sizeClassFragmentation: Rule = {
  meta: {
    id: "size-class-fragmentation",
    number: 14,
    title: "Spans are mostly empty: size-class fragmentation",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const inuse = facts.series("heap_inuse");
    const alloc = facts.series("heap_alloc");
    if (!inuse || !alloc)
      return notEnough(CAPTURE.memstats, facts.evidence("HeapInuse and HeapAlloc are not in the inputs", ""));
    if (facts.inferredHeap) {
      const most = facts.profile ? roomAtMost(facts.profile.profile) : Number.POSITIVE_INFINITY;
      const rest = mayBeRoom(facts, facts.threshold) ? Math.min(unexplainedHeap(facts), most) : Number.NaN;
      const missing = facts.evidence("room in spans is not in the inputs", inuse.source);
      if (!facts.notable(rest)) return notEnough(CAPTURE.memstats, missing);
      return suspected(
        rest,
        CAPTURE.memstats,
        missing,
        facts.evidence(
          `after the heap fell, ${mib(rest)} are resident that are neither objects nor stacks`,
          facts.rss!.source,
          facts.endT,
        ),
      );
    }
    if (inuse.length < 3 && deadShares(facts).active) {
      return notEnough(
        CAPTURE.samples,
        facts.evidence(
          `${mib(inuse.last - alloc.last)} are room in spans at one moment of a program that goes on allocating; how much of that is filled before the next GC one moment does not tell`,
          inuse.source,
        ),
      );
    }
    const { slack, occupancy } = roomInSpans(facts, inuse, alloc);
    const seen = facts.evidence(
      `objects fill ${percent(occupancy)} of the spans; ${mib(slack)} are room in them`,
      inuse.source,
      facts.endT,
    );
    if (slack < Math.max(facts.threshold, LEAST) || occupancy > 0.8) return ruledOut(seen);
    const { fall } = facts;
    return present(
      slack,
      [
        seen,
        ...(fall ? [facts.evidence(`the heap in use had been ${mib(fall.heapBefore)}`, inuse.source, fall.t)] : []),
      ],
      "A few survivors hold whole spans. Keep long-lived objects apart from short-lived ones of the same size (allocate them first, or in slabs), pool the short-lived, or restart after such a burst: the runtime never moves objects.",
    );
  },
};
