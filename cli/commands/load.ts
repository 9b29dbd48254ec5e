import type { Command } from "./command.ts";

/** Each command's file, by name, in the order of help: only what is run is loaded. A test holds it to index.ts. */
export const LOADERS: Readonly<Record<string, () => Promise<Command>>> = {
  replay: async () => (await import("./replay.ts")).replayCommand,
  verify: async () => (await import("./verify.ts")).verifyCommand,
  diagnose: async () => (await import("./diagnose.ts")).diagnoseCommand,
  explain: async () => (await import("./explain.ts")).explainCommand,
  causes: async () => (await import("./causes.ts")).causesCommand,
  compare: async () => (await import("./compare.ts")).compareCommand,
  check: async () => (await import("./check.ts")).checkCommand,
  export: async () => (await import("./export.ts")).exportCommand,
  formats: async () => (await import("./formats.ts")).formatsCommand,
  record: async () => (await import("./record.ts")).recordCommand,
  capture: async () => (await import("./capture.ts")).captureCommand,
  watch: async () => (await import("./watch.ts")).watchCommand,
  whatif: async () => (await import("./whatif.ts")).whatifCommand,
  scenario: async () => (await import("./scenario.ts")).scenarioCommand,
  completion: async () => (await import("./completion.ts")).completionCommand,
};

/** A command line as far as its command. */
export interface Call {
  /** The one that is named, or the one that needs no name. */
  readonly command: Command;
  readonly named: boolean;
  /** The words beside the command's name. */
  readonly args: readonly string[];
}

/**
 * Finds the command: the first word that is neither an option nor an option's value, if it names one. "help", as other programs
 * have it, is no command: it stands for --help.
 */
export async function callOf(argv: readonly string[]): Promise<Call> {
  if (argv[0] === "help" && argv.length <= 2) return callOf([...argv.slice(1), "--help"]);
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  for (const [at, word] of argv.slice(0, end).entries()) {
    if (!Object.hasOwn(LOADERS, word)) continue;
    // Which options take a value is for the command to say.
    const command = await LOADERS[word]!();
    if (firstWord(argv.slice(0, end), command) === at) {
      return { command, named: true, args: argv.toSpliced(at, 1) };
    }
  }
  return { command: await LOADERS.replay!(), named: false, args: argv };
}

function firstWord(argv: readonly string[], { options }: Command): number {
  const takesValue = (name: string): boolean =>
    Object.entries(options).some(([long, { type, alias }]) => type === "string" && (long === name || alias === name));
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!;
    if (!word.startsWith("-") || word === "-") return at;
    if (takesValue(word.replace(/^--?/, ""))) at++;
  }
  return -1;
}
