import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { InputError } from "../../parsers/errors.ts";
import type { ReplayResult } from "../../replay/result.ts";
import { escapeText } from "../escape.ts";
import { download, pprofBase, pprofUrl } from "./fetch.ts";
import { nameOf } from "./get.ts";

const MAX_BYTES = 2 ** 31;
/** Of a service whose pages are not named, a trace of this length is taken. */
const TRACE_SECONDS = 10;
/** A page may be asked to take this long. */
const MAX_SECONDS = 24 * 3600;

export interface FetchedInputs {
  /** The inputs with a file in place of each URL. */
  readonly inputs: string[];
  /** The URL that each such file stands for. */
  readonly urls: ReadonlyMap<string, string>;
  /** Removes the files. */
  close(): Promise<void>;
}

export function isUrl(input: string): boolean {
  return /^https?:\/\//i.test(input);
}

/** What a URL stands for: the page that it names, or of a service as such a trace and a heap profile. */
export function pagesOf(input: string): URL[] {
  const base = pprofBase(input);
  const url = new URL(input);
  const page = url.pathname.replace(/\/$/, "");
  if (page !== "" && !page.endsWith("/debug/pprof")) return [url];
  return [pprofUrl(base, `trace?seconds=${TRACE_SECONDS}`), pprofUrl(base, "heap")];
}

/**
 * Fetches what URLs among the inputs stand for into temporary files: what reads recordings reads files only. Time, size and
 * redirects are bounded (fetch.ts). Throws InputError when there is nothing to be had.
 */
export async function fetchInputs(
  inputs: readonly string[],
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<FetchedInputs> {
  const folder = await mkdtemp(path.join(tmpdir(), "gopages-"));
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const files: string[] = [];
    const urls = new Map<string, string>();
    for (const input of inputs) {
      if (!isUrl(input)) {
        files.push(input);
        continue;
      }
      for (const url of pagesOf(input)) {
        const file = await fetchPage(url, folder, files.length, say, signal);
        files.push(file);
        urls.set(file, nameOf(url));
      }
    }
    return { inputs: files, urls, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The result with URLs in place of the files that stood for them: these are gone when it is read. */
export function withUrls(result: ReplayResult, urls: ReadonlyMap<string, string>): ReplayResult {
  const named = (text: string): string => {
    let out = text;
    for (const [file, url] of urls) out = out.replaceAll(file, url);
    return out;
  };
  return {
    ...result,
    inputs: result.inputs.map((input) => ({ ...input, path: urls.get(input.path) ?? input.path })),
    notes: result.notes.map((note) => ({ ...note, text: named(note.text) })),
  };
}

async function fetchPage(
  url: URL,
  folder: string,
  number: number,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const seconds = Number(url.searchParams.get("seconds") ?? 0);
  if (!(seconds >= 0 && seconds <= MAX_SECONDS)) throw new InputError(`${nameOf(url)}: seconds is no length of time`);
  const name = url.pathname
    .split("/")
    .at(-1)!
    .replaceAll(/[^\w.-]/g, "_");
  const file = path.join(folder, `${number}-${name === "" ? "page" : name}`);
  if (seconds > 1) say(`fetching ${escapeText(nameOf(url))}, ${seconds} s`);
  const { bytes, whole } = await download(url, file, { seconds, maxBytes: MAX_BYTES, signal });
  signal.throwIfAborted();
  if (bytes === 0) throw new InputError(`${nameOf(url)}: the server answers with nothing`);
  if (!whole) say(`${escapeText(nameOf(url))}: broke off after ${bytes} bytes; what came is used`);
  return file;
}
