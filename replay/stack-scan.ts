/**
 * How many bytes of goroutine stacks a GC scans, which its goal counts from 1.18 on (mgcmark.go:scanstack: from the stack pointer
 * to the top). A recording tells only the stacks' sizes, and when they grow and shrink (stack.go:newstack, shrinkstack):
 * a stack that grew holds more than the half that did not suffice, until the GC halves it, for less than a quarter is in use.
 * All others are of goroutines that wait near the bottom of their work, or of ended ones, whose stacks nobody scans.
 */

/** Mean of what goroutines that never went deep, or have come back, have on their stacks. Bytes. */
const WAITING = 200;
/** Of stacks that are there when the recording begins, ones of this size and more count as grown: the start size adapts up to it. */
const GROWN_BEFORE = 16 << 10;

export interface StackBytes {
  /** Sizes of the stacks that grew and have not been halved since. */
  readonly deep: number;
  /** What is in use of the others. */
  readonly shallow: number;
}

export const NO_STACKS: StackBytes = { deep: 0, shallow: 0 };

export class StackScan {
  /** Size of each stack, negative for one that grew. */
  readonly #stacks = new Map<number, number>();
  /** Address of the stack last allocated by each P, of all events of stacks. */
  readonly #last = new Map<number, number>();
  #deep = 0;

  /** A stack that was there when the recording began. */
  live(addr: number, size: number): void {
    this.#set(addr, size, size >= GROWN_BEFORE);
  }

  alloc(p: number, addr: number, size: number): void {
    this.#set(addr, size, false);
    this.#last.set(p, addr);
  }

  /** copystack allocates the new stack, then frees the old one, on one P. */
  free(p: number, addr: number): void {
    const size = Math.abs(this.#stacks.get(addr) ?? 0);
    const last = this.#last.get(p);
    this.#last.delete(p);
    this.#delete(addr);
    const copy = last === undefined ? undefined : this.#stacks.get(last);
    if (last !== undefined && copy !== undefined && copy === size * 2) this.#set(last, copy, true);
  }

  now(): StackBytes {
    return { deep: this.#deep, shallow: this.#stacks.size * WAITING };
  }

  #set(addr: number, size: number, grown: boolean): void {
    this.#delete(addr);
    this.#stacks.set(addr, grown ? -size : size);
    if (grown) this.#deep += size;
  }

  #delete(addr: number): void {
    const size = this.#stacks.get(addr);
    if (size === undefined) return;
    if (size < 0) this.#deep += size;
    this.#stacks.delete(addr);
  }
}
