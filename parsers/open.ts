/** Opens inputs: finds out what each is, and what a folder holds. */
import { readdir, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { detect } from "./detect.ts";
import { InputError } from "./errors.ts";
import type { EventSource, FormatId } from "./event-source.ts";
import type { Format, OpenOptions } from "./format.ts";
import { FORMATS } from "./registry.ts";
import { type RunDescription, readRunDescription } from "./run-description.ts";
import { fileError, type OpenedBytes, openBytes } from "./source.ts";
import { ThreadedSource } from "./threaded-source.ts";

/** Bytes of a trace file from which on it is read in a thread of its own. */
const THREAD_WORTHY = 24 << 20;

export interface OpenInputsOptions extends OpenOptions {
  /** Read every input as this format, whatever it looks like. */
  readonly format?: FormatId;
  /** Formats to choose from; default: all. */
  readonly formats?: readonly Format[];
}

export interface OpenedInputs {
  readonly sources: EventSource[];
  /** Files of a folder that are of no known format, with why. */
  readonly ignored: { readonly path: string; readonly reason: string }[];
  /** How the run was made, where a bundle tells it. */
  description: RunDescription | null;
}

/** Opens one file, or standard input ("-"). Throws InputError when it can't be read or is of no known format. */
export async function openInput(path: string, options: OpenInputsOptions = {}): Promise<EventSource> {
  const source = await openKnown(path, options);
  if (source) return source;
  throw unknownFormat(path, options);
}

function unknownFormat(path: string, options: OpenInputsOptions): InputError {
  const known = (options.formats ?? FORMATS).map((format) => format.title).join(", ");
  return new InputError(`${path}: of no known format; gopages reads ${known}`);
}

/** Takes a file as the run's description, if it is one. */
async function describes(path: string, opened: OpenedInputs): Promise<boolean> {
  const description = path === "-" ? null : await readRunDescription(path);
  if (description) opened.description ??= description;
  return description !== null;
}

/**
 * Opens several inputs. A folder is a bundle of one run's recordings: every file in it of a known format is opened, in
 * order of name, the others are listed as ignored; folders inside it are not looked into. A description of the run, in a
 * folder or named, is no source: it is read at once.
 */
export async function openInputs(paths: readonly string[], options: OpenInputsOptions = {}): Promise<OpenedInputs> {
  const opened: OpenedInputs = { sources: [], ignored: [], description: null };
  try {
    for (const path of paths) {
      if (await isFolder(path)) await openFolder(path, options, opened);
      else {
        const source = await openKnown(path, options);
        if (source) opened.sources.push(source);
        else if (!(await describes(path, opened))) throw unknownFormat(path, options);
      }
    }
  } catch (error) {
    for (const source of opened.sources) await source.close();
    throw error;
  }
  return opened;
}

/** Whether a thread of its own is worth it: a file (it is opened once more) that takes a second or so to read. */
async function isBig(path: string): Promise<boolean> {
  if (path === "-" || /^https?:\/\//.test(path)) return false;
  const { size } = await stat(path);
  return size >= THREAD_WORTHY && availableParallelism() > 1;
}

async function isFolder(path: string): Promise<boolean> {
  if (path === "-" || /^https?:\/\//.test(path)) return false;
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw fileError(path, error);
  }
}

async function openFolder(folder: string, options: OpenInputsOptions, opened: OpenedInputs): Promise<void> {
  const before = opened.sources.length;
  let entries: Awaited<ReturnType<typeof list>>;
  try {
    entries = await list(folder);
  } catch (error) {
    throw fileError(folder, error);
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() || entry.name.startsWith(".")) continue;
    try {
      const source = await openKnown(path, options);
      if (source) opened.sources.push(source);
      else if (!(await describes(path, opened))) opened.ignored.push({ path, reason: "of no known format" });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      opened.ignored.push({ path, reason: error.message.slice(path.length + 2) });
    }
  }
  if (opened.sources.length === before) {
    throw new InputError(`${folder}: no file in this folder is of a known format`);
  }
}

const list = (folder: string) => readdir(folder, { withFileTypes: true });

/** null when the content is of no known format. */
async function openKnown(path: string, options: OpenInputsOptions): Promise<EventSource | null> {
  const formats = options.formats ?? FORMATS;
  const bytes: OpenedBytes = await openBytes(path);
  try {
    const format = options.format
      ? (formats.find(({ id }) => id === options.format) ?? null)
      : detect(bytes.head, formats);
    if (format === null) {
      await bytes.close();
      return null;
    }
    if (options.threaded === true && format.id === "go-trace-v2" && (await isBig(path))) {
      await bytes.close();
      return new ThreadedSource(path, format.id, options);
    }
    const source = await format.open(bytes, options);
    bytes.reportTo(source.losses);
    return source;
  } catch (error) {
    await bytes.close();
    throw error;
  }
}
