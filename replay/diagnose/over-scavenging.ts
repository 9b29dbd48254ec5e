import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { mib, seconds } from "./text.ts";

/** Share of all memory that goes and comes back, each second. */
const BUSY = 0.1;

export const overScavenging: Rule = {
  meta: {
    id: "over-scavenging",
    number: 37,
    title: "Memory is returned and taken back again and again",
    since: 13,
    until: null,
  },
  audit(facts: Facts) {
    const released = facts.series("heap_released");
    const { scavs } = facts.input;
    if ((!released || released.length < 8) && scavs.length < 3)
      return notEnough(CAPTURE.gctrace, facts.evidence("returned memory over time is not in the inputs", ""));
    let back = 0;
    if (released) for (let i = 1; i < released.length; i++) back += Math.max(0, released.v[i - 1]! - released.v[i]!);
    const work = scavs.reduce((sum, s) => sum + s.work + s.eager, 0);
    const moved = Math.max(back, work);
    const near = facts.limit !== null && facts.version.since(19) !== false && facts.scale > 0.9 * facts.limit;
    const source = released?.source ?? facts.gcSource;
    const seen = facts.evidence(
      `${mib(moved)} were returned and used again in ${seconds(facts.endT)}${near ? ", close to the memory limit" : ""}`,
      source,
    );
    const old = facts.version.between(13, 14) === true;
    const rate = moved / (facts.endT / 1e9);
    if (
      facts.endT < 1e9 ||
      moved < (near ? facts.scale / 3 : 2 * facts.scale) ||
      rate < BUSY * facts.scale ||
      !(near || old)
    )
      return ruledOut(seen);
    return present(
      0,
      [seen, facts.evidence("it costs page faults and CPU time, not memory", source)],
      old
        ? "Go 1.15 and later pace it better; drop a ballast if there is one."
        : "Leave 5 to 10% between what the program needs and GOMEMLIMIT.",
    );
  },
};
