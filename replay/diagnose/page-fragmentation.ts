import type { Facts } from "./facts.ts";
import { fragmentedGrowth, isFragmented } from "./growth.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { mib } from "./text.ts";

export const pageFragmentation: Rule = {
  meta: {
    id: "page-fragmentation",
    number: 15,
    title: "No free run is long enough: the heap grows though much of it is idle",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const growth = fragmentedGrowth(facts);
    if (!growth)
      return notEnough(CAPTURE.samples, facts.evidence("HeapIdle and HeapSys over time are not in the inputs", ""));
    const source = facts.source("heap_sys");
    if (facts.inferredHeap)
      return notEnough(CAPTURE.samples, facts.evidence("where free pages lie is not in the inputs", source));
    if (!isFragmented(facts, growth)) {
      return ruledOut(
        facts.evidence(
          `the heap grew by ${mib(growth.grown)} while free pages (at most ${mib(growth.free)}) would have sufficed by size`,
          source,
        ),
      );
    }
    return present(
      growth.free,
      [
        facts.evidence(`the heap grew although ${mib(growth.free)} were free and backed`, source, growth.t),
        facts.evidence(`growth of this kind came to ${mib(growth.grown)}`, source),
      ],
      "Large buffers find no gap among small survivors: allocate them once at their final size and reuse them, or use chunks of a fixed size (32 KiB or less fits anywhere).",
    );
  },
};
