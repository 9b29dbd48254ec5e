/**
 * atomicOffAddr (mranges.go, Go 1.19 to 1.27): where the scavenger goes on searching, downwards. A cursor that was raised is
 * marked (the runtime stores it negated) until a search moves it, so that a search that runs at the same time can't lower
 * it unseen. Nothing runs at the same time here, but the marks decide what a search leaves behind.
 *
 * A position is chunk << 9 | page: pages from the bottom of the linear address space. 0 is minOffAddr, "exhausted".
 */
export class ScavengeCursor {
  page = 0;
  marked = false;

  clear(): void {
    if (!this.marked) this.page = 0;
  }

  storeMin(page: number): void {
    if (!this.marked && page <= this.page) this.page = page;
  }

  storeUnmark(page: number): void {
    this.page = page;
    this.marked = false;
  }

  storeMarked(page: number): void {
    this.page = page;
    this.marked = true;
  }

  /** After a search that began here found the chunk whose top page is `page`. */
  moveDown(page: number): void {
    if (this.marked) this.storeUnmark(page);
    else this.storeMin(page);
  }
}
