import http from "node:http";
import https from "node:https";
import { InputError } from "../../parsers/errors.ts";

/** Beyond the time the server was asked to take. */
const PATIENCE_MS = 15_000;
const MAX_REDIRECTS = 3;
/** Of what a server says to an error, characters. */
const MAX_SAID = 200;

export interface GetOptions {
  /** How long the server takes by itself. */
  readonly seconds?: number;
  readonly signal?: AbortSignal;
  /** How long it may take beyond that, ms. */
  readonly patienceMs?: number;
}

/** An answer whose body is still to be read. */
export interface Answer {
  readonly body: http.IncomingMessage;
  /** No more of it is wanted: to be called in any case. */
  close(): void;
}

/**
 * GET with a time-out, for the body too; redirects are followed on the same host only. Not fetch: its own time-outs can't be
 * changed (300 s without a byte, which a trace of a quiet program can take), and what has come of a body is lost when the
 * connection breaks.
 */
export async function get(
  url: URL,
  { seconds = 0, signal, patienceMs = PATIENCE_MS }: GetOptions = {},
): Promise<Answer> {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort);
  const timer = setTimeout(onAbort, seconds * 1000 + patienceMs);
  const close = (): void => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  };
  try {
    const body = await follow(url, stop.signal);
    return {
      body,
      close() {
        close();
        body.destroy();
      },
    };
  } catch (error) {
    close();
    if (error instanceof InputError) throw error;
    // The user's wish, not the server's fault.
    if (signal?.aborted) throw Object.assign(new Error("interrupted"), { name: "AbortError" });
    throw new InputError(`${nameOf(url)}: ${stop.signal.aborted ? "no answer in time" : reason(error)}`);
  }
}

/** How a URL is shown: without a password. */
export function nameOf(url: URL): string {
  const shown = new URL(url);
  if (shown.password !== "") shown.password = "...";
  return shown.href;
}

async function follow(url: URL, signal: AbortSignal): Promise<http.IncomingMessage> {
  let target = url;
  for (let i = 0; ; i++) {
    const response = await request(target, signal);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    if (status < 300 || status >= 400) {
      // "profile duration exceeds server's WriteTimeout", "tracing is already enabled".
      const said = await firstLine(response);
      throw new InputError(`${nameOf(url)}: the server answers ${status}${said}${hintOf(status)}`);
    }
    response.destroy();
    const next = locationOf(response, target);
    if (next === null) throw new InputError(`${nameOf(url)}: the server answers ${status} without a new place`);
    if (next.host !== url.host) {
      throw new InputError(
        `${nameOf(url)}: redirects to ${next.host}, which is not followed; give its URL if you trust it`,
      );
    }
    if (i >= MAX_REDIRECTS) throw new InputError(`${nameOf(url)}: redirects again and again`);
    target = next;
  }
}

function request(url: URL, signal: AbortSignal): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { get: send } = url.protocol === "https:" ? https : http;
    // A connection of its own: one that is kept may be closed by the server just when it is used again.
    send(url, { signal, agent: false }, (response) => {
      // What breaks later is for who reads the body to see.
      response.on("error", () => {});
      resolve(response);
    }).on("error", reject);
  });
}

function locationOf({ headers: { location } }: http.IncomingMessage, base: URL): URL | null {
  try {
    const next = location === undefined ? null : new URL(location, base);
    return next && /^https?:$/.test(next.protocol) ? next : null;
  } catch {
    return null;
  }
}

/** ": what the server says", of a plain text; nothing of a web page. */
async function firstLine(response: http.IncomingMessage): Promise<string> {
  let text = "";
  try {
    for await (const piece of response) {
      text += String(piece);
      if (text.length > MAX_SAID || text.includes("\n")) break;
    }
  } catch {
    // What came will do.
  }
  response.destroy();
  const line = text.split("\n")[0]!.trim().slice(0, MAX_SAID);
  return line === "" || line.startsWith("<") ? "" : `: ${line}`;
}

function hintOf(status: number): string {
  return status === 404 ? '; does the program import _ "net/http/pprof"?' : "";
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ECONNREFUSED":
      return "nothing listens there; is the program running, with net/http/pprof?";
    case "ECONNRESET":
      return "the server closed the connection without an answer";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "no such host";
    default:
      return code?.startsWith("HPE_") ? "the server does not speak HTTP" : (code ?? message ?? "can't be fetched");
  }
}
