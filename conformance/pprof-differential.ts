/**
 * Heap profiles against `go tool pprof -top`: flat and cumulative sums of every function, for every sample type.
 *
 * `node dist/conformance/pprof-differential.js [profile...]`; needs the go command. Without arguments: those of fixtures/pprof.
 * Of a profile in text form pprof knows no names (it would need the binary), so there the totals are compared.
 * Prints one line per profile and exits 1 on any difference.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { gunzipSync } from "node:zlib";
import { Losses } from "../parsers/losses.ts";
import { isGzip } from "../parsers/pprof/gunzip.ts";
import { readHeapText } from "../parsers/pprof/legacy-text.ts";
import type { HeapProfile } from "../parsers/pprof/profile.ts";
import { readHeapProfile } from "../parsers/pprof/read.ts";

interface Top {
  total: number;
  rows: Map<string, { flat: number; cum: number }>;
}

/** A figure of pprof with -unit=B: "123", "-4B". */
const figure = (text: string) => Number(text.replace(/B$/, ""));

function pprofTop(file: string, type: string): Top {
  const args = ["tool", "pprof", "-symbolize=none", "-top", "-nodecount=1000000", "-nodefraction=0", "-edgefraction=0"];
  const run = spawnSync("go", [...args, "-unit=B", `-sample_index=${type}`, file], {
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  if (run.status !== 0) throw new Error(`go tool pprof: ${run.error?.message ?? run.stderr}`);
  const rows = new Map<string, { flat: number; cum: number }>();
  let total = Number.NaN;
  for (const line of run.stdout.split("\n")) {
    const of = /^Showing nodes accounting for .* of (\S+) total/.exec(line);
    if (of) total = figure(of[1]!);
    const m = /^\s*(-?[\d.]+B?)\s+\S+%?\s+\S+%?\s+(-?[\d.]+B?)\s+\S+%?\s{2}(.*)$/.exec(line);
    if (!m) continue;
    const name = m[3]!.replace(/ \((?:partial-)?inline\)$/, "");
    const row = rows.get(name) ?? { flat: 0, cum: 0 };
    rows.set(name, { flat: row.flat + figure(m[1]!), cum: row.cum + figure(m[2]!) });
  }
  return { total, rows };
}

/** pprof's total sums up the samples, without their sign when a difference is shown. */
function total(profile: HeapProfile, type: string): number {
  const { data } = profile;
  const column = profile.column(type);
  const k = data.sampleTypes.length;
  const u = data.scaled ? null : profile.unsampled();
  const columns = u && {
    alloc_objects: u.allocObjects,
    alloc_space: u.allocBytes,
    inuse_objects: u.inuseObjects,
    inuse_space: u.inuseBytes,
  };
  let sum = 0;
  for (let s = 0; s < data.sampleCount; s++) {
    const value = columns ? Math.trunc(columns[type as keyof typeof columns][s]!) : data.values[s * k + column]!;
    sum += Math.abs(value);
  }
  return sum;
}

function compare(file: string): string[] {
  const bytes = readFileSync(file);
  const raw = isGzip(bytes) ? gunzipSync(bytes) : bytes;
  const isText = raw.subarray(0, 13).toString() === "heap profile:";
  const profile = isText ? readHeapText(raw.toString(), file, new Losses())[0]! : readHeapProfile(bytes, file);
  const differences: string[] = [];
  for (const { type } of profile.data.sampleTypes) {
    const theirs = pprofTop(file, type);
    const ours = total(profile, type);
    // A total of nothing is not printed.
    if (ours !== theirs.total && !(ours === 0 && Number.isNaN(theirs.total))) {
      differences.push(`${type}: total ${ours}, pprof ${theirs.total}`);
    }
    figures++;
    if (isText) continue;
    const rows = new Map(profile.byFunction(type).map((row) => [row.function, row]));
    for (const [name, row] of theirs.rows) {
      const our = rows.get(name) ?? { flat: 0, cum: 0 };
      if (our.flat !== row.flat || our.cum !== row.cum) {
        differences.push(`${type} ${name}: flat ${our.flat} cum ${our.cum}, pprof flat ${row.flat} cum ${row.cum}`);
      }
    }
    for (const name of rows.keys())
      if (!theirs.rows.has(name)) differences.push(`${type} ${name}: not in pprof's table`);
    figures += theirs.rows.size;
  }
  return differences;
}

/** Figures compared in the current file. */
let figures = 0;
let failed = false;
const given = process.argv.slice(2);
/** Profiles of fixtures/pprof. */
function fixtures(): string[] {
  const root = "fixtures/pprof";
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => readdirSync(path.join(root, entry.name)).map((name) => path.join(root, entry.name, name)))
    .filter((name) => /\.pb\.gz$|debug1\.txt(\.gz)?$/.test(name))
    .sort();
}

const files = given.length > 0 ? given : fixtures();
for (const file of files) {
  figures = 0;
  const differences = compare(file);
  failed ||= differences.length > 0;
  console.log(
    `${file}: ${differences.length === 0 ? `ok (${figures} figures)` : `${differences.length} differences: ${differences[0]}`}`,
  );
}
process.exitCode = failed ? 1 : 0;
