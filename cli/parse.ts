import yargs from "yargs";
import type { Command, RawArgs } from "./commands/command.ts";
import type { Call } from "./commands/load.ts";
import { UsageError } from "./errors.ts";
import { escapeText } from "./escape.ts";
import { MESSAGES } from "./messages.ts";
import { nearest } from "./nearest.ts";

export type Parsed =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "run"; readonly args: RawArgs };

/** Stands for "-" while yargs reads the command line: it drops that from lists. No argument can contain this character. */
const DASH = "\u0000";

function unshield(value: unknown): unknown {
  return value === DASH ? "-" : value;
}

/** Reads what stands beside the command's name. Throws UsageError; prints nothing. */
export function parseCommandLine({ command, named, args: argv }: Call): Parsed {
  let args: RawArgs | undefined;
  const before = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  if (before.some((arg) => arg === "--help" || arg === "-h")) return { kind: "help" };
  if (before.some((arg) => arg === "--version" || arg === "-v")) return { kind: "version" };
  const tryHelp = named ? MESSAGES.tryCommandHelp(command.name) : MESSAGES.tryHelp;
  const parser = yargs()
    .scriptName("gopages")
    // Messages of yargs itself would else follow the user's locale, and no test would have seen them.
    .locale("en")
    .parserConfiguration({
      "boolean-negation": false,
      "camel-case-expansion": false,
      "dot-notation": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "short-option-groups": false,
      "duplicate-arguments-array": true,
    })
    .version(false)
    .help(false)
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      // yargs throws its own kind of error for some of what it finds wrong.
      throw error && error.name !== "YError" ? error : usageError(error?.message ?? message ?? "", command, tryHelp);
    })
    // The default command: of one that is named yargs lays out its own help, unread.
    .command(
      "$0 [inputs..]",
      command.summary,
      (sub) => {
        sub.positional("inputs", { type: "string", array: true }).options(command.options);
      },
      (parsed) => {
        // What stands behind "--" is in `_`.
        const inputs = [...((parsed.inputs as unknown[] | undefined) ?? []), ...(parsed._ as unknown[])].map(unshield);
        const options = Object.entries(parsed).map(([name, value]) => [name, unshield(value)]);
        args = { ...Object.fromEntries(options), inputs };
      },
    );
  parser.parse(argv.map((arg) => (arg === "-" ? DASH : arg)));
  const hint = named ? tryHelp : MESSAGES.noInputHint;
  if (!args) throw new UsageError(MESSAGES.noInput, hint);
  if ((args.inputs as unknown[]).length === 0 && !command.inputsOptional) {
    throw new UsageError(command.noOperands ?? MESSAGES.noInput, hint);
  }
  return { kind: "run", args };
}

/** What yargs found wrong, in our words. */
function usageError(message: string, command: Command, tryHelp: string): UsageError {
  const unknown = /^Unknown arguments?: (.*)$/s.exec(message);
  if (unknown) {
    const name = unknown[1]!.split(", ").find((word) => word !== "")!;
    const known = Object.keys(command.options).concat("help", "version");
    const close = nearest(name.replace(/^-+/, ""), known);
    const hint = close === undefined ? (command.unknownOptionHint ?? tryHelp) : MESSAGES.didYouMean(`--${close}`);
    return new UsageError(MESSAGES.unknownOption(`${name.length > 1 ? "--" : "-"}${escapeText(name)}`), hint);
  }
  const missing = /^Not enough arguments following: (.*)$/s.exec(message);
  if (missing) return new UsageError(MESSAGES.missingValue(`--${escapeText(missing[1]!)}`), tryHelp);
  return new UsageError(escapeText(message), tryHelp);
}
