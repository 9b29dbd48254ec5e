/**
 * The program with a made-up result in the place of a replay, for tests that need a process of their own on a terminal.
 * FAKE holds the options of the result as JSON.
 */
import process from "node:process";
import type { ReplayOptions } from "../../replay/run.ts";
import { runProcess } from "../process.ts";
import { type FakeOptions, fakeResult } from "./fake-result.ts";
import { fakeBatch, fakeServices } from "./fake-tui.ts";

/** What beside the result a test may ask for. */
export interface EntryOptions extends FakeOptions {
  /** The input is read for so long, and then shown. */
  readonly readMs?: number;
  /** It can't be read after so long. */
  readonly failAfterMs?: number;
  /** A run under another setting takes so long. */
  readonly runMs?: number;
  readonly crashAfterMs?: number;
}

const options = JSON.parse(process.env.FAKE ?? "{}") as EntryOptions;
const { readMs = 0, failAfterMs, runMs = 0, crashAfterMs } = options;
if (crashAfterMs !== undefined) {
  setTimeout(() => {
    throw new Error("crash for a test");
  }, crashAfterMs);
}

const result = fakeResult(options);
const { export: _, ...tui } = fakeServices(result, runMs);

async function replay(_: string[], { onProgress, signal, tap }: ReplayOptions) {
  tap?.(fakeBatch(result), {} as never);
  const start = Date.now();
  for (let now = 0; now < readMs; now = Date.now() - start) {
    signal?.throwIfAborted();
    if (failAfterMs !== undefined && now > failAfterMs) {
      throw Object.assign(new Error("trace.out: broken for a test"), { name: "InputError" });
    }
    const rows = Math.max(2, Math.floor((result.timeline.length * now) / readMs));
    onProgress?.({
      phase: "replaying",
      fraction: now / readMs,
      events: Math.round((123_456 * now) / readMs),
      soFar: () => ({ ...result, timeline: result.timeline.slice(0, rows) }),
    });
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  return result;
}

await runProcess(process.argv.slice(2), { replay, tui });
