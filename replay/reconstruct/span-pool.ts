/**
 * The object spans of a reconstructed heap, by age, and which of them a sweep frees.
 *
 * Evidence tells how many bytes of spans a cycle frees, never which. The rule: most garbage is young, so a span
 * taken since the mark before is YOUNG_WEIGHT times as likely to be freed as an older one, at random with a fixed seed. Spans taken after mark termination are never freed by that cycle's sweep.
 */
import { FIRST_HANDLE } from "../../parsers/events.ts";
import { Random } from "./random.ts";

export const PAGE = 8192;
const YOUNG_WEIGHT = 4;
/** Picks that are too big are drawn again so many times before a bit less is freed. */
const TRIES = 24;

class Generation {
  handles: number[] = [];
  pages: number[] = [];

  add(handle: number, pages: number): void {
    this.handles.push(handle);
    this.pages.push(pages);
  }

  remove(i: number): void {
    const last = this.handles.length - 1;
    this.handles[i] = this.handles[last]!;
    this.pages[i] = this.pages[last]!;
    this.handles.length = last;
    this.pages.length = last;
  }

  moveTo(other: Generation): void {
    for (let i = 0; i < this.handles.length; i++) other.add(this.handles[i]!, this.pages[i]!);
    this.handles.length = 0;
    this.pages.length = 0;
  }
}

export class SpanPool {
  /** Bytes of all spans. */
  bytes = 0;
  /** Spans made so far. */
  made = 0;
  #next = FIRST_HANDLE;
  readonly #random: Random;
  readonly #old = new Generation();
  readonly #young = new Generation();
  #fresh = new Generation();
  #sweeping = false;

  constructor(seed?: number) {
    this.#random = new Random(seed);
  }

  /** A new span's handle. */
  take(pages: number): number {
    const handle = this.#next--;
    this.made++;
    this.bytes += pages * PAGE;
    (this.#sweeping ? this.#fresh : this.#young).add(handle, pages);
    return handle;
  }

  /** Mark termination: what is there now may be freed by the sweep that begins. */
  startSweep(): void {
    if (this.#sweeping) this.endSweep();
    this.#sweeping = true;
  }

  endSweep(): void {
    this.#sweeping = false;
    this.#young.moveTo(this.#old);
    this.#fresh.moveTo(this.#young);
  }

  /** Frees about `bytes` of spans, never more; `freed` is told of each. Returns the bytes freed. */
  free(bytes: number, freed: (handle: number, pages: number) => void): number {
    let left = bytes;
    while (left >= PAGE) {
      const weight = YOUNG_WEIGHT * this.#young.handles.length;
      const young = this.#random.next() * (weight + this.#old.handles.length) < weight;
      const from = young ? this.#young : this.#old;
      let i = this.#pick(from, left);
      let source = from;
      if (i < 0) {
        source = young ? this.#old : this.#young;
        i = this.#pick(source, left);
        if (i < 0) break;
      }
      const pages = source.pages[i]!;
      const handle = source.handles[i]!;
      source.remove(i);
      left -= pages * PAGE;
      this.bytes -= pages * PAGE;
      freed(handle, pages);
    }
    return bytes - left;
  }

  #pick(from: Generation, bytes: number): number {
    const n = from.handles.length;
    if (n === 0) return -1;
    for (let tries = 0; tries < TRIES; tries++) {
      const i = this.#random.below(n);
      if (from.pages[i]! * PAGE <= bytes) return i;
    }
    return -1;
  }
}
