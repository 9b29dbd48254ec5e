/**
 * What happens to a heap's pages, as bytes: each operation is its code and variable-length numbers; pages are told by their
 * distance from the last one, times in ns since the last one.
 */
import type { HeapPages } from "./heap-pages.ts";

/** Time goes on: ns. */
export const OP_TIME = 0;
/** Pages change their state: page, pages, state. */
export const OP_STATE = 1;
/** A span is taken: page, pages, kind, P. */
export const OP_SPAN = 2;
/** A GC cycle's mark ends (scavengeIndex.nextGen). */
export const OP_GENERATION = 3;
/** Slots in use change: how many pages; of each: page, difference. */
export const OP_OBJECTS = 4;
/** The type of a span's first object: page, type. */
export const OP_TYPE = 5;

/** Most bytes of one operation but OP_OBJECTS, and of one page of that. */
export const MAX_OPERATION = 32;

export class OperationWriter {
  #bytes = new Uint8Array(1 << 16);
  length = 0;
  #page = 0;

  /** The bytes written so far; valid until the next operation. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** Forgets the bytes (someone has taken them), and the last page if the next reader starts here. */
  clear(restart: boolean): void {
    this.length = 0;
    if (restart) this.#page = 0;
  }

  op(code: number): void {
    if (this.length + MAX_OPERATION > this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.length++] = code;
  }

  uint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.length++] = rest;
  }

  int(value: number): void {
    this.uint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  page(page: number): void {
    this.int(page - this.#page);
    this.#page = page;
  }

  /** A page of an OP_OBJECTS, with room made for it. */
  objects(page: number, difference: number): void {
    if (this.length + MAX_OPERATION > this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.page(page);
    this.int(difference);
  }
}

/** Plays operations from bytes that begin where a writer was restarted. */
export class OperationReader {
  readonly #bytes: Uint8Array;
  at = 0;
  /** ns of the operations before `at`. */
  time: number;
  #page = 0;

  constructor(bytes: Uint8Array, time: number) {
    this.#bytes = bytes;
    this.time = time;
  }

  get done(): boolean {
    return this.at >= this.#bytes.length;
  }

  /** The moment of the next operations; NaN if there are none. */
  get next(): number {
    if (this.done) return Number.NaN;
    if (this.#bytes[this.at] !== OP_TIME) return this.time;
    const at = this.at++;
    const time = this.time + this.#uint();
    this.at = at;
    return time;
  }

  /** Plays all operations up to and including moment `t`. */
  playTo(t: number, pages: HeapPages): void {
    const bytes = this.#bytes;
    const { length } = bytes;
    if (this.time > t) return;
    while (this.at < length) {
      switch (bytes[this.at++]) {
        case OP_TIME: {
          const at = this.at - 1;
          const time = this.time + this.#uint();
          if (time > t) {
            this.at = at;
            return;
          }
          this.time = time;
          break;
        }
        case OP_STATE: {
          const page = this.#nextPage();
          const n = this.#uint();
          pages.set(page, n, this.#uint(), this.time);
          break;
        }
        case OP_SPAN: {
          const page = this.#nextPage();
          const n = this.#uint();
          const kind = this.#int();
          pages.span(page, n, kind, this.#int(), this.time);
          break;
        }
        case OP_GENERATION:
          pages.nextGeneration();
          break;
        case OP_OBJECTS:
          pages.countedAt = this.time;
          for (let n = this.#uint(); n > 0; n--) {
            const page = this.#nextPage();
            pages.addObjects(page, this.#int());
          }
          break;
        case OP_TYPE: {
          const page = this.#nextPage();
          pages.type(page, this.#uint());
          break;
        }
      }
    }
  }

  #uint(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.at++]!;
    if (byte < 128) return byte;
    let value = byte & 127;
    let scale = 128;
    do {
      byte = bytes[this.at++]!;
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte >= 128);
    return value;
  }

  #int(): number {
    const value = this.#uint();
    // As far as bits reach, and beyond.
    if (value < 2 ** 30) return (value & 1) === 0 ? value >> 1 : -((value + 1) >> 1);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #nextPage(): number {
    this.#page += this.#int();
    return this.#page;
  }
}
