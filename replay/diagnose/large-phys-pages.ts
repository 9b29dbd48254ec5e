import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { freeShares, ownerOfFree } from "./shares.ts";
import { mib } from "./text.ts";

export const largePhysPages: Rule = {
  meta: {
    id: "large-phys-pages",
    number: 16,
    title: "Pages of the system are larger than the runtime's: only aligned runs can go back",
    since: 12,
    until: null,
  },
  audit(facts: Facts) {
    const size = facts.settings.physPageSize;
    if (size === null) {
      return notEnough(
        "gopages diagnose --phys-page-size $(getconf PAGESIZE) ...",
        facts.evidence("the system's page size is not in the inputs (4 KiB is assumed)", ""),
      );
    }
    if (size <= 8192)
      return ruledOut(facts.evidence(`the system's pages are ${size / 1024} KiB, no larger than the runtime's`, ""));
    const shares = freeShares(facts);
    if (!shares)
      return notEnough(
        CAPTURE.samples,
        facts.evidence(`pages of ${size / 1024} KiB; free memory is not in the inputs`, ""),
      );
    const seen = facts.evidence(
      `${mib(shares.free)} free and not returned, with pages of ${size / 1024} KiB`,
      facts.source("heap_inuse"),
      shares.t,
    );
    if (ownerOfFree(facts) !== "big-pages") return ruledOut(seen);
    return present(
      shares.over,
      [seen, facts.evidence(`only aligned runs of ${size / 8192} free pages of the runtime can be returned`, "")],
      "Use a kernel with 4 KiB pages, or fewer small long-lived objects among short-lived ones; gopages whatif --phys-page-size 4KiB shows what that gives.",
    );
  },
};
