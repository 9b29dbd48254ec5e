import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { InputError } from "../../parsers/errors.ts";

/** Beyond the time the server was asked to take. */
const PATIENCE_MS = 15_000;
const MAX_REDIRECTS = 3;

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

export interface FetchOptions {
  /** How long the server takes by itself. */
  readonly seconds?: number;
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/** GET with a time-out; redirects are followed on the same host only. */
export async function get(url: URL, { seconds = 0, signal }: Omit<FetchOptions, "maxBytes">): Promise<Response> {
  const timeout = AbortSignal.timeout(seconds * 1000 + PATIENCE_MS);
  let target = url;
  for (let i = 0; ; i++) {
    let response: Response;
    try {
      response = await fetch(target, {
        redirect: "manual",
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new InputError(`${url.href}: ${reason(error)}`);
    }
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      const next = new URL(response.headers.get("location") ?? "", target);
      if (next.host !== url.host || i >= MAX_REDIRECTS) {
        throw new InputError(
          `${url.href}: redirects to ${next.host}, which is not followed; give its URL if you trust it`,
        );
      }
      target = next;
      continue;
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw new InputError(`${url.href}: the server answers ${response.status}${hintOf(response.status)}`);
    }
    return response;
  }
}

/** Fetches into a file. Returns its size; a body that breaks off is kept as far as it came. */
export async function download(
  url: URL,
  file: string,
  options: FetchOptions,
): Promise<{ bytes: number; whole: boolean }> {
  const response = await get(url, options);
  const out = createWriteStream(file, { flags: "wx" });
  let bytes = 0;
  let whole = true;
  try {
    for await (const piece of response.body ?? []) {
      bytes += piece.length;
      if (bytes > options.maxBytes) {
        whole = false;
        break;
      }
      if (!out.write(piece)) await new Promise<void>((resolve) => out.once("drain", resolve));
    }
  } catch {
    whole = false;
  } finally {
    out.end();
    await finished(out);
  }
  if (bytes === 0) await rm(file, { force: true });
  return { bytes, whole };
}

function hintOf(status: number): string {
  return status === 404 ? '; does the program import _ "net/http/pprof"?' : "";
}

function reason(error: unknown): string {
  const { name, cause, message } = error as { name?: string; cause?: { code?: string }; message?: string };
  if (name === "TimeoutError") return "no answer in time";
  if (cause?.code === "ECONNREFUSED") return "nothing listens there; is the program running, with net/http/pprof?";
  return cause?.code ?? message ?? "can't be fetched";
}
