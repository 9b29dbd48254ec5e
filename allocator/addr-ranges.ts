/**
 * A set of address ranges, coalesced (mranges.go:addrRanges, Go 1.14 to 1.27). Addresses here are linear: plus 2^47, so
 * that they ascend from 0 as amd64's offset addresses (offAddr) do.
 */
export class AddrRanges {
  /** base, limit of each range, ascending. */
  private readonly bounds: number[] = [];
  totalBytes = 0;

  get length(): number {
    return this.bounds.length / 2;
  }

  base(i: number): number {
    return this.bounds[2 * i]!;
  }

  limit(i: number): number {
    return this.bounds[2 * i + 1]!;
  }

  /** Index of the first range whose base is above addr. */
  findSucc(addr: number): number {
    let lo = 0;
    let hi = this.length;
    while (lo < hi) {
      const mid = (lo + hi) >>> 1;
      if (addr < this.base(mid)) hi = mid;
      else lo = mid + 1;
    }
    return lo;
  }

  contains(addr: number): boolean {
    const i = this.findSucc(addr);
    return i > 0 && addr < this.limit(i - 1);
  }

  /** Smallest address of the set that is at or above addr, -1 if there is none. */
  findAddrGreaterEqual(addr: number): number {
    const i = this.findSucc(addr);
    if (i > 0 && addr < this.limit(i - 1)) return addr;
    return i < this.length ? this.base(i) : -1;
  }

  add(base: number, limit: number): void {
    const b = this.bounds;
    const i = this.findSucc(base);
    const down = i > 0 && this.limit(i - 1) === base;
    const up = i < this.length && limit === this.base(i);
    if (down && up) b.splice(2 * i - 1, 2);
    else if (down) b[2 * i - 1] = limit;
    else if (up) b[2 * i] = base;
    else b.splice(2 * i, 0, base, limit);
    this.totalBytes += limit - base;
  }

  /** Takes nBytes from the end of the highest range, or all of it if it is smaller. [base, limit); empty if nothing is left. */
  removeLast(nBytes: number): [base: number, limit: number] {
    const b = this.bounds;
    if (b.length === 0) return [0, 0];
    const base = b[b.length - 2]!;
    const limit = b[b.length - 1]!;
    if (limit - base > nBytes) {
      b[b.length - 1] = limit - nBytes;
      this.totalBytes -= nBytes;
      return [limit - nBytes, limit];
    }
    b.length -= 2;
    this.totalBytes -= limit - base;
    return [base, limit];
  }

  removeGreaterEqual(addr: number): void {
    const b = this.bounds;
    while (b.length > 0) {
      const base = b[b.length - 2]!;
      const limit = b[b.length - 1]!;
      if (limit <= addr) return;
      if (base < addr) {
        b[b.length - 1] = addr;
        this.totalBytes -= limit - addr;
        return;
      }
      b.length -= 2;
      this.totalBytes -= limit - base;
    }
  }

  cloneInto(other: AddrRanges): void {
    other.bounds.length = 0;
    for (const x of this.bounds) other.bounds.push(x);
    other.totalBytes = this.totalBytes;
  }
}
