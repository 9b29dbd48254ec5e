import { Z_NO_FLUSH, Z_OK, Z_STREAM_END, ZStream, zlibInflate, zlibInflateInit2, zlibInflateReset } from "pako";
import { InputError } from "../errors.ts";

/**
 * A profile's decompressed size at most: the largest real ones are some tens of MB; what is beyond is more likely a bomb.
 */
export const MAX_PROFILE_BYTES = 256 * 2 ** 20;

export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** zlib's window bits for gzip alone. */
const GZIP_WINDOW = 15 + 16;
const CHUNK = 1 << 18;

/**
 * Decompresses a gzipped profile in memory, at most `limit` bytes. Several gzip members are one stream; what follows the last
 * and is no member (a shell's output, padding) is left out, as gzip itself does.
 */
export function gunzip(bytes: Uint8Array, path: string, limit: number = MAX_PROFILE_BYTES): Uint8Array {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const stream = new ZStream();
  stream.input = bytes;
  stream.next_in = 0;
  stream.avail_in = bytes.length;
  stream.avail_out = 0;
  zlibInflateInit2(stream, GZIP_WINDOW);
  const flush = () => {
    length += stream.next_out;
    if (length > limit) throw tooLarge(path, limit);
    if (stream.next_out > 0) chunks.push(stream.output.subarray(0, stream.next_out));
  };
  for (;;) {
    if (stream.avail_out === 0) {
      if (stream.output) flush();
      stream.output = new Uint8Array(CHUNK);
      stream.next_out = 0;
      stream.avail_out = CHUNK;
    }
    const status = zlibInflate(stream, Z_NO_FLUSH);
    if (status === Z_STREAM_END) {
      if (!isGzip(bytes.subarray(stream.next_in))) break;
      zlibInflateReset(stream);
      continue;
    }
    if (status === Z_OK && (stream.avail_in > 0 || stream.avail_out === 0)) continue;
    const done = length + stream.next_out;
    // Without input left, zlib says either that all is well or that it got nowhere.
    if (stream.avail_in === 0) {
      throw new InputError(`${path}: the gzip data ends early, after ${done} bytes of profile; download it again`);
    }
    throw new InputError(
      `${path}: the gzip data is damaged (${stream.msg || `error ${status}`}, after ${done} bytes); download it again`,
    );
  }
  flush();
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
