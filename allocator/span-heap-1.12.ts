/**
 * The span heap of Go 1.12: mheap.go and mgclarge.go of 1.12.0, 1.12.4 and 1.12.17.
 *
 * Free spans are in two treaps by size, then base: those whose memory is there (`free`) and those that were returned
 * (`scav`). An allocation takes the better fit of both, the one with memory if they are equal. Only spans of the same kind
 * are joined. Growth adds whole arenas, as spans with memory, after returning as much from the largest spans; what such a
 * return gave too much is credit for the next.
 *
 * 1.12.0 to 1.12.4 have 1.11's faulty search (SizeTreap.findFirst), and an allocation out of `scav` returns as much memory
 * from elsewhere.
 */

import { SpanHeap } from "./span-heap.ts";
import { NIL, SPAN_FREE, SPAN_MANUAL } from "./span-heap-spans.ts";
import { SizeTreap } from "./span-treap.ts";
import type { HeapConfig, ReturnReason } from "./types.ts";

export class SpanHeap112 extends SpanHeap {
  /** Bytes returned beyond what was asked for (mheap.scavengeCredit). */
  scavengeCredit = 0;

  private readonly free = new SizeTreap(this.spans, this.random, "base");
  private readonly scav = new SizeTreap(this.spans, this.random, "base");
  /** 1.12.0 to 1.12.4. */
  private readonly early: boolean;
  private reason: ReturnReason = "growth";

  constructor(config: HeapConfig, early = false) {
    super(early ? "go1.12-dev" : "go1.12", config);
    this.early = early;
  }

  protected allocSpanLocked(n: number): number {
    const { spans } = this;
    let s = this.pickFreeSpan(n);
    if (s === NIL) {
      if (!this.grow(n)) return NIL;
      s = this.pickFreeSpan(n);
    }
    this.removeFree(s);
    const scavenged = spans.scavenged[s] !== 0;
    this.releasedPages -= this.releasedIn(s);
    spans.state[s] = SPAN_MANUAL; // So that nothing is joined with s from here on.

    const rest = spans.npages[s]! - n;
    if (rest > 0) {
      const t = spans.alloc(spans.base[s]! + n, rest);
      spans.npages[s] = n;
      this.arenas.setSpan(spans.base[s]!, n, s);
      this.arenas.setSpan(spans.base[t]!, rest, t);
      this.inheritReleased(t, scavenged);
      this.freeSpanLocked(t, spans.unusedSince[s]!);
    }
    if (scavenged) {
      spans.scavenged[s] = 0;
      if (this.early) this.scavengeLargest(n * this.pageSize, "growth");
    }
    return s;
  }

  /** The smaller result of both treaps; `free` wins a tie. */
  private pickFreeSpan(n: number): number {
    const { npages } = this.spans;
    const tf = this.early ? this.free.findFirst(n) : this.free.findBest(n);
    const ts = this.early ? this.scav.findFirst(n) : this.scav.findBest(n);
    if (tf === NIL) return ts;
    return ts === NIL || npages[tf]! <= npages[ts]! ? tf : ts;
  }

  private grow(n: number): boolean {
    const before = this.arenas.mappedPages;
    const base = this.sysAlloc(n);
    if (base < 0) return false;
    this.addGrown(base, this.arenas.mappedPages - before);
    return true;
  }

  private addGrown(base: number, n: number): void {
    this.scavengeLargest(n * this.pageSize, "growth");
    this.putBack(base, n, false, this.now);
  }

  protected growTo(base: number, limit: number): void {
    const size = this.arenas.arenaPages;
    const first = Math.floor(base / size) * size;
    const end = Math.ceil(limit / size) * size;
    if (this.arenas.parts(base, limit, false).length === 0) return;
    for (const [b, l] of this.arenas.parts(first, end, false)) {
      this.mapPages(b, l - b);
      this.addGrown(b, l - b);
    }
  }

