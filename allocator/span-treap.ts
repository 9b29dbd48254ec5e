/**
 * The treaps of free spans: mgclarge.go of Go 1.11 to 1.13.
 *
 * A treap is a search tree that keeps itself balanced by a random priority per node (a parent's is not above its
 * children's). Where a search is right, priorities have no influence on what it finds: that is so in 1.12.5+ and 1.13.
 * The search of 1.11 and 1.12.0-1.12.4 is not (see findFirst), and what it finds depends on the shape, so insertion and
 * removal rotate exactly as the runtime does.
 */
import type { Fastrand } from "./fastrand.ts";
import { NIL, type Spans } from "./span-heap-spans.ts";

export abstract class SpanTreap {
  root = NIL;
  protected readonly spans: Spans;
  private readonly random: Fastrand;

  constructor(spans: Spans, random: Fastrand) {
    this.spans = spans;
    this.random = random;
  }

  /** Whether span a is ordered before span b. */
  protected abstract before(a: number, b: number): boolean;
  /** Recomputes what a node knows of its subtree; true if that changed (updateInvariants). */
  protected abstract pull(t: number): boolean;

  insert(s: number): void {
    const { left, right, parent, priority } = this.spans;
    let last = NIL;
    let toRight = false;
    for (let t = this.root; t !== NIL; ) {
      last = t;
      toRight = this.before(t, s);
      t = toRight ? right[t]! : left[t]!;
    }
    const own = this.random.next();
    left[s] = NIL;
    right[s] = NIL;
    parent[s] = last;
    priority[s] = own;
    if (last === NIL) this.root = s;
    else if (toRight) right[last] = s;
    else left[last] = s;

    this.pull(s);
    for (let t = last; t !== NIL && this.pull(t); ) t = parent[t]!;

    // Rotate up into the tree according to priority.
    for (let p = last; p !== NIL && priority[p]! > own; p = parent[s]!) {
      if (left[p] === s) this.rotateRight(p);
      else this.rotateLeft(p);
    }
  }

  remove(s: number): void {
    const { left, right, parent, priority } = this.spans;
    // Rotate down to be a leaf, respecting priorities.
    for (;;) {
      const l = left[s]!;
      const r = right[s]!;
      if (l === NIL && r === NIL) break;
      if (r === NIL || (l !== NIL && priority[l]! < priority[r]!)) this.rotateRight(s);
      else this.rotateLeft(s);
    }
    let p = parent[s]!;
    if (p === NIL) {
      this.root = NIL;
      return;
    }
    if (left[p] === s) left[p] = NIL;
    else right[p] = NIL;
    while (p !== NIL && this.pull(p)) p = parent[p]!;
  }

  /** First span in order, NIL if there is none. */
  first(): number {
    const { left } = this.spans;
    let t = this.root;
    if (t !== NIL) while (left[t] !== NIL) t = left[t]!;
    return t;
  }

  /** Last span in order, NIL if there is none. */
  last(): number {
    const { right } = this.spans;
    let t = this.root;
    if (t !== NIL) while (right[t] !== NIL) t = right[t]!;
    return t;
  }

  /** The span after s in order (succ). */
  after(s: number): number {
    const { left, right, parent } = this.spans;
    let t = right[s]!;
    if (t !== NIL) {
      while (left[t] !== NIL) t = left[t]!;
      return t;
    }
    t = parent[s]!;
    for (let from = s; t !== NIL && right[t] === from; t = parent[t]!) from = t;
    return t;
  }

  /** The span before s in order (pred). */
  preceding(s: number): number {
    const { left, right, parent } = this.spans;
    let t = left[s]!;
    if (t !== NIL) {
      while (right[t] !== NIL) t = right[t]!;
      return t;
    }
    t = parent[s]!;
    for (let from = s; t !== NIL && left[t] === from; t = parent[t]!) from = t;
    return t;
  }

  inOrder(): number[] {
    const out: number[] = [];
    for (let s = this.first(); s !== NIL; s = this.after(s)) out.push(s);
    return out;
  }

