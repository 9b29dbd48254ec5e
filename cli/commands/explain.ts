import { UsageError } from "../errors.ts";
import { escapeText } from "../escape.ts";
import { EXIT } from "../exit-codes.ts";
import { nearest } from "../nearest.ts";
import type { Command } from "./command.ts";

/** `gopages explain <cause>`: a cause's page. */
export const explainCommand: Command = {
  name: "explain",
  summary: "Explain a cause: what it is, how one knows, what to do",
  operands: "<cause>",
  options: {},
  examples: [["gopages explain gogc-headroom", "By its name, or by its number: gopages explain 1"]],
  async run(raw, { out }) {
    const names = (raw.inputs as string[]).map(String);
    const { RULES } = await import("../../replay/diagnose/rules.ts");
    const { causePage } = await import("../../replay/diagnose/page.ts");
    const pages: string[] = [];
    for (const name of names) {
      const rule = RULES.find(({ meta }) => meta.id === name || String(meta.number) === name);
      if (!rule) {
        const ids = RULES.map(({ meta }) => meta.id);
        const close = nearest(name, ids);
        // A word of it, else: "gogc".
        const likely = close !== undefined ? [close] : name === "" ? [] : ids.filter((id) => id.includes(name));
        throw new UsageError(
          `there is no cause ${escapeText(name)}`,
          likely.length > 0 && likely.length <= 4
            ? `Did you mean ${likely.join(", or ")}?`
            : "gopages causes lists them",
        );
      }
      pages.push((await causePage(rule)) ?? `# ${rule.meta.title}\n`);
    }
    await out.write(pages.join("\n"));
    return EXIT.ok;
  },
};
