/**
 * One byte for each physical page ("granule", 4 KiB at least) of the address space in use, in arrays of 64 MiB each: the
 * store behind what is known of single physical pages.
 */
export const REGION = 64 * 1024 * 1024;

export class Granules {
  readonly granule: number;
  protected readonly shift: number;
  protected readonly regions = new Map<number, Uint8Array>();
  // The last region used: most calls hit the same one as the call before.
  protected lastIndex = -1;
  protected last: Uint8Array = new Uint8Array(0);

  constructor(physPageSize: number) {
    this.granule = Math.max(4096, physPageSize);
    this.shift = Math.log2(this.granule);
  }

  /** The bytes of region `index`, addresses [index * REGION, (index + 1) * REGION). */
  protected region(index: number): Uint8Array {
    if (index === this.lastIndex) return this.last;
    let region = this.regions.get(index);
    if (!region) {
      region = new Uint8Array(REGION / this.granule);
      this.regions.set(index, region);
    }
    this.lastIndex = index;
    this.last = region;
    return region;
  }
}
