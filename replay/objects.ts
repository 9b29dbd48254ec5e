/**
 * Objects present in the heap, in bytes of the slots they occupy: allocated and not yet swept. Works from addresses: the
 * span that holds an object gives its slot size.
 */

const ARENA = 64 * 1024 * 1024;
const PAGE = 8192;
const PAGE_SHIFT = 13;
const PAGES = ARENA >>> PAGE_SHIFT;
/** Noscan class of 16 B: the tiny allocator packs several objects into one slot and traces each of them (1.24+). */
const TINY_SPAN_CLASS = (2 << 1) | 1;

interface Arena {
  /** Slot size by page, in bytes; 0 where there is no object span. Large spans: the span's bytes. */
  readonly slot: Float64Array;
  /** Model address minus recorded address, by page. */
  readonly shift: Float64Array;
  /** 1 where the page belongs to a span that the tiny allocator uses. */
  readonly tiny: Uint8Array;
  /** Which 16 B slots of tiny spans hold something; made when first needed. */
  used: Uint8Array | null;
}

export class ObjectLedger {
  /** Bytes of slots that hold an object, dead or alive. */
  bytes = 0;
  /** Bytes of slots allocated since `markTermination` was last called. */
  sinceMark = 0;
  /** Where the object last allocated lies: 64 MiB arena, and offset in it. */
  index = 0;
  offset = 0;
  /** Events about objects in no known span. */
  orphans = 0;
  readonly #arenas = new Map<number, Arena>();
  readonly #slotSizes: ArrayLike<number>;
  #lastIndex = -1;
  #last: Arena | null = null;

  /** @param slotSizes bytes by size class; index 0 unused */
  constructor(slotSizes: ArrayLike<number>) {
    this.#slotSizes = slotSizes;
  }

  #arena(index: number): Arena {
    if (index === this.#lastIndex) return this.#last!;
    let arena = this.#arenas.get(index);
    if (!arena) {
      arena = {
        slot: new Float64Array(PAGES),
        shift: new Float64Array(PAGES),
        tiny: new Uint8Array(PAGES),
        used: null,
      };
      this.#arenas.set(index, arena);
    }
    this.#lastIndex = index;
    this.#last = arena;
    return arena;
  }

  /** @param shift where the model has the span, minus where it was recorded */
  spanAlloc(base: number, pages: number, spanClass: number, shift = 0): void {
    const slot = spanClass < 2 ? pages * PAGE : (this.#slotSizes[spanClass >> 1] ?? 0);
    this.#fill(base, pages, slot, spanClass === TINY_SPAN_CLASS ? 1 : 0, shift);
  }

  spanFree(base: number, pages: number): void {
    this.#fill(base, pages, 0, 0, 0);
  }

  /** A span without objects: only where the model has it matters. */
  manualAlloc(base: number, pages: number, shift: number): void {
    this.#fill(base, pages, 0, 0, shift);
  }

  /** Model address minus recorded address for the page that holds `addr`. */
  shiftAt(addr: number): number {
    const index = Math.floor(addr / ARENA);
    return this.#arena(index).shift[(addr - index * ARENA) >>> PAGE_SHIFT]!;
  }

  #fill(base: number, pages: number, slot: number, tiny: 0 | 1, shift: number): void {
    let at = base;
    let left = pages;
    while (left > 0) {
      const index = Math.floor(at / ARENA);
      const arena = this.#arena(index);
      const first = (at - index * ARENA) >>> PAGE_SHIFT;
      const n = Math.min(left, PAGES - first);
      arena.slot.fill(slot, first, first + n);
      arena.tiny.fill(tiny, first, first + n);
      arena.shift.fill(shift, first, first + n);
      if (arena.used !== null) arena.used.fill(0, first << 9, (first + n) << 9);
      at += n << PAGE_SHIFT;
      left -= n;
    }
  }

  /** An object at `addr`. Returns the bytes of its slot, 0 if it shares one that is already counted or has no span. */
  objectAlloc(addr: number): number {
    const index = Math.floor(addr / ARENA);
    const arena = index === this.#lastIndex ? this.#last! : this.#arena(index);
    const offset = addr - index * ARENA;
    const page = offset >>> PAGE_SHIFT;
    const slot = arena.slot[page]!;
    this.index = index;
    this.offset = offset;
    if (slot === 0) {
      this.orphans++;
      return 0;
    }
    if (arena.tiny[page] === 1) {
      arena.used ??= new Uint8Array(ARENA >>> 4);
      const i = offset >>> 4;
      if (arena.used[i] === 1) return 0;
      arena.used[i] = 1;
    }
    this.bytes += slot;
    this.sinceMark += slot;
    return slot;
  }

  objectFree(addr: number): void {
    const index = Math.floor(addr / ARENA);
    const arena = index === this.#lastIndex ? this.#last! : this.#arena(index);
    const offset = addr - index * ARENA;
    const page = offset >>> PAGE_SHIFT;
    const slot = arena.slot[page]!;
    if (slot === 0) {
      this.orphans++;
      return;
    }
    if (arena.tiny[page] === 1 && arena.used !== null) {
      const i = offset >>> 4;
      if (arena.used[i] === 0) return;
      arena.used[i] = 0;
    }
    this.bytes -= slot;
  }

  markTermination(): void {
    this.sinceMark = 0;
  }
}
