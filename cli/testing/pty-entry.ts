/**
 * The program with a made-up result in the place of a replay, for tests that need a process of their own on a terminal.
 * FAKE holds the options of the result as JSON.
 */
import process from "node:process";
import type { ReplayOptions } from "../../replay/run.ts";
import { runProcess } from "../process.ts";
import { type FakeOptions, fakeResult } from "./fake-result.ts";
import { fakeBatch, fakeServices } from "./fake-tui.ts";

/** What beside the result a test may ask for. What takes time ends, or happens, when the process gets SIGUSR2. */
export interface EntryOptions extends FakeOptions {
  /** The input is read, until it is told that it is at its end, or can't be read. */
  readonly reads?: "well" | "badly";
  /** A run under another setting takes so long. */
  readonly runMs?: number;
  /** Something throws that nobody catches. */
  readonly crashes?: boolean;
}

const options = JSON.parse(process.env.FAKE ?? "{}") as EntryOptions;
const { reads, runMs = 0, crashes = false } = options;
let told = false;
process.on("SIGUSR2", () => {
  told = true;
  if (crashes) throw new Error("crash for a test");
});

const result = fakeResult(options);
const { export: _, ...tui } = fakeServices(result, runMs);

async function replay(_: string[], { onProgress, signal, tap }: ReplayOptions) {
  tap?.(fakeBatch(result), {} as never);
  for (let read = 2; reads !== undefined && !told; read = Math.min(read + 5, result.timeline.length)) {
    signal?.throwIfAborted();
    const timeline = result.timeline.slice(0, read);
    onProgress?.({
      phase: "replaying",
      fraction: read / result.timeline.length,
      events: 100 * read,
      soFar: () => ({ ...result, timeline }),
    });
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  if (reads === "badly") throw Object.assign(new Error("trace.out: broken for a test"), { name: "InputError" });
  return result;
}

await runProcess(process.argv.slice(2), { replay, tui });
