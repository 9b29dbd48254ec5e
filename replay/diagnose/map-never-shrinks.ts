import type { Facts } from "./facts.ts";
import { doublingSite, emptiedBy, mayBeBlocks } from "./map-sites.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut, suspected } from "./rule.ts";
import { mib } from "./text.ts";

function advice(facts: Facts): string {
  const { version } = facts;
  const removing = version.since(21) === true ? "delete and clear keep" : "delete keeps";
  const swiss = version.since(24) === true ? ", the maps of Go 1.24 and later too" : "";
  return `Build a new map now and then (copy what is left into make(map[K]V, n)) and drop the old one: ${removing} its room${swiss}. With pointers as values at least the values go.`;
}

export const mapNeverShrinks: Rule = {
  meta: { id: "map-never-shrinks", number: 32, title: "Maps keep their room after deletes", since: null, until: null },
  audit(facts: Facts) {
    // The last one: a map that the heaviest showed may have gone as a whole.
    const fact = facts.profile;
    if (!fact) return notEnough(CAPTURE.profile, facts.evidence("no heap profile was given", ""));
    const visible = facts.liveUnder(
      /^(runtime\.(mapassign|makemap|growWork|hashGrow)|internal\/runtime\/maps\.)/,
      fact.profile,
    );
    const guess = doublingSite(fact.profile);
    const live = fact.profile.totals().inuseBytes;
    const bytes = Math.max(visible.bytes, guess?.bytes ?? 0);
    if (!facts.notable(bytes) || bytes < 0.2 * live) {
      return live > 0
        ? ruledOut(
            facts.evidence(
              `no place of the profile holds much in blocks that double, as maps do (of ${mib(live)} alive)`,
              fact.source,
            ),
          )
        : notEnough(CAPTURE.profile, facts.evidence("the profile is empty", fact.source));
    }
    const seen = facts.evidence(
      guess && guess.bytes >= visible.bytes
        ? `${guess.name} holds ${mib(guess.bytes)} ${guess.steps > 0 ? `in blocks that doubled ${guess.steps} times` : "in blocks of one size that were split in two as they filled"}, as a map's do`
        : `${mib(visible.bytes)} are alive under the runtime's map functions`,
      fact.source,
    );
    // That it is a map is half of it; that it has been emptied, objects that were freed while its bytes stayed tell.
    const emptied = emptiedBy(facts, bytes);
    const byTables = guess !== null && guess.bytes >= visible.bytes && guess.steps === 0;
    if (!emptied || (byTables && mayBeBlocks(facts, guess)))
      return suspected(
        bytes,
        CAPTURE.series,
        seen,
        facts.evidence("whether the map is mostly empty no profile tells: compare len(m) with its highest value", ""),
      );
    return present(bytes, [seen, emptied], advice(facts));
  },
};
