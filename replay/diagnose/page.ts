/** The pages for people that lie beside the rules. */
import { readFile } from "node:fs/promises";
import type { Rule } from "./rule.ts";

/** The Markdown of a cause; null when it was not shipped. */
export async function causePage(rule: Rule): Promise<string | null> {
  const name = `${rule.meta.id}.md`;
  // Compiled, this file is dist/replay/diagnose/page.js; the pages are copied beside it, and are in replay/diagnose of a checkout.
  for (const folder of ["./", "../../../replay/diagnose/"]) {
    try {
      return await readFile(new URL(folder + name, import.meta.url), "utf8");
    } catch {
      // Not in this place.
    }
  }
  return null;
}
