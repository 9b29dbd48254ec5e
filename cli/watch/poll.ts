import { setTimeout as sleep } from "node:timers/promises";
import { detect } from "../../parsers/detect.ts";
import { InputError } from "../../parsers/errors.ts";
import { OBSERVATION, OBSERVATIONS, type ObservationName } from "../../parsers/events.ts";
import { FORMATS } from "../../parsers/registry.ts";
import { bytesSource } from "../../parsers/source.ts";
import { pprofBase, pprofUrl } from "../record/fetch.ts";
import { get, nameOf } from "../record/get.ts";

const MAX_PAGE = 32 << 20;

/** The page to ask: a pprof endpoint's heap profile with MemStats, or the page itself (expvar, Prometheus). */
export function watchedUrl(text: string): URL {
  const url = new URL(text);
  const isPprof = url.pathname === "/" || url.pathname.includes("/debug/pprof");
  return isPprof ? pprofUrl(pprofBase(text), "heap?debug=1") : url;
}

/** One look: what the page measures. */
export async function look(url: URL, signal: AbortSignal): Promise<Map<ObservationName, number>> {
  const bytes = await bytesSource(await page(url, signal), url.href);
  const format = detect(bytes.head, FORMATS);
  if (!format) throw new InputError(`${nameOf(url)}: of no known format; give a pprof, expvar or Prometheus URL`);
  const source = await format.open(bytes, {});
  const values = new Map<ObservationName, number>();
  for await (const { length: n, kind, size, aux } of source.batches()) {
    for (let i = 0; i < n; i++) if (kind[i] === OBSERVATION) values.set(OBSERVATIONS[aux[i]!]!, size[i]!);
  }
  await source.close();
  return values;
}

async function page(url: URL, signal: AbortSignal): Promise<Buffer> {
  const { body, close } = await get(url, { signal });
  try {
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of body) {
      pieces.push(piece);
      length += piece.length;
      if (length > MAX_PAGE)
        throw new InputError(`${nameOf(url)}: more than ${MAX_PAGE >> 20} MiB; that is no page of statistics`);
    }
    return Buffer.concat(pieces, length);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${nameOf(url)}: the answer breaks off`);
  } finally {
    close();
  }
}

/** Looks again and again. A service that is away is waited for; only a first look that finds nothing to watch is an error. */
export async function poll(
  url: URL,
  seconds: number,
  signal: AbortSignal,
  onValues: (values: Map<ObservationName, number>) => void,
  onTrouble: (text: string | null) => void,
): Promise<void> {
  let first = true;
  while (!signal.aborted) {
    const started = Date.now();
    try {
      onValues(await look(url, signal));
      onTrouble(null);
      first = false;
    } catch (error) {
      if (signal.aborted) return;
      if (first) throw error;
      onTrouble((error as Error).message);
    }
    const rest = Math.max(100, seconds * 1000 - (Date.now() - started));
    await sleep(rest, undefined, { signal }).catch(() => {});
  }
}
