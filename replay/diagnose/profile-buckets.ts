import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { MiB, mib } from "./text.ts";

export const profileBuckets: Rule = {
  meta: {
    id: "profile-buckets",
    number: 25,
    title: "Profiling buckets: many different stacks",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const buckets = facts.series("buckhash_sys");
    if (!buckets) return notEnough(CAPTURE.memstats, facts.evidence("BuckHashSys is not in the inputs", ""));
    const seen = facts.evidence(`profiling buckets take ${mib(buckets.last)}`, buckets.source, buckets.lastT);
    if (buckets.last < Math.max(6 * MiB, 0.05 * facts.scale)) return ruledOut(seen);
    return present(
      buckets.last,
      [seen],
      facts.version.since(23) === true
        ? "GODEBUG=profstackdepth=32 keeps shorter stacks, and different ones then share a bucket; or raise runtime.MemProfileRate."
        : "Raise runtime.MemProfileRate (or set it to 0 at the start of main) so that fewer stacks are sampled; look for recursion that makes each stack different.",
    );
  },
};
