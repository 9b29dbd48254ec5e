import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { MiB, mib } from "./text.ts";

export const pageCache: Rule = {
  meta: {
    id: "page-cache",
    number: 29,
    title: "The container is charged for the file cache",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const file = facts.series("cgroup_file");
    if (!file) return notEnough(CAPTURE.cgroup, facts.evidence("the cgroup's memory.stat is not in the inputs", ""));
    const usage = facts.last("cgroup_usage");
    const seen = facts.evidence(
      `${mib(file.last)} of the cgroup's ${Number.isNaN(usage) ? "usage" : mib(usage)} are file cache`,
      file.source,
    );
    if (file.last < Math.max(16 * MiB, 0.1 * (Number.isNaN(usage) ? facts.scale : usage))) return ruledOut(seen);
    return present(
      file.last,
      [seen],
      "Look at the working set (usage minus inactive_file) or at RSS: the cache is dropped when the container needs room. Large sequential reads can avoid it with O_DIRECT or fadvise.",
    );
  },
};
