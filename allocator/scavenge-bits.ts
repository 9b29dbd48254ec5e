/**
 * The scavenger's order in Go 1.19 and 1.20 (mgcscavenge.go:scavengeIndex): one bit per chunk that may have something to
 * scavenge, set when memory of it is freed, cleared when a search finds nothing in it. No cycles.
 */
import { candidateSize } from "./bits.ts";
import type { PageAlloc } from "./page-alloc.ts";
import { scavengeChunk } from "./scavenge-candidate.ts";
import { ScavengeCursor } from "./scavenge-cursor.ts";
import type { Scavenger, ScavengerState } from "./scavenger.ts";
import { BLOCK_CHUNKS } from "./summary.ts";

export class BitScavenger implements Scavenger {
  readonly countsPages = false;
  private readonly p: PageAlloc;
  /** 1.19 found the page to search from but searched the whole chunk; 1.20 begins there. */
  private readonly fromSearchAddr: boolean;
  /** Eight chunks a byte, by slot-space chunk number / 8. */
  private chunks = new Uint8Array(BLOCK_CHUNKS / 8);
  private minHeapIdx = 0;
  private readonly searchAddr = new ScavengeCursor();
  private foundChunk = 0;
  private foundPage = 0;

  constructor(pages: PageAlloc, fromSearchAddr: boolean) {
    this.p = pages;
    this.fromSearchAddr = fromSearchAddr;
  }

  resize(chunks: number): void {
    if (chunks / 8 <= this.chunks.length) return;
    const larger = new Uint8Array(chunks / 8);
    larger.set(this.chunks);
    this.chunks = larger;
  }

  grown(start: number): void {
    const i = start >>> 3;
    if (this.minHeapIdx === 0 || i < this.minHeapIdx) this.minHeapIdx = i;
  }

  allocated(): void {}
  flushed(): void {}
  save(): void {}
  restore(): void {}

  /** scavengeIndex.mark. */
  freed(chunk: number, slotChunk: number, page: number, n: number): void {
    this.chunks[slotChunk >>> 3]! |= 1 << (slotChunk & 7);
    const last = chunk * 512 + page + n - 1;
    if (this.searchAddr.page < last) this.searchAddr.storeMarked(last);
  }

  nextGen(): void {}

  scavenge(bytes: number, _force: boolean, once: boolean): number {
    let released = 0;
    while (released < bytes) {
      const slotChunk = this.find();
      if (slotChunk < 0) break;
      const searchIdx = this.fromSearchAddr ? this.foundPage : 511;
      const size = candidateSize(scavengeChunk(this.p, this.foundChunk, slotChunk, searchIdx, bytes - released));
      released += size * this.p.pageSize;
      if (size === 0) this.chunks[slotChunk >>> 3]! &= ~(1 << (slotChunk & 7));
      if (once) break;
    }
    return released;
  }

  /** scavengeIndex.find: slot-space number of the highest marked chunk at or below the search address's byte, or -1. */
  private find(): number {
    const cursor = this.searchAddr;
    if (cursor.page === 0) return -1;
    const searchChunk = Math.floor(cursor.page / 512);
    const { blockSlot } = this.p.summaries;
    for (let i = searchChunk >>> 3; i >= this.minHeapIdx; ) {
      const slot = blockSlot[i >>> 6]!;
      const bottom = Math.max(this.minHeapIdx, i & ~63);
      if (slot < 0) {
        i = bottom - 1;
        continue;
      }
      for (; i >= bottom; i--) {
        const bits = this.chunks[(slot << 6) | (i & 63)]!;
        if (bits === 0) continue;
        const chunk = (i << 3) + 31 - Math.clz32(bits);
        this.foundChunk = chunk;
        if (chunk === searchChunk) {
          this.foundPage = cursor.page % 512;
        } else {
          this.foundPage = 511;
          cursor.moveDown(chunk * 512 + 511);
        }
        return (slot << 9) | (chunk & 511);
      }
    }
    cursor.clear();
    return -1;
  }

  state(): ScavengerState {
    return {
      addresses: { searchAddr: this.searchAddr.page * this.p.pageSize },
      numbers: { marked: this.searchAddr.marked ? 1 : 0 },
    };
  }

  chunkNumber(slotChunk: number): [number, number] {
    return [0, (this.chunks[slotChunk >>> 3]! >>> (slotChunk & 7)) & 1];
  }
}
