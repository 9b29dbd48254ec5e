import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut, suspected } from "./rule.ts";
import { METADATA, unexplained } from "./survivors.ts";
import { MiB, mib } from "./text.ts";
import { METADATA_SHARE } from "./unseen.ts";

/** What is resident for no other reason known, where a heap that was large has left no more than its metadata may be. */
function leftOver(facts: Facts): number {
  const inuse = facts.series("heap_inuse");
  const rest = unexplained(facts) + METADATA;
  if (!inuse || inuse.max < 64 * MiB || facts.settled(inuse) > 0.6 * inuse.max) return 0;
  return rest <= METADATA_SHARE * inuse.max && rest >= Math.max(8 * MiB, 0.08 * facts.rssEnd) ? rest : 0;
}

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
    if (!gc || !spans || !inuse) {
      const missing = facts.evidence("GCSys and MSpanSys are not in the inputs", "");
      const rest = leftOver(facts);
      if (!(rest > 0)) return notEnough(CAPTURE.memstats, missing);
      return suspected(
        rest,
        CAPTURE.memstats,
        missing,
        facts.evidence(
          `the heap had been ${mib(inuse!.max)}, and ${mib(rest)} are resident that are neither objects nor stacks`,
          facts.rss!.source,
          facts.endT,
        ),
      );
    }
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
