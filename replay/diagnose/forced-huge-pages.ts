import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { mib } from "./text.ts";

export const forcedHugePages: Rule = {
  meta: {
    id: "forced-huge-pages",
    number: 19,
    title: "The runtime forced huge pages (Go 1.21.0 to 1.21.3)",
    since: 21,
    until: 21,
  },
  audit(facts: Facts) {
    const inRange = facts.version.patches(21, 0, 3);
    if (inRange === false) return ruledOut(facts.evidence(`${facts.version.text} is none of 1.21.0 to 1.21.3`, ""));
    if (inRange === null)
      return notEnough(
        "go version -m ./program",
        facts.evidence(`${facts.version.text}: the patch release is not known (give --go)`, ""),
      );
    const huge = facts.series("anon_huge");
    if (!huge)
      return notEnough(CAPTURE.smaps, facts.evidence(`${facts.version.text}; AnonHugePages is not in the inputs`, ""));
    const bytes = Math.min(huge.last, Math.max(facts.excess?.bytes ?? huge.last, 0));
    const seen = facts.evidence(`${mib(huge.last)} are in huge pages`, huge.source, huge.lastT);
    if (!facts.notable(bytes)) return ruledOut(seen);
    return present(
      bytes,
      [seen, facts.evidence(`${facts.version.text} calls MADV_HUGEPAGE and MADV_COLLAPSE on its heap`, "")],
      "Upgrade to Go 1.21.4 or later.",
    );
  },
};
