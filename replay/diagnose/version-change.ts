import type { Facts } from "./facts.ts";
import { notEnough, type Rule } from "./rule.ts";

export const versionChange: Rule = {
  meta: {
    id: "version-change",
    number: 21,
    title: "Another Go version manages the same load differently",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    return notEnough(
      "gopages compare OLD NEW",
      facts.evidence(
        `${facts.version.text}; this takes the same load under two versions (1.14, 1.16 and 1.26 changed most)`,
        "",
      ),
    );
  },
};
