/**
 * The scavenger's order in Go 1.15 to 1.18 (mgcscavenge.go:scavengeStartGen, scavengeReserve, scavengeOne): generations.
 *
 * A generation begins when a GC's sweep ends. It works on a copy of the address ranges in use, cut off where there is
 * nothing new: above the lowest address scavenged in the last generation (scavLWM), unless something above that was freed
 * (freeHWM). Work is reserved from the top in pieces of 1/64 of the heap; what was searched is not searched again before
 * the next generation.
 */
import { AddrRanges } from "./addr-ranges.ts";
import { candidateSize, candidateStart } from "./bits.ts";
import { MAX_LINEAR, MIN_LINEAR, type PageAlloc } from "./page-alloc.ts";
import { scavengeChunk } from "./scavenge-candidate.ts";
import type { Scavenger, ScavengerState } from "./scavenger.ts";

const SCAVENGE_RESERVATION_SHARDS = 64;

export class GenerationScavenger implements Scavenger {
  readonly countsPages = false;
  private readonly p: PageAlloc;
  /** Address ranges not yet searched in this generation. */
  private readonly inUse = new AddrRanges();
  private gen = 0;
  private reservationBytes = 0;
  /** Lowest address scavenged, and last byte of the highest memory freed, in this generation. */
  private scavLWM = MAX_LINEAR;
  private freeHWM = MIN_LINEAR;
  /** The reservation at work: [base, limit). */
  private base = 0;
  private limit = 0;

  constructor(pages: PageAlloc) {
    this.p = pages;
  }

  resize(): void {}
  grown(): void {}
  allocated(): void {}
  flushed(): void {}
  save(): void {}
  restore(): void {}

  freed(chunk: number, _slotChunk: number, page: number, n: number): void {
    const limit = chunk * this.p.chunkBytes + (page + n) * this.p.pageSize - 1;
    if (limit > this.freeHWM) this.freeHWM = limit;
  }

  /** scavengeStartGen. */
  nextGen(): void {
    const { inUse, chunkBytes } = this.p;
    inUse.cloneInto(this.inUse);
    this.inUse.removeGreaterEqual(Math.max(this.scavLWM, this.freeHWM));
    this.reservationBytes = Math.floor(
      (Math.ceil(inUse.totalBytes / chunkBytes) * chunkBytes) / SCAVENGE_RESERVATION_SHARDS,
    );
    this.gen++;
    this.freeHWM = MIN_LINEAR;
    this.scavLWM = MAX_LINEAR;
  }

  scavenge(bytes: number): number {
    let released = 0;
    this.base = 0;
    this.limit = 0;
    while (released < bytes) {
      if (this.limit <= this.base && !this.reserve()) break;
      released += this.scavengeOne(bytes - released);
    }
    // scavengeUnreserve: what was not searched goes back.
    if (this.limit > this.base) this.inUse.add(this.base, this.limit);
    return released;
  }

  /** scavengeReserve: takes a piece from the top of what is left. */
  private reserve(): boolean {
    const [base, limit] = this.inUse.removeLast(this.reservationBytes);
    if (limit <= base) return false;
    this.base = Math.floor(base / this.p.chunkBytes) * this.p.chunkBytes;
    this.limit = limit;
    this.inUse.removeGreaterEqual(this.base);
    return true;
  }

  private scavengeOne(max: number): number {
    const { chunkBytes, pageSize, summaries } = this.p;
    // The chunk at the top, from where the reservation ends; then whole chunks below it.
    let searchIdx = Math.floor(((this.limit - 1) % chunkBytes) / pageSize);
    const bottom = this.base / chunkBytes;
    for (let chunk = Math.floor((this.limit - 1) / chunkBytes); chunk >= bottom; chunk--) {
      const slotChunk = summaries.slotChunk(chunk);
      if (slotChunk >= 0) {
        const r = scavengeChunk(this.p, chunk, slotChunk, searchIdx, max);
        if (candidateSize(r) > 0) {
          const addr = chunk * chunkBytes + candidateStart(r) * pageSize;
          if (addr < this.scavLWM) this.scavLWM = addr;
          this.limit = addr;
          return candidateSize(r) * pageSize;
        }
      }
      searchIdx = 511;
    }
    this.limit = this.base;
    return 0;
  }

  state(): ScavengerState {
    return {
      addresses: { scavLWM: this.scavLWM, freeHWM: this.freeHWM },
      numbers: { gen: this.gen, reservationBytes: this.reservationBytes },
    };
  }

  chunkNumber(): [number, number] {
    return [0, 0];
  }
}
