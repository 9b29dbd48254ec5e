/**
 * What-if against real runs: predicts each setting of recorded programs from one recording at GOGC=100, and compares with the mean of
 * two real runs. Writes the tables of what-if.md.
 *
 *     npm run build && node bench/what-if-real.mjs folder [input-plain]
 *
 * The folder has PROGRAM-input/ (an address trace) or PROGRAM-input-plain/, and PROGRAM-SETTING-a/ and -b/ for each setting, each with
 * truth.csv.gz (columns t_ns, rss and num_gc, sampled in the run) and meta.json (`env` with GOGC and GOMEMLIMIT).
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { prepareWhatIf, runPrepared } from "../dist/replay/what-if.js";

const SETTINGS = ["gogc25", "gogc50", "gogc100", "gogc200", "gogc400", "off-limit", "gogc100-limit", "gogc100-tight"];
const [folder, input = "input"] = process.argv.slice(2);
const there = readdirSync(folder);
const programs = there.filter((name) => name.endsWith(`-${input}`)).map((name) => name.slice(0, -input.length - 1));
const totals = { cells: 0, near: 0, inside: 0 };

/** A real run: peak and mean over time of its RSS, and its GCs. */
function real(run) {
  const [head, ...lines] = gunzipSync(readFileSync(`${folder}/${run}/truth.csv.gz`))
    .toString()
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  const column = (name) => lines.map((cells) => Number(cells[head.indexOf(name)]));
  const [time, rss] = [column("t_ns"), column("rss")];
  let area = 0;
  for (let i = 1; i < rss.length; i++) area += ((rss[i] + rss[i - 1]) / 2) * (time[i] - time[i - 1]);
  return { peak: Math.max(...rss), mean: area / (time.at(-1) - time[0]), gcs: column("num_gc").at(-1) };
}

const env = (run) => JSON.parse(readFileSync(`${folder}/${run}/meta.json`, "utf8")).env;

function setting(recorded, { GOGC = "100", GOMEMLIMIT }) {
  return {
    ...recorded,
    gogc: GOGC === "off" ? Number.POSITIVE_INFINITY : Number(GOGC),
    memoryLimit: GOMEMLIMIT ? Number.parseInt(GOMEMLIMIT, 10) * 2 ** 20 : Number.POSITIVE_INFINITY,
  };
}

/** Change against what was real, and the prediction's own band; a star where the real value is outside of it. */
function cell(predicted, band, runs) {
  const mean = runs.reduce((sum, run) => sum + run, 0) / runs.length;
  const off = predicted / mean - 1;
  const outside = mean < predicted * (1 - band) || mean > predicted * (1 + band);
  totals.cells++;
  if (Math.abs(off) <= 0.1) totals.near++;
  if (!outside) totals.inside++;
  return `${(off * 100).toFixed(1)}% (${Math.round(band * 100)})${outside ? " *" : ""}`;
}

console.log("| program | setting | peak RSS | mean RSS | GCs |\n|---|---|---|---|---|");
for (const program of programs) {
  const file = ["trace.out", "trace.out.zst"].find((name) => existsSync(`${folder}/${program}-${input}/${name}`));
  const prepared = await prepareWhatIf([`${folder}/${program}-${input}/${file}`]);
  const names = SETTINGS.filter((name) => there.includes(`${program}-${name}-a`));
  const runs = await runPrepared(
    prepared,
    names.map((name) => setting(prepared.recorded, env(`${program}-${name}-a`))),
  );
  for (const [i, { summary, confidence, limitTooLow }] of runs.entries()) {
    const pair = ["a", "b"].map((which) => real(`${program}-${names[i]}-${which}`));
    const cells = [
      cell(
        summary.peakRss,
        confidence.peakRss,
        pair.map(({ peak }) => peak),
      ),
      cell(
        summary.meanRss,
        confidence.meanRss,
        pair.map(({ mean }) => mean),
      ),
      cell(
        summary.gcCycles,
        confidence.gcs,
        pair.map(({ gcs }) => gcs),
      ) + (limitTooLow ? " low" : ""),
    ];
    console.log(`| ${program} | ${names[i].replace("gogc100-", "")} | ${cells.join(" | ")} |`);
  }
}
console.log(`\nWithin 10%: ${totals.near} of ${totals.cells}; inside the band: ${totals.inside} of ${totals.cells}.`);
