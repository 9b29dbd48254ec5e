import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { MiB, mib } from "./text.ts";

export const fileMappings: Rule = {
  meta: {
    id: "file-mappings",
    number: 28,
    title: "Pages of mapped files: RSS counts them, the system can drop them",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const file = facts.series("rss_file");
    if (!file) return notEnough(CAPTURE.status, facts.evidence("RssFile is not in the inputs", ""));
    const bytes = file.max;
    const seen = facts.evidence(`${mib(bytes)} of RSS are pages of files`, file.source, file.t[file.peak]!);
    if (bytes < Math.max(24 * MiB, 0.15 * facts.scale)) return ruledOut(seen);
    return present(
      bytes,
      [seen],
      "These are mapped files (a database like bbolt, or the program itself): clean pages that the system drops when it needs room. Judge by RssAnon instead, or map less.",
    );
  },
};
