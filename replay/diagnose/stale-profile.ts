import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { mib } from "./text.ts";

/** A program that allocated in all no more than this times what it holds has dropped next to nothing. */
const HOARDS = 1.4;
const HOARDED = "of all that was allocated by then nearly nothing had been dropped";
const LATE = 0.3;

/** What was alive at `t`, by whatever tells: the GC before, the GC after, or that hardly anything was ever dropped. */
function aliveAt(facts: Facts, t: number): { live: number; by: string; at: number } {
  const runtime = facts.series("heap_live");
  const before = runtime && runtime.max > 0 ? runtime.at(t) : (facts.gcBefore(t)?.marked ?? Number.NaN);
  let best = { live: before, by: "the runtime's last GC before it found", at: t };
  const alloc = facts.series("heap_alloc");
  if (!alloc) return best;
  const then = alloc.at(t);
  const next = facts.gcs.find((gc) => gc.t > t);
  const found = Math.min(then, next?.marked ?? Number.NaN);
  if (found > (best.live || 0)) best = { live: found, by: "and the next GC found", at: next!.end };
  const total = allocatedBy(facts, t);
  if (total <= HOARDS * then && then > 1.25 * (best.live || 0))
    best = {
      live: then,
      by: "of all that was allocated by then nearly nothing had been dropped, HeapAlloc was",
      at: t,
    };
  return best;
}

/** A recording that begins with less than this share of what there is later shows all that was ever allocated. */
const BEGINS_SMALL = 0.2;

/** All that was allocated by `t`: as measured, else what there is and what GCs found dead, of a recording from a program's beginning on. */
function allocatedBy(facts: Facts, t: number): number {
  if (facts.series("total_alloc")) return facts.at("total_alloc", t);
  const alloc = facts.series("heap_alloc");
  if (!alloc || alloc.length < 3 || alloc.first > BEGINS_SMALL * alloc.at(t)) return Number.NaN;
  let total = alloc.at(t);
  for (const gc of facts.gcs) if (gc.end <= t) total += Math.max(0, gc.heapEnd - gc.marked) || 0;
  return total;
}

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
    const { live, by, at } = aliveAt(facts, t);
    if (!Number.isFinite(live)) {
      return notEnough(
        CAPTURE.gctrace,
        facts.evidence(`the profile shows ${mib(seen)}; nothing else says what was alive then`, fact.source),
      );
    }
    const missing = live - seen;
    const both = facts.evidence(`the profile shows ${mib(seen)} alive, ${by} ${mib(live)}`, fact.source, at);
    if (missing < Math.max(facts.threshold, 0.4 * live)) return ruledOut(both);
    // Up to two cycles late is what every profile is; of a heap that doubles with each it then shows a quarter.
    const natural = by.startsWith(HOARDED) && seen > LATE * live;
    // Of several without the time of each, the last may be of long before: it is older than the growth for no reason of the runtime's.
    const undated = Number.isNaN(fact.t) && facts.input.profiles.length > 1;
    return present(
      natural || undated ? 0 : missing,
      [both],
      "Take the profile at the peak, after two GCs (/debug/pprof/heap?gc=1 runs one): a profile shows what was alive at the last cycle that was swept completely.",
    );
  },
};
