/**
 * `npm run vectors -- <file or folder>...`: replays vectors of Go's own page allocator against the era that each names.
 *
 * One line a file: operations checked, and `ok` or the first divergence; at the end how many files and operations. Exit code 0 if all agree, 1 if any diverges, 2 for
 * wrong usage, 3 if a file can't be read or is no vector file.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { VectorError } from "./driver.ts";
import { readLines } from "./read-lines.ts";
import { replayVectors } from "./replay.ts";

const USAGE = "usage: npm run vectors -- <file or folder>...   (NDJSON or NDJSON.gz; folders are searched)";

/** The .ndjson and .ndjson.gz files of a folder and below, or the file itself. */
async function filesOf(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((e) => e.isFile() && /\.ndjson(\.gz)?$/.test(e.name))
    .map((e) => join(e.parentPath, e.name))
    .sort();
}

export async function main(
  args: readonly string[],
  print: (line: string) => void,
  complain: (line: string) => void,
): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    print(USAGE);
    return 0;
  }
  if (args.length === 0 || args.some((a) => a.startsWith("-"))) {
    complain(USAGE);
    return 2;
  }
  let code = 0;
  let all = 0;
  let checked = 0;
  let agree = 0;
  let sum = 0;
  for (const arg of args) {
    let files: string[];
    try {
      files = await filesOf(arg);
      if (files.length === 0) throw new VectorError("no .ndjson or .ndjson.gz file in it");
    } catch (e) {
      complain(`${arg}: can't be read: ${reason(e)}`);
      code = 3;
      continue;
    }
    for (const file of files) {
      all++;
      try {
        const { operations, divergence } = await replayVectors(readLines(file));
        checked++;
        sum += operations;
        if (divergence === null) agree++;
        if (divergence === null) {
          print(`${file}: ${operations} operations, ok`);
        } else {
          print(
            `${file}:${divergence.line}: ${operations} operations, diverges at ${divergence.op}: ${divergence.what}`,
          );
          code = Math.max(code, 1);
        }
      } catch (e) {
        complain(`${file}: can't be read as vectors: ${reason(e)}`);
        code = 3;
      }
    }
  }
  if (checked > 0) print(`${agree} of ${all} files agree, ${sum} operations`);
  return code;
}

function reason(e: unknown): string {
  return (e instanceof Error ? e.message : String(e)).split("\n", 1)[0]!;
}

if (import.meta.filename === process.argv[1]) {
  process.exitCode = await main(process.argv.slice(2), console.log, console.error);
}
