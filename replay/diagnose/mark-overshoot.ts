import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { MiB, mib } from "./text.ts";

/** A program's first cycles overshoot tiny goals. */
const LEAST_GOAL = 16 * MiB;

/** Share of the goal: the pacer aims at it and misses by some per cent in any program (mgcpacer.go). */
const FAR = 0.25;

export const markOvershoot: Rule = {
  meta: {
    id: "mark-overshoot",
    number: 13,
    title: "The heap outgrew its goal while the GC was marking",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    // A goal close to what is alive, or below it, is what a memory limit leaves: that is a cause of its own.
    const cycles = facts.gcs.filter(
      (gc, i) =>
        Number.isFinite(gc.heapEnd) && gc.goal >= LEAST_GOAL && !(gc.goal < 1.1 * (facts.gcs[i - 1]?.marked ?? 0)),
    );
    if (cycles.length === 0)
      return notEnough(CAPTURE.gctrace, facts.evidence("no GC cycles with their goals in the inputs", ""));
    const over = (gc: (typeof cycles)[number]) => gc.heapEnd - Math.max(gc.goal, gc.heapStart);
    const worst = cycles.reduce((a, b) => (over(b) > over(a) ? b : a));
    const bytes = over(worst);
    const seen = facts.evidence(
      `GC ${worst.n} began with ${mib(worst.heapStart)}, had a goal of ${mib(worst.goal)} and ended with ${mib(worst.heapEnd)}`,
      facts.gcSource,
      worst.t,
    );
    if (bytes < Math.max(20 * MiB, facts.threshold, FAR * worst.goal)) return ruledOut(seen);
    return present(
      bytes,
      [seen],
      "Leave room for it: it comes where allocation outruns marking, or where far more is found alive than the cycle before. Spread bulk allocation over time; more Ps mark faster.",
    );
  },
};
