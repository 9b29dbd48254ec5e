import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { MiB, mib } from "./text.ts";

export const metadataStays: Rule = {
  meta: {
    id: "metadata-stays",
    number: 26,
    title: "The runtime's metadata does not shrink with the heap",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const gc = facts.series("gc_sys");
    const spans = facts.series("mspan_sys");
    const inuse = facts.series("heap_inuse");
    if (!gc || !spans || !inuse)
      return notEnough(CAPTURE.memstats, facts.evidence("GCSys and MSpanSys are not in the inputs", ""));
    const bytes = gc.last + spans.last + (facts.last("mcache_sys") || 0);
    const rssEnd = Number.isNaN(facts.rssEnd) ? facts.scale : facts.rssEnd;
    const now = facts.settled(inuse);
    const seen = facts.evidence(
      `GCSys ${mib(gc.last)}, MSpanSys ${mib(spans.last)}; the heap in use is ${mib(now)}, and was ${mib(inuse.max)}`,
      gc.source,
      gc.lastT,
    );
    // A heap that was never large leaves no more than any program has.
    if (bytes < Math.max(8 * MiB, 0.08 * rssEnd) || (inuse.length > 2 && inuse.max < 64 * MiB)) return ruledOut(seen);
    if (inuse.length <= 2) return bytes >= 0.2 * rssEnd ? notEnough(CAPTURE.samples, seen) : ruledOut(seen);
    if (now > 0.6 * inuse.max) return ruledOut(seen);
    return present(
      bytes,
      [seen],
      "Metadata is sized by the largest heap that the process ever had and stays: keep the peak lower, or restart after it.",
    );
  },
};
