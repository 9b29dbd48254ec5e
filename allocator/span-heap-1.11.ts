/**
 * The span heap of Go 1.11: mheap.go and mgclarge.go of 1.11.13.
 *
 * Free spans below 128 pages are in one list per size, the one freed last in front; larger ones in a treap by size, and by
 * address of the mspan among equals. An allocation takes the first span of the smallest size that has one, else asks the
 * treap, whose search may miss the best fit (SizeTreap.findFirst). Growth adds whole arenas.
 *
 * Memory goes back by age only: now and then every span that nobody used for long enough is returned whole. How many pages
 * of a span are returned is one number, which is forgotten when any part of the span is allocated, though the rest of its
 * pages is still away: stats.untouched has them.
 */

import { SpanHeap } from "./span-heap.ts";
import { NIL, SPAN_FREE } from "./span-heap-spans.ts";
import { SizeTreap } from "./span-treap.ts";
import type { HeapConfig, ReturnReason } from "./types.ts";

/** _MaxMHeapList: 1 MiB of pages. */
const MAX_LIST = 128;

export class SpanHeap111 extends SpanHeap {
  /** free[n]: first span of n pages. */
  private readonly lists = new Int32Array(MAX_LIST);
  private readonly large = new SizeTreap(this.spans, this.random, "mspan");

  constructor(config: HeapConfig, era = "go1.11") {
    super(era, config);
  }

  protected allocSpanLocked(n: number): number {
    const { spans } = this;
    let s = NIL;
    for (let i = n; i < MAX_LIST && s === NIL; i++) s = this.lists[i]!;
    if (s === NIL) s = this.large.findFirst(n);
    if (s === NIL) {
      if (!this.grow(n)) return NIL;
      s = this.large.findFirst(n);
    }
    this.removeFree(s);

    this.releasedPages -= spans.npreleased[s]!;
    spans.npreleased[s] = 0;
    const rest = spans.npages[s]! - n;
    if (rest > 0) {
      const t = spans.alloc(spans.base[s]! + n, rest);
      spans.npages[s] = n;
      spans.state[s] = 0; // So that t is not joined with s.
      this.arenas.setSpan(spans.base[s]!, n, s);
      this.arenas.setSpan(spans.base[t]!, rest, t);
      this.freeSpanLocked(t, spans.unusedSince[s]!);
    }
    return s;
  }

  private grow(n: number): boolean {
    const before = this.arenas.mappedPages;
    const base = this.sysAlloc(n);
    if (base < 0) return false;
    this.putBack(base, this.arenas.mappedPages - before, false, this.now);
    return true;
  }

  protected growTo(base: number, limit: number): void {
    const size = this.arenas.arenaPages;
    const first = Math.floor(base / size) * size;
    const end = Math.ceil(limit / size) * size;
    if (this.arenas.parts(base, limit, false).length === 0) return;
    for (const [b, l] of this.arenas.parts(first, end, false)) {
      this.mapPages(b, l - b);
      this.putBack(b, l - b, false, this.now);
    }
  }

  protected coalesce(s: number): void {
    const { spans, arenas } = this;
    const before = arenas.spanAt(spans.base[s]! - 1);
    if (before !== NIL && spans.state[before] === SPAN_FREE) {
      this.removeFree(before);
      spans.base[s] = spans.base[before]!;
      spans.npages[s]! += spans.npages[before]!;
      spans.npreleased[s]! += spans.npreleased[before]!;
      spans.free(before);
    }
    const after = arenas.spanAt(spans.limit(s));
    if (after !== NIL && spans.state[after] === SPAN_FREE) {
      this.removeFree(after);
      spans.npages[s]! += spans.npages[after]!;
      spans.npreleased[s]! += spans.npreleased[after]!;
      spans.free(after);
    }
    arenas.setSpan(spans.base[s]!, spans.npages[s]!, s);
  }

  protected insertFree(s: number): void {
    const { spans, lists } = this;
    const n = spans.npages[s]!;
    if (n >= MAX_LIST) {
      this.large.insert(s);
      return;
    }
    const head = lists[n]!;
    spans.next[s] = head;
    spans.prev[s] = NIL;
    if (head !== NIL) spans.prev[head] = s;
    lists[n] = s;
  }

  protected removeFree(s: number): void {
    const { spans, lists } = this;
    const n = spans.npages[s]!;
    if (n >= MAX_LIST) {
      this.large.remove(s);
      return;
    }
    const next = spans.next[s]!;
    const prev = spans.prev[s]!;
    if (prev === NIL) lists[n] = next;
    else spans.next[prev] = next;
    if (next !== NIL) spans.prev[next] = prev;
    spans.next[s] = NIL;
    spans.prev[s] = NIL;
  }

  protected releasedIn(s: number): number {
    return this.spans.npreleased[s]!;
  }

  protected inheritReleased(t: number, scavenged: boolean): void {
    if (!scavenged) return;
    const whole = Math.max(0, this.wholePages(t));
    this.spans.npreleased[t] = whole;
    this.releasedPages += whole;
  }

  /** 1.11 has no background scavenger but the age scan. */
  scavenge(_bytes: number): number {
    return 0;
  }

  scavengeAged(now: number, limit: number): number {
    return this.scavengeUnused(now, limit, "background");
  }

  scavengeAll(): number {
    return this.scavengeUnused(Number.POSITIVE_INFINITY, 0, "forced");
  }

  /** mheap.scavenge: lists by size, then the treap, root first. */
  private scavengeUnused(now: number, limit: number, reason: ReturnReason): number {
    const { spans, lists } = this;
    this.stats.lockAcquisitions++;
    let released = 0;
    for (let n = 1; n < MAX_LIST; n++) {
      for (let s = lists[n]!; s !== NIL; s = spans.next[s]!) released += this.scavengeSpan(s, now, limit, reason);
    }
    for (const s of this.large.preorder()) released += this.scavengeSpan(s, now, limit, reason);
    this.account();
    return released * this.pageSize;
  }

  /** scavengelist's body and scavengeTreapNode: pages newly counted as released. */
  private scavengeSpan(s: number, now: number, limit: number, reason: ReturnReason): number {
    const { spans } = this;
    if (now - spans.unusedSince[s]! <= limit || spans.npreleased[s] === spans.npages[s]) return 0;
    const whole = this.wholePages(s);
    if (whole <= 0) return 0;
    const released = whole - spans.npreleased[s]!;
    if (this.physPages > 1 && released === 0) return 0;
    this.releasedPages += released;
    spans.npreleased[s] = whole;
    this.sysUnused(this.physStart(spans.base[s]!), whole, released, reason);
    return released;
  }

  /** The lists by size, each from its front, then the treap in order. */
  freeSpans() {
    const { base, npages, npreleased, unusedSince, next } = this.spans;
    const row = (s: number): [number, number, number, number] => [
      base[s]!,
      npages[s]!,
      npreleased[s]!,
      unusedSince[s]!,
    ];
    const rows: [number, number, number, number][] = [];
    for (const head of this.lists) for (let s = head; s !== NIL; s = next[s]!) rows.push(row(s));
    return rows.concat(this.large.inOrder().map(row));
  }

  treapShape() {
    return this.shapeRows(this.large);
  }
}
