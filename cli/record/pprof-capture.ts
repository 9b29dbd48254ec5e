import { open, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bundle } from "./bundle.ts";
import { download, pprofUrl } from "./fetch.ts";
import { get } from "./get.ts";

const MAX_TRACE = 2 ** 31;
const MAX_PROFILE = 256 << 20;
const RETRY_MS = 200;
/** How a trace begins (internal/trace and runtime/trace.go), and how gzip does, in which profiles come. */
const TRACE = Buffer.from("go 1.");
const GZIP = Buffer.from([0x1f, 0x8b]);

export interface Captured {
  /** Names of the files that were taken. */
  readonly files: string[];
  /** What could not be had, one line each. */
  readonly missing: string[];
}

/** Waits until the endpoint answers; false when `signal` says that it never will. */
export async function untilThere(base: URL, seconds: number, signal: AbortSignal): Promise<boolean> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    try {
      (await get(pprofUrl(base, ""), { signal })).close();
      return true;
    } catch (error) {
      if (signal.aborted || Date.now() > end) {
        if (signal.aborted) return false;
        throw error;
      }
    }
    await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
  }
}

/** Takes a trace of so many seconds and, after it, a heap profile. `onTrace` is called when the trace is asked for. */
export async function captureFrom(
  base: URL,
  seconds: number,
  bundle: Bundle,
  signal: AbortSignal,
  onTrace: () => void = () => {},
): Promise<Captured> {
  const captured: Captured = { files: [], missing: [] };
  const take = async (name: string, page: string, magic: Buffer, maxBytes: number, takes: number): Promise<void> => {
    const file = bundle.file(name);
    try {
      const { bytes, whole } = await download(pprofUrl(base, page), file, { seconds: takes, maxBytes, signal });
      if (bytes > 0 && !(await startsWith(file, magic))) {
        await rm(file);
        captured.missing.push(`${name}: the server answers with something else; is it a net/http/pprof endpoint?`);
        return;
      }
      if (bytes > 0) captured.files.push(name);
      if (!whole || bytes === 0) captured.missing.push(`${name}: broke off after ${bytes} bytes`);
    } catch (error) {
      captured.missing.push(`${name}: ${signal.aborted ? "interrupted" : (error as Error).message}`);
    }
  };
  onTrace();
  await take("trace.out", `trace?seconds=${seconds}`, TRACE, MAX_TRACE, seconds);
  if (!signal.aborted) await take("heap.pb.gz", "heap", GZIP, MAX_PROFILE, 0);
  return captured;
}

async function startsWith(name: string, magic: Buffer): Promise<boolean> {
  const file = await open(name);
  try {
    const head = Buffer.alloc(magic.length);
    await file.read(head, 0, head.length, 0);
    return head.equals(magic);
  } finally {
    await file.close();
  }
}
