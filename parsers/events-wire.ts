/**
 * The file format of normalized events, version 1.
 *
 *     file    = magic block*
 *     magic   = "gopages events" 0x00 0x01                 16 bytes; the last one is the version
 *     block   = kind:u8  packed:u32  unpacked:u32  crc:u32  data[packed]         little-endian
 *
 * `data` is deflated (raw, RFC 1951); `crc` is the CRC-32 of it unpacked. Kinds of blocks:
 *
 *     F   the format of the recording the events are of: {"format": "go-trace-v2"}, JSON. The first block.
 *     I   what the source knows of the process (SourceInfo without types and strings), JSON. Stands before the first E
 *         and again whenever something of it changed.
 *     T   types and strings that are new since the last T: {"types": [[id, name, size]...], "strings": [...]}, JSON
 *     E   one batch of events: count:u32, then the columns kind, time, p, addr, size, aux
 *     L   what was lost while the original was read: [{"kind": {...}, "count": n, "first": "..."}], JSON
 *     Z   the end: {"events": n}, JSON. A file without it was cut off.
 *
 * A column is a byte that says how it is written, and its values:
 *
 *     0   all the same: one f64
 *     1   integers: varints (LEB128) of the zigzag of each difference to the value before, the first to 0
 *     2   f64 each
 *     3   u8 each
 */
import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";

export const MAGIC = Uint8Array.from([...Buffer.from("gopages events"), 0, 1]);
export const BLOCK_HEADER = 13;

export const FORMAT = 0x46;
export const INFO = 0x49;
export const TABLES = 0x54;
export const EVENTS = 0x45;
export const LOSSES = 0x4c;
export const END = 0x5a;

/** No writer makes larger ones; bounds on what a damaged or hostile file can cost. */
export const MAX_PACKED = 64 << 20;
export const MAX_UNPACKED = 64 << 20;
export const MAX_EVENTS_PER_BLOCK = 1 << 20;

const SAME = 0;
const INTEGERS = 1;
const DOUBLES = 2;
const BYTES = 3;
/** A varint of a double's integers takes at most 8 bytes. */
const MAX_VARINT = 8;
const MAX_DIFFERENCE = 2 ** 52;

/** A block, ready to be written. */
export function packBlock(kind: number, data: Uint8Array): Uint8Array {
  const packed = deflateRawSync(data, { level: 1 });
  const block = Buffer.allocUnsafe(BLOCK_HEADER + packed.length);
  block[0] = kind;
  block.writeUInt32LE(packed.length, 1);
  block.writeUInt32LE(data.length, 5);
  block.writeUInt32LE(crc32(data), 9);
  block.set(packed, BLOCK_HEADER);
  return block;
}

/** The block's data, or null if it is damaged. */
export function unpackBlock(packed: Uint8Array, unpacked: number, crc: number): Buffer | null {
  try {
    const data = inflateRawSync(packed, { maxOutputLength: Math.max(1, unpacked) });
    return data.length === unpacked && crc32(data) === crc ? data : null;
  } catch {
    return null;
  }
}

type Column = Float64Array | Uint8Array | Int16Array | Int32Array;

/** Writes columns one behind the other; its buffer is used again. */
export class ColumnWriter {
  #data = Buffer.allocUnsafe(1 << 20);
  #at = 0;

  begin(count: number): void {
    this.#at = 0;
    this.#room(4);
    this.#data.writeUInt32LE(count, 0);
    this.#at = 4;
  }

  /** Valid until the next begin(). */
  finish(): Uint8Array {
    return this.#data.subarray(0, this.#at);
  }

  add(column: Column, length: number): void {
    this.#room(1 + length * MAX_VARINT + 8);
    let same = true;
    for (let i = 1; i < length && same; i++) same = Object.is(column[i], column[0]);
    if (same) {
      this.#data[this.#at++] = SAME;
      this.#at = this.#data.writeDoubleLE(length === 0 ? 0 : column[0]!, this.#at);
    } else if (column instanceof Uint8Array) {
      this.#data[this.#at++] = BYTES;
      this.#data.set(column.subarray(0, length), this.#at);
      this.#at += length;
    } else if (areSmallSteps(column, length)) this.#integers(column, length);
    else {
      this.#data[this.#at++] = DOUBLES;
      for (let i = 0; i < length; i++) this.#at = this.#data.writeDoubleLE(column[i]!, this.#at);
    }
  }

  #integers(column: Column, length: number): void {
    const data = this.#data;
    let at = this.#at;
    data[at++] = INTEGERS;
    let before = 0;
    for (let i = 0; i < length; i++) {
      const value = column[i]!;
      const difference = value - before;
      before = value;
      let rest = difference >= 0 ? difference * 2 : -difference * 2 - 1;
      while (rest >= 0x80000000) {
        data[at++] = (rest % 128) | 0x80;
        rest = Math.floor(rest / 128);
      }
      while (rest >= 0x80) {
        data[at++] = (rest & 0x7f) | 0x80;
        rest >>>= 7;
      }
      data[at++] = rest;
    }
    this.#at = at;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#data.length) return;
    const data = Buffer.allocUnsafe(Math.max(this.#data.length * 2, this.#at + bytes));
    this.#data.copy(data, 0, 0, this.#at);
    this.#data = data;
  }
}

function areSmallSteps(column: Column, length: number): boolean {
  let before = 0;
  for (let i = 0; i < length; i++) {
    const value = column[i]!;
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) return false;
    const difference = value - before;
    if (difference >= MAX_DIFFERENCE || difference <= -MAX_DIFFERENCE) return false;
    before = value;
  }
  return true;
}

/** Reads what ColumnWriter wrote. Throws RangeError when it breaks off. */
export class ColumnReader {
  readonly #data: Buffer;
  #at = 4;
  readonly count: number;

  constructor(data: Buffer) {
    this.#data = data;
    this.count = data.readUInt32LE(0);
  }

  read(into: Column): void {
    const data = this.#data;
    const n = this.count;
    const how = data.readUInt8(this.#at++);
    if (how === SAME) {
      into.fill(data.readDoubleLE(this.#at), 0, n);
      this.#at += 8;
    } else if (how === BYTES) {
      if (this.#at + n > data.length) throw new RangeError("a column breaks off");
      for (let i = 0; i < n; i++) into[i] = data[this.#at + i]!;
      this.#at += n;
    } else if (how === DOUBLES) {
      for (let i = 0; i < n; i++) into[i] = data.readDoubleLE(this.#at + i * 8);
      this.#at += n * 8;
    } else if (how === INTEGERS) this.#integers(into, n);
    else throw new RangeError("a column of an unknown kind");
  }

  #integers(into: Column, n: number): void {
    const data = this.#data;
    let at = this.#at;
    let value = 0;
    for (let i = 0; i < n; i++) {
      let byte = data[at++]!;
      let rest = byte & 0x7f;
      let scale = 128;
      while (byte >= 0x80) {
        byte = data[at++]!;
        rest += (byte & 0x7f) * scale;
        scale *= 128;
      }
      value += rest % 2 === 0 ? rest / 2 : -(rest + 1) / 2;
      into[i] = value;
    }
    if (at > data.length) throw new RangeError("a column breaks off");
    this.#at = at;
  }
}
