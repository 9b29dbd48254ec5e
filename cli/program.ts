import type { Command, Context, RawArgs } from "./commands/command.ts";
import type { Call } from "./commands/load.ts";
import { isClosedPipe, OutputError, UsageError } from "./errors.ts";
import { EXIT } from "./exit-codes.ts";
import { type Host, realServices, type Services } from "./host.ts";
import { MESSAGES } from "./messages.ts";
import { describeTerminal } from "./terminal.ts";
import { version } from "./version.ts";
import { Writer } from "./writer.ts";

/** The program: reads the command line, runs the command, says what went wrong. Resolves to the exit code. */
export async function main(argv: readonly string[], host: Host, services: Services = realServices): Promise<number> {
  const out = new Writer(host.stdout);
  const err = new Writer(host.stderr);
  try {
    const code = await run(argv, host, services, out);
    await out.flush();
    if (code === EXIT.partial) host.stderr.write(MESSAGES.partial);
    return code;
  } catch (error) {
    return explain(error, argv, host);
  } finally {
    out.close();
    err.close();
  }
}

async function run(argv: readonly string[], host: Host, services: Services, out: Writer): Promise<number> {
  const [{ parseCommandLine }, call] = await Promise.all([
    import("./parse.ts"),
    import("./commands/load.ts").then(({ callOf }) => callOf(argv)),
  ]);
  const parsed = parseCommandLine(call);
  if (parsed.kind !== "run") {
    await out.write(parsed.kind === "help" ? await help(call) : `${version()}\n`);
    return EXIT.ok;
  }
  return withFetched(call.command, parsed.args, {
    host,
    services,
    out,
    terminal: describeTerminal(host.stdout, host.env),
  });
}

async function help({ command, named }: Call): Promise<string> {
  const { commandHelp, programHelp } = await import("./help.ts");
  return named ? commandHelp(command) : programHelp((await import("./commands/index.ts")).COMMANDS);
}

/** Runs a command, with files in place of the URLs among its inputs. */
async function withFetched(command: Command, args: RawArgs, context: Context): Promise<number> {
  const inputs = args.inputs as unknown[];
  if (command.fetchesItself || !inputs.some((input) => /^https?:\/\//i.test(String(input)))) {
    return command.run(args, context);
  }
  const { fetchInputs, withUrls } = await import("./record/fetch-inputs.ts");
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  const say = (text: string): void => void context.host.stderr.write(`gopages: ${text}\n`);
  const fetched = await fetchInputs(inputs.map(String), say, stop.signal).finally(() => {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  });
  try {
    const services: Services = {
      ...context.services,
      replay: async (paths, options) => withUrls(await context.services.replay(paths, options), fetched.urls),
    };
    return await command.run({ ...args, inputs: fetched.inputs }, { ...context, services });
  } finally {
    await fetched.close();
  }
}

/** Says on stderr what went wrong; returns the exit code. */
async function explain(error: unknown, argv: readonly string[], host: Host): Promise<number> {
  // The reader has seen enough.
  if (isClosedPipe(error)) return EXIT.ok;
  const { escapeText } = await import("./escape.ts");
  const text = escapeText(error instanceof Error ? error.message : String(error));
  const say = (line: string): void => {
    host.stderr.write(line);
  };
  const name = error instanceof Error ? error.name : "";
  if (error instanceof UsageError) {
    say(MESSAGES.error(text));
    say(`         ${error.hint}\n`);
    return EXIT.usage;
  }
  if (name === "AbortError") {
    say(MESSAGES.interrupted);
    return EXIT.interrupted;
  }
  // By name: the classes live in parsers/, and loading them to print a message is not worth the time.
  if (name === "InputError") {
    say(MESSAGES.error(text));
    const hint = await commandHint(argv);
    if (hint) say(`         ${hint}\n`);
    return EXIT.input;
  }
  if (error instanceof OutputError) {
    say(MESSAGES.error(text));
    return EXIT.input;
  }
  if (name === "UnsupportedError") {
    say(MESSAGES.error(text));
    return EXIT.unsupported;
  }
  say(MESSAGES.bug(text));
  if (host.env.GOPAGES_DEBUG === "1") say(`${escapeLines(error, escapeText)}\n`);
  else say(MESSAGES.bugHint);
  return EXIT.bug;
}

function escapeLines(error: unknown, escapeText: (text: string) => string): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return stack.split("\n").map(escapeText).join("\n");
}

/** `gopages verfy trace.out` reads as a replay of the file "verfy": say what was probably meant. */
async function commandHint(argv: readonly string[]): Promise<string | undefined> {
  const word = argv.find((arg) => !arg.startsWith("-"));
  if (word === undefined || !/^[a-z]+$/.test(word)) return undefined;
  const [{ existsSync }, { LOADERS }, { nearest }] = await Promise.all([
    import("node:fs"),
    import("./commands/load.ts"),
    import("./nearest.ts"),
  ]);
  const names = Object.keys(LOADERS);
  if (names.includes(word) || existsSync(word)) return undefined;
  const command = nearest(word, names);
  return command === undefined ? undefined : MESSAGES.notACommand(word, command);
}
