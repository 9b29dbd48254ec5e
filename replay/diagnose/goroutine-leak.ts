import type { Facts } from "./facts.ts";
import { leakOf } from "./leak.ts";
import { CAPTURE, type Evidence, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { mib } from "./text.ts";

/** Where most of them wait, by a dump. */
function waiting(facts: Facts): Evidence[] {
  const last = facts.input.goroutines.at(-1);
  const group = last?.dump.groups[0];
  if (!last || !group || group.count < 0.5 * last.dump.total) return [];
  const own = group.frames.find((frame) => !frame.startsWith("runtime.")) ?? group.frames[0] ?? "an unknown function";
  const state = group.state === "" ? "" : `, state "${group.state}"`;
  return [facts.evidence(`${group.count} of ${last.dump.total} goroutines wait in ${own}${state}`, last.source)];
}

export const goroutineLeak: Rule = {
  meta: { id: "goroutine-leak", number: 24, title: "Goroutines leak", since: null, until: null },
  audit(facts: Facts) {
    const count = facts.series("goroutines");
    const stacks = facts.series("stack_inuse");
    const leak = leakOf(facts);
    if (!leak && (!count || count.length < 6)) {
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
        ...waiting(facts),
      );
    }
    const seen =
      leak?.byCount === false
        ? facts.evidence(`stacks grew from ${mib(leak.from)} to ${mib(leak.to)} and never shrank`, stacks!.source)
        : facts.evidence(
            `${count!.first} goroutines at first, at most ${count!.max}, ${count!.last} at the end`,
            count!.source,
          );
    if (!leak) return ruledOut(seen);
    const bytes = leak.stacks + leak.heap;
    if (!facts.notable(bytes))
      return ruledOut(seen, facts.small(`what grew with them came to ${mib(bytes)}`, seen.source));
    return present(
      bytes,
      [
        seen,
        facts.evidence(
          `meanwhile stacks grew by ${mib(leak.stacks)} and what is alive by ${mib(leak.heap)}`,
          facts.source("stack_inuse") || seen.source,
        ),
        ...waiting(facts),
      ],
      "Find where they wait: /debug/pprof/goroutine?debug=1 groups them by stack. Give each an end: a context, a closed channel, a timeout.",
    );
  },
};
