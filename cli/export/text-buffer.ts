const ZERO = 48;
const MINUS = 45;
/** Digits of a number below 1e9. */
const HALF = 1e9;
/** No number and no name of a column is longer. */
const SPARE = 64;

/** ASCII text under construction, as bytes: numbers are written as digits without a string in between. */
export class TextBuffer {
  #bytes: Uint8Array;
  length = 0;

  constructor(capacity = 1 << 16) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Bytes of ASCII, at most 64 of them. */
  add(bytes: Uint8Array): void {
    this.#room();
    // A handful of bytes: a loop is faster than set().
    for (let i = 0; i < bytes.length; i++) this.#bytes[this.length++] = bytes[i]!;
  }

  /** The number as String() writes it. */
  number(value: number): void {
    this.#room();
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      const text = String(value);
      for (let i = 0; i < text.length; i++) this.#bytes[this.length++] = text.charCodeAt(i);
      return;
    }
    let rest = value;
    if (rest < 0) {
      this.#bytes[this.length++] = MINUS;
      rest = -rest;
    }
    const high = Math.floor(rest / HALF);
    if (high > 0) this.#digits(high, 1);
    this.#digits(rest - high * HALF, high > 0 ? 9 : 1);
  }

  /** The text so far; the buffer starts anew and never writes to these bytes again. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.length);
    this.#bytes = new Uint8Array(this.#bytes.length);
    this.length = 0;
    return taken;
  }

  /** A whole number below 1e9, with zeros in front up to `width` digits. */
  #digits(value: number, width: number): void {
    let rest = value | 0;
    let count = width;
    for (let bound = 10 ** width; rest >= bound; bound *= 10) count++;
    for (let i = this.length + count - 1; i >= this.length; i--) {
      const tenth = (rest / 10) | 0;
      this.#bytes[i] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.length += count;
  }

  #room(): void {
    if (this.length + SPARE <= this.#bytes.length) return;
    const more = new Uint8Array(this.#bytes.length * 2 + SPARE);
    more.set(this.#bytes);
    this.#bytes = more;
  }
}

export function ascii(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}
