// What `gopages record` costs a program: pairs of runs, with and without, and the ratio of the times that the program itself
// measured: of the clock, and of the processor (which other work on the machine disturbs less). Needs Go.
//
//	npm run build && node bench/record-cost.mjs [PAIRS] [ROUNDS]     BEFORE="flock -x FILE" holds a lock for each pair
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";

const [pairs = 10, rounds = 3000] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(path.join(tmpdir(), "gopages-record-cost-"));
const cli = path.join(import.meta.dirname, "..", "dist", "cli", "main.js");
copyFileSync(path.join(import.meta.dirname, "record-cost", "main.go.txt"), path.join(folder, "main.go"));
writeFileSync(path.join(folder, "go.mod"), "module cost\n\ngo 1.22\n");
const program = path.join(folder, "cost");
const built = spawnSync("go", ["build", "-o", program, "."], { cwd: folder, stdio: "inherit" });
if (built.status !== 0) process.exit(1);

const before = process.env.BEFORE?.split(" ") ?? [];
// Both runs of a pair in one command, so that a lock is held for the pair.
const pair = `"$1" "$2"; "$3" "$4" record -o "$5" -- "$1" "$2" 2>/dev/null`;
const swapped = `"$3" "$4" record -o "$5" -- "$1" "$2" 2>/dev/null; "$1" "$2"`;
const ratios = { clock: [], processor: [] };
for (let i = 0; i < pairs; i++) {
  const bundle = path.join(folder, `bundle-${i}`);
  const first = i % 2 === 0;
  const command = [
    ...before,
    "sh",
    "-c",
    first ? pair : swapped,
    "sh",
    program,
    String(rounds),
    process.execPath,
    cli,
    bundle,
  ];
  const run = spawnSync(command[0], command.slice(1), { encoding: "utf8", env: { ...process.env, GOMAXPROCS: "1" } });
  const runs = run.stdout
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map((ns) => Number(ns) / 1e9));
  const [plain, recorded] = first ? runs : [runs[1], runs[0]];
  const percent = (i) => `${(100 * (recorded[i] / plain[i] - 1)).toFixed(2)} %`;
  ratios.clock.push(recorded[0] / plain[0]);
  ratios.processor.push(recorded[1] / plain[1]);
  console.log(`${plain[0].toFixed(3)} s alone: ${percent(0)} of the clock, ${percent(1)} of the processor`);
}
rmSync(folder, { recursive: true, force: true });
for (const [name, values] of Object.entries(ratios)) {
  values.sort((a, b) => a - b);
  const mean = values.reduce((a, b) => a + b) / pairs;
  const median = (values[Math.floor((pairs - 1) / 2)] + values[Math.ceil((pairs - 1) / 2)]) / 2;
  console.log(
    `${name}: median ${(100 * (median - 1)).toFixed(2)} %, mean ${(100 * (mean - 1)).toFixed(2)} %, of ${pairs} pairs`,
  );
}
