import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { mib } from "./text.ts";

export const nonHeapEatsLimit: Rule = {
  meta: {
    id: "non-heap-eats-limit",
    number: 11,
    title: "Memory beside the heap uses up GOMEMLIMIT",
    since: 19,
    until: null,
  },
  audit(facts: Facts) {
    if (facts.version.since(19) === false)
      return ruledOut(facts.evidence(`${facts.version.text} has no memory limit`, ""));
    const { limit } = facts;
    if (limit === null) {
      if (facts.settings.memoryLimitKnown) return ruledOut(facts.evidence("there is no memory limit", ""));
      return notEnough(
        "gopages diagnose --memory-limit SIZE ...",
        facts.evidence("the memory limit is not in the inputs", ""),
      );
    }
    const backed = facts.backed();
    const alloc = facts.series("heap_alloc");
    const goal = facts.series("next_gc");
    if (!backed || !alloc || !goal)
      return notEnough(CAPTURE.samples, facts.evidence("MemStats over time are not in the inputs", ""));
    // mgcpacer.go:memoryLimitHeapGoal takes from the limit what is mapped and ready, less free pages and objects.
    const free = facts.settled(facts.free());
    const beside = facts.settled(backed) - (Number.isNaN(free) ? 0 : free) - facts.settled(alloc);
    const goalNow = facts.settled(goal);
    const seen = facts.evidence(
      `${mib(beside)} of the limit of ${mib(limit)} are not heap objects; the heap's goal is ${mib(goalNow)}`,
      backed.source,
      facts.endT,
    );
    // A goal that the limit makes is what the rest leaves of it.
    const tight = Math.abs(limit - beside - goalNow) < 0.15 * limit;
    if (beside < Math.max(facts.threshold, 0.15 * limit) || goalNow > 0.85 * limit || !tight) return ruledOut(seen);
    const { stacks, metadata, slack } = facts.end;
    return present(
      beside,
      [
        seen,
        facts.evidence(
          `stacks ${mib(stacks)}, metadata and profiling ${mib(metadata)}, room in spans ${mib(slack)}`,
          backed.source,
          facts.endT,
        ),
      ],
      "Shrink what is not heap (goroutines' stacks, profiling buckets), or raise GOMEMLIMIT by as much.",
    );
  },
};
