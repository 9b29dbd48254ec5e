import type { Facts } from "./facts.ts";
import { fragmentedGrowth, isFragmented } from "./growth.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut, suspected } from "./rule.ts";
import { grewBesideFree, largeAlive } from "./survivors.ts";
import { mib } from "./text.ts";

/** Of what is alive, so much is in large objects. */
const LARGE_SHARE = 0.2;

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
    if (facts.inferredHeap) {
      const rest = largeAlive(facts) < LARGE_SHARE ? 0 : grewBesideFree(facts);
      const missing = facts.evidence("where free pages lie is not in the inputs", source);
      if (!facts.notable(rest)) return notEnough(CAPTURE.memstats, missing);
      return suspected(
        rest,
        CAPTURE.memstats,
        missing,
        facts.evidence(
          `RSS grew with large buffers, though ${mib(rest)} were resident already that are neither objects nor stacks`,
          facts.rss!.source,
          facts.endT,
        ),
      );
    }
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
