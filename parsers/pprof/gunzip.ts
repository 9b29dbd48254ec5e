import { Inflate } from "pako";
import { InputError } from "../errors.ts";

/**
 * A profile's decompressed size at most: the largest real ones are some tens of MB; what is beyond is more likely a bomb.
 */
export const MAX_PROFILE_BYTES = 256 * 2 ** 20;

export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Decompresses a gzipped profile in memory, at most `limit` bytes. */
export function gunzip(bytes: Uint8Array, path: string, limit: number = MAX_PROFILE_BYTES): Uint8Array {
  const inflate = new Inflate({ chunkSize: 1 << 18 });
  const chunks: Uint8Array[] = [];
  let length = 0;
  inflate.onData = (chunk: Uint8Array) => {
    length += chunk.length;
    if (length > limit) throw tooLarge(path, limit);
    chunks.push(chunk);
  };
  inflate.push(bytes, true);
  if (inflate.err !== 0) {
    throw new InputError(
      `${path}: the gzip data is damaged (${inflate.msg || `error ${inflate.err}`}, after ${length} bytes); download it again`,
    );
  }
  if (!inflate.ended) {
    throw new InputError(`${path}: the gzip data ends early, after ${length} bytes of profile; download it again`);
  }
  return join(chunks, length);
}

export function tooLarge(path: string, limit: number): InputError {
  return new InputError(
    `${path}: a heap profile of more than ${limit / 2 ** 20} MiB; aggregate it first (go tool pprof -proto)`,
  );
}

export function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
