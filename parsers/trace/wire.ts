/**
 * Unsigned LEB128 numbers, as the trace's wire format is made of (runtime/tracebuf.go, Go 1.27), without BigInt.
 *
 * Values are exact below 2^53. Above that only two things occur: "no thread" (2^64-1) and object ids of addresses below the
 * recorded lowest heap address, which wrap around; readSigned() is exact for those.
 */

/** Longest encoding of a 64-bit number. */
export const MAX_VARINT = 10;

/** A place in some bytes. Reading past `end`, or a number of more than 64 bits, sets `bad` and gives 0. */
export class Wire {
  buf: Uint8Array = EMPTY;
  pos = 0;
  end = 0;
  bad = false;

  reset(buf: Uint8Array, pos: number, end: number): void {
    this.buf = buf;
    this.pos = pos;
    this.end = end;
    this.bad = false;
  }

  byte(): number {
    if (this.pos >= this.end) {
      this.bad = true;
      return 0;
    }
    return this.buf[this.pos++]!;
  }

  uvarint(): number {
    const buf = this.buf;
    let pos = this.pos;
    const end = Math.min(this.end, pos + MAX_VARINT);
    let value = 0;
    let scale = 1;
    while (pos < end) {
      const b = buf[pos++]!;
      value += (b & 0x7f) * scale;
      if (b < 0x80) {
        // The tenth byte has room for one bit.
        if (pos - this.pos === MAX_VARINT && b > 1) break;
        this.pos = pos;
        return value;
      }
      scale *= 128;
    }
    this.bad = true;
    return 0;
  }

  /**
   * A number that is a difference modulo 2^64 divided by `unit` (a power of two): the signed quotient, exact while it is
   * within 2^52 of zero.
   */
  wrapped(unit: number): number {
    const start = this.pos;
    const value = this.uvarint();
    const modulus = 2 ** 64 / unit;
    if (value < modulus / 2) return value;
    if (value < 2 ** 53) return value - modulus;
    // Too big for a double: take the low and the high half apart.
    const buf = this.buf;
    let low = 0;
    let high = 0;
    for (let i = start, shift = 0; i < this.pos; i++, shift += 7) {
      const bits = buf[i]! & 0x7f;
      if (shift < 28) low += bits * 2 ** shift;
      else high += bits * 2 ** (shift - 28);
    }
    return (high - modulus / 2 ** 28) * 2 ** 28 + low;
  }
}

const EMPTY = new Uint8Array(0);

/** Appends a number to `out`; for writing small traces. Values above 2^53 as bigint. */
export function putUvarint(out: number[], value: number | bigint): void {
  let rest = BigInt(value);
  while (rest >= 0x80n) {
    out.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  out.push(Number(rest));
}
