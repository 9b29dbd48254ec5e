import { ObjectLedger } from "../objects.ts";
import { PAGE, REGION_PAGES } from "./heap-pages.ts";

const REGION = REGION_PAGES * PAGE;
const PAGE_SHIFT = 13;

/** An object ledger that also counts, page by page, the slots that hold an object. */
export class SlotsInUse extends ObjectLedger {
  /** Changes since the count was last looked at. */
  changes = 0;
  readonly regions = new Map<number, Uint16Array<ArrayBuffer>>();
  readonly #shifts: boolean;
  #lastIndex = -1;
  #last = new Uint16Array(0);

  /** @param shifts whether the model may have spans elsewhere than recorded: counts are of the model's pages */
  constructor(slotSizes: ArrayLike<number>, shifts: boolean) {
    super(slotSizes);
    this.#shifts = shifts;
  }

  override objectAlloc(addr: number): number {
    const slot = super.objectAlloc(addr);
    if (slot !== 0) this.#add(addr, 1);
    return slot;
  }

  override objectFree(addr: number): void {
    const before = this.bytes;
    super.objectFree(addr);
    if (this.bytes !== before) this.#add(addr, -1);
  }

  override spanAlloc(base: number, pages: number, spanClass: number, shift = 0): void {
    super.spanAlloc(base, pages, spanClass, shift);
    this.#clear(base + shift, pages);
  }

  override spanFree(base: number, pages: number): void {
    this.#clear(this.#shifts ? base + this.shiftAt(base) : base, pages);
    super.spanFree(base, pages);
  }

  #add(addr: number, n: number): void {
    const at = this.#shifts ? addr + this.shiftAt(addr) : addr;
    const index = Math.floor(at / REGION);
    const region = index === this.#lastIndex ? this.#last : this.#region(index);
    region[(at - index * REGION) >>> PAGE_SHIFT]! += n;
    this.changes++;
  }

  #region(index: number): Uint16Array<ArrayBuffer> {
    let region = this.regions.get(index);
    if (!region) {
      region = new Uint16Array(REGION_PAGES);
      this.regions.set(index, region);
    }
    this.#lastIndex = index;
    this.#last = region;
    return region;
  }

  #clear(base: number, pages: number): void {
    const first = Math.floor(base / PAGE);
    for (let page = first; page < first + pages; page++) {
      const index = Math.floor(page / REGION_PAGES);
      this.#region(index)[page - index * REGION_PAGES] = 0;
    }
  }
}