  /** Each span before its left, then its right subtree. */
  preorder(): number[] {
    const { left, right } = this.spans;
    const out: number[] = [];
    const pending = this.root === NIL ? [] : [this.root];
    for (let s = pending.pop(); s !== undefined; s = pending.pop()) {
      out.push(s);
      if (right[s] !== NIL) pending.push(right[s]!);
      if (left[s] !== NIL) pending.push(left[s]!);
    }
    return out;
  }

  /** Turns (x a (y b c)) into (y (x a b) c). */
  private rotateLeft(x: number): void {
    const { left, right, parent } = this.spans;
    const p = parent[x]!;
    const y = right[x]!;
    const b = left[y]!;
    left[y] = x;
    parent[x] = y;
    right[x] = b;
    if (b !== NIL) parent[b] = x;
    this.hang(p, x, y);
    this.pull(x);
    this.pull(y);
  }

  /** Turns (y (x a b) c) into (x a (y b c)). */
  private rotateRight(y: number): void {
    const { left, right, parent } = this.spans;
    const p = parent[y]!;
    const x = left[y]!;
    const b = right[x]!;
    right[x] = y;
    parent[y] = x;
    left[y] = b;
    if (b !== NIL) parent[b] = y;
    this.hang(p, y, x);
    this.pull(y);
    this.pull(x);
  }

  /** Puts `now` where `was` hung under p. */
  private hang(p: number, was: number, now: number): void {
    const { left, right, parent } = this.spans;
    parent[now] = p;
    if (p === NIL) this.root = now;
    else if (left[p] === was) left[p] = now;
    else right[p] = now;
  }
}

/** 1.11 and 1.12: ordered by size; spans of one size by base address (1.12) or by address of the mspan (1.11). */
export class SizeTreap extends SpanTreap {
  private readonly byMspan: boolean;

  constructor(spans: Spans, random: Fastrand, tie: "base" | "mspan") {
    super(spans, random);
    this.byMspan = tie === "mspan";
  }

  /** Smallest span of at least n pages, the lowest in order among equals (1.12.5+ find). */
  findBest(n: number): number {
    const { left, right, npages } = this.spans;
    let best = NIL;
    for (let t = this.root; t !== NIL; ) {
      if (npages[t]! >= n) {
        best = t;
        t = left[t]!;
      } else t = right[t]!;
    }
    return best;
  }

  /**
   * What 1.11 (mTreap.remove) and 1.12.0-1.12.4 (mTreap.find) take for the best fit: at a node that fits it goes left only
   * if the left child itself fits. A better fit further right under a left child that is too small is missed, so a small
   * request may be cut from a large span though a small one is free (golang/go#31616).
   */
  findFirst(n: number): number {
    const { left, right, npages } = this.spans;
    for (let t = this.root; t !== NIL; ) {
      const l = left[t]!;
      if (npages[t]! < n) t = right[t]!;
      else if (l !== NIL && npages[l]! >= n) t = l;
      else return t;
    }
    return NIL;
  }

  protected before(a: number, b: number): boolean {
    const { npages, base } = this.spans;
    const x = npages[a]!;
    const y = npages[b]!;
    if (x !== y) return x < y;
    return this.byMspan ? a < b : base[a]! < base[b]!;
  }

  protected pull(): boolean {
    return false;
  }
}

/** Filters over the types of 1.13's treap nodes (treapIterFilter): a bit for each combination of scavenged and huge. */
const TYPE_SCAVENGED = 1;
const TYPE_HUGE = 2;
/** Unscavenged spans with at least one whole huge page. */
export const FILTER_HUGE = 1 << TYPE_HUGE;
/** Unscavenged spans without. */
export const FILTER_REST = 1 << 0;

/** 1.13: ordered by address; each node knows the largest span and the types of span under it. */
export class AddressTreap extends SpanTreap {
  /** Whole huge pages in unscavenged spans (mTreap.unscavHugePages). */
  unscavHugePages = 0;
  private readonly hugePagePages: number;

