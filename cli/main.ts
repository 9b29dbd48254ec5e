#!/usr/bin/env node
import process from "node:process";
import { EXIT } from "./exit-codes.ts";
import { MESSAGES } from "./messages.ts";
import { main } from "./program.ts";

// What no part of the program caught is a bug; say so in one line. The terminal UI puts the terminal right on "exit".
process.on("uncaughtException", (error) => {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "EPIPE" || code === "EIO") process.exit(EXIT.ok);
  const text = error instanceof Error ? error.message.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, " ") : String(error);
  process.stderr.write(MESSAGES.bug(text));
  process.stderr.write(process.env.GOPAGES_DEBUG === "1" ? `${error.stack ?? ""}\n` : MESSAGES.bugHint);
  process.exit(EXIT.bug);
});

process.exitCode = await main(process.argv.slice(2), process);
