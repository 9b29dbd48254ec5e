import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { InputError } from "../../parsers/errors.ts";
import { outputError } from "../errors.ts";

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
      const next = locationOf(response, target);
      if (next === null) throw new InputError(`${url.href}: the server answers ${response.status} without a new place`);
      if (next.host !== url.host || i >= MAX_REDIRECTS) {
        throw new InputError(
          next.host === url.host
            ? `${url.href}: redirects again and again`
            : `${url.href}: redirects to ${next.host}, which is not followed; give its URL if you trust it`,
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
  // No waiting before the body is read: what of it has come is lost when the connection breaks.
  const out = createWriteStream(file, { flags: "wx" });
  let failed: Error | null = null;
  let bytes = 0;
  let whole = true;
  const closed = new Promise<void>((resolve) => out.once("close", resolve));
  out.on("error", (error) => {
    failed ??= outputError(file, error);
  });
  try {
    for await (const piece of response.body ?? []) {
      if (failed || bytes + piece.length > options.maxBytes) {
        whole = false;
        break;
      }
      bytes += piece.length;
      if (!out.write(piece)) await Promise.race([once(out, "drain").catch(() => {}), closed]);
    }
  } catch {
    whole = false;
  } finally {
    out.end();
    await closed;
  }
  if (failed) throw failed;
  if (bytes === 0) await rm(file, { force: true });
  return { bytes, whole };
}

function locationOf(response: Response, base: URL): URL | null {
  const location = response.headers.get("location");
  try {
    return location === null ? null : new URL(location, base);
  } catch {
    return null;
  }
}

function hintOf(status: number): string {
  return status === 404 ? '; does the program import _ "net/http/pprof"?' : "";
}

function reason(error: unknown): string {
  const { name, cause, message } = error as {
    name?: string;
    cause?: { code?: string; message?: string };
    message?: string;
  };
  if (name === "TimeoutError") return "no answer in time";
  if (cause?.code === "ECONNREFUSED") return "nothing listens there; is the program running, with net/http/pprof?";
  if (cause?.code === "ENOTFOUND" || cause?.code === "EAI_AGAIN") return "no such host";
  return cause?.code ?? cause?.message ?? message ?? "can't be fetched";
}
