import { UsageError } from "../errors.ts";
import { safeJson } from "../escape.ts";
import { EXIT } from "../exit-codes.ts";
import { MESSAGES } from "../messages.ts";
import type { Command } from "./command.ts";

/** `gopages causes`: every cause that diagnose knows. */
export const causesCommand: Command = {
  name: "causes",
  summary: "List the causes of a high RSS that diagnose knows",
  inputsOptional: true,
  operands: "",
  options: { json: { type: "boolean", describe: MESSAGES.optionJson } },
  examples: [["gopages causes", "List them"]],
  async run(raw, { out }) {
    if ((raw.inputs as string[]).length > 0)
      throw new UsageError("causes takes no inputs", "Try: gopages explain <cause>");
    const { RULES } = await import("../../replay/diagnose/rules.ts");
    if (raw.json === true) {
      await out.write(
        `${safeJson(
          RULES.map(({ meta }) => meta),
          1,
        )}\n`,
      );
      return EXIT.ok;
    }
    const { versionsOf } = await import("../report/diagnose.ts");
    const width = Math.max(...RULES.map(({ meta }) => meta.id.length));
    const lines = RULES.map(
      ({ meta }) => `${String(meta.number).padStart(2)}  ${meta.id.padEnd(width)}  ${meta.title}${versionsOf(meta)}`,
    );
    await out.write(`${lines.join("\n")}\n\nA cause's page: gopages explain <cause>\n`);
    return EXIT.ok;
  },
};