  protected coalesce(s: number): void {
    const { spans, arenas } = this;
    let merged = false;
    let prescavenged = this.releasedIn(s);
    const before = arenas.spanAt(spans.base[s]! - 1);
    if (before !== NIL && spans.state[before] === SPAN_FREE) {
      if (spans.scavenged[before] === spans.scavenged[s]) {
        prescavenged += this.releasedIn(before);
        this.removeFree(before);
        spans.base[s] = spans.base[before]!;
        spans.npages[s]! += spans.npages[before]!;
        spans.free(before);
        merged = true;
      } else this.realign(before);
    }
    const after = arenas.spanAt(spans.limit(s));
    if (after !== NIL && spans.state[after] === SPAN_FREE) {
      if (spans.scavenged[after] === spans.scavenged[s]) {
        prescavenged += this.releasedIn(after);
        this.removeFree(after);
        spans.npages[s]! += spans.npages[after]!;
        spans.free(after);
        merged = true;
      } else this.realign(after);
    }
    arenas.setSpan(spans.base[s]!, spans.npages[s]!, s);

    // Joining may complete physical pages across the old bounds: return the whole again.
    if (merged && spans.scavenged[s] !== 0) {
      this.releasedPages -= prescavenged;
      this.scavengeSpan(s, prescavenged, this.reason);
    }
  }

  /**
   * Meant to move the bound between unlike neighbours to a physical page, but the test for whether that is needed is the
   * wrong way round: it happens only where physical pages are smaller than pages, and bounds are right anyhow. What is left
   * of it is that the neighbour is put into its treap anew, with a new priority.
   */
  private realign(other: number): void {
    if (this.pageSize <= this.config.physPageSize) return;
    this.removeFree(other);
    this.insertFree(other);
  }

  protected insertFree(s: number): void {
    (this.spans.scavenged[s] !== 0 ? this.scav : this.free).insert(s);
  }

  protected removeFree(s: number): void {
    (this.spans.scavenged[s] !== 0 ? this.scav : this.free).remove(s);
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

  /** mspan.scavenge: pages released, of which `already` were before; 0 if the span has no whole physical page. */
  private scavengeSpan(s: number, already: number, reason: ReturnReason): number {
    const whole = this.wholePages(s);
    if (whole <= 0) return 0;
    this.releasedPages += whole;
    this.spans.scavenged[s] = 1;
    this.sysUnused(this.physStart(this.spans.base[s]!), whole, whole - already, reason);
    return whole;
  }

  /** Returns span s, which is in `free`, and moves it to `scav`; the pages released. */
  private moveToScav(s: number, reason: ReturnReason): number {
    const released = this.scavengeSpan(s, 0, reason);
    if (released === 0) return 0;
    this.free.remove(s);
    this.reason = reason;
    this.coalesce(s);
    this.insertFree(s);
    return released;
  }

  /** Returns `bytes` from the largest spans down, less the credit there is (mheap.scavengeLargest). */
  private scavengeLargest(bytes: number, reason: ReturnReason): void {
    if (bytes <= this.scavengeCredit) {
      this.scavengeCredit -= bytes;
      return;
    }
    const want = bytes - this.scavengeCredit;
    this.scavengeCredit = 0;
    let released = 0;
    for (let s = this.free.last(); released < want && s !== NIL; ) {
      const next = this.free.preceding(s);
      const pages = this.moveToScav(s, reason);
      // The rest is no larger, so it hardly has whole physical pages either.
      if (pages === 0) return;
      released += pages * this.pageSize;
      s = next;
    }
    if (released > want) this.scavengeCredit += released - want;
  }

  /** mheap.scavengeAll: smallest first. */
  private scavengeUnused(now: number, limit: number, reason: ReturnReason): number {
    this.stats.lockAcquisitions++;
    let released = 0;
    for (let s = this.free.first(); s !== NIL; ) {
      const next = this.free.after(s);
      if (now - this.spans.unusedSince[s]! > limit) released += this.moveToScav(s, reason);
      s = next;
    }
    this.account();
    return released * this.pageSize;
  }

  /** 1.12 has no background scavenger but the age scan. */
  scavenge(_bytes: number): number {
    return 0;
  }

  scavengeAged(now: number, limit: number): number {
    return this.scavengeUnused(now, limit, "background");
  }

  scavengeAll(): number {
    return this.scavengeUnused(Number.POSITIVE_INFINITY, 0, "forced");
  }

  /** mheap.scavengeLargest by itself, for conformance. */
  returnLargest(bytes: number): void {
    this.scavengeLargest(bytes, "background");
    this.account();
  }

  freeSpans() {
    return [...this.treapRows(this.free), ...this.treapRows(this.scav)];
  }

  treapShape() {
    return [...this.shapeRows(this.free), ...this.shapeRows(this.scav)];
  }
}
