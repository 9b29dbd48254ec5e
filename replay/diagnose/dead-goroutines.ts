import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut, suspected } from "./rule.ts";
import { mib } from "./text.ts";

/** Slot of runtime.g, about: 384 bytes in Go 1.11 to 448 in 1.27 (runtime2.go). */
const DESCRIPTOR = 440;
/** The smallest stack of a goroutine (stack.go:stackMin). */
const LEAST_STACK = 2048;
const LEAST = 4 * 2 ** 20;
const ADVICE =
  "Bound how many goroutines run at once (a semaphore, a pool of workers): the runtime keeps descriptors for reuse and never frees them (proc.go:gfput, allgs), and their number is that of the worst moment.";

export const deadGoroutines: Rule = {
  meta: {
    id: "dead-goroutines",
    number: 23,
    title: "Descriptors of finished goroutines stay for ever",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const fact = facts.profile;
    const count = facts.series("goroutines");
    if (fact) {
      const { bytes, objects } = facts.liveUnder(/^runtime\.(malg|allgadd)$/, fact.profile);
      const counted = count?.last ?? Number.NaN;
      // Where they were not counted, no more are alive than have a stack.
      const alive = Number.isNaN(counted) ? facts.last("stack_inuse") / LEAST_STACK : counted;
      const dead = objects === 0 ? 0 : bytes * Math.max(0, 1 - (alive || 0) / objects);
      const seen = facts.evidence(
        `${mib(bytes)} are alive under runtime.malg: ${Math.round(objects)} descriptors${Number.isNaN(alive) ? "" : `, ${Number.isNaN(counted) ? "at most " : ""}${Math.round(alive)} goroutines`}`,
        fact.source,
      );
      if (dead >= LEAST && Number.isNaN(alive))
        return suspected(
          dead,
          CAPTURE.goroutines,
          seen,
          facts.evidence("how many goroutines there are is not in the inputs", ""),
        );
      if (dead >= LEAST) return present(dead, [seen], ADVICE);
      if (!count || count.max * DESCRIPTOR < LEAST) return ruledOut(seen);
    }
    if (!count || count.length < 3) {
      return notEnough(
        CAPTURE.profile,
        facts.evidence("neither the number of goroutines over time nor a heap profile is in the inputs", ""),
      );
    }
    const dead = count.max - count.last;
    const bytes = dead * (DESCRIPTOR + 8);
    const seen = facts.evidence(
      `at most ${count.max} goroutines, ${count.last} at the end: ${Math.round(dead)} descriptors of some ${DESCRIPTOR} bytes stay`,
      count.source,
      count.t[count.peak]!,
    );
    return bytes >= LEAST ? present(bytes, [seen], ADVICE) : ruledOut(seen);
  },
};
