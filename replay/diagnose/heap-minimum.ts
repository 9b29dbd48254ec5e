import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { median } from "./series.ts";
import { MiB, mib } from "./text.ts";

/** Goals up to so many times the least: beyond it the goal is that of what is alive. */
const AT_LEAST = 1.5;
/** Not far above the least goal it is the same where GCs come that often, a second: a heap so small is full again at once. */
const SMALL = 2;
const OFTEN = 50;

function advice(facts: Facts): string {
  return facts.version.since(19) === true
    ? "Raise GOGC (400 costs some MiB here and spares most of the GCs), or GOGC=off with a GOMEMLIMIT that leaves room."
    : "Raise GOGC: with so little alive, 400 costs some MiB and spares most of the GCs.";
}

export const heapMinimum: Rule = {
  meta: {
    id: "heap-minimum",
    number: 36,
    title: "The heap minimum: a tiny heap is collected very often",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const { gcs } = facts;
    const gogc = typeof facts.settings.gogc === "number" ? facts.settings.gogc : 100;
    const least = (4 * MiB * gogc) / 100;
    if (gcs.length < 5) {
      const count = facts.series("num_gc");
      const goal = facts.series("next_gc");
      if (!count || count.length < 3 || !goal)
        return notEnough(CAPTURE.gctrace, facts.evidence(`${gcs.length} GC cycles in the inputs`, facts.gcSource));
      const rate = (count.last - count.first) / Math.max(1e-9, (count.lastT - count.t[0]!) / 1e9);
      const seen = facts.evidence(
        `${rate.toFixed(1)} GCs a second, with a goal of ${mib(median(goal.v))}`,
        goal.source,
      );
      return rate >= 10 && median(goal.v) <= least * (rate >= OFTEN ? SMALL : AT_LEAST)
        ? present(least, [seen], advice(facts))
        : ruledOut(seen);
    }
    const rate = (gcs.length - 1) / Math.max((gcs.at(-1)!.t - gcs[0]!.t) / 1e9, 1e-3);
    const goal = median(gcs.map((gc) => gc.goal));
    const live = median(gcs.map((gc) => gc.marked));
    const seen = facts.evidence(
      `${rate.toFixed(1)} GCs a second; their median found ${mib(live)} alive under a goal of ${mib(goal)}`,
      facts.gcSource,
    );
    if (rate < 10 || goal > least * (rate >= OFTEN ? SMALL : AT_LEAST) || live > least) return ruledOut(seen);
    return present(
      least,
      [seen, facts.evidence(`the least goal is 4 MiB x GOGC/100 = ${mib(least)}`, "")],
      advice(facts),
    );
  },
};
