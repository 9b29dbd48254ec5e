import type { Facts } from "./facts.ts";
import { leakOf } from "./leak.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { mib } from "./text.ts";

export const goroutineLeak: Rule = {
  meta: { id: "goroutine-leak", number: 24, title: "Goroutines leak", since: null, until: null },
  audit(facts: Facts) {
    const count = facts.series("goroutines");
    if (!count || count.length < 6) {
      const stacks = facts.series("stack_inuse");
      if (
        stacks &&
        stacks.length > 8 &&
        stacks.last < 1.5 * stacks.at(stacks.lastT / 4) &&
        !facts.notable(stacks.last)
      ) {
        return ruledOut(
          facts.evidence(`stacks do not grow (${mib(stacks.last)} at the end)`, stacks.source, stacks.lastT),
        );
      }
      return notEnough(
        CAPTURE.goroutines,
        facts.evidence("the number of goroutines over time is not in the inputs", ""),
      );
    }
    const leak = leakOf(facts);
    const seen = facts.evidence(
      `${count.first} goroutines at first, at most ${count.max}, ${count.last} at the end`,
      count.source,
    );
    if (!leak) return ruledOut(seen);
    const bytes = leak.stacks + leak.heap;
    if (!facts.notable(bytes))
      return ruledOut(seen, facts.small(`what grew with them came to ${mib(bytes)}`, count.source));
    return present(
      bytes,
      [
        seen,
        facts.evidence(
          `meanwhile stacks grew by ${mib(leak.stacks)} and what is alive by ${mib(leak.heap)}`,
          facts.source("stack_inuse") || count.source,
        ),
      ],
      "Find where they wait: /debug/pprof/goroutine?debug=1 groups them by stack. Give each an end: a context, a closed channel, a timeout.",
    );
  },
};
