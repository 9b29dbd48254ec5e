/**
 * What is where in the address space of a span heap (Go 1.11 to 1.13): for each page of each heapArena the span that ends
 * or begins there, and two facts the runtime does not keep: whether the page is in use, and whether there is memory
 * behind it. All numbers are absolute page numbers.
 */

interface Arena {
  /**
   * heapArena.spans: the span at the first and the last page of every span; entries inside a span are stale. Absent until
   * a span begins or ends here, so that a huge span costs little.
   */
  spans: Int32Array<ArrayBuffer> | null;
  readonly inUse: Int32Array<ArrayBuffer>;
  readonly resident: Int32Array<ArrayBuffer>;
}

export class Arenas {
  /** Pages per arena, a power of two. */
  readonly arenaPages: number;
  /** Mapped ranges [base, limit), ascending, never adjacent. */
  readonly ranges: [base: number, limit: number][] = [];
  /** Pages in ranges, and how many of them have memory behind them. */
  mappedPages = 0;
  residentPages = 0;

  private readonly arenas = new Map<number, Arena>();
  private lastIndex = -1;
  private lastArena: Arena | undefined;

  constructor(arenaPages: number) {
    this.arenaPages = arenaPages;
  }

  /** The span that begins or ends at a page, 0 if it is in none (spanOf, for boundary pages). */
  spanAt(page: number): number {
    const arena = this.arenaOf(page);
    return arena?.spans ? arena.spans[page & (this.arenaPages - 1)]! : 0;
  }

  /** Records span s as [base, base + n) (setSpan of its first and last page). */
  setSpan(base: number, n: number, s: number): void {
    this.setOne(base, s);
    this.setOne(base + n - 1, s);
  }

  /** Adds pages that are not mapped yet; nothing is behind them. */
  map(base: number, n: number): void {
    const size = this.arenaPages;
    for (let i = Math.floor(base / size); i * size < base + n; i++) {
      if (!this.arenas.has(i)) {
        this.arenas.set(i, {
          spans: null,
          inUse: new Int32Array(size >>> 5),
          resident: new Int32Array(size >>> 5),
        });
      }
    }
    this.lastIndex = -1;
    this.mappedPages += n;

    let at = this.ranges.findIndex((r) => r[0] > base);
    if (at < 0) at = this.ranges.length;
    this.ranges.splice(at, 0, [base, base + n]);
    for (let i = Math.max(1, at); i <= at + 1 && i < this.ranges.length; ) {
      const before = this.ranges[i - 1]!;
      const here = this.ranges[i]!;
      if (before[1] < here[0]) i++;
      else {
        before[1] = Math.max(before[1], here[1]);
        this.ranges.splice(i, 1);
      }
    }
  }

  /** The parts of [base, limit) that are mapped, if `mapped`, or those that are not. */
  parts(base: number, limit: number, mapped: boolean): [base: number, limit: number][] {
    const inside: [number, number][] = [];
    const outside: [number, number][] = [];
    let at = base;
    for (const [b, l] of this.ranges) {
      if (l <= at) continue;
      if (b >= limit) break;
      if (b > at) outside.push([at, b]);
      inside.push([Math.max(b, at), Math.min(l, limit)]);
      at = Math.min(l, limit);
    }
    if (at < limit) outside.push([at, limit]);
    return mapped ? inside : outside;
  }

  setInUse(base: number, n: number, value: boolean): void {
    this.fill("inUse", base, n, value);
  }

  setResident(base: number, n: number, value: boolean): number {
    const changed = this.fill("resident", base, n, value);
    this.residentPages += value ? changed : -changed;
    return changed;
  }

  /** True if no page of [base, base + n) is in use. */
  isFree(base: number, n: number): boolean {
    const limit = base + n;
    for (let p = base; p < limit; ) {
      const word = this.inUseWord(p);
      const shift = p & 31;
      const here = Math.min(32 - shift, limit - p);
      if (((word >>> shift) & maskOf(here)) !== 0) return false;
      p += here;
    }
    return true;
  }

  /** First page of the run of free pages that ends with `page`, which is free; not below `floor`. */
  freeRunStart(page: number, floor: number): number {
    for (let p = page; p >= floor; ) {
      const bit = p & 31;
      const below = this.inUseWord(p) & (bit === 31 ? -1 : (1 << (bit + 1)) - 1);
      if (below !== 0) return Math.max(floor, p - bit + (31 - Math.clz32(below)) + 1);
      p -= bit + 1;
    }
    return floor;
  }

  /** The mapped range that holds a page, undefined if it is not mapped. */
  rangeOf(page: number): [base: number, limit: number] | undefined {
    return this.ranges.find(([b, l]) => b <= page && page < l);
  }

  isInUse(page: number): boolean {
    return ((this.inUseWord(page) >>> (page & 31)) & 1) !== 0;
  }

  isResident(page: number): boolean {
    const arena = this.arenaOf(page);
    if (arena === undefined) return false;
    return ((arena.resident[(page & (this.arenaPages - 1)) >>> 5]! >>> (page & 31)) & 1) !== 0;
  }

  private inUseWord(page: number): number {
    const arena = this.arenaOf(page);
    return arena === undefined ? 0 : arena.inUse[(page & (this.arenaPages - 1)) >>> 5]!;
  }

  private setOne(page: number, s: number): void {
    const arena = this.arenaOf(page)!;
    arena.spans ??= new Int32Array(this.arenaPages);
    arena.spans[page & (this.arenaPages - 1)] = s;
  }

  private arenaOf(page: number): Arena | undefined {
    const index = Math.floor(page / this.arenaPages);
    if (index === this.lastIndex) return this.lastArena;
    const arena = this.arenas.get(index);
    if (arena !== undefined) {
      this.lastIndex = index;
      this.lastArena = arena;
    }
    return arena;
  }

  /** Sets bits, returns how many changed. Pages outside of mapped arenas are passed over. */
  private fill(kind: "inUse" | "resident", base: number, n: number, value: boolean): number {
    let changed = 0;
    const limit = base + n;
    for (let p = base; p < limit; ) {
      const inArena = p & (this.arenaPages - 1);
      const here = Math.min(this.arenaPages - inArena, limit - p);
      const arena = this.arenaOf(p);
      if (arena !== undefined) changed += fillBits(arena[kind], inArena, here, value);
      p += here;
    }
    return changed;
  }
}

/** The lowest n bits, 1 <= n <= 32. */
function maskOf(n: number): number {
  return n === 32 ? -1 : (1 << n) - 1;
}

function fillBits(words: Int32Array, from: number, n: number, value: boolean): number {
  let changed = 0;
  const limit = from + n;
  for (let p = from; p < limit; ) {
    const shift = p & 31;
    const here = Math.min(32 - shift, limit - p);
    const mask = maskOf(here) << shift;
    const i = p >>> 5;
    const old = words[i]!;
    const now = value ? old | mask : old & ~mask;
    if (now !== old) {
      changed += popcount(old ^ now);
      words[i] = now;
    }
    p += here;
  }
  return changed;
}

function popcount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  v = (v + (v >>> 4)) & 0x0f0f0f0f;
  return Math.imul(v, 0x01010101) >>> 24;
}
