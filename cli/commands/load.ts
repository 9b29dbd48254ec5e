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

/** The first word of the command line, if it names a command. */
export function commandName(argv: readonly string[]): string | undefined {
  const word = argv.find((arg) => !arg.startsWith("-") || arg === "-");
  return word !== undefined && Object.hasOwn(LOADERS, word) ? word : undefined;
}

/** The commands that this command line may need: one, or all for help on the program. */
export async function commandsFor(argv: readonly string[]): Promise<readonly Command[]> {
  const name = commandName(argv);
  if (name === undefined && argv.some((arg) => arg === "--help" || arg === "-h"))
    return (await import("./index.ts")).COMMANDS;
  return [await LOADERS[name ?? "replay"]!()];
}
