#!/usr/bin/env node
import process from "node:process";
import { version } from "./version.ts";

const argv = process.argv.slice(2);
// Before anything else is loaded: scripts ask for the version to see whether the program is there.
if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-v")) process.stdout.write(`${version()}\n`);
else {
  const { runProcess } = await import("./process.ts");
  await runProcess(argv);
}
