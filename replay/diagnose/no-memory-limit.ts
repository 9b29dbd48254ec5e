import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { deadShares, LIMIT_SHARE } from "./shares.ts";
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
    const goals = facts.series("next_gc");
    const byGc = facts.gcs.reduce((most, gc) => Math.max(most, gc.goal || 0), 0);
    const unbounded = goals?.max === Number.POSITIVE_INFINITY;
    const goal = Math.max(byGc, goals && !unbounded ? goals.max : 0);
    if (goal === 0 && !unbounded)
      return notEnough(CAPTURE.gctrace, facts.evidence("heap goals are not in the inputs", ""));
    const kills = facts.last("cgroup_oom_kills");
    const seen = facts.evidence(
      `the heap's goal reached ${unbounded ? "no bound" : mib(goal)}; the cgroup's limit is ${mib(limit)}`,
      facts.source("cgroup_limit"),
    );
    if (!unbounded && goal < 0.95 * limit) return ruledOut(seen);
    return present(
      unbounded ? limit : Math.max(goal - limit, deadShares(facts).beyondContainer, 0.05 * limit),
      [
        seen,
        ...(kills > 0
          ? [facts.evidence(`the kernel has killed ${kills} times for it`, facts.source("cgroup_oom_kills"))]
          : []),
      ],
      facts.version.since(19) === false
        ? "Lower GOGC so that twice the live heap stays below the container's limit; Go 1.19 and later have GOMEMLIMIT."
        : `Set GOMEMLIMIT (Go 1.19+) to 80-90% of the container's limit, here about ${mib(LIMIT_SHARE * limit)}; the runtime does not read the cgroup by itself.`,
    );
  },
};
