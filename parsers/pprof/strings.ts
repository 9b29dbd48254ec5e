/** A profile's string table: decoded one by one when asked for, since reports need few of many thousands. */
export class StringTable {
  readonly #bytes: Uint8Array;
  readonly #offsets: Uint32Array;
  readonly #lengths: Uint32Array;
  readonly #decoded = new Map<number, string>();

  constructor(bytes: Uint8Array, offsets: Uint32Array, lengths: Uint32Array) {
    this.#bytes = bytes;
    this.#offsets = offsets;
    this.#lengths = lengths;
  }

  /** A table of strings that are at hand. */
  static of(strings: readonly string[]): StringTable {
    const encoder = new TextEncoder();
    const parts = strings.map((s) => encoder.encode(s));
    const offsets = new Uint32Array(parts.length);
    const lengths = new Uint32Array(parts.length);
    let length = 0;
    parts.forEach((part, i) => {
      offsets[i] = length;
      lengths[i] = part.length;
      length += part.length;
    });
    const bytes = new Uint8Array(length);
    parts.forEach((part, i) => {
      bytes.set(part, offsets[i]);
    });
    return new StringTable(bytes, offsets, lengths);
  }

  get length(): number {
    return this.#offsets.length;
  }

  /** The string; untrusted: escape it before printing. Invalid UTF-8 becomes replacement characters. */
  get(index: number): string {
    let s = this.#decoded.get(index);
    if (s === undefined) {
      const at = this.#offsets[index];
      if (at === undefined) return "";
      s = decoder.decode(this.#bytes.subarray(at, at + this.#lengths[index]!));
      this.#decoded.set(index, s);
    }
    return s;
  }

  /** Whether string `index` is `text` (ASCII), without decoding it. */
  is(index: number, text: string): boolean {
    if (this.#lengths[index] !== text.length) return false;
    const at = this.#offsets[index]!;
    for (let i = 0; i < text.length; i++) if (this.#bytes[at + i] !== text.charCodeAt(i)) return false;
    return true;
  }
}

const decoder = new TextDecoder();
