import type { Host, Services } from "../host.ts";
import type { Terminal } from "../terminal.ts";
import type { Writer } from "../writer.ts";
import type { Options } from "./option.ts";

/** What a command is given to do its work with. */
export interface Context {
  readonly host: Host;
  readonly services: Services;
  readonly out: Writer;
  /** What stdout can show. */
  readonly terminal: Terminal;
}

/** Values as yargs parsed them: every option's value is text or a flag; a command checks its own. */
export type RawArgs = Readonly<Record<string, unknown>>;

/** One command: its name, what help says about it, and what it does. A new command is one file and a line in index.ts. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** It can do without inputs. */
  readonly inputsOptional?: boolean;
  /** URLs among its operands are its own affair; for other commands they are fetched first. */
  readonly fetchesItself?: boolean;
  /** What is wrong when it has no operand; default: that there is no input. */
  readonly noOperands?: string;
  /** What may have been meant by an option that it does not have. */
  readonly unknownOptionHint?: string;
  /** What stands behind its name in help; default: <inputs...>. */
  readonly operands?: string;
  readonly options: Readonly<Record<string, Options>>;
  readonly examples: readonly (readonly [command: string, what: string])[];
  /** Checks the arguments (UsageError) and does it; resolves to the exit code. */
  run(args: RawArgs, context: Context): Promise<number>;
}
