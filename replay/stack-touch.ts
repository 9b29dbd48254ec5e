import type { TouchedPages } from "./touched.ts";

const PAGE = 8192;
/** Mean share of a stack in use: more than the half that did not suffice; measured on programs with many deep stacks. */
const USED_SHARE = 0.65;

/**
 * What goroutines touch of their stacks. A stack fills from its top; one of size S exists because S/2 did not suffice, or
 * is a fresh one of the start size. So its upper two thirds or so are taken as touched when it is allocated, and
 * all of it when a bigger one replaces it (stack.go:copystack allocates the new one, copies, frees the old).
 */
export class StackTouch {
  readonly #touched: TouchedPages;
  /** Size of the stack last allocated by each P, in bytes; 0 after anything else. */
  readonly #lastAlloc: number[] = [];

  constructor(touched: TouchedPages) {
    this.#touched = touched;
  }

  /** A manual span. Work buffers are allocated while marking and get filled; stacks say themselves what they use. */
  spanAlloc(base: number, pages: number, marking: boolean): void {
    if (marking) this.#touched.touch(base, pages * PAGE);
  }

  alloc(p: number, addr: number, size: number): void {
    const used = size * USED_SHARE;
    this.#touched.touch(addr + size - used, used);
    this.#lastAlloc[p + 1] = size;
  }

  free(p: number, addr: number, size: number): void {
    if (size > 0 && this.#lastAlloc[p + 1] === size * 2) this.#touched.touch(addr, size);
    this.#lastAlloc[p + 1] = 0;
  }
}
