import type { Facts } from "./facts.ts";
import { leakOf } from "./leak.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { mib } from "./text.ts";

function advice(facts: Facts): string {
  const causes = facts.version.since(21) === true ? ", deep recursion and inlining by PGO" : " and deep recursion";
  return `Fewer goroutines at once, or smaller frames: large arrays in local variables${causes} make stacks grow to the next power of two, and they shrink only by half at a GC.`;
}

export const stacks: Rule = {
  meta: { id: "stacks", number: 22, title: "Goroutine stacks", since: null, until: null },
  audit(facts: Facts) {
    const stacks = facts.series("stack_inuse");
    if (!stacks) {
      const most = facts.gcs.reduce((a, gc) => Math.max(a, gc.stacks || 0), 0);
      const seen = facts.evidence(`GCs scanned at most ${mib(most)} of stacks`, facts.gcSource);
      // What is scanned is only the part of stacks in use.
      return facts.gcs.length > 0 && facts.notable(most)
        ? present(most, [seen], advice(facts))
        : notEnough(
            CAPTURE.memstats,
            facts.gcs.length > 0 ? seen : facts.evidence("StackInuse is not in the inputs", ""),
          );
    }
    const leak = leakOf(facts);
    const half = stacks.length > 3 ? stacks.medianSince(facts.endT / 2) : stacks.last;
    const bytes = half - (leak?.stacks ?? 0);
    const seen = facts.evidence(
      `stacks take ${mib(half)} (most: ${mib(stacks.max)})`,
      stacks.source,
      stacks.t[stacks.peak]!,
    );
    if (!facts.notable(bytes)) {
      return leak
        ? ruledOut(
            seen,
            facts.evidence("their number grows without end: that is the cause", facts.source("goroutines")),
          )
        : ruledOut(seen);
    }
    const goroutines = facts.series("goroutines")?.medianSince(facts.endT / 2) ?? Number.NaN;
    return present(
      bytes,
      [
        seen,
        ...(goroutines > 0
          ? [
              facts.evidence(
                `${goroutines} goroutines, ${(half / goroutines / 1024).toFixed(1)} KiB each`,
                facts.source("goroutines"),
              ),
            ]
          : []),
      ],
      advice(facts),
    );
  },
};
