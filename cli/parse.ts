import { parseArgs } from "node:util";
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

/** Reads the command line; the first of `commands` is the one that needs no name. Throws UsageError; prints nothing. */
export function parseCommandLine(argv: readonly string[], commands: readonly Command[]): Parsed {
  const at = argv.findIndex((arg) => !arg.startsWith("-") || arg === "-");
  const named = commands.find((command) => command.name === argv[at]);
  const before = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  if (before.some((arg) => arg === "--help" || arg === "-h")) {
    return { kind: "text", text: named ? commandHelp(named) : programHelp(commands) };
  }
  if (before.some((arg) => arg === "--version" || arg === "-v")) return { kind: "text", text: `${version()}\n` };
  const command = named ?? commands[0]!;
  const args = readOptions(named ? argv.filter((_, i) => i !== at) : argv, command, named);
  if ((args.inputs as unknown[]).length === 0 && !command.inputsOptional) {
    throw new UsageError(MESSAGES.noInput, named ? MESSAGES.tryCommandHelp(named.name) : MESSAGES.noInputHint);
  }
  return { kind: "run", command, args };
}

/** Options by name (an array where one is given more than once), and what is no option in `inputs`. */
function readOptions(argv: readonly string[], command: Command, named: Command | undefined): RawArgs {
  const tryHelp = named ? MESSAGES.tryCommandHelp(named.name) : MESSAGES.tryHelp;
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { type, alias }]) => [name, alias ? { type, short: alias } : { type }]),
  );
  // Not strict: what is wrong is said in our words.
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const values = new Map<string, unknown[]>();
  const inputs: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") inputs.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value, inlineValue } = token;
    const option = Object.hasOwn(command.options, name) ? command.options[name] : undefined;
    if (!option) throw unknownOption(rawName, command, tryHelp);
    if (option.type === "boolean") {
      if (value !== undefined) throw new UsageError(MESSAGES.takesNoValue(`--${name}`), tryHelp);
    } else if (value === undefined || (!inlineValue && /^-[^0-9]/.test(value))) {
      throw new UsageError(MESSAGES.missingValue(`--${name}`), tryHelp);
    }
    values.set(name, [...(values.get(name) ?? []), value ?? true]);
  }
  const args: Record<string, unknown> = { inputs };
  for (const [name, given] of values) {
    // A flag said twice is a flag.
    args[name] = given.length === 1 || given[0] === true ? given[0] : given;
  }
  return args;
}

function unknownOption(rawName: string, command: Command, tryHelp: string): UsageError {
  const known = Object.keys(command.options).concat("help", "version");
  const close = nearest(rawName.replace(/^-+/, ""), known);
  const hint = close === undefined ? tryHelp : MESSAGES.didYouMean(`--${close}`);
  return new UsageError(MESSAGES.unknownOption(escapeText(rawName)), hint);
}
