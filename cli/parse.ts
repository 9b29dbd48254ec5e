import yargs from "yargs";
import type { Command, RawArgs } from "./commands/command.ts";
import { UsageError } from "./errors.ts";
import { escapeText } from "./escape.ts";
import { commandHelp, programHelp } from "./help.ts";
import { MESSAGES } from "./messages.ts";
import { nearest } from "./nearest.ts";
import { version } from "./version.ts";

export type Parsed =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "run"; readonly command: Command; readonly args: RawArgs };

/** Stands for "-" while yargs reads the command line: it drops that from lists. No argument can contain this character. */
const DASH = "\u0000";

function unshield(value: unknown): unknown {
  return value === DASH ? "-" : value;
}

/** Reads the command line; the first of `commands` is the one that needs no name. Throws UsageError; prints nothing. */
export function parseCommandLine(argv: readonly string[], commands: readonly Command[]): Parsed {
  const first = commands[0]!;
  const word = argv.find((arg) => !arg.startsWith("-") || arg === "-");
  const named = commands.find((command) => command.name === word);
  let chosen: { command: Command; args: RawArgs } | undefined;
  const before = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  if (before.some((arg) => arg === "--help" || arg === "-h")) {
    return { kind: "text", text: named ? commandHelp(named) : programHelp(commands) };
  }
  if (before.some((arg) => arg === "--version" || arg === "-v")) return { kind: "text", text: `${version()}\n` };
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
      throw error && error.name !== "YError" ? error : usageError(error?.message ?? message ?? "", named, commands);
    });
  // yargs lays out its own help, unread, for each command that was named; not for the default one, which this one becomes.
  const alone = named !== undefined && argv[0] === named.name;
  for (const command of alone ? [named] : commands) {
    const line = `${command.name} [inputs..]`;
    parser.command(
      alone ? "$0 [inputs..]" : command === first ? [line, "$0"] : line,
      command.summary,
      (sub) => {
        sub.positional("inputs", { type: "string", array: true }).options(command.options);
      },
      (args) => {
        // What stands behind "--" is in `_`, after the command's name.
        const rest = (args._ as unknown[]).slice(named && !alone ? 1 : 0);
        const inputs = [...((args.inputs as unknown[] | undefined) ?? []), ...rest].map(unshield);
        const options = Object.entries(args).map(([name, value]) => [name, unshield(value)]);
        chosen = { command, args: { ...Object.fromEntries(options), inputs } };
      },
    );
  }
  const shielded = (alone ? argv.slice(1) : argv).map((arg) => (arg === "-" ? DASH : arg));
  parser.parse(shielded);
  if (!chosen) throw new UsageError(MESSAGES.noInput, MESSAGES.noInputHint);
  if ((chosen.args.inputs as unknown[]).length === 0 && !chosen.command.inputsOptional) {
    throw new UsageError(MESSAGES.noInput, named ? MESSAGES.tryCommandHelp(named.name) : MESSAGES.noInputHint);
  }
  return { kind: "run", ...chosen };
}

/** What yargs found wrong, in our words. */
function usageError(message: string, named: Command | undefined, commands: readonly Command[]): UsageError {
  const tryHelp = named ? MESSAGES.tryCommandHelp(named.name) : MESSAGES.tryHelp;
  const unknown = /^Unknown arguments?: (.*)$/s.exec(message);
  if (unknown) {
    const name = unknown[1]!.split(", ").find((word) => word !== "")!;
    const known = Object.keys((named ?? commands[0]!).options).concat("help", "version");
    const close = nearest(name.replace(/^-+/, ""), known);
    const hint = close === undefined ? tryHelp : MESSAGES.didYouMean(`--${close}`);
    return new UsageError(MESSAGES.unknownOption(`${name.length > 1 ? "--" : "-"}${escapeText(name)}`), hint);
  }
  const missing = /^Not enough arguments following: (.*)$/s.exec(message);
  if (missing) return new UsageError(MESSAGES.missingValue(`--${escapeText(missing[1]!)}`), tryHelp);
  return new UsageError(escapeText(message), tryHelp);
}
