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
const TINY = 1 << 30;

interface Arena {
  /**
   * By page: bytes of a slot, with TINY set where the tiny allocator uses the span; minus the pages of a large object's
   * span; 0 where there is no object span. One small number, since every object event reads it.
   */
  readonly slot: Int32Array;
  /** Model address minus recorded address, by page. */
  readonly shift: Float64Array;
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
        slot: new Int32Array(PAGES),
        shift: new Float64Array(PAGES),
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
    const slot = spanClass < 2 ? -pages : (this.#slotSizes[spanClass >> 1] ?? 0);
    this.#fill(base, pages, spanClass === TINY_SPAN_CLASS ? slot | TINY : slot, shift);
  }

  spanFree(base: number, pages: number): void {
    this.#fill(base, pages, 0, 0);
  }

  /** A span without objects: only where the model has it matters. */
  manualAlloc(base: number, pages: number, shift: number): void {
    this.#fill(base, pages, 0, shift);
  }

  /** Model address minus recorded address for the page that holds `addr`. */
  shiftAt(addr: number): number {
    const index = Math.floor(addr / ARENA);
    return this.#arena(index).shift[(addr - index * ARENA) >>> PAGE_SHIFT]!;
  }

  #fill(base: number, pages: number, slot: number, shift: number): void {
    let at = base;
    let left = pages;
    while (left > 0) {
      const index = Math.floor(at / ARENA);
      const arena = this.#arena(index);
      const first = (at - index * ARENA) >>> PAGE_SHIFT;
      const n = Math.min(left, PAGES - first);
      arena.slot.fill(slot, first, first + n);
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
    this.index = index;
    this.offset = offset;
    let slot = arena.slot[offset >>> PAGE_SHIFT]!;
    if (slot <= 0 || slot >= TINY) {
      slot = this.#unusual(arena, offset, slot, true);
      if (slot === 0) return 0;
    }
    this.bytes += slot;
    this.sinceMark += slot;
    return slot;
  }

  objectFree(addr: number): void {
    const index = Math.floor(addr / ARENA);
    const arena = index === this.#lastIndex ? this.#last! : this.#arena(index);
    const offset = addr - index * ARENA;
    const slot = arena.slot[offset >>> PAGE_SHIFT]!;
    this.bytes -= slot <= 0 || slot >= TINY ? this.#unusual(arena, offset, slot, false) : slot;
  }

  /** Bytes that an object counts for in a tiny or large span, or in none. */
  #unusual(arena: Arena, offset: number, slot: number, taken: boolean): number {
    if (slot === 0) {
      this.orphans++;
      return 0;
    }
    if (slot < 0) return -slot * PAGE;
    arena.used ??= new Uint8Array(ARENA >>> 4);
    const i = offset >>> 4;
    const used = taken ? 1 : 0;
    if (arena.used[i] === used) return 0;
    arena.used[i] = used;
    return slot & ~TINY;
  }

  markTermination(): void {
    this.sinceMark = 0;
  }
}
