import type { Command } from "../commands/command.ts";
import type { Options } from "../commands/option.ts";
import { MESSAGES } from "../messages.ts";

/** The man page, gopages(1), out of the commands: what help says, in roff. */
export function manPage(commands: readonly Command[]): string {
  const lines = [
    '.TH GOPAGES 1 "" "gopages" "User Commands"',
    ".SH NAME",
    `gopages \\- ${roff(lower(MESSAGES.summary))}`,
    ".SH SYNOPSIS",
    ".B gopages",
    ".I command",
    ".RI [ inputs ...]",
    ".RI [ options ]",
    ".SH DESCRIPTION",
    roff(MESSAGES.inputs),
    ".SH COMMANDS",
  ];
  for (const command of commands) {
    lines.push(".SS", `.B gopages ${roff(command.name)}`, ".PP", `${roff(command.summary)}.`);
    for (const [name, option] of Object.entries(command.options)) lines.push(...optionLines(name, option));
    if (command.examples.length > 0) lines.push(".PP", "Examples:");
    for (const [line, what] of command.examples) lines.push(".TP", `.B ${roff(line)}`, roff(what));
  }
  lines.push(".SH EXIT STATUS", roff(MESSAGES.exitCodes));
  return `${lines.join("\n")}\n`;
}

function optionLines(name: string, option: Options): string[] {
  const short = typeof option.alias === "string" ? `\\-${option.alias}, ` : "";
  const value = option.type === "string" ? ` ${option.defaultDescription ?? "value"}` : "";
  return [".TP", `.B ${short}\\-\\-${roff(name)}${roff(value)}`, roff(option.describe)];
}

/** Text in which nothing is a request or an escape of roff. */
function roff(text: string): string {
  const escaped = text.replaceAll("\\", "\\e").replaceAll("-", "\\-");
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

function lower(text: string): string {
  return text[0]!.toLowerCase() + text.slice(1);
}
