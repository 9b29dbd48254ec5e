/**
 * The span heap of Go 1.13: mheap.go, mgclarge.go and mgcscavenge.go of 1.13.15.
 *
 * All free spans, returned or not, are in one treap by address, and an allocation takes the low end of the lowest that fits.
 * Fresh memory counts as returned and becomes a span only as far as it is needed, out of the current arena. Growth returns
 * memory from elsewhere to stay at the scavenger's goal. The scavenger takes spans with whole huge pages first, then the
 * rest, each from the highest address down, and cuts a span that is larger than needed.
 */

import { SpanHeap } from "./span-heap.ts";
import { NIL, SPAN_FREE } from "./span-heap-spans.ts";
import { AddressTreap, FILTER_HUGE, FILTER_REST } from "./span-treap.ts";
import type { HeapConfig, ReturnReason } from "./types.ts";

export class SpanHeap113 extends SpanHeap {
  private readonly free: AddressTreap;
  /** Pages per huge page, 0 for none. */
  private readonly hugePages: number;
  /** Mapped pages that are in no span yet (mheap.curArena). */
  private arenaBase = 0;
  private arenaEnd = 0;

  constructor(config: HeapConfig) {
    super("go1.13", config);
    this.hugePages = this.config.physHugePageSize / this.pageSize;
    this.free = new AddressTreap(this.spans, this.random, this.hugePages);
    // scavengeRetainedGoal is 0 until the first pacing, so until then growth returns as much as it adds.
    this.scavengeGoals.gcPercent = 0;
  }

  /** Whole huge pages in free spans with memory: the background pacing counts them (mTreap.unscavHugePages). */
  get unscavHugePages(): number {
    return this.free.unscavHugePages;
  }

  /** Bytes of the current arena that are in no span yet. */
  get arenaLeft(): number {
    return (this.arenaEnd - this.arenaBase) * this.pageSize;
  }

  protected allocSpanLocked(n: number): number {
    const { spans, arenas, free } = this;
    let s = free.findFirstFit(n);
    if (s === NIL) {
      if (!this.grow(n)) return NIL;
      s = free.findFirstFit(n);
    }
    this.releasedPages -= this.releasedIn(s);
    if (spans.npages[s] === n) {
      free.remove(s);
      return s;
    }
    // Take the low end; the rest keeps its place in the treap.
    const taken = spans.alloc(spans.base[s]!, n);
    free.leave(s);
    spans.base[s]! += n;
    spans.npages[s]! -= n;
    if (spans.scavenged[s] !== 0) {
      spans.scavenged[s] = 0;
      this.inheritReleased(s, true);
    }
    free.mutated(s);
    arenas.setSpan(spans.base[taken]!, n, taken);
    arenas.setSpan(spans.base[s]!, spans.npages[s]!, s);
    return taken;
  }

  private grow(n: number): boolean {
    if (this.growLimit(this.arenaBase + n) > this.arenaEnd) {
      const before = this.arenas.mappedPages;
      const base = this.sysAlloc(n);
      if (base < 0) return false;
      this.addArena(base, this.arenas.mappedPages - before);
    }
    this.takeFromArena(this.growLimit(this.arenaBase + n));
    return true;
  }

  /** Growth is rounded up to physical pages. */
  private growLimit(page: number): number {
    return Math.ceil(page / this.physPages) * this.physPages;
  }

  /** Makes newly mapped pages part of the current arena, or the current arena. */
  private addArena(base: number, n: number): void {
    // Counts as released, though in no span yet.
    this.releasedPages += n;
    if (base === this.arenaEnd) this.arenaEnd += n;
    else {
      this.takeFromArena(this.arenaEnd);
      this.arenaBase = base;
      this.arenaEnd = base + n;
    }
    // What is in no span must end a mapped range. It does when arenas come at the hint, not when they are placed.
    if (this.arenas.rangeOf(this.arenaEnd) !== undefined) this.takeFromArena(this.arenaEnd);
  }

  /** Makes the current arena up to `limit` a free span (growAddSpan). */
  private takeFromArena(limit: number): void {
    const base = this.arenaBase;
    if (limit <= base) return;
    this.arenaBase = limit;
    this.scavengeIfNeeded((limit - base) * this.pageSize);
    const s = this.spans.alloc(base, limit - base);
    this.arenas.setSpan(base, limit - base, s);
    this.spans.scavenged[s] = 1;
    this.freeSpanLocked(s, this.now);
  }

  protected growTo(base: number, limit: number): void {
    const size = this.arenas.arenaPages;
    if (this.arenas.parts(base, limit, false).length > 0) {
      const first = Math.floor(base / size) * size;
      const end = Math.ceil(limit / size) * size;
      for (const [b, l] of this.arenas.parts(first, end, false)) {
        this.mapPages(b, l - b);
        this.addArena(b, l - b);
        if (l < limit) this.takeFromArena(l);
      }
    }
    if (limit > this.arenaBase && base < this.arenaEnd)
      this.takeFromArena(Math.min(this.growLimit(limit), this.arenaEnd));
  }

  override mapRange(base: number, pages: number, released: boolean): void {
    // See addArena.
    if ((base + pages * this.pageSize) / this.pageSize > this.arenaBase) this.takeFromArena(this.arenaEnd);
    super.mapRange(base, pages, released);
  }

