import { PassThrough } from "node:stream";
import type { ReplayResult } from "../../replay/result.ts";
import type { ReplayOptions } from "../../replay/run.ts";
import type { Host, Services } from "../host.ts";
import { main } from "../program.ts";
import { fakeResult } from "./fake-result.ts";

export interface RunOptions {
  env?: Record<string, string | undefined>;
  /** stdout is a terminal of this size. */
  tty?: { columns: number; rows: number };
  /** What replay resolves to, or rejects with. */
  result?: ReplayResult | Error;
  onReplay?: (paths: string[], options: ReplayOptions) => void;
}

export interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the program in this process, with streams that remember what was written. */
export async function runMain(argv: string[], options: RunOptions = {}): Promise<Run> {
  const stdout = sink(options.tty);
  const stderr = sink();
  const host = {
    stdin: new PassThrough() as unknown as NodeJS.ReadStream,
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: { LANG: "C.UTF-8", TERM: "xterm-256color", ...options.env },
  } satisfies Host;
  const services: Services = {
    async replay(paths, replayOptions) {
      options.onReplay?.(paths, replayOptions);
      const result = options.result ?? fakeResult();
      if (result instanceof Error) throw result;
      for (const row of replayOptions.rows ? result.timeline : []) {
        replayOptions.rows!.add(row);
        await replayOptions.rows!.drain();
      }
      return result;
    },
  };
  const code = await main(argv, host, services);
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function sink(tty?: { columns: number; rows: number }): { stream: NodeJS.WriteStream; text: () => string } {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  if (tty) Object.assign(stream, { isTTY: true, ...tty });
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => Buffer.concat(chunks).toString("utf8") };
}
