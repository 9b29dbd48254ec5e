import type { Facts } from "./facts.ts";
import { notEnough, present, type Rule, ruledOut } from "./rule.ts";

export const otherOs: Rule = {
  meta: {
    id: "other-os",
    number: 38,
    title: "RSS means something else on macOS and Windows",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const linuxOnly = (["rss_anon", "smaps_rss", "rss_file", "cgroup_usage"] as const).some((name) =>
      facts.series(name),
    );
    const os = facts.settings.os ?? (linuxOnly ? "linux" : null);
    if (os === null)
      return notEnough("gopages diagnose --os OS ...", facts.evidence("the operating system is not in the inputs", ""));
    if (os === "linux") return ruledOut(facts.evidence("the program ran on Linux", ""));
    return present(
      0,
      [facts.evidence(`the program ran on ${os}`, "")],
      os === "darwin" || os === "macos"
        ? "On macOS returned pages (MADV_FREE_REUSABLE) stay in RSS until taken; look at the physical footprint (vmmap -summary PID)."
        : "On Windows memory is committed and decommitted; look at the private working set and at the commit size, not at one of them alone.",
    );
  },
};
