import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, type Rule } from "./rule.ts";

export const finalizers: Rule = {
  meta: {
    id: "finalizers",
    number: 35,
    title: "Objects with finalizers live a GC longer, or for ever in a cycle",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const runner = facts.version.since(25) === false ? "runtime.runfinq" : "runtime.runFinalizers";
    return notEnough(
      CAPTURE.goroutines,
      facts.evidence(
        `no statistic and no heap profile shows the queue of finalizers: look for a goroutine in ${runner} that does not come to an end`,
        "",
      ),
    );
  },
};
