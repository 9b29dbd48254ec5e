import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { deadShares, highestGoal, LIMIT_SHARE, NEAR_CONTAINER } from "./shares.ts";
import { mib } from "./text.ts";

export const noMemoryLimit: Rule = {
  meta: {
    id: "no-memory-limit",
    number: 12,
    title: "The heap may grow beyond the container: the runtime does not read its limit",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const limit = facts.last("cgroup_limit");
    if (!Number.isFinite(limit)) {
      if (facts.series("cgroup_limit"))
        return ruledOut(facts.evidence("the cgroup has no limit", facts.source("cgroup_limit")));
      return notEnough(CAPTURE.cgroup, facts.evidence("the cgroup's limit is not in the inputs", ""));
    }
    const goal = highestGoal(facts);
    const unbounded = goal === Number.POSITIVE_INFINITY;
    if (goal === 0) return notEnough(CAPTURE.gctrace, facts.evidence("heap goals are not in the inputs", ""));
    const kills = facts.last("cgroup_oom_kills");
    const seen = facts.evidence(
      `the heap's goal reached ${unbounded ? "no bound" : mib(goal)}; the cgroup's limit is ${mib(limit)}`,
      facts.source("cgroup_limit"),
    );
    if (!unbounded && goal < NEAR_CONTAINER * limit) return ruledOut(seen);
    if (facts.limit !== null) return ruledOut(seen, facts.evidence(`GOMEMLIMIT is ${mib(facts.limit)}`, ""));
    return present(
      deadShares(facts).beyondContainer,
      [
        seen,
        ...(kills > 0
          ? [facts.evidence(`the kernel has killed ${kills} times for it`, facts.source("cgroup_oom_kills"))]
          : []),
      ],
      facts.version.since(19) === false
        ? "Lower GOGC so that twice the live heap stays below the container's limit, or upgrade: Go 1.19 and later can be told a memory limit."
        : `Set GOMEMLIMIT${facts.version.since(19) === null ? " (Go 1.19 and later)" : ""} to 80-90% of the container's limit, here about ${mib(LIMIT_SHARE * limit)}; the runtime does not read the cgroup by itself.`,
    );
  },
};