  /** `hugePagePages`: pages per huge page, 0 for no huge pages. */
  constructor(spans: Spans, random: Fastrand, hugePagePages: number) {
    super(spans, random);
    this.hugePagePages = hugePagePages;
  }

  /** mspan.hugePages: whole huge pages in a span. */
  hugePages(s: number): number {
    const k = this.hugePagePages;
    const n = this.spans.npages[s]!;
    if (k === 0 || n < k) return 0;
    const base = this.spans.base[s]!;
    return Math.max(0, Math.floor((base + n) / k) - Math.ceil(base / k));
  }

  override insert(s: number): void {
    this.enter(s);
    super.insert(s);
  }

  override remove(s: number): void {
    this.leave(s);
    super.remove(s);
  }

  /** Before a span in the treap changes in place, without changing its order (mutate). */
  leave(s: number): void {
    if (this.spans.scavenged[s] === 0) this.unscavHugePages -= this.hugePages(s);
  }

  /** After it changed. */
  mutated(s: number): void {
    this.enter(s);
    const { parent } = this.spans;
    for (let t = s; t !== NIL && this.pull(t); ) t = parent[t]!;
  }

  private enter(s: number): void {
    const huge = this.hugePages(s);
    const scavenged = this.spans.scavenged[s] !== 0;
    if (!scavenged) this.unscavHugePages += huge;
    this.spans.type[s] = 1 << ((scavenged ? TYPE_SCAVENGED : 0) | (huge > 0 ? TYPE_HUGE : 0));
  }

  /** Lowest span of at least n pages (find). */
  findFirstFit(n: number): number {
    const { left, right, npages, maxPages } = this.spans;
    let t = this.root;
    while (t !== NIL) {
      const l = left[t]!;
      if (l !== NIL && maxPages[l]! >= n) {
        t = l;
        continue;
      }
      if (npages[t]! >= n) break;
      const r = right[t]!;
      t = r !== NIL && maxPages[r]! >= n ? r : NIL;
    }
    return t;
  }

  /** Highest span that a filter lets through (end). */
  lastOf(filter: number): number {
    return this.findMaximal(this.root, filter);
  }

  /** The highest span below s that a filter lets through (treapNode.pred). */
  precedingOf(s: number, filter: number): number {
    const { left, right, parent, types, type } = this.spans;
    let l = left[s]!;
    if (l !== NIL && (filter & types[l]!) !== 0) return this.findMaximal(l, filter);
    let from = s;
    for (let t = parent[s]!; t !== NIL; t = parent[t]!) {
      if (right[t] === from) {
        if ((filter & type[t]!) !== 0) return t;
        l = left[t]!;
        if (l !== NIL && (filter & types[l]!) !== 0) return this.findMaximal(l, filter);
      }
      from = t;
    }
    return NIL;
  }

  private findMaximal(from: number, filter: number): number {
    const { left, right, types, type } = this.spans;
    let t = from;
    if (t === NIL || (filter & types[t]!) === 0) return NIL;
    for (;;) {
      const r = right[t]!;
      if (r !== NIL && (filter & types[r]!) !== 0) t = r;
      else if ((filter & type[t]!) !== 0) return t;
      else t = left[t]!;
    }
  }

  protected before(a: number, b: number): boolean {
    return this.spans.base[a]! < this.spans.base[b]!;
  }

  protected pull(t: number): boolean {
    const { left, right, npages, maxPages, types, type } = this.spans;
    let max = npages[t]!;
    let kinds = type[t]!;
    const l = left[t]!;
    if (l !== NIL) {
      kinds |= types[l]!;
      if (maxPages[l]! > max) max = maxPages[l]!;
    }
    const r = right[t]!;
    if (r !== NIL) {
      kinds |= types[r]!;
      if (maxPages[r]! > max) max = maxPages[r]!;
    }
    if (max === maxPages[t] && kinds === types[t]) return false;
    maxPages[t] = max;
    types[t] = kinds;
    return true;
  }
}
