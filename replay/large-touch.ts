import type { TouchedPages } from "./touched.ts";

const PAGE = 8192;
const ARENA = 64 << 20;

/**
 * What happens to the pages of a large object when it is allocated (malloc.go:mallocgcLarge, mheap.go:allocNeedsZero).
 *
 * Pages that may be dirty are zeroed, and so touched. Clean ones are not: fresh from the OS (above the arena's high-water
 * mark), and from 1.26 on also spans that were scavenged as a whole (needZeroAfterSysUnused). Programs nearly always write
 * to what they allocate, so clean pages are taken for touched too, but as an assumption.
 */
export class LargeTouch {
  readonly #touched: TouchedPages;
  readonly #scavengedIsClean: boolean;
  /** Highest address ever used, by arena (heapArena.zeroedBase). */
  readonly #used = new Map<number, number>();

  constructor(touched: TouchedPages, scavengedIsClean: boolean) {
    this.#touched = touched;
    this.#scavengedIsClean = scavengedIsClean;
  }

  /** Any span taken: pages below its end are dirty from now on. */
  spanAlloc(base: number, pages: number): void {
    const end = base + pages * PAGE;
    for (let arena = Math.floor(base / ARENA); arena * ARENA < end; arena++) {
      const limit = Math.min(end, (arena + 1) * ARENA);
      if ((this.#used.get(arena) ?? 0) < limit) this.#used.set(arena, limit);
    }
  }

  /** A large object's span; call before spanAlloc. */
  objectAlloc(base: number, pages: number): void {
    const size = pages * PAGE;
    const fresh = base >= (this.#used.get(Math.floor(base / ARENA)) ?? 0);
    const clean = fresh || (this.#scavengedIsClean && this.#touched.within(base, size) === 0);
    if (clean) this.#touched.assume(base, size);
    else this.#touched.touch(base, size);
  }
}
