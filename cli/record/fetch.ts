import { createWriteStream, type WriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { InputError } from "../../parsers/errors.ts";
import { outputError } from "../errors.ts";
import { type GetOptions, get } from "./get.ts";

/** The base of a net/http/pprof endpoint: "host:6060", ".../debug/pprof/", ".../debug/pprof/heap" are all seen as it. */
export function pprofBase(text: string): URL {
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  } catch {
    throw new InputError(`${text}: not a URL; it looks like http://localhost:6060`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new InputError(`${text}: only http and https are fetched`);
  }
  const at = url.pathname.indexOf("/debug/pprof");
  url.pathname = at < 0 ? url.pathname.replace(/\/$/, "") : url.pathname.slice(0, at);
  url.search = "";
  url.hash = "";
  return url;
}

/** A page of the endpoint: "trace?seconds=5". */
export function pprofUrl(base: URL, page: string): URL {
  return new URL(`${base.href.replace(/\/$/, "")}/debug/pprof/${page}`);
}

export interface DownloadOptions extends GetOptions {
  readonly maxBytes: number;
}

export interface Downloaded {
  readonly bytes: number;
  /** False when the body broke off, or was too long. */
  readonly whole: boolean;
}

/** Fetches into a file. A body that breaks off is kept as far as it came; of nothing there is no file. */
export async function download(url: URL, file: string, options: DownloadOptions): Promise<Downloaded> {
  const { body, close } = await get(url, options);
  const out = createWriteStream(file, { flags: "wx" });
  try {
    const { bytes, whole } = await pour(body, out, options.maxBytes);
    if (bytes === 0) await rm(file, { force: true });
    return { bytes, whole };
  } catch (error) {
    throw outputError(file, error);
  } finally {
    close();
  }
}

/** Rejects when it can't be written. */
function pour(body: IncomingMessage, out: WriteStream, maxBytes: number): Promise<Downloaded> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let whole = true;
    const end = (): void => void out.end();
    // Events, not an iterator: what has come is not lost when the connection breaks after it.
    body.on("data", (piece: Buffer) => {
      if (!whole) return;
      if (bytes + piece.length > maxBytes) {
        whole = false;
        end();
        return;
      }
      bytes += piece.length;
      if (!out.write(piece)) body.pause();
    });
    body.on("close", () => {
      whole &&= body.complete;
      end();
    });
    out.on("drain", () => body.resume());
    out.on("error", reject);
    out.on("close", () => resolve({ bytes, whole }));
  });
}
