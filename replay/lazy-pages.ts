/**
 * Pages returned with MADV_FREE (linux, Go 1.12-1.15: mem_linux.go:sysUnused): the kernel takes them only when it is short of
 * memory, and without that they stay in RSS until the program uses them again or for ever. No pressure is assumed.
 */
/** Runtime pages a block. */
const BLOCK = 8192;

/** States of a page. */
const NEVER_USED = 0;
const USED = 1;
const FREED = 2;

const FIRST_MINOR = 12;
const LAST_MINOR = 15;

export function lazyFrees(minor: number, goos: string): boolean {
  return goos === "linux" && minor >= FIRST_MINOR && minor <= LAST_MINOR;
}

export class LazyPages {
  /** Bytes that are returned and still in RSS. */
  bytes = 0;
  readonly #pageSize: number;
  readonly #blocks = new Map<number, Uint8Array>();

  constructor(pageSize = 8192) {
    this.#pageSize = pageSize;
  }

  /** Pages go back to the system. Those that nobody ever used have no memory that could stay. */
  released(base: number, pages: number): void {
    this.bytes += this.#set(base, pages, USED, FREED) * this.#pageSize;
  }

  used(base: number, pages: number): void {
    this.bytes -= this.#set(base, pages, FREED, USED) * this.#pageSize;
    this.#set(base, pages, NEVER_USED, USED);
  }

  /** Has pages in state `from` be in state `to`; returns how many there were. */
  #set(base: number, pages: number, from: number, to: number): number {
    let changed = 0;
    const first = Math.floor(base / this.#pageSize);
    for (let page = first; page < first + pages; page++) {
      const index = Math.floor(page / BLOCK);
      let block = this.#blocks.get(index);
      if (!block) {
        if (from !== NEVER_USED) {
          page = (index + 1) * BLOCK - 1;
          continue;
        }
        block = new Uint8Array(BLOCK);
        this.#blocks.set(index, block);
      }
      const at = page - index * BLOCK;
      if (block[at] === from) {
        block[at] = to;
        changed++;
      }
    }
    return changed;
  }
}
