/**
 * The scavenger's order in Go 1.14 (mgcscavenge.go:scavengeOne): one address that moves down the heap, and back to its top
 * once per GC cycle (resetScavengeAddr). What is freed above it waits for that.
 */
import { candidateSize, candidateStart } from "./bits.ts";
import { MIN_LINEAR, type PageAlloc } from "./page-alloc.ts";
import { scavengeChunk } from "./scavenge-candidate.ts";
import type { Scavenger, ScavengerState } from "./scavenger.ts";

export class ResetScavenger implements Scavenger {
  readonly countsPages = false;
  private readonly p: PageAlloc;
  /** Highest byte that may still be scavenged (linear, inclusive). */
  private scavAddr = MIN_LINEAR;

  constructor(pages: PageAlloc) {
    this.p = pages;
  }

  resize(): void {}
  grown(): void {}
  allocated(): void {}
  freed(): void {}
  flushed(): void {}
  save(): void {}
  restore(): void {}

  /** resetScavengeAddr. */
  nextGen(): void {
    this.scavAddr = this.p.end * this.p.chunkBytes - 1;
  }

  scavenge(bytes: number): number {
    let released = 0;
    while (released < bytes) {
      const r = this.scavengeOne(bytes - released);
      if (r === 0) break;
      released += r;
    }
    return released;
  }

  private scavengeOne(max: number): number {
    const { chunkBytes, pageSize, inUse, summaries } = this.p;
    let chunk = Math.floor(this.scavAddr / chunkBytes);
    if (chunk < this.p.start) return 0;
    if (inUse.contains(this.scavAddr)) {
      const page = Math.floor((this.scavAddr - chunk * chunkBytes) / pageSize);
      const released = this.scavengeIn(chunk, page, max);
      if (released > 0) return released;
    }
    // The slow path walks whole chunks of the ranges below, and looks at all of scavAddr's chunk once more.
    for (;;) {
      const i = inUse.findSucc(this.scavAddr) - 1;
      if (i < 0) break;
      const base = inUse.base(i);
      const limit = Math.min(inUse.limit(i), this.scavAddr + 1);
      if (limit <= base) break;
      const bottom = base / chunkBytes;
      for (chunk = Math.floor((limit - 1) / chunkBytes); chunk >= bottom; chunk--) {
        if (summaries.slotChunk(chunk) < 0) continue;
        const released = this.scavengeIn(chunk, 511, max);
        if (released > 0) return released;
      }
      this.scavAddr = base - 1;
    }
    this.scavAddr = MIN_LINEAR;
    return 0;
  }

  /** scavengeRangeLocked on the chunk's candidate, if it has one. */
  private scavengeIn(chunk: number, searchIdx: number, max: number): number {
    const r = scavengeChunk(this.p, chunk, this.p.summaries.slotChunk(chunk), searchIdx, max);
    if (candidateSize(r) === 0) return 0;
    this.scavAddr = chunk * this.p.chunkBytes + candidateStart(r) * this.p.pageSize - 1;
    return candidateSize(r) * this.p.pageSize;
  }

  state(): ScavengerState {
    return { addresses: { scavAddr: this.scavAddr }, numbers: {} };
  }

  chunkNumber(): [number, number] {
    return [0, 0];
  }
}
