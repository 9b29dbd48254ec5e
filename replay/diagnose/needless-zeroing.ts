import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut, suspected } from "./rule.ts";
import { mib } from "./text.ts";

/** Where so much of what is alive is large objects, what a profile does not show yet is taken to be, too. */
const MOSTLY = 0.7;

export const needlessZeroing: Rule = {
  meta: {
    id: "needless-zeroing",
    number: 20,
    title: "Fresh pages of large objects are zeroed and so become resident (Go 1.24.0 to 1.24.4)",
    since: 24,
    until: 24,
  },
  audit(facts: Facts) {
    const inRange = facts.version.patches(24, 0, 4);
    if (inRange === false) return ruledOut(facts.evidence(`${facts.version.text} is none of 1.24.0 to 1.24.4`, ""));
    if (inRange === null && facts.version.minor === null)
      return notEnough(
        "go version -m ./program",
        facts.evidence(`${facts.version.text}: the patch release is not known (give --go)`, ""),
      );
    const fact = facts.heaviestProfile;
    if (!fact)
      return notEnough(
        CAPTURE.profile,
        facts.evidence(
          `${facts.version.text} does this to large objects with pointers; a heap profile shows whether there are any`,
          "",
        ),
      );
    const u = fact.profile.unsampled();
    let shown = 0;
    for (let s = 0; s < u.size.length; s++) if (u.size[s]! > 32760) shown += u.inuseBytes[s]!;
    // The profile is as old as the last GCs; the heap may have grown since.
    const all = fact.profile.totals().inuseBytes;
    const alloc = facts.series("heap_alloc")?.last ?? all;
    const large = shown >= MOSTLY * all ? Math.max(shown, (shown / all) * alloc) : shown;
    const seen = facts.evidence(
      `${mib(shown)} of ${mib(all)} that the profile shows are in objects above 32 KiB${large > shown ? `; HeapAlloc came to ${mib(alloc)}` : ""}`,
      fact.source,
    );
    if (!facts.notable(large)) return ruledOut(seen);
    if (inRange === null)
      return suspected(
        large,
        "go version -m ./program",
        seen,
        facts.evidence(`${facts.version.text}: the patch release is not known (give --go)`, ""),
      );
    return present(
      large,
      [
        seen,
        facts.evidence(
          `${facts.version.text}: such objects are zeroed even on fresh pages when they have pointers; up to this much is resident for no use`,
          "",
        ),
      ],
      "Upgrade to Go 1.24.6 or later.",
    );
  },
};
