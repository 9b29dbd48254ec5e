import { UsageError } from "../errors.ts";
import { escapeText } from "../escape.ts";
import { EXIT } from "../exit-codes.ts";
import type { Command } from "./command.ts";
import { EXPORT_NAMES } from "./export.ts";

/** `gopages completion`: a script for the shell. */
export const completionCommand: Command = {
  name: "completion",
  summary: "Print a script that completes gopages in bash, zsh or fish",
  operands: "<bash|zsh|fish>",
  options: {},
  examples: [['eval "$(gopages completion bash)"', "Complete in this shell (add it to ~/.bashrc)"]],
  async run(raw, { out }) {
    const { SHELLS, completionScript } = await import("../man/completion.ts");
    const { COMMANDS } = await import("./index.ts");
    const [name, ...more] = (raw.inputs as unknown[]).map(String);
    const shell = SHELLS.find((candidate) => candidate === name);
    if (more.length > 0) throw new UsageError("completion takes one shell", `Shells are ${SHELLS.join(", ")}`);
    if (shell === undefined) {
      throw new UsageError(`completion ${escapeText(name ?? "")}: no such shell`, `Shells are ${SHELLS.join(", ")}`);
    }
    await out.write(completionScript(shell, COMMANDS, { to: EXPORT_NAMES }));
    return EXIT.ok;
  },
};
