import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { mib, percent } from "./text.ts";

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
    const slack = facts.settled(inuse) - facts.settled(alloc);
    const occupancy = facts.settled(alloc) / facts.settled(inuse);
    const seen = facts.evidence(
      `objects fill ${percent(occupancy)} of the spans; ${mib(slack)} are room in them`,
      inuse.source,
      facts.endT,
    );
    if (!facts.notable(slack) || occupancy > 0.8) return ruledOut(seen);
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
