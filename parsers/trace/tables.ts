/** A generation's tables of strings and stacks: indexed when read, decoded when asked for. */
import { EvStack, EvString } from "./spec.gen.ts";
import { Wire } from "./wire.ts";

/** tracev2.MaxEventTrailerDataSize and MaxFramesPerStack. */
const MAX_STRING = 1 << 10;
const MAX_FRAMES = 128;

const decoder = new TextDecoder();

export class StringTable {
  readonly #at = new Map<number, { buf: Uint8Array; start: number; end: number }>();
  /** Batches that did not decode to their end. */
  bad = 0;

  get size(): number {
    return this.#at.size;
  }

  add(buf: Uint8Array, start: number, end: number): void {
    const wire = new Wire();
    wire.reset(buf, start + 1, end);
    while (wire.pos < end) {
      const type = wire.byte();
      const id = wire.uvarint();
      const length = wire.uvarint();
      if (type !== EvString || wire.bad || length > MAX_STRING || wire.pos + length > end) {
        this.bad++;
        return;
      }
      this.#at.set(id, { buf, start: wire.pos, end: wire.pos + length });
      wire.pos += length;
    }
  }

  /** The text of a string; "" for id 0 and for unknown ones. */
  get(id: number): string {
    const at = this.#at.get(id);
    return at ? decoder.decode(at.buf.subarray(at.start, at.end)) : "";
  }

  /** What `pattern` finds in the first string that it matches. */
  search(pattern: RegExp): RegExpExecArray | null {
    for (const id of this.#at.keys()) {
      const match = pattern.exec(this.get(id));
      if (match) return match;
    }
    return null;
  }
}

export class StackTable {
  readonly #at = new Map<number, { buf: Uint8Array; start: number; end: number }>();
  /** Lowest and highest program counter seen. */
  lowPC = Number.POSITIVE_INFINITY;
  highPC = 0;
  bad = 0;

  add(buf: Uint8Array, start: number, end: number): void {
    const wire = new Wire();
    wire.reset(buf, start + 1, end);
    while (wire.pos < end) {
      const type = wire.byte();
      const id = wire.uvarint();
      const frames = wire.uvarint();
      if (type !== EvStack || wire.bad || frames > MAX_FRAMES) {
        this.bad++;
        return;
      }
      const from = wire.pos;
      for (let i = 0; i < frames; i++) {
        const pc = wire.uvarint();
        wire.uvarint();
        wire.uvarint();
        wire.uvarint();
        if (wire.bad) {
          this.bad++;
          return;
        }
        if (pc > 0 && pc < this.lowPC) this.lowPC = pc;
        if (pc > this.highPC) this.highPC = pc;
      }
      this.#at.set(id, { buf, start: from, end: wire.pos });
    }
  }

  /** String ids of a stack's functions, innermost first. */
  functions(id: number): number[] {
    const at = this.#at.get(id);
    if (!at) return [];
    const names: number[] = [];
    const wire = new Wire();
    wire.reset(at.buf, at.start, at.end);
    while (wire.pos < at.end) {
      wire.uvarint();
      names.push(wire.uvarint());
      wire.uvarint();
      wire.uvarint();
    }
    return names;
  }
}
