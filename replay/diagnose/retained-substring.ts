import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { mib } from "./text.ts";

const READERS =
  /(^|[./])(ReadAll|ReadFile|ReadString|ReadBytes|ReadLine)$|^(strings\.\(\*Builder\)|bytes\.\(\*Buffer\)\.String$|strings\.(Repeat|Join)$|bufio\.\(\*Scanner\)\.Text$)/;

export const retainedSubstring: Rule = {
  meta: { id: "retained-substring", number: 33, title: "A small part pins its whole buffer", since: null, until: null },
  audit(facts: Facts) {
    const fact = facts.heaviestProfile;
    if (!fact) return notEnough(CAPTURE.profile, facts.evidence("no heap profile was given", ""));
    const live = fact.profile.totals().inuseBytes;
    const readers = facts.liveUnder(READERS);
    const mean = readers.objects > 0 ? readers.bytes / readers.objects : 0;
    const seen = facts.evidence(
      `${mib(readers.bytes)} of ${mib(live)} alive were allocated by reading or building whole texts: ${Math.round(readers.objects)} buffers of ${Math.round(mean)} bytes on average`,
      fact.source,
    );
    if (!facts.notable(readers.bytes) || readers.bytes < 0.2 * live) {
      const top = facts.sites[0];
      if (top && facts.notable(top.inuseBytes) && top.inuseBytes / top.inuseObjects >= 256) {
        return notEnough(
          CAPTURE.trace,
          facts.evidence(
            `${top.frame.function} holds ${mib(top.inuseBytes)} in blocks of ${Math.round(top.inuseBytes / top.inuseObjects)} bytes: whether all of each is used no profile tells`,
            fact.source,
          ),
        );
      }
      return ruledOut(seen);
    }
    if (mean < 1024) return ruledOut(seen);
    return present(
      readers.bytes,
      [seen, facts.evidence("texts that were read whole stay alive by the parts that are kept of them", fact.source)],
      facts.version.since(18) === false
        ? "Copy what is kept: string([]byte(part)), or append([]byte(nil), part...)."
        : "Copy what is kept: strings.Clone(part) (Go 1.18+), bytes.Clone(part) (Go 1.20+).",
    );
  },
};
