/**
 * Reading a large heap profile and listing its heaviest functions and sites, against `go tool pprof -top`.
 *
 * `node dist/bench/profile-read.js [profile...]`; needs the go command. Without arguments a profile of some 7 MB is made by
 * fixtures/pprof/many-stacks (half a million samples, nearly each with a stack of its own). Both sides are whole processes, with
 * start-up, in turn; the median of some runs is taken, and its ratio printed.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { isCompanion } from "../parsers/observation-source.ts";
import { openInput } from "../parsers/open.ts";
import { readHeapProfile } from "../parsers/pprof/read.ts";

const RUNS = 5;
const STACKS = 520_000;

/** The measured work: as the command line does it ("open"), or by the library's synchronous reader ("library"). */
async function work(how: string, file: string): Promise<void> {
  let profile = null;
  if (how === "library") profile = readHeapProfile(readFileSync(file), file);
  else {
    const source = await openInput(file);
    if (isCompanion(source)) profile = source.profile;
    await source.close();
  }
  if (!profile) throw new Error(`${file}: no profile`);
  const top = profile.byFunction("inuse_space")[0];
  const site = profile.sites(20)[0];
  console.log(
    `${profile.sampleCount} samples, ${top?.function} ${top?.flat}, ${site?.frame.function}:${site?.frame.line}`,
  );
}

function timed(command: string, args: string[]): { ms: number; out: string } {
  const start = performance.now();
  const run = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  if (run.status !== 0) throw new Error(`${command}: ${run.error?.message ?? run.stderr}`);
  return { ms: performance.now() - start, out: run.stdout };
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;

function compare(file: string): void {
  const self = process.argv[1]!;
  const times: Record<string, number[]> = { pprof: [], open: [], library: [] };
  let said = "";
  for (let i = 0; i < RUNS; i++) {
    times.pprof!.push(timed("go", ["tool", "pprof", "-symbolize=none", "-top", "-sample_index=inuse_space", file]).ms);
    for (const how of ["open", "library"]) {
      const run = timed(process.execPath, [self, `--${how}`, file]);
      times[how]!.push(run.ms);
      said = run.out.trim();
    }
  }
  const pprof = median(times.pprof!);
  console.log(`${path.basename(file)}: ${(statSync(file).size / 1e6).toFixed(1)} MB, ${said}`);
  console.log(`  go tool pprof -top   ${pprof.toFixed(0)} ms`);
  for (const how of ["open", "library"]) {
    const ms = median(times[how]!);
    console.log(`  gopages, ${how.padEnd(10)}  ${ms.toFixed(0)} ms, 1/${(pprof / ms).toFixed(1)} of it`);
  }
}

const [first, second, ...rest] = process.argv.slice(2);
if (first === "--open" || first === "--library") await work(first.slice(2), second!);
else if (first !== undefined) for (const file of [first, ...(second ? [second] : []), ...rest]) compare(file);
else {
  const folder = mkdtempSync(path.join(tmpdir(), "gopages-bench-"));
  try {
    const file = path.join(folder, "heap.pb.gz");
    const made = spawnSync("go", ["run", ".", "-stacks", String(STACKS), "-out", file], {
      cwd: "fixtures/pprof/many-stacks",
    });
    if (made.status !== 0) throw new Error(`go run many-stacks: ${made.error?.message ?? made.stderr.toString()}`);
    compare(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
