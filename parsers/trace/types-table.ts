/**
 * Types of objects (traceallocfree). Ids of types are of one generation only (runtime/tracetype.go resets its table); a
 * type's address names it for the whole recording, so that it gets one number for all of it.
 */
import { Wire } from "./wire.ts";

/** Types kept by name at most; programs have some thousands. */
const MAX_TYPES = 1 << 20;
const MAX_TYPE_SIZE = 2 ** 47;

/** Batches with types of one generation: {id, address, size, pointer bytes, name length, name}... */
export class TypeBatches {
  readonly #batches: { buf: Uint8Array; start: number; end: number }[] = [];

  get empty(): boolean {
    return this.#batches.length === 0;
  }

  add(buf: Uint8Array, start: number, end: number): void {
    this.#batches.push({ buf, start, end });
  }

  forEach(visit: (id: number, addr: number, size: number, name: Uint8Array) => void): void {
    const wire = new Wire();
    for (const { buf, start, end } of this.#batches) {
      wire.reset(buf, start, end);
      while (wire.pos < end) {
        const id = wire.uvarint();
        const addr = wire.uvarint();
        const size = wire.uvarint();
        wire.uvarint();
        const length = wire.uvarint();
        if (wire.bad || wire.pos + length > end) break;
        visit(id, addr, size, buf.subarray(wire.pos, wire.pos + length));
        wire.pos += length;
      }
    }
  }
}

export class TypeTable {
  readonly types = new Map<number, { name: string; size: number }>();
  readonly #byAddress = new Map<number, number>();
  /** By id of the current generation: the type's number for the whole recording, and its size in bytes; 0 if unknown. */
  numbers = new Int32Array(1);
  sizes = new Float64Array(1);

  load(batches: TypeBatches): void {
    let max = 0;
    batches.forEach((id) => {
      if (id < MAX_TYPES && id > max) max = id;
    });
    this.numbers = new Int32Array(max + 1);
    this.sizes = new Float64Array(max + 1);
    const decoder = new TextDecoder();
    batches.forEach((id, addr, size, name) => {
      if (id > max || size > MAX_TYPE_SIZE) return;
      let number = this.#byAddress.get(addr);
      if (number === undefined) {
        if (this.types.size >= MAX_TYPES) return;
        number = this.types.size + 1;
        this.#byAddress.set(addr, number);
        this.types.set(number, { name: decoder.decode(name), size });
      }
      this.numbers[id] = number;
      this.sizes[id] = size;
    });
  }
}
