// What `gopages record` costs a program. Each round runs it four times, in turning order: alone, alone again (what two runs of
// the same differ by), with the runtime's own logs thrown away (what GODEBUG=gctrace=1,scavtrace=1 costs by itself), and
// recorded. Compared are the times that the program itself measured, of the clock and of the processor, with the mean of both
// runs alone; and what gopages measured of itself. Needs Go.
//
// On a machine of 2 processors with nothing else to do, 10 rounds of some 6.5 s: recording cost the program 0.34 % of the clock
// (median; -10 to 16 % in single rounds), the runtime's logs alone 0.25 %, where two runs alone differed by 1.0 % (-20 to 11);
// gopages itself took 0.47 % of one processor (0.35 in runs of 14 s, as a fixed allowance is for the start). On a busy machine
// the noise is too great to tell 1 % from none.
//
//	npm run build && node bench/record-cost.mjs [ROUNDS] [SIZE]     BEFORE="flock -x FILE" holds a lock for each round
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";

const [rounds = 10, size = 3500] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(path.join(tmpdir(), "gopages-record-cost-"));
const cli = process.env.GOPAGES ?? path.join(import.meta.dirname, "..", "dist", "cli", "main.js");
copyFileSync(path.join(import.meta.dirname, "record-cost", "main.go.txt"), path.join(folder, "main.go"));
writeFileSync(path.join(folder, "go.mod"), "module cost\n\ngo 1.22\n");
const program = path.join(folder, "cost");
const built = spawnSync("go", ["build", "-o", program, "."], { cwd: folder, stdio: "inherit" });
if (built.status !== 0) process.exit(1);

const ARMS = ["alone", "again", "logs", "recorded"];
const [RUN, NODE, CLI, BUNDLE] = ['"$1" "$2"', '"$3"', '"$4"', '"$5"'];
const SCRIPTS = {
  alone: RUN,
  again: RUN,
  logs: `GODEBUG=gctrace=1,scavtrace=1 ${RUN} 2>/dev/null`,
  recorded: `${NODE} ${CLI} record -o ${BUNDLE} -- ${RUN} 2>/dev/null`,
};
const before = process.env.BEFORE?.split(" ") ?? [];
const of = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  const median = (sorted[(n - 1) >> 1] + sorted[n >> 1]) / 2;
  return { median, low: sorted[0], high: sorted[n - 1] };
};
const percent = (value) => `${(100 * value).toFixed(2)} %`;
const shown = (name, values) => {
  const { median, low, high } = of(values);
  console.log(`${name.padEnd(34)} median ${percent(median).padStart(8)}  (${percent(low)} ... ${percent(high)})`);
};

const differences = { again: [[], []], logs: [[], []], recorded: [[], []] };
const own = [];
const startAndEnd = [];
for (let round = 0; round < rounds; round++) {
  const bundle = path.join(folder, `bundle-${round}`);
  const order = ARMS.map((_, i) => ARMS[(i + round) % ARMS.length]);
  // One command for a round, so that a lock is held for all of it; the clock of the whole command, too.
  const script = order.map((arm) => `date +%s%N; ${SCRIPTS[arm]}; date +%s%N`).join("\n");
  const command = [...before, "sh", "-c", script, "sh", program, String(size), process.execPath, cli, bundle];
  const { stdout } = spawnSync(command[0], command.slice(1), { encoding: "utf8" });
  const lines = stdout.trim().split("\n");
  const times = {};
  order.forEach((arm, i) => {
    const [start, inside, end] = lines.slice(i * 3, i * 3 + 3);
    const [clock, processor] = inside.split(" ").map((ns) => Number(ns) / 1e9);
    times[arm] = [clock, processor, Number(BigInt(end) - BigInt(start)) / 1e9 - clock];
  });
  for (const which of [0, 1]) {
    const mean = (times.alone[which] + times.again[which]) / 2;
    differences.again[which].push(times.again[which] / times.alone[which] - 1);
    for (const arm of ["logs", "recorded"]) differences[arm][which].push(times[arm][which] / mean - 1);
  }
  startAndEnd.push(times.recorded[2] - (times.alone[2] + times.again[2]) / 2);
  const { cost } = JSON.parse(readFileSync(path.join(bundle, "manifest.json"), "utf8"));
  own.push(cost.ofOneProcessor);
  const seconds = (arm) => `${arm} ${times[arm][0].toFixed(3)}`;
  console.log(
    `${ARMS.map(seconds).join("  ")} s; gopages ${percent(cost.ofOneProcessor)}, a sample each ${cost.intervalMs.mean} ms`,
  );
}
rmSync(folder, { recursive: true, force: true });
console.log(`${rounds} rounds, GOMAXPROCS=${process.env.GOMAXPROCS ?? "unset"}`);
["of the clock", "of the processor"].forEach((what, which) => {
  shown(`two runs alone differ by, ${what}`, differences.again[which]);
  shown(`the runtime's logs cost, ${what}`, differences.logs[which]);
  shown(`recording costs, ${what}`, differences.recorded[which]);
});
shown("gopages' own, of one processor", own);
console.log(`start and end of the command: ${(of(startAndEnd).median * 1e3).toFixed(0)} ms`);
