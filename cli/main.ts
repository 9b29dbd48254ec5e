#!/usr/bin/env node
import module from "node:module";
import process from "node:process";
import { version } from "./version.ts";

const argv = process.argv.slice(2);
// Before anything else is loaded: scripts ask for the version to see whether the program is there.
if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-v")) {
  process.stdout.once("error", async (error) => (await import("./process.ts")).failedOutput(error));
  process.stdout.write(`${version()}\n`);
} else {
  // Node 22 keeps what it has compiled for the next run, where it may write that.
  (module as { enableCompileCache?: () => void }).enableCompileCache?.();
  const { runProcess } = await import("./process.ts");
  await runProcess(argv);
}
