import { spawn } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { open, readFile, stat, statfs, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { InputError } from "../../parsers/errors.ts";
import { outputError } from "../errors.ts";
import { Bundle } from "./bundle.ts";
import { goVersionOf } from "./go-version.ts";
import { settingsFor, wantsRuntimeLines, withGodebug } from "./godebug.ts";
import { environment, hugePages, physPageSize } from "./how-made.ts";
import { type Cost, cpuNs, Pace } from "./pace.ts";
import type { Captured } from "./pprof-capture.ts";
import { canSample, cgroupReader, readStatus } from "./proc.ts";
import { Sampler } from "./sampler.ts";
import { StderrFile } from "./stderr-file.ts";
import { StderrLog } from "./stderr-log.ts";

export interface RecordOptions {
  readonly command: readonly string[];
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly addresses: boolean;
  readonly intervalMs: number;
  /** Samples may be further apart where that spares the program's processor. */
  readonly atMost: boolean;
  readonly pprofBase: URL | null;
  readonly traceSeconds: number;
  readonly stderr: NodeJS.WritableStream;
}

export interface Recorded {
  readonly bundle: Bundle;
  readonly exitCode: number;
  readonly files: readonly string[];
  readonly missing: readonly string[];
  readonly peakRss: number;
  readonly runtimeLines: number;
}

/** Signals that are the program's to handle. SIGINT from a terminal reaches it by itself. */
const FORWARDED = ["SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;
const PPROF_WAIT_SECONDS = 30;
/** A disk with less is full, bytes. */
const ROOM = 64 << 10;
/** What the runtime prints between two samples is less. */
const RUNTIME_BYTES = 4096;
/** Where files on another clock than the trace's go: folders of a bundle are not looked into. */
const OTHER_CLOCK = "before-trace";

/** Runs a program and records its memory. Resolves when it has ended. */
export async function record(options: RecordOptions): Promise<Recorded> {
  const bundle = await Bundle.create(options.folder);
  const godebug = withGodebug(options.env.GODEBUG, settingsFor(options.addresses));
  await bundle.tell({
    command: options.command,
    env: environment(options.env, godebug),
    machine: {
      os: `${process.platform}/${process.arch}`,
      release: os.release(),
      cpus: os.availableParallelism(),
      physPageSize: physPageSize(),
      thpEnabled: hugePages(),
    },
    clock: "t=0 is when the program was started; see trace for recordings with one",
  });
  const [file, ...args] = options.command;
  const stderr = new StderrFile(
    bundle.file(".stderr"),
    bundle.file("gctrace.log"),
    options.stderr,
    wantsRuntimeLines(options.env.GODEBUG),
  );
  // All that is needed is there before the program starts: from then on the processors are the program's.
  settle();
  const pprof = options.pprofBase ? await import("./pprof-capture.ts") : null;
  const startedAt = Date.now();
  const start = process.hrtime.bigint();
  // Never through a shell: the arguments are the program's, letter by letter.
  const child = spawn(file!, args, {
    stdio: ["inherit", "inherit", stderr.fd],
    env: { ...options.env, GODEBUG: godebug, GOPAGES_BUNDLE: bundle.folder },
    shell: false,
  });
  const exited = new Promise<number>((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => reject(spawnError(file!, error)));
    child.once("exit", (code, signal) => resolve(signal === null ? (code ?? 0) : 128 + os.constants.signals[signal]));
  });
  // What it says is read when it has ended; its name is gone then.
  const program = child.pid === undefined ? null : await open(`/proc/${child.pid}/exe`).catch(() => null);
  const release = forwardSignals((signal) => child.kill(signal));
  let zero = 0;
  const sinceStart = (): number => Number(process.hrtime.bigint() - start);
  const startSampler = (): Sampler | null =>
    child.pid !== undefined && canSample()
      ? new Sampler(child.pid, bundle.file("samples.csv"), () => sinceStart() - zero)
      : null;
  let sampler = startSampler();
  let reading = false;
  let ended = false;
  const readOn = (): void => {
    const before = cpuNs();
    reading = !ended && !stderr.poll() && !stderr.waiting;
    // A program that prints more than the runtime does is kept up with, whatever that takes.
    if (stderr.taken > RUNTIME_BYTES) pace.forgive(cpuNs() - before);
    if (reading) setImmediate(readOn);
  };
  const pace = new Pace(options.intervalMs, options.atMost, () => {
    sampler?.sample();
    if (!reading) readOn();
  });
  let peakRss = 0;
  const stop = new AbortController();
  const captured =
    options.pprofBase && pprof
      ? takeTrace(pprof, options.pprofBase, options.traceSeconds, bundle, stop.signal, () => {
          // The trace's clock is the bundle's from here on.
          peakRss = sampler?.peakRss ?? 0;
          sampler?.stop();
          zero = sinceStart();
          moveAsideNow(bundle, "samples.csv");
          sampler = startSampler();
        })
      : Promise.resolve<Captured>({ files: [], missing: [] });
  let exitCode: number;
  let cost: Cost;
  let durationNs: number;
  let full: boolean;
  try {
    exitCode = await exited;
  } finally {
    ended = true;
    durationNs = sinceStart();
    pace.stop();
    release();
    sampler?.stop();
    stop.abort();
    cost = pace.cost();
    // Before that file is gone, and its room there again.
    full = await isFull(bundle);
    await stderr.end();
    if (child.pid === undefined) await bundle.discard();
  }
  const { files, missing } = await captured;
  if (full) missing.push("the disk is full: what the program wrote after that is lost, to standard error, too");
  for (const { failed } of [stderr, ...(sampler ? [sampler] : [])]) if (failed) missing.push(failed);
  if (stderr.cut)
    missing.push("gctrace.log: the program's own lines after the first 16 MiB; the runtime's are all there");
  peakRss = Math.max(peakRss, sampler?.peakRss ?? 0);
  const sampled = (sampler?.rows ?? 0) > 0;
  if (sampler && !sampled) rmSync(bundle.file("samples.csv"), { force: true });
  const found = [...files, ...(sampled ? ["samples.csv"] : [])];
  const onFull = (error: Error): boolean => {
    missing.push(outputError("samples.csv", error).message);
    return true;
  };
  if (files.includes("trace.out")) moveAsideNow(bundle, "gctrace.log");
  else if (await takeOwnTrace(bundle, startedAt).catch(onFull)) found.push("trace.out");
  else if (stderr.runtimeLines > 0) found.push("gctrace.log");
  const recorded = { bundle, exitCode, files: found, missing, peakRss, runtimeLines: stderr.runtimeLines };
  const facts = {
    exitCode,
    goVersion: program && (await goVersionOf(program)),
    durationNs,
    files: found,
    missing,
    peakRss,
    cost,
    trace: found.includes("trace.out") ? "t=0 of samples.csv is when the trace was started" : null,
  };
  // The program has run, and its exit code is what counts: a full disk does not change that.
  await bundle.tell(facts).catch((error: Error) => missing.push(error.message));
  return recorded;
}

/** The program's standard error goes to a file there, and whether its writes went well it alone knows. */
async function isFull({ folder }: Bundle): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder).catch(() => ({ bavail: 1, bsize: ROOM }));
  return bavail * bsize < ROOM;
}

