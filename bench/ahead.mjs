// Where `watch` says that RSS goes, held against where it went: of each recorded case the log's first half is played ahead,
// and the highest RSS that was measured in that time is looked up.
//
//	npm run build && node bench/ahead.mjs FOLDER-OF-CASES...
//
// A case is a folder with gctrace.log, gctrace.t.csv.gz (line,t_ns) and truth.csv.gz (t_ns,rss,...).
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { gunzipSync } from "node:zlib";
import { rssAhead } from "../dist/replay/ahead.js";

function table(file) {
  const [header, ...lines] = gunzipSync(readFileSync(file)).toString("utf8").trim().split("\n");
  const names = header.split(",");
  return { at: (name) => names.indexOf(name), rows: lines.map((line) => line.split(",").map(Number)) };
}

const errors = [];
for (const group of process.argv.slice(2)) {
  for (const name of readdirSync(group)) {
    const file = (of) => path.join(group, name, of);
    if (!["gctrace.log", "gctrace.t.csv.gz", "truth.csv.gz"].every((of) => existsSync(file(of)))) continue;
    const times = new Map(table(file("gctrace.t.csv.gz")).rows);
    const truth = table(file("truth.csv.gz"));
    const measured = truth.rows.map((row) => [row[truth.at("t_ns")], row[truth.at("rss")]]);
    const half = measured.at(-1)[0] / 2;
    const seen = readFileSync(file("gctrace.log"), "utf8")
      .split("\n")
      .map((text, i) => ({ text, t: times.get(i + 1) }))
      .filter(({ text, t }) => text.startsWith("gc ") && t <= half);
    const ahead = await rssAhead(
      seen.map(({ text }) => text),
      half * 0.8,
    );
    if (!ahead) continue;
    const from = seen.at(-1).t;
    const went = Math.max(...measured.filter(([t]) => t > from && t <= from + ahead.horizon).map(([, rss]) => rss));
    const error = ahead.peak / went - 1;
    errors.push(Math.abs(error));
    const mib = (bytes) => (bytes / 2 ** 20).toFixed(0).padStart(4);
    console.log(
      `${name.padEnd(30)} ${mib(ahead.peak)} MiB ahead, ${mib(went)} measured: ${(100 * error).toFixed(1)} %${went >= ahead.low && went <= ahead.high ? "" : ", out of its band"}`,
    );
  }
}
errors.sort((a, b) => a - b);
const of = (share) => `${(100 * errors[Math.floor(errors.length * share)]).toFixed(1)} %`;
console.log(`${errors.length} cases: median ${of(0.5)}, nine of ten within ${of(0.9)}`);
