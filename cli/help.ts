import type { Command } from "./commands/command.ts";
import type { Options } from "./commands/option.ts";
import { MESSAGES } from "./messages.ts";
import { COLUMNS, wrap } from "./report/text.ts";

/** Options of every command. */
const COMMON: Readonly<Record<string, Options>> = {
  help: { alias: "h", type: "boolean", describe: MESSAGES.optionHelp },
  version: { alias: "v", type: "boolean", describe: MESSAGES.optionVersion },
};

/** Help on the whole program: what it does, how to call it, every command. */
export function programHelp(commands: readonly Command[]): string {
  return page([
    wrap(MESSAGES.summary, COLUMNS),
    [
      "Usage:",
      "  gopages <command> <inputs...> [options]",
      "  gopages trace.out                  the same as: gopages replay trace.out",
    ],
    ["Commands:", ...table(commands.map((command) => [command.name, command.summary]))],
    ["Options of every command:", ...optionLines(COMMON)],
    exampleLines(commands.flatMap((command) => command.examples)),
    wrap(MESSAGES.inputs, COLUMNS),
    wrap(MESSAGES.exitCodes, COLUMNS),
    wrap(MESSAGES.helpOfCommand, COLUMNS),
  ]);
}

/** Help on one command. */
export function commandHelp(command: Command): string {
  return page([
    wrap(`${command.summary}.`, COLUMNS),
    ["Usage:", `  gopages ${command.name} ${command.operands ?? "<inputs...>"} [options]`],
    ["Options:", ...optionLines({ ...command.options, ...COMMON })],
    exampleLines(command.examples),
    wrap(MESSAGES.inputs, COLUMNS),
    wrap(MESSAGES.exitCodes, COLUMNS),
  ]);
}

function page(paragraphs: readonly string[][]): string {
  return `${paragraphs.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function optionLines(options: Readonly<Record<string, Options>>): string[] {
  return table(
    Object.entries(options).map(([name, option]) => {
      const short = typeof option.alias === "string" ? `-${option.alias}, ` : "    ";
      const value = option.type === "string" ? ` <${option.defaultDescription ?? "value"}>` : "";
      return [`${short}--${name}${value}`, option.describe];
    }),
  );
}

function exampleLines(examples: readonly (readonly [string, string])[]): string[] {
  return [
    "Examples:",
    ...examples.flatMap(([line, what]) => [`  ${line}`, ...wrap(what, COLUMNS - 6).map((l) => `      ${l}`)]),
  ];
}

/** Two columns; a text that is too long goes on below itself. */
function table(rows: readonly (readonly [string, string])[]): string[] {
  const first = Math.max(...rows.map(([name]) => name.length));
  const width = COLUMNS - first - 4;
  return rows.flatMap(([name, text]) =>
    wrap(text, width).map((line, i) => `  ${(i === 0 ? name : "").padEnd(first)}  ${line}`),
  );
}