  protected coalesce(s: number): void {
    const { spans, arenas } = this;
    const before = arenas.spanAt(spans.base[s]! - 1);
    if (before !== NIL && spans.state[before] === SPAN_FREE) {
      if (spans.scavenged[before] === spans.scavenged[s]) {
        this.free.remove(before);
        spans.base[s] = spans.base[before]!;
        spans.npages[s]! += spans.npages[before]!;
        spans.free(before);
      } else this.realign(before, s, before);
    }
    const after = arenas.spanAt(spans.limit(s));
    if (after !== NIL && spans.state[after] === SPAN_FREE) {
      if (spans.scavenged[after] === spans.scavenged[s]) {
        this.free.remove(after);
        spans.npages[s]! += spans.npages[after]!;
        spans.free(after);
      } else this.realign(s, after, after);
    }
    arenas.setSpan(spans.base[s]!, spans.npages[s]!, s);
  }

  /** Moves the bound between unlike neighbours a and b to a physical page, toward the returned one; `other` is in the treap. */
  private realign(a: number, b: number, other: number): void {
    if (this.pageSize >= this.config.physPageSize) return;
    const { spans } = this;
    this.free.remove(other);
    const bound = spans.scavenged[a] !== 0 ? this.physLimit(spans.base[b]!) : this.physStart(spans.base[b]!);
    const limit = spans.limit(b);
    spans.npages[a] = bound - spans.base[a]!;
    spans.npages[b] = limit - bound;
    spans.base[b] = bound;
    this.arenas.setSpan(spans.base[other]!, spans.npages[other]!, other);
    this.free.insert(other);
  }

  protected insertFree(s: number): void {
    this.free.insert(s);
  }

  protected removeFree(s: number): void {
    this.free.remove(s);
  }

  protected releasedIn(s: number): number {
    return this.spans.scavenged[s] !== 0 ? this.wholePages(s) : 0;
  }

  protected inheritReleased(t: number, scavenged: boolean): void {
    const whole = this.wholePages(t);
    if (!scavenged || whole <= 0) return;
    this.spans.scavenged[t] = 1;
    this.releasedPages += whole;
  }

  /** Returns as much as growth by `bytes` would put the heap above its goal, at most `bytes` (scavengeIfNeededLocked). */
  private scavengeIfNeeded(bytes: number): void {
    const over = this.heapRetained() + bytes - this.scavengeGoals.gcPercent;
    if (over > 0) this.scavengeLocked(Math.min(bytes, over), "growth");
  }

  /** Returns the pages released, at least `bytes` unless there is not so much. */
  private scavengeLocked(bytes: number, reason: ReturnReason): number {
    const { spans, free, pageSize } = this;
    let released = 0;
    for (const filter of [FILTER_HUGE, FILTER_REST]) {
      for (let t = free.lastOf(filter); released * pageSize < bytes && t !== NIL; ) {
        const next = free.precedingOf(t, filter);
        if (this.wholePages(t) > 0) {
          let s = this.scavengeSplit(t, bytes - released * pageSize);
          if (s === NIL) {
            free.remove(t);
            s = t;
          }
          const whole = this.wholePages(s);
          spans.scavenged[s] = 1;
          this.releasedPages += whole;
          released += whole;
          this.sysUnused(this.physStart(spans.base[s]!), whole, whole, reason);
          this.coalesce(s);
          free.insert(s);
        }
        t = next;
      }
    }
    return released;
  }

  /**
   * Cuts a span off the top of t that has `bytes`; NIL if that is all of t. The cut goes down to a huge page's start where
   * that is inside t, even if the huge page's end is not.
   */
  private scavengeSplit(t: number, bytes: number): number {
    const { spans } = this;
    const start = this.physStart(spans.base[t]!);
    const end = this.physLimit(spans.limit(t));
    if (end <= start || (end - start) * this.pageSize <= bytes) return NIL;
    let base = this.physLimit(Math.floor(end - bytes / this.pageSize));
    if (base <= start) return NIL;
    const k = this.hugePages;
    if (k > 1) {
      const hugeBase = Math.floor(base / k) * k;
      if (hugeBase >= start) base = hugeBase;
    }
    if (base === start) return NIL;

    const n = spans.limit(t) - base;
    const cut = spans.alloc(base, n);
    this.free.leave(t);
    spans.npages[t]! -= n;
    this.free.mutated(t);
    spans.state[cut] = SPAN_FREE;
    this.arenas.setSpan(spans.base[t]!, spans.npages[t]!, t);
    this.arenas.setSpan(base, n, cut);
    return cut;
  }

  scavenge(bytes: number): number {
    return this.scavengeNow(bytes, "background");
  }

  scavengeAged(_now: number, _limit: number): number {
    return 0;
  }

  scavengeAll(): number {
    return this.scavengeNow(Number.POSITIVE_INFINITY, "forced");
  }

  private scavengeNow(bytes: number, reason: ReturnReason): number {
    this.stats.lockAcquisitions++;
    // Less than a byte would cut off a span without pages.
    const released = this.scavengeLocked(Math.ceil(bytes), reason);
    this.account();
    return released * this.pageSize;
  }

  freeSpans() {
    return this.treapRows(this.free);
  }

  treapShape() {
    return this.shapeRows(this.free);
  }
}
