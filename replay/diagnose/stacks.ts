import type { Facts } from "./facts.ts";
import { leakOf } from "./leak.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { Series } from "./series.ts";
import { mib } from "./text.ts";
import { stacksOfScan } from "./unseen.ts";

function advice(facts: Facts): string {
  const causes = facts.version.since(21) === true ? ", deep recursion and inlining by PGO" : " and deep recursion";
  return `Fewer goroutines at once, or smaller frames: large arrays in local variables${causes} make stacks grow to the next power of two, and they shrink only by half at a GC.`;
}

export const stacks: Rule = {
  meta: { id: "stacks", number: 22, title: "Goroutine stacks", since: null, until: null },
  audit(facts: Facts) {
    const stacks = facts.series("stack_inuse");
    if (!stacks) {
      const known = facts.gcs.filter((gc) => !Number.isNaN(gc.stacks));
      if (known.length === 0) return notEnough(CAPTURE.memstats, facts.evidence("StackInuse is not in the inputs", ""));
      const scans = new Series(
        known.map((gc) => gc.end),
        known.map((gc) => gc.stacks),
        facts.gcSource,
      );
      const usual = scans.length > 3 ? scans.medianSince(facts.endT / 2) : scans.max;
      const seen = facts.evidence(
        `GCs scanned ${mib(usual)} of stacks (most: ${mib(scans.max)}): the part of them that is in use`,
        facts.gcSource,
      );
      const count = facts.series("goroutines")?.medianSince(facts.endT / 2) ?? Number.NaN;
      const bytes = stacksOfScan(usual, count) - (leakOf(facts)?.stacks ?? 0);
      return facts.notable(bytes) ? present(bytes, [seen], advice(facts)) : notEnough(CAPTURE.memstats, seen);
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
