/**
 * mspan and treapNode of Go 1.11 to 1.13 as one struct of arrays.
 *
 * A span is a small number, 0 is nil. A span is in at most one treap or list at a time, so the links of both live here
 * and a treap node is its span. The number stands for the address of the mspan too: 1.11 orders spans of the same size by
 * that address, so spans are handed out as mfixalloc.go does: the last one freed first, else the next new one. (That new
 * mspans have ascending addresses holds inside each 256 KiB block of persistentalloc; blocks come from wherever mmap puts
 * them.)
 */
export const NIL = 0;

export const SPAN_DEAD = 0;
export const SPAN_FREE = 1;
export const SPAN_IN_USE = 2;
export const SPAN_MANUAL = 3;

export class Spans {
  /** First page, absolute (address / page size). */
  base: Float64Array<ArrayBuffer>;
  npages: Int32Array<ArrayBuffer>;
  state: Uint8Array<ArrayBuffer>;
  /** 1.12+: 1 if the whole physical pages of this free span are returned. */
  scavenged: Uint8Array<ArrayBuffer>;
  /** 1.11, 1.12: when the span was freed, ns. */
  unusedSince: Float64Array<ArrayBuffer>;
  /** 1.11: how many of its pages are returned. */
  npreleased: Int32Array<ArrayBuffer>;
  /** 1.11: mSpanList links. */
  next: Int32Array<ArrayBuffer>;
  prev: Int32Array<ArrayBuffer>;
  /** treapNode. */
  left: Int32Array<ArrayBuffer>;
  right: Int32Array<ArrayBuffer>;
  parent: Int32Array<ArrayBuffer>;
  priority: Uint32Array<ArrayBuffer>;
  /** 1.13: the most pages of any span in this subtree. */
  maxPages: Int32Array<ArrayBuffer>;
  /** 1.13: which types of span are in this subtree; a bit per type. */
  types: Uint8Array<ArrayBuffer>;
  /** 1.13: the bit of this span's own type. */
  type: Uint8Array<ArrayBuffer>;

  private used = 1;
  private freeHead = NIL;

  constructor(capacity = 1024) {
    this.base = new Float64Array(capacity);
    this.npages = new Int32Array(capacity);
    this.state = new Uint8Array(capacity);
    this.scavenged = new Uint8Array(capacity);
    this.unusedSince = new Float64Array(capacity);
    this.npreleased = new Int32Array(capacity);
    this.next = new Int32Array(capacity);
    this.prev = new Int32Array(capacity);
    this.left = new Int32Array(capacity);
    this.right = new Int32Array(capacity);
    this.parent = new Int32Array(capacity);
    this.priority = new Uint32Array(capacity);
    this.maxPages = new Int32Array(capacity);
    this.types = new Uint8Array(capacity);
    this.type = new Uint8Array(capacity);
  }

  /** A new span: spanalloc.alloc and mspan.init. */
  alloc(base: number, npages: number): number {
    let s = this.freeHead;
    if (s !== NIL) this.freeHead = this.next[s]!;
    else {
      s = this.used++;
      if (s === this.base.length) this.grow();
    }
    this.base[s] = base;
    this.npages[s] = npages;
    this.state[s] = SPAN_DEAD;
    this.scavenged[s] = 0;
    this.unusedSince[s] = 0;
    this.npreleased[s] = 0;
    this.next[s] = NIL;
    this.prev[s] = NIL;
    return s;
  }

  free(s: number): void {
    this.state[s] = SPAN_DEAD;
    this.next[s] = this.freeHead;
    this.freeHead = s;
  }

  /** First page past the span. */
  limit(s: number): number {
    return this.base[s]! + this.npages[s]!;
  }

  private grow(): void {
    const n = this.base.length * 2;
    this.base = copied(this.base, new Float64Array(n));
    this.npages = copied(this.npages, new Int32Array(n));
    this.state = copied(this.state, new Uint8Array(n));
    this.scavenged = copied(this.scavenged, new Uint8Array(n));
    this.unusedSince = copied(this.unusedSince, new Float64Array(n));
    this.npreleased = copied(this.npreleased, new Int32Array(n));
    this.next = copied(this.next, new Int32Array(n));
    this.prev = copied(this.prev, new Int32Array(n));
    this.left = copied(this.left, new Int32Array(n));
    this.right = copied(this.right, new Int32Array(n));
    this.parent = copied(this.parent, new Int32Array(n));
    this.priority = copied(this.priority, new Uint32Array(n));
    this.maxPages = copied(this.maxPages, new Int32Array(n));
    this.types = copied(this.types, new Uint8Array(n));
    this.type = copied(this.type, new Uint8Array(n));
  }
}

function copied<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
