/**
 * One recording replayed as each Go version, against real runs of the same program built by these versions.
 *
 *     npm run build && node bench/eras.mjs trace.out runs/ [versions, separated by commas]
 *
 * A run is a folder runs/VERSION-NAME (1.13.15-a) with truth.csv or truth.csv.gz in it: what the program measured about itself, in
 * columns t_ns, rss, heap_released and num_gc. Means are over time, and over a version's runs.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { replay } from "../dist/index.js";

const [input, folder, only] = process.argv.slice(2);
if (!input || !folder) {
  console.error("usage: node bench/eras.mjs TRACE FOLDER [VERSIONS]");
  process.exit(2);
}

/** Beyond this the order of two versions is no chance: so many standard errors of the difference of their means. */
const CERTAIN = 2;
/** Where there is one run of each: what two runs of a program may differ by, as a share. */
const UNKNOWN_NOISE = 0.05;
const WITHIN = 10;

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values) => Math.sqrt(values.reduce((s, v) => s + (v - mean(values)) ** 2, 0) / (values.length - 1));
const mb = (bytes) => (bytes / 1e6).toFixed(1);
const signed = (percent) => `${percent > 0 ? "+" : ""}${percent.toFixed(1)}`;

function runOf(dir) {
  const file = [path.join(dir, "truth.csv.gz"), path.join(dir, "truth.csv")].find(existsSync);
  if (!file) return null;
  const bytes = readFileSync(file);
  const [head, ...lines] = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString().trim().split("\n");
  const columns = head.split(",");
  const rows = lines.map((line) => line.split(",").map(Number));
  const column = (name) => columns.indexOf(name);
  const overTime = (at) => {
    let area = 0;
    for (let i = 1; i < rows.length; i++) area += ((rows[i][0] - rows[i - 1][0]) * (rows[i][at] + rows[i - 1][at])) / 2;
    return area / (rows.at(-1)[0] - rows[0][0]);
  };
  const peak = rows.reduce((most, row) => Math.max(most, row[column("rss")]), 0);
  return {
    rss: overTime(column("rss")),
    peak,
    released: (100 * overTime(column("heap_released"))) / peak,
    gcs: rows.at(-1)[column("num_gc")],
  };
}

const runs = new Map();
for (const name of readdirSync(folder)) {
  const version = /^(\d+(?:\.\d+)+)-/.exec(name)?.[1];
  const run = version && (!only || only.split(",").includes(version)) ? runOf(path.join(folder, name)) : null;
  if (run) runs.set(version, [...(runs.get(version) ?? []), run]);
}
const sortKey = (version) =>
  version
    .split(".")
    .map((part) => part.padStart(4, "0"))
    .join();
const versions = [...runs.keys()].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));

console.log("| version | runs | mean RSS, MB | replayed | released, % of peak | replayed | GCs | replayed |");
console.log("|---|---|---|---|---|---|---|---|");
const table = [];
for (const version of versions) {
  const real = runs.get(version);
  const of = (key) => mean(real.map((run) => run[key]));
  const { summary } = await replay([input], { policy: `go${version}` });
  const rss = 100 * (summary.meanRss / of("rss") - 1);
  const replayedReleased = (100 * summary.meanHeapReleased) / of("peak");
  const released = replayedReleased - of("released");
  const noise = real.length > 1 ? deviation(real.map((run) => run.rss)) : Number.NaN;
  table.push({ version, real: of("rss"), noise, runs: real.length, predicted: summary.meanRss, rss, released });
  const star = (off) => (Math.abs(off) > WITHIN ? " *" : "");
  const spread = Number.isNaN(noise) ? "" : ` +-${mb(noise)}`;
  console.log(
    `| ${version} | ${real.length} | ${mb(of("rss"))}${spread} | ${signed(rss)}%${star(rss)} | ${of("released").toFixed(0)} | ${signed(released)}${star(released)} | ${of("gcs").toFixed(0)} | ${summary.gcCycles} |`,
  );
}

let right = 0;
let pairs = 0;
const wrong = [];
for (const [i, a] of table.entries()) {
  for (const b of table.slice(i + 1)) {
    const known = a.runs > 1 && b.runs > 1;
    const noise = known
      ? CERTAIN * Math.sqrt(a.noise ** 2 / a.runs + b.noise ** 2 / b.runs)
      : (UNKNOWN_NOISE * (a.real + b.real)) / 2;
    if (Math.abs(a.real - b.real) <= noise) continue;
    pairs++;
    if ((a.real - b.real) * (a.predicted - b.predicted) > 0) right++;
    else wrong.push(`${a.version}/${b.version}`);
  }
}
const count = (key) => table.filter((row) => Math.abs(row[key]) <= WITHIN).length;
console.log(
  `\nMean RSS within ${WITHIN}%: ${count("rss")} of ${table.length}; released within ${WITHIN}% of peak RSS: ${count("released")} of ${table.length}.`,
);
console.log(
  `Order of mean RSS: ${right} of ${pairs} pairs right${wrong.length > 0 ? `, not ${wrong.join(", ")}` : ""}.`,
);
