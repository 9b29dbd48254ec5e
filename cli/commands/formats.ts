import { UsageError } from "../errors.ts";
import { safeJson } from "../escape.ts";
import { EXIT } from "../exit-codes.ts";
import { MESSAGES } from "../messages.ts";
import type { Command } from "./command.ts";

/** `gopages formats`: every input there is, what it tells and how to record it. */
export const formatsCommand: Command = {
  name: "formats",
  summary: "List the inputs that gopages reads, what each tells, and how to record it",
  inputsOptional: true,
  operands: "",
  options: { json: { type: "boolean", describe: MESSAGES.optionJson } },
  examples: [["gopages formats", "List them"]],
  async run(raw, { out }) {
    if ((raw.inputs as string[]).length > 0) {
      throw new UsageError("formats takes no inputs", "Try: gopages replay <input>; the content tells its format");
    }
    const [{ FORMATS }, { COLUMNS, wrap }] = await Promise.all([
      import("../../parsers/registry.ts"),
      import("../report/text.ts"),
    ]);
    if (raw.json === true) {
      const rows = FORMATS.map(({ id, title, gives, record, evidence }) => ({ id, title, gives, record, evidence }));
      await out.write(`${safeJson(rows, 1)}\n`);
      return EXIT.ok;
    }
    const lines: string[] = [];
    for (const { id, title, gives, record, evidence } of FORMATS) {
      lines.push(`${id}: ${title}`);
      for (const line of wrap(`${gives} (${evidence})`, COLUMNS - 4)) lines.push(`    ${line}`);
      // A command is to be copied: it is never broken.
      for (const line of record.split("\n")) lines.push(`    $ ${line}`);
      lines.push("");
    }
    lines.push("Content decides the format, never the name; gzip and zstd are seen through.");
    lines.push("Several inputs, or a folder of them, are one run joined on one clock.");
    await out.write(`${lines.join("\n")}\n`);
    return EXIT.ok;
  },
};
