import { spawn } from "node:child_process";
import { access } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { UnsupportedError } from "../../parsers/errors.ts";
import type { ReplayOptions } from "../../replay/run.ts";
import type { ExportJob } from "../export/exporter.ts";
import type { Services as CliServices } from "../host.ts";
import type { Writer } from "../writer.ts";
import type { Services } from "./session.ts";

/** Formats that read the input once more, or play it under other settings: they take their time, in a process of their own. */
const APART: readonly string[] = ["html", "events", "pprof", "speedscope"];

/** What the interface asks for, of the inputs that it shows. */
export function servicesFor(inputs: string[], replay: ReplayOptions, services: CliServices): Services {
  const { policy, memoryLimit, physPageSize } = replay;
  const again = inputs.every((input) => input !== "-");
  return {
    async diagnose(result, facts, signal) {
      if (policy !== undefined) {
        throw new UnsupportedError("The causes are those of the run as recorded: start without --policy to see them.");
      }
      const { diagnose } = await import("../../replay/diagnose/diagnose.ts");
      return diagnose(inputs, {
        ...(memoryLimit === undefined ? {} : { memoryLimit }),
        ...(physPageSize === undefined ? {} : { physPageSize }),
        ...(facts === null ? {} : { replayed: { result, facts } }),
        signal,
      });
    },
    async openPlayer(onProgress, signal) {
      if (!again) {
        throw new UnsupportedError(
          "Other settings need the recording once more, and standard input is read once only: save it to a file first.",
        );
      }
      const { WhatIfSession } = await import("../../replay/what-if-session.ts");
      const options = memoryLimit === undefined ? {} : { recordedMemoryLimit: memoryLimit ?? Number.POSITIVE_INFINITY };
      return WhatIfSession.open(inputs, options, onProgress, signal);
    },
    async export(format, file, result) {
      await refuseToReplace(file);
      if (APART.includes(format) && again) {
        await exportApart([
          "export",
          "--to",
          format,
          `--output=${file}`,
          ...optionsOf(replay),
          "--no-progress",
          "--",
          ...inputs,
        ]);
        return;
      }
      const { FileSink } = await import("../export/file-sink.ts");
      const sink = await FileSink.create(file);
      try {
        if (format === "json") {
          const { writeReplayJson } = await import("../json.ts");
          // It writes and does nothing else.
          await writeReplayJson(sink as Pick<Writer, "write"> as Writer, "gopages/replay/1", result, "all");
        } else {
          const { EXPORTERS } = await import("../export/registry.ts");
          const exporter = EXPORTERS.find(({ name }) => name === format);
          if (!exporter) throw new UnsupportedError(`${format}: no such format`);
          const job: ExportJob = {
            inputs,
            samples: null,
            replay: async (extra) =>
              extra?.tap || extra?.rows ? services.replay(inputs, { ...replay, ...extra }) : result,
          };
          await exporter.write(job, sink);
        }
        await sink.finish();
      } catch (error) {
        await sink.abandon();
        throw error;
      }
    },
    ...services.tui,
  };
}

function optionsOf({ policy, memoryLimit, physPageSize }: ReplayOptions): string[] {
  return [
    ...(policy === undefined ? [] : ["--policy", policy]),
    ...(memoryLimit === undefined ? [] : ["--memory-limit", memoryLimit === null ? "off" : String(memoryLimit)]),
    ...(physPageSize === undefined ? [] : ["--phys-page-size", String(physPageSize)]),
  ];
}

/** A file that is there is somebody's. */
async function refuseToReplace(file: string): Promise<void> {
  const there = await access(file).then(
    () => true,
    () => false,
  );
  if (there) throw new Error(`${file} is there already, choose another name`);
}

/** Runs this program with other arguments; rejects with what it says. */
function exportApart(args: readonly string[]): Promise<void> {
  const main = path.join(import.meta.dirname, "..", "main.js");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      if (said.length < 2000) said += chunk.toString("utf8");
    });
    child.on("error", reject);
    // Not "exit": what it said may not all be read by then.
    child.on("close", (code) => {
      // 4: done, on a partial input.
      if (code === 0 || code === 4) resolve();
      else reject(new Error(said.split("\n")[0]?.replace(/^gopages: /, "") || `the export ended with code ${code}`));
    });
  });
}
