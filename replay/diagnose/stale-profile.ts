import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { mib } from "./text.ts";

export const staleProfile: Rule = {
  meta: {
    id: "stale-profile",
    number: 2,
    title: "The heap profile is older than the growth",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const fact = facts.profile;
    if (!fact) return notEnough(CAPTURE.profile, facts.evidence("no heap profile was given", ""));
    const seen = fact.profile.totals().inuseBytes;
    if (fact.profile.sampleCount === 0 || fact.profile.data.period <= 0)
      return notEnough(CAPTURE.profile, facts.evidence("the profile is empty (MemProfileRate 0?)", fact.source));
    const t = Number.isNaN(fact.t) ? facts.endT : fact.t;
    const runtime = facts.series("heap_live");
    const live = runtime && runtime.max > 0 ? runtime.at(t) : (facts.gcBefore(t)?.marked ?? Number.NaN);
    if (!Number.isFinite(live)) {
      return notEnough(
        CAPTURE.gctrace,
        facts.evidence(`the profile shows ${mib(seen)}; nothing else says what was alive then`, fact.source),
      );
    }
    const missing = live - seen;
    const both = facts.evidence(
      `the profile shows ${mib(seen)} alive, the runtime's last GC before it ${mib(live)}`,
      fact.source,
      t,
    );
    if (missing < Math.max(facts.threshold, 0.4 * live)) return ruledOut(both);
    return present(
      missing,
      [both],
      "Take the profile at the peak, after two GCs (/debug/pprof/heap?gc=1 runs one): a profile shows what was alive at the last cycle that was swept completely.",
    );
  },
};
