import type { Command } from "../commands/command.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** Values that an option takes, where they are few. */
export type Choices = Readonly<Record<string, readonly string[]>>;

/** A script that completes commands, options and files, out of the commands: nothing is run while one types. */
export function completionScript(shell: Shell, commands: readonly Command[], choices: Choices): string {
  return { bash, zsh, fish }[shell](commands, choices);
}

const optionsOf = (command: Command): string[] => [...Object.keys(command.options), "help"].map((name) => `--${name}`);

function bash(commands: readonly Command[], choices: Choices): string {
  const cases = commands.map((command) => `    ${command.name}) options="${optionsOf(command).join(" ")}" ;;`);
  const values = Object.entries(choices).map(
    ([name, list]) => `    --${name}) COMPREPLY=($(compgen -W "${list.join(" ")}" -- "$word")); return ;;`,
  );
  return `# gopages completion for bash: eval "$(gopages completion bash)"
_gopages() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" options=""
  case "$before" in
${values.join("\n")}
  esac
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    *) options="--help --version" ;;
  esac
  if [[ "$word" == -* ]]; then COMPREPLY=($(compgen -W "$options" -- "$word")); return; fi
  if [[ $COMP_CWORD -eq 1 ]]; then COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")}" -- "$word")); fi
  COMPREPLY+=($(compgen -f -- "$word"))
}
complete -o filenames -F _gopages gopages
`;
}

function zsh(commands: readonly Command[], choices: Choices): string {
  return `# gopages completion for zsh: eval "$(gopages completion zsh)"
autoload -U +X bashcompinit && bashcompinit
${bash(commands, choices)}`;
}

function fish(commands: readonly Command[], choices: Choices): string {
  const lines = ["# gopages completion for fish: gopages completion fish | source"];
  for (const { name, summary, options } of commands) {
    lines.push(`complete -c gopages -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`);
    for (const [option, { alias, describe, type }] of Object.entries(options)) {
      const short = typeof alias === "string" ? ` -s ${alias}` : "";
      const list = choices[option];
      const value = list ? ` -x -a ${quote(list.join(" "))}` : type === "string" ? " -r" : "";
      lines.push(
        `complete -c gopages -n '__fish_seen_subcommand_from ${name}' -l ${option}${short}${value} -d ${quote(describe)}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
