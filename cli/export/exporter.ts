import type { ReplayResult } from "../../replay/result.ts";
import type { ReplayOptions } from "../../replay/run.ts";

/** Where an export goes: resolves when more may be written, rejects when nobody reads on. */
export interface Sink {
  write(chunk: string | Uint8Array): Promise<void>;
}

/** What an exporter is given to work with. */
export interface ExportJob {
  readonly inputs: readonly string[];
  /** Rows of the timeline that were asked for: a number, "all" (every change), or null for every row that is kept. */
  readonly samples: number | "all" | null;
  /** Replays the inputs; `extra` is laid over what the command line asks for. */
  replay(extra?: ReplayOptions): Promise<ReplayResult>;
}

/** One format to export to. A new one is a file with one of these and a line in registry.ts. */
export interface Exporter {
  /** As in `--to name`. */
  readonly name: string;
  readonly title: string;
  /** Of the file, without the point. */
  readonly extension: string;
  /** Bytes that a terminal can't show. */
  readonly binary: boolean;
  /** Written piece by piece, or put together in memory first. */
  readonly streams: boolean;
  /** Writes everything; resolves to whether an input was partial. */
  write(job: ExportJob, out: Sink): Promise<{ partial: boolean }>;
}
