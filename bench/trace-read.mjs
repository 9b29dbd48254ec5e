// How fast and with how much memory gopages reads a big address trace, and reads and replays it, against Go's own reader
// (golang.org/x/exp/trace, looping over ReadEvent), each as a whole process.
//
//	node bench/trace-read.mjs GO [MiB] [runs]      GO: a go command of 1.27 or later; needs a built dist/
//
// Records a busy program for a trace of that size (default 512 MiB) into bench/out, once; reads it in turns; prints the ratio
// of the medians. The targets: 0.3 for reading, 0.5 for `gopages replay --json`, 256 MiB.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [go, mib = "512", runs = "3"] = process.argv.slice(2);
if (!go) {
  console.error("usage: trace-read.mjs GO [MiB] [runs]");
  process.exit(2);
}
const here = import.meta.dirname;
const out = join(here, "out");
mkdirSync(join(out, "reader"), { recursive: true });
const dist = process.env.GOPAGES_DIST ?? join(here, "../dist");
const trace = join(out, `busy-${mib}.trace`);

function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
    maxBuffer: 2 ** 30,
    ...options,
  });
  if (result.status !== 0) {
    console.error(`${command} ${args.join(" ")}: exit code ${result.status}`);
    process.exit(1);
  }
  return result.stdout.trim();
}

if (!existsSync(trace)) {
  run(go, ["build", "-o", join(out, "busy"), join(here, "trace-read/busy.go")]);
  const env = { ...process.env, GODEBUG: "traceallocfree=1" };
  run(join(out, "busy"), ["-out", trace, "-bytes", String(Number(mib) * 2 ** 20)], { env });
}
const reader = join(out, "go-reader");
if (!existsSync(reader)) {
  const cwd = join(out, "reader");
  copyFileSync(join(here, "trace-read/read.go"), join(cwd, "main.go"));
  writeFileSync(join(cwd, "go.mod"), "module reader\n");
  run(go, ["get", "golang.org/x/exp/trace@latest"], { cwd });
  run(go, ["build", "-o", reader, "."], { cwd });
}
const drain = join(out, "drain.mjs");
writeFileSync(
  drain,
  `import { openInput } from ${JSON.stringify(join(dist, "parsers/open.js"))};
const source = await openInput(process.argv[2]);
let events = 0;
for await (const batch of source.batches()) events += batch.length;
console.log(events);
`,
);

/** Wall time in s, CPU time in s and highest RSS in MiB of a whole process. */
function measure(command, args) {
  const start = performance.now();
  const text = run("sh", ["-c", 'exec 3>&1; { /usr/bin/time -f "%U %S %M" "$@" >&3; } 2>&1', "sh", command, ...args]);
  const wall = (performance.now() - start) / 1000;
  const usage = text.split("\n").findLast((line) => /^[\d.]+ [\d.]+ \d+$/.test(line));
  const [user, system, rss] = usage.split(" ").map(Number);
  return { wall, cpu: user + system, rss: rss / 1024 };
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const results = { go: [], reading: [], replay: [] };
const cli = join(dist, "cli/main.js");
for (let i = 0; i < Number(runs); i++) {
  results.go.push(measure(reader, [trace]));
  results.reading.push(measure(process.execPath, [drain, trace]));
  results.replay.push(measure(process.execPath, [cli, "replay", trace, "--json", "--no-progress"]));
}
console.log(`${(statSync(trace).size / 2 ** 20).toFixed(0)} MiB, median of ${runs} runs`);
for (const [name, list] of Object.entries(results)) {
  const [wall, cpu, rss] = ["wall", "cpu", "rss"].map((key) => median(list.map((r) => r[key])));
  console.log(`${name.padEnd(8)} ${wall.toFixed(2)} s wall  ${cpu.toFixed(2)} s CPU  ${rss.toFixed(0)} MiB`);
}
const ratio = (name, key) => median(results[name].map((r) => r[key])) / median(results.go.map((r) => r[key]));
for (const name of ["reading", "replay"]) {
  console.log(
    `${name}: ${ratio(name, "wall").toFixed(3)} of the wall time, ${ratio(name, "cpu").toFixed(3)} of the CPU time`,
  );
}