/** Does once what recording does again and again: V8 compiles what is called for the first time. */
function settle(): void {
  // Eight seconds after its last work V8 begins to tidy its heap, which takes tens of milliseconds: this keeps it from that.
  setFlagsFromString("--no-incremental-marking");
  readStatus(process.pid);
  cgroupReader(process.pid)?.();
  const log = new StderrLog(
    () => {},
    () => {},
  );
  const gc = "0+1+0 ms clock, 0+0/1/0+0 ms cpu, 4->4->1 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 1 P";
  const scav = "0 KiB work (bg), 0 KiB work (eager), 0 KiB now, 100% util";
  log.write(Buffer.from(`gc 1 @0.001s 1%: ${gc}\nscav ${scav}\nother\n`));
}

async function takeTrace(
  { untilThere, captureFrom }: typeof import("./pprof-capture.ts"),
  base: URL,
  seconds: number,
  bundle: Bundle,
  signal: AbortSignal,
  onTrace: () => void,
): Promise<Captured> {
  try {
    if (!(await untilThere(base, PPROF_WAIT_SECONDS, signal))) {
      return { files: [], missing: ["trace.out: the program ended before its pprof endpoint answered"] };
    }
    return await captureFrom(base, seconds, bundle, signal, onTrace);
  } catch (error) {
    return { files: [], missing: [`trace.out: ${(error as Error).message}`] };
  }
}

/** A trace that the program wrote itself: its clock becomes the bundle's, from the time its file was made. */
async function takeOwnTrace(bundle: Bundle, startedAt: number): Promise<boolean> {
  const made = await stat(bundle.file("trace.out")).catch(() => null);
  if (!made || made.size === 0) return false;
  const shift = Math.max(0, Math.round((made.birthtimeMs - startedAt) * 1e6));
  const csv = await readFile(bundle.file("samples.csv"), "utf8").catch(() => null);
  if (csv !== null) {
    const [header, ...lines] = csv.split("\n");
    const moved = lines.flatMap((line) => {
      const comma = line.indexOf(",");
      const t = Number(line.slice(0, comma)) - shift;
      return comma > 0 && t >= 0 ? [`${t}${line.slice(comma)}`] : [];
    });
    await writeFile(bundle.file("samples.csv"), `${[header, ...moved].join("\n")}\n`);
  }
  moveAsideNow(bundle, "gctrace.log");
  return true;
}

function moveAsideNow(bundle: Bundle, name: string): void {
  if (!existsSync(bundle.file(name))) return;
  mkdirSync(bundle.file(OTHER_CLOCK), { recursive: true });
  renameSync(bundle.file(name), bundle.file(path.join(OTHER_CLOCK, name)));
}

function forwardSignals(send: (signal: NodeJS.Signals) => void): () => void {
  const forward = (signal: NodeJS.Signals): void => send(signal);
  // At a terminal Ctrl-C goes to every process in front of it: the program has it already.
  const onInterrupt = (): void => {
    if (process.stdin.isTTY !== true) send("SIGINT");
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  process.on("SIGINT", onInterrupt);
  return () => {
    for (const signal of FORWARDED) process.off(signal, forward);
    process.off("SIGINT", onInterrupt);
  };
}

function spawnError(file: string, error: NodeJS.ErrnoException): Error {
  if (error.code === "ENOENT")
    return new InputError(`${file}: no such program; check the path (./program for one here)`);
  if (error.code === "EACCES") return new InputError(`${file}: may not be executed; check its permissions`);
  return new InputError(`${file}: can't be started (${error.code ?? error.message})`);
}
