import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { median } from "./series.ts";
import { MiB, mib } from "./text.ts";

const ADVICE = "Shrink what is not heap (goroutines' stacks, profiling buckets), or raise GOMEMLIMIT by as much.";

/** Goals looked at, of the last cycles. */
const LATEST = 5;
/** A goal this far below what GOGC gives is the limit's. */
const BELOW = 0.95;

/**
 * What the runtime itself took for memory beside the heap: a goal that a limit makes is what that leaves of it, less 3% (1 MiB and no
 * less; mgcpacer.go:memoryLimitHeapGoal). null where nothing tells goals; 0 bytes where they are GOGC's.
 */
function besideByGoals(facts: Facts, limit: number): { beside: number; goal: number } | null {
  const gogc = facts.settings.gogc ?? 100;
  const beside: number[] = [];
  const goals: number[] = [];
  for (const [i, gc] of [...facts.gcs.entries()].slice(-LATEST)) {
    const before = facts.gcs[i - 1];
    if (!(gc.goal > 0) || !Number.isFinite(gc.goal) || !before || !(before.marked > 0)) continue;
    const { marked, stacks } = before;
    const byGogc = gogc === "off" ? Number.POSITIVE_INFINITY : marked + ((marked + (stacks || 0)) * gogc) / 100;
    // At what is alive the goal is no more than that: the limit does not even leave so much.
    const byLimit = gc.goal < BELOW * byGogc && gc.goal > 1.02 * marked;
    const percent = facts.version.since(21) === false ? 0 : 0.03;
    beside.push(byLimit ? Math.max(0, limit - Math.max(gc.goal / (1 - percent), gc.goal + MiB)) : 0);
    goals.push(gc.goal);
  }
  return goals.length === 0 ? null : { beside: median(beside), goal: median(goals) };
}

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
    if (!facts.series("sys") && !facts.series("stack_inuse")) {
      const byGoals = besideByGoals(facts, limit);
      if (!byGoals)
        return notEnough(CAPTURE.samples, facts.evidence("neither MemStats nor goals over time are in the inputs", ""));
      const { beside, goal } = byGoals;
      const seen = facts.evidence(
        `with a limit of ${mib(limit)} the last goals were ${mib(goal)}`,
        facts.gcSource,
        facts.endT,
      );
      if (beside < Math.max(facts.threshold, 0.15 * limit) || goal > 0.85 * limit) return ruledOut(seen);
      return present(
        beside,
        [seen, facts.evidence(`the runtime gave the heap what ${mib(beside)} beside it left of the limit`, "")],
        ADVICE,
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
      ADVICE,
    );
  },
};
