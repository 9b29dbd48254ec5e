import { InputError } from "./errors.ts";
import type { ByteSource } from "./format.ts";

/** Dumps and profiles are read at once; one that is larger is no dump. */
export const MAX_WHOLE_BYTES = 256 * 2 ** 20;

/** All bytes of an input, at most `limit`. */
export async function readWhole(bytes: ByteSource, limit: number = MAX_WHOLE_BYTES): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const piece = await bytes.read();
    if (piece === null) break;
    length += piece.length;
    if (length > limit) {
      throw new InputError(
        `${bytes.path}: more than ${limit / 2 ** 20} MiB, too large for one of its kind; give a part of it`,
      );
    }
    pieces.push(piece);
  }
  if (pieces.length === 1) return pieces[0]!;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** All of an input as text. Bytes that are not UTF-8 become replacement characters. */
export async function readText(bytes: ByteSource, limit: number = MAX_WHOLE_BYTES): Promise<string> {
  return new TextDecoder().decode(await readWhole(bytes, limit));
}
