/**
 * Pairs of free and alloc on a heap of 8 GiB, four fifths full: this page allocator against the runtime's own.
 *
 * `node dist/bench/page-alloc.js [go version]`; needs the go command. The runtime's side is compiled as a test
 * of package runtime in a GOROOT of links, from the files beside this one, and does the same operations: both give the same addresses, or the
 * benchmark fails. Prints ns per pair of each and their ratio.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { isBitmapEra } from "../allocator/eras/bitmap-era.ts";
import { eraFor } from "../allocator/eras/index.ts";
import { PageAlloc } from "../allocator/page-alloc.ts";

const PAGE = 8192;
const CHUNKS = 2048;
const OCCUPANCY = 80;
/** Batches are short, so that being interrupted falls into few of them, and the median is taken. */
const BATCHES = 1000;
const BATCH = 1000;
const ROUNDS = 3;
const SEED = 12345;
const BASE = 0x3000000000;
const WORKLOADS = ["single pages", "1 to 335 pages, most of them up to 10"] as const;

interface Score {
  ns: number;
  sum: number;
}

/** xorshift32, as on the other side. */
let state = 0;
function next(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 0;
}

function size(kind: number): number {
  if (kind === 0) return 1;
  const x = next();
  const k = x & 15;
  if (k < 12) return 1 + ((x >>> 4) % 10);
  if (k < 15) return 16 + ((x >>> 4) % 64);
  return 80 + ((x >>> 4) % 256);
}

function runModel(version: string, kind: number): Score {
  const era = eraFor(version);
  if (!isBitmapEra(era)) throw new RangeError(`${era.name} has no page bitmap`);
  const p = new PageAlloc(PAGE, 4096, 0, era.rules.scavenger);
  p.grow(BASE, CHUNKS * p.chunkBytes);
  const total = CHUNKS * 512;
  const live = new Float64Array(total);
  const sizes = new Int32Array(total);
  let count = 0;
  let used = 0;
  state = SEED;
  while (used < Math.floor((total * 95) / 100)) {
    const n = size(kind);
    const base = p.alloc(n);
    if (base === 0) break;
    live[count] = base;
    sizes[count++] = n;
    used += n;
  }
  while (used > Math.floor((total * OCCUPANCY) / 100)) {
    const i = next() % count;
    p.free(live[i]!, sizes[i]!);
    used -= sizes[i]!;
    count--;
    live[i] = live[count]!;
    sizes[i] = sizes[count]!;
  }
  let sum = 0;
  const times = new Float64Array(BATCHES);
  for (let b = 0; b < BATCHES; b++) {
    const start = process.hrtime.bigint();
    for (let k = 0; k < BATCH; k++) {
      const i = next() % count;
      p.free(live[i]!, sizes[i]!);
      const n = size(kind);
      const base = p.alloc(n);
      live[i] = base;
      sizes[i] = n;
      sum = (Math.imul(sum, 31) + (base - BASE) / PAGE) >>> 0;
    }
    times[b] = Number(process.hrtime.bigint() - start);
  }
  return { ns: times.sort()[BATCHES >>> 1]! / BATCH, sum };
}

/** The folder of this file's source: the compiled one is in dist/. */
function sourceFolder(): string {
  for (let dir = import.meta.dirname; ; dir = path.dirname(dir)) {
    if (existsSync(path.join(dir, "bench", "page-alloc.go.txt"))) return path.join(dir, "bench");
    if (dir === path.dirname(dir)) throw new Error("bench/page-alloc.go.txt not found");
  }
}

function run(command: string, args: string[], env: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { env, encoding: "utf8", maxBuffer: 1 << 26 });
  if (error || status !== 0) throw new Error(`${command} ${args[0]} failed: ${error?.message ?? (stderr || stdout)}`);
  return stdout;
}

/** A GOROOT of links into the real one, but for package runtime's own tests, in whose place ours are. */
function makeGoroot(goroot: string, to: string): void {
  const link = (from: string, into: string, except: (name: string) => boolean): void => {
    mkdirSync(into, { recursive: true });
    for (const name of readdirSync(from)) if (!except(name)) symlinkSync(path.join(from, name), path.join(into, name));
  };
  link(goroot, to, (name) => name === "src");
  link(path.join(goroot, "src"), path.join(to, "src"), (name) => name === "runtime");
  const runtime = path.join(to, "src", "runtime");
  link(path.join(goroot, "src", "runtime"), runtime, (f) => f.endsWith("_test.go") && !f.startsWith("export_"));
  const source = sourceFolder();
  copyFileSync(path.join(source, "page-alloc.go.txt"), path.join(runtime, "bench_pages_test.go"));
  copyFileSync(path.join(source, "page-alloc-main.go.txt"), path.join(runtime, "bench_main_test.go"));
}

/** Builds the runtime's side in a temporary folder and lets `use` run it, which gives a score a workload. */
function withRuntime(version: string, use: (run: () => Score[]) => void): void {
  const temp = mkdtempSync(path.join(tmpdir(), "gopages-bench-"));
  try {
    const env = { ...process.env, GOTOOLCHAIN: version, GOFLAGS: "" };
    const goroot = path.join(temp, "goroot");
    makeGoroot(run("go", ["env", "GOROOT"], env).trim(), goroot);
    const binary = path.join(temp, "runtime.test");
    const local = { ...env, GOROOT: goroot, GOTOOLCHAIN: "local" };
    run(path.join(goroot, "bin", "go"), ["test", "-c", "-o", binary, "runtime"], local);
    const counts = { BENCH_BATCHES: String(BATCHES), BENCH_BATCH: String(BATCH) };
    use(() => {
      const stdout = run(binary, ["-test.run", "TestBenchPageAlloc"], { ...process.env, ...counts });
      return [...stdout.matchAll(/^BENCH \d+ (\S+) (\d+)$/gm)].map((m) => ({ ns: Number(m[1]), sum: Number(m[2]) }));
    });
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}

function better(a: Score | undefined, b: Score): Score {
  if (a && a.sum !== b.sum) throw new Error(`addresses differ: checksums ${a.sum} and ${b.sum}`);
  return a && a.ns < b.ns ? a : b;
}

const version = process.argv[2] ?? "go1.27.0";
const model: Score[] = [];
const real: Score[] = [];
withRuntime(version, (runtime) => {
  // In turns, as other work on the machine slows both.
  for (let round = 0; round < ROUNDS; round++) {
    for (const [kind, score] of runtime().entries()) real[kind] = better(real[kind], score);
    for (const kind of WORKLOADS.keys()) model[kind] = better(model[kind], runModel(version, kind));
  }
});
let product = 1;
for (const [kind, name] of WORKLOADS.entries()) {
  const ours = model[kind]!;
  const theirs = real[kind]!;
  better(ours, theirs);
  const ratio = ours.ns / theirs.ns;
  product *= ratio;
  console.log(
    `${name}: ${ours.ns.toFixed(1)} ns a pair, ${version} ${theirs.ns.toFixed(1)} ns, ratio ${ratio.toFixed(2)}`,
  );
}
console.log(`geometric mean of the ratios: ${(product ** (1 / WORKLOADS.length)).toFixed(2)}`);
