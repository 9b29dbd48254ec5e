import type { Reader } from "protobufjs/minimal.js";

/*
 * 64-bit varints as doubles. protobufjs makes an object of each, which is most of the time and memory of reading a large
 * profile; so these two read from its Reader's position. Integers beyond 2^53 lose low bits: in a profile that happens
 * to kernel addresses, and to wall-clock ns (256 ns), where it does not matter.
 */

/** Reads a varint as an unsigned 64-bit integer. */
export function readUint64(reader: Reader): number {
  const buf = reader.buf;
  let pos = reader.pos;
  let byte = buf[pos++]!;
  if (byte < 0x80) {
    if (pos > reader.len) throw outOfRange(reader);
    reader.pos = pos;
    return byte;
  }
  let value = byte & 0x7f;
  let scale = 0x80;
  for (let i = 1; i < 10; i++) {
    if (pos >= reader.len) throw outOfRange(reader);
    byte = buf[pos++]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      reader.pos = pos;
      return value;
    }
    scale *= 0x80;
  }
  throw new RangeError("a varint is longer than 10 bytes");
}

/** Reads a varint as a signed 64-bit integer (int64: two's complement in 10 bytes when negative). */
export function readInt64(reader: Reader): number {
  const start = reader.pos;
  const value = readUint64(reader);
  if (reader.pos - start < 10 || (reader.buf[reader.pos - 1]! & 1) === 0) return value;
  // Negative: add up the complement, so that small magnitudes stay exact.
  const buf = reader.buf;
  let magnitude = 0;
  let scale = 1;
  for (let pos = start; pos < reader.pos; pos++) {
    const bits = pos - start === 9 ? 0x01 : 0x7f;
    magnitude += (~buf[pos]! & bits) * scale;
    scale *= 0x80;
  }
  return -(magnitude + 1);
}

function outOfRange(reader: Reader): RangeError {
  return new RangeError(`index out of range: ${reader.pos} + 1 > ${reader.len}`);
}
