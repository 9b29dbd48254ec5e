import { Granules, REGION } from "../allocator/granules.ts";

/**
 * Which physical pages of the heap the program has touched since they last came from the OS: what RSS counts. A page in
 * use that nobody has written to is not resident; a free page that was written to is, until it is returned.
 */
const UNTOUCHED = 0;
const TOUCHED = 1;
const ASSUMED = 2;

export class TouchedPages extends Granules {
  /** Bytes touched and not returned since, with those that are only assumed to be. */
  bytes = 0;
  /** Of these, bytes that were given to the program without being zeroed and that it may not have written to. */
  assumed = 0;

  /** [addr, addr+size) was written to. */
  touch(addr: number, size: number): void {
    const index = Math.floor(addr / REGION);
    this.touchAt(index, addr - index * REGION, size);
  }

  /** The same for an address that is split already: 64 MiB region and offset in it. */
  touchAt(index: number, offset: number, size: number): void {
    if (offset + size > REGION) {
      this.#set(index * REGION + offset, size, TOUCHED);
      return;
    }
    const region = index === this.lastIndex ? this.last : this.region(index);
    const last = (offset + size - 1) >>> this.shift;
    for (let i = offset >>> this.shift; i <= last; i++) {
      const before = region[i]!;
      if (before === TOUCHED) continue;
      region[i] = TOUCHED;
      if (before === UNTOUCHED) this.bytes += this.granule;
      else this.assumed -= this.granule;
    }
  }

  /** [addr, addr+size) went to the program unzeroed: it is taken for touched, but counted as an assumption. */
  assume(addr: number, size: number): void {
    this.#set(addr, size, ASSUMED);
  }

  /** The whole granules inside [addr, addr+size) went back to the OS. */
  release(addr: number, size: number): void {
    const start = Math.ceil(addr / this.granule) * this.granule;
    const end = Math.floor((addr + size) / this.granule) * this.granule;
    if (end > start) this.#set(start, end - start, UNTOUCHED);
  }

  #set(addr: number, size: number, value: 0 | 1 | 2): void {
    let at = addr;
    const end = addr + size;
    while (at < end) {
      const index = Math.floor(at / REGION);
      const base = index * REGION;
      const region = this.region(index);
      const stop = Math.min(end, base + REGION);
      const last = (stop - 1 - base) >>> this.shift;
      for (let i = (at - base) >>> this.shift; i <= last; i++) {
        const before = region[i]!;
        if (before === value) continue;
        region[i] = value;
        if (before === UNTOUCHED) this.bytes += this.granule;
        else if (value === UNTOUCHED) this.bytes -= this.granule;
        if (before === ASSUMED) this.assumed -= this.granule;
        else if (value === ASSUMED) this.assumed += this.granule;
      }
      at = stop;
    }
  }

  /** Bytes of [addr, addr+size) that are touched, in whole granules. */
  within(addr: number, size: number): number {
    let n = 0;
    for (let at = Math.floor(addr / this.granule) * this.granule; at < addr + size; at += this.granule) {
      const index = Math.floor(at / REGION);
      const region = this.regions.get(index);
      if (region && region[(at - index * REGION) >>> this.shift] !== UNTOUCHED) n += this.granule;
    }
    return n;
  }
}
