import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ExportJob } from "../export/exporter.ts";
import { FileSink } from "../export/file-sink.ts";
import { html } from "../export/html.ts";
import { openInBrowser } from "./browser.ts";

export interface Opened {
  readonly file: string;
  /** False when no browser could be started. */
  readonly shown: boolean;
  readonly partial: boolean;
}

/** Writes the report to `file`, or to a new folder for temporary files, and shows it in the browser. */
export async function openReport(
  job: ExportJob,
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Opened> {
  // A folder of one's own: nobody else can have put a file of that name there, nor read what the report says.
  const target = path.resolve(file ?? path.join(await mkdtemp(path.join(tmpdir(), "gopages-")), "report.html"));
  const sink = await FileSink.create(target);
  try {
    const { partial } = await html.write(job, sink);
    await sink.finish();
    return { file: target, partial, shown: await openInBrowser(target, env) };
  } catch (error) {
    await sink.abandon();
    throw error;
  }
}
