import process from "node:process";
import { isClosedPipe, outputError } from "./errors.ts";
import { escapeText } from "./escape.ts";
import { EXIT } from "./exit-codes.ts";
import { realServices, type Services } from "./host.ts";
import { MESSAGES } from "./messages.ts";
import { main } from "./program.ts";

/** Runs the program as this process: sets its exit code, and says in one line what nothing else caught. */
export async function runProcess(argv: readonly string[], services: Services = realServices): Promise<void> {
  process.on("uncaughtException", (error) => {
    // EIO: the terminal is gone.
    if (isClosedPipe(error) || (error as NodeJS.ErrnoException).code === "EIO") process.exit(EXIT.ok);
    // The terminal UI gives the terminal back on "exit", and what is said before that is lost with its screen.
    process.on("exit", () => {
      process.stderr.write(MESSAGES.bug(escapeText(String(error?.message ?? error))));
      if (process.env.GOPAGES_DEBUG === "1") process.stderr.write(`${error?.stack ?? ""}\n`);
      else process.stderr.write(MESSAGES.bugHint);
    });
    process.exit(EXIT.bug);
  });
  process.exitCode = await main(argv, process, services);
}

/** Says that standard output can't be written, unless its reader has seen enough. */
export function failedOutput(error: Error): void {
  if (isClosedPipe(error)) return;
  process.stderr.write(MESSAGES.error(escapeText(outputError("standard output", error).message)));
  process.exitCode = EXIT.input;
}
