import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { mayBeRoom, roomEvidence } from "./survivors.ts";
import { MiB, mib } from "./text.ts";

export const releasedGauge: Rule = {
  meta: {
    id: "released-gauge",
    number: 31,
    title: "HeapReleased is a gauge: it falls when memory is used again",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const released = facts.series("heap_released");
    if (!released || released.length < 3)
      return notEnough(CAPTURE.samples, facts.evidence("HeapReleased over time is not in the inputs", ""));
    let high = 0;
    let drop = 0;
    let at = 0;
    for (let i = 0; i < released.length; i++) {
      const v = released.v[i]!;
      if (v > high) high = v;
      if (high - v > drop) {
        drop = high - v;
        at = released.t[i]!;
      }
    }
    const seen = facts.evidence(`HeapReleased fell by ${mib(drop)} from its highest`, released.source, at);
    if (drop < 16 * MiB || drop < 0.25 * high) return ruledOut(seen);
    if (mayBeRoom(facts, drop)) return notEnough(CAPTURE.samples, seen, roomEvidence(facts));
    return present(
      0,
      [seen, facts.evidence("it explains no bytes of RSS", released.source)],
      `Nothing to do: returned pages were used again. What was ever returned is in the ${facts.version.since(14) === false ? "scvg lines of GODEBUG=gctrace=1" : "scav lines (GODEBUG=scavtrace=1)"}, not in HeapReleased.`,
    );
  },
};
