import { setTimeout as sleep } from "node:timers/promises";
import { UnsupportedError } from "../../parsers/errors.ts";
import { Bundle } from "./bundle.ts";
import { pprofUrl } from "./fetch.ts";
import { get, nameOf } from "./get.ts";
import { Pace } from "./pace.ts";
import { type Captured, captureFrom } from "./pprof-capture.ts";
import { canSample, readStatus } from "./proc.ts";
import { Sampler } from "./sampler.ts";

export interface CaptureOptions {
  readonly folder: string;
  readonly pprofBase: URL | null;
  readonly pid: number | null;
  readonly seconds: number;
  readonly intervalMs: number;
  /** Samples may be further apart where that spares the machine's processors. */
  readonly atMost: boolean;
  readonly signal: AbortSignal;
}

export interface CaptureResult extends Captured {
  readonly peakRss: number;
}

/** Records a running program from outside: a trace and a heap profile from its pprof endpoint, samples of its process. */
export async function capture(options: CaptureOptions): Promise<CaptureResult> {
  const { pprofBase, pid, seconds, signal } = options;
  // Before a folder is made: is there anything to record?
  if (pprofBase) (await get(pprofUrl(pprofBase, ""), { signal })).close();
  if (pid !== null && (!canSample() || readStatus(pid) === null)) {
    throw new UnsupportedError(`--pid ${pid}: no such process, or its memory can't be read here`);
  }
  const bundle = await Bundle.create(options.folder);
  const start = process.hrtime.bigint();
  let zero = 0;
  const now = (): number => Number(process.hrtime.bigint() - start) - zero;
  const sampler = { current: null as Sampler | null };
  let pace: Pace | undefined;
  // Of a process alone there is no more when it has ended.
  const over = new AbortController();
  const onAbort = (): void => over.abort();
  signal.addEventListener("abort", onAbort);
  const begin = (): void => {
    zero = Number(process.hrtime.bigint() - start);
    if (pid === null) return;
    sampler.current = new Sampler(pid, bundle.file("samples.csv"), now);
    pace = new Pace(options.intervalMs, options.atMost, () => {
      sampler.current?.sample();
      if (sampler.current?.gone) over.abort();
    });
  };
  await bundle.tell({
    pprofUrl: pprofBase && nameOf(pprofBase),
    pid,
    seconds,
    clock: "t=0 is when the trace was asked for",
  });
  let captured: Captured = { files: [], missing: [] };
  try {
    if (pprofBase) captured = await captureFrom(pprofBase, seconds, bundle, signal, begin);
    else {
      begin();
      if (!signal.aborted) await sleep(seconds * 1000, undefined, { signal: over.signal }).catch(() => {});
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    pace?.stop();
    sampler.current?.stop();
  }
  const cost = pace?.cost() ?? null;
  const files = [...captured.files, ...((sampler.current?.rows ?? 0) > 0 ? ["samples.csv"] : [])];
  const peakRss = sampler.current?.peakRss ?? 0;
  await bundle.tell({ durationNs: now(), files, missing: captured.missing, peakRss, cost });
  return { files, missing: captured.missing, peakRss };
}
