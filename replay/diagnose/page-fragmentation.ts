import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { MiB, mib } from "./text.ts";

export const pageFragmentation: Rule = {
  meta: {
    id: "page-fragmentation",
    number: 15,
    title: "No free run is long enough: the heap grows though much of it is idle",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const sys = facts.series("heap_sys");
    const idle = facts.idle();
    const free = facts.free();
    const count = facts.series("num_gc");
    if (!sys || !idle || !free || sys.length < 8)
      return notEnough(CAPTURE.samples, facts.evidence("HeapIdle and HeapSys over time are not in the inputs", ""));
    let best = 0;
    let at = 0;
    let grown = 0;
    for (let i = 1; i < sys.length; i++) {
      const growth = sys.v[i]! - sys.v[i - 1]!;
      if (growth < MiB) continue;
      const before = sys.t[i - 1]!;
      const now = sys.t[i]!;
      // A GC in between may have freed what is idle now.
      if (count && count.at(before) !== count.at(now)) continue;
      const had = Math.min(idle.at(before), idle.at(now) - growth);
      if (had < Math.max(growth, 0.1 * sys.v[i - 1]!, 8 * MiB)) continue;
      grown += growth;
      const backed = Math.min(free.at(before), free.at(now), had);
      if (backed >= best) {
        best = backed;
        at = now;
      }
    }
    // Up to 1.16 the heap grows by whole arenas of 64 MiB, needed or not.
    if (facts.version.since(17) === false) grown = Math.max(0, grown - 64 * MiB);
    if (!facts.notable(best) || grown < facts.threshold / 2) {
      return ruledOut(
        facts.evidence(
          `the heap grew by ${mib(grown)} while free pages (at most ${mib(best)}) would have sufficed by size`,
          sys.source,
        ),
      );
    }
    return present(
      best,
      [
        facts.evidence(`the heap grew although ${mib(best)} were free and backed`, sys.source, at),
        facts.evidence(`growth of this kind came to ${mib(grown)}`, sys.source),
      ],
      "Large buffers find no gap among small survivors: allocate them once at their final size and reuse them, or use chunks of a fixed size (32 KiB or less fits anywhere).",
    );
  },
};
