import { bucketsOf } from "./buckets.ts";
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
    const shown = bucketsOf(facts);
    if (!buckets && shown === 0)
      return notEnough(CAPTURE.memstats, facts.evidence("BuckHashSys is not in the inputs", ""));
    const bytes = buckets?.last ?? shown;
    const seen = buckets
      ? facts.evidence(`profiling buckets take ${mib(bytes)}`, buckets.source, buckets.lastT)
      : facts.evidence(
          `the profile's ${facts.profile!.profile.sampleCount} stacks and sizes have a bucket each: ${mib(bytes)}`,
          facts.profile!.source,
        );
    if (bytes < Math.max(6 * MiB, 0.05 * facts.scale)) return ruledOut(seen);
    return present(
      bytes,
      [seen],
      facts.version.since(23) === true
        ? "GODEBUG=profstackdepth=32 keeps shorter stacks, and different ones then share a bucket; or raise runtime.MemProfileRate."
        : "Raise runtime.MemProfileRate (or set it to 0 at the start of main) so that fewer stacks are sampled; look for recursion that makes each stack different.",
    );
  },
};
