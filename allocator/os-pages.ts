/**
 * The operating system under the heap: which physical pages are resident, what is charged as committed, and how often the
 * program faults. The page heap says what it maps, uses and gives back; the program says what it touches.
 *
 * Unix has "touch it again": mapped memory may be used at any time, a page appears when it is touched, and giving it back is
 * advice. Windows has "ask first": memory must be committed before it is touched, and whoever commits is charged for it
 * whether or not it is touched. Which calls a Go version makes is in os-rules.ts.
 *
 * Transparent huge pages (Linux): a first touch may bring a whole huge page, and khugepaged later turns small pages into
 * huge ones, in which case up to max_ptes_none pages that were not there (returned ones too) are filled with memory again.
 */
import { Granules, REGION } from "./granules.ts";
import type { OsRules } from "./os-rules.ts";

export type ThpMode = "never" | "madvise" | "always";

export interface OsConfig {
  readonly physPageSize: number;
  /** 0 for none. */
  readonly physHugePageSize: number;
  /** /sys/kernel/mm/transparent_hugepage/enabled. */
  readonly thp: ThpMode;
  /** /sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none; Linux' own default is 511, all but one. */
  readonly maxPtesNone: number;
  readonly rules: OsRules;
}

/** khugepaged's defaults: every 10 s it looks at 4096 pages, of 4 KiB each. */
export const KHUGEPAGED_PERIOD = 10e9;
const KHUGEPAGED_PAGES = 4096;

// Low two bits of a granule's byte: is there memory? Bit 2: the runtime has said it uses it (sysUsed) and not given it back.
const NONE = 0;
const RESIDENT = 1;
/** Given back by MADV_FREE: still there, until the system wants it or the program writes to it. */
const LAZY = 2;
const MEMORY = 3;
const READY = 4;

const NO_ADVICE = 0;
const HUGE = 1;
const NO_HUGE = 2;

const CHUNK = 4 << 20;
/** scavChunkHiOccPages * 8 KiB: from here on a chunk is dense (mgcscavenge.go, 1.21). */
const DENSE_BYTES = 496 * 8192;

interface HugePages {
  readonly advice: Uint8Array;
  /** 1: mapped as a huge page. */
  readonly mapped: Uint8Array;
  /** Granules with memory in each. */
  readonly filled: Uint32Array;
}

export class OsPages extends Granules {
  readonly config: OsConfig;
  /** Bytes with memory behind them: RSS. Lazily freed ones are among them. */
  resident = 0;
  /** Of these, given back but not yet taken by the system. */
  lazy = 0;
  /** Bytes mapped (Unix: reserved and usable; Windows: reserved). */
  mapped = 0;
  /** Bytes that the runtime uses or holds free with memory: committed, on Windows. */
  ready = 0;
  /** Page faults: of small pages, and such that brought a huge page at once. */
  faults = 0;
  hugeFaults = 0;
  /** Pages written to again after MADV_FREE before the system took them: no fault, no zeroing. */
  lazyReused = 0;
  /** Huge pages that khugepaged or MADV_COLLAPSE made, and bytes of memory that filled their gaps. */
  collapses = 0;
  collapsedFill = 0;

  private readonly hugeSize: number;
  private readonly hugeShift: number;
  private readonly hugePages = new Map<number, HugePages>();
  /** Where khugepaged goes on: region (in order of first use) and huge page in it. */
  private scanRegion = 0;
  private scanPage = 0;
  /** Runs given back lazily, oldest first. */
  private readonly lazyRuns: [addr: number, size: number][] = [];
  private lazyHead = 0;
  /** Bytes of spans in each 4 MiB chunk, and whether it was dense before: only where a version advises by chunks. */
  private readonly chunkUse = new Map<number, number>();
  private readonly denseOnce = new Set<number>();
  private readonly byChunk: boolean;

  constructor(config: OsConfig) {
    super(config.physPageSize);
    this.config = config;
    const huge = config.thp === "never" ? 0 : config.physHugePageSize;
    this.hugeSize = huge > this.granule && huge <= REGION ? huge : 0;
    this.hugeShift = this.hugeSize === 0 ? 0 : Math.log2(this.hugeSize);
    const { hugeAdvice } = config.rules;
    this.byChunk = this.hugeSize !== 0 && (hugeAdvice === "chunks" || hugeAdvice === "collapse");
  }

  /** Commit charge: on Windows what was committed; on Unix all that is mapped, returned or not. */
  get committed(): number {
    return this.config.rules.release === "decommit" ? this.ready : this.mapped;
  }

  /** What the system says that the process uses: RSS, on macOS without what was given back as reusable. */
  get footprint(): number {
    return this.config.rules.release === "free-reusable" ? this.resident - this.lazy : this.resident;
  }

  /** The heap mapped [addr, addr+size) (sysMap). */
  map(addr: number, size: number): void {
    this.mapped += size;
    if (this.config.rules.commitsOnMap) this.setReady(addr, size);
  }

  /** A span [addr, addr+size) is taken: sysUsed on the whole of it if any of it was returned or never used. */
  use(addr: number, size: number): void {
    if (this.setReady(addr, size) && this.hugeSize !== 0 && this.config.rules.hugeAdvice === "ends") {
      this.advise(
        Math.ceil(addr / this.hugeSize) * this.hugeSize,
        Math.floor((addr + size) / this.hugeSize) * this.hugeSize,
        HUGE,
      );
    }
    if (this.byChunk) this.countChunks(addr, size, 1);
  }

  /** The span is free again (nothing is given back yet). */
  free(addr: number, size: number): void {
    if (this.byChunk) this.countChunks(addr, size, -1);
  }

  /** The program writes to [addr, addr+size). */
  touch(addr: number, size: number): void {
    const end = addr + size;
    for (let at = addr; at < end; ) {
      const index = Math.floor(at / REGION);
      const base = index * REGION;
      const region = this.region(index);
      const stop = Math.min(end, base + REGION);
      const last = (stop - 1 - base) >>> this.shift;
      for (let i = (at - base) >>> this.shift; i <= last; i++) {
        const state = region[i]! & MEMORY;
        if (state === RESIDENT) continue;
        if (state === LAZY) {
          region[i] = (region[i]! & READY) | RESIDENT;
          this.lazy -= this.granule;
          this.lazyReused++;
        } else if (!this.faultHuge(index, region, i)) {
          region[i] = region[i]! | RESIDENT;
          this.resident += this.granule;
          this.faults++;
          if (this.hugeSize !== 0) this.hugeOf(index).filled[(i << this.shift) >>> this.hugeShift]!++;
        }
      }
      at = stop;
    }
  }

  /** The heap gives [addr, addr+size) back (sysUnused): the whole physical pages inside. */
  release(addr: number, size: number): void {
    const { rules } = this.config;
    const start = Math.ceil(addr / this.granule) * this.granule;
    const end = Math.floor((addr + size) / this.granule) * this.granule;
    if (end <= start) return;
    if (this.hugeSize !== 0) this.adviseReleased(start, end);
    const lazily = rules.release === "free" || rules.release === "free-reusable";
    if (lazily) this.lazyRuns.push([start, end - start]);
    this.walk(start, end, (region, i, index) => {
      const before = region[i]!;
      const state = before & MEMORY;
      if ((before & READY) !== 0) this.ready -= this.granule;
      region[i] = state;
      if (state === NONE) return;
      this.unmapHuge(index, i);
      if (lazily) {
        if (state === RESIDENT) this.lazy += this.granule;
        region[i] = LAZY;
      } else this.drop(region, i, index);
    });
  }

  /** The system needs `bytes`: takes lazily freed pages, those given back first first. Returns what it got. */
  pressure(bytes: number): number {
    let got = 0;
    while (got < bytes && this.lazyHead < this.lazyRuns.length) {
      const [addr, size] = this.lazyRuns[this.lazyHead++]!;
      this.walk(addr, addr + size, (region, i, index) => {
        if ((region[i]! & MEMORY) !== LAZY) return;
        this.drop(region, i, index);
        got += this.granule;
      });
    }
    return got;
  }

  /** One round of khugepaged. */
  khugepaged(): void {
    const { hugeSize } = this;
    if (hugeSize === 0) return;
    const indices = [...this.regions.keys()];
    const perRegion = REGION / hugeSize;
    let left = Math.max(1, (KHUGEPAGED_PAGES * 4096) / hugeSize);
    for (let steps = indices.length * perRegion; steps > 0 && left > 0; steps--) {
      if (this.scanPage >= perRegion) {
        this.scanPage = 0;
        this.scanRegion++;
      }
      if (this.scanRegion >= indices.length) this.scanRegion = 0;
      const index = indices[this.scanRegion]!;
      const k = this.scanPage++;
      const huge = this.hugeOf(index);
      if (huge.filled[k] === 0 || huge.mapped[k] === 1) continue;
      left--;
      const gaps = hugeSize / this.granule - huge.filled[k]!;
      if (this.mayBeHuge(huge.advice[k]!) && gaps <= this.config.maxPtesNone) this.collapse(index, k);
    }
  }

  /** Whether a page not there is mapped as a huge one; does it. */
  private faultHuge(index: number, region: Uint8Array, i: number): boolean {
    if (this.hugeSize === 0) return false;
    const huge = this.hugeOf(index);
    const k = (i << this.shift) >>> this.hugeShift;
    if (huge.filled[k] !== 0 || !this.mayBeHuge(huge.advice[k]!)) return false;
    const first = (k << this.hugeShift) >>> this.shift;
    const n = this.hugeSize >>> this.shift;
    for (let j = first; j < first + n; j++) region[j] = (region[j]! & READY) | RESIDENT;
    huge.filled[k] = n;
    huge.mapped[k] = 1;
    this.resident += this.hugeSize;
    this.hugeFaults++;
    return true;
  }

  private mayBeHuge(advice: number): boolean {
    if (advice === NO_HUGE) return false;
    if (this.config.thp === "always") return true;
    // 1.21.0 advises for all memory as the heap grows.
    return advice === HUGE || (advice === NO_ADVICE && this.config.rules.hugeAdvice === "chunks");
  }

  /** Makes huge page k of a region whole. */
  private collapse(index: number, k: number): void {
    const region = this.region(index);
    const huge = this.hugeOf(index);
    const first = (k << this.hugeShift) >>> this.shift;
    const n = this.hugeSize >>> this.shift;
    for (let j = first; j < first + n; j++) {
      const state = region[j]! & MEMORY;
      if (state === NONE) {
        this.resident += this.granule;
        this.collapsedFill += this.granule;
      } else if (state === LAZY) this.lazy -= this.granule;
      region[j] = (region[j]! & READY) | RESIDENT;
    }
    huge.filled[k] = n;
    huge.mapped[k] = 1;
    this.collapses++;
  }

  private drop(region: Uint8Array, i: number, index: number): void {
    if ((region[i]! & MEMORY) === LAZY) this.lazy -= this.granule;
    region[i] = region[i]! & READY;
    this.resident -= this.granule;
    if (this.hugeSize !== 0) this.hugeOf(index).filled[(i << this.shift) >>> this.hugeShift]!--;
  }

  /** A huge page of which a part goes is split. */
  private unmapHuge(index: number, i: number): void {
    if (this.hugeSize !== 0) this.hugeOf(index).mapped[(i << this.shift) >>> this.hugeShift] = 0;
  }

  private adviseReleased(start: number, end: number): void {
    const { hugeSize } = this;
    const { hugeAdvice } = this.config.rules;
    if (hugeAdvice === "chunks") {
      this.advise(Math.floor(start / CHUNK) * CHUNK, Math.ceil(end / CHUNK) * CHUNK, NO_HUGE);
    } else if (hugeAdvice === "ends") {
      const head = Math.floor(start / hugeSize) * hugeSize;
      const tail = Math.floor(end / hugeSize) * hugeSize;
      if (head !== start) this.advise(head, head + hugeSize, NO_HUGE);
      if (tail !== end) this.advise(tail, tail + hugeSize, NO_HUGE);
    }
  }

  private advise(start: number, end: number, advice: number): void {
    for (let at = start; at < end; at += this.hugeSize) {
      const index = Math.floor(at / REGION);
      this.hugeOf(index).advice[(at - index * REGION) / this.hugeSize] = advice;
    }
  }

  private countChunks(addr: number, size: number, sign: 1 | -1): void {
    for (let at = addr; at < addr + size; ) {
      const chunk = Math.floor(at / CHUNK);
      const stop = Math.min(addr + size, (chunk + 1) * CHUNK);
      const before = this.chunkUse.get(chunk) ?? 0;
      const now = before + sign * (stop - at);
      this.chunkUse.set(chunk, now);
      if (before < DENSE_BYTES && now >= DENSE_BYTES) this.dense(chunk, stop - at === CHUNK);
      at = stop;
    }
  }

  /** mpagealloc.go:enableChunkHugePages (1.21.0), collapseChunk... of mheap (1.21.1-1.21.3). */
  private dense(chunk: number, whole: boolean): void {
    const base = chunk * CHUNK;
    if (this.config.rules.hugeAdvice === "chunks") {
      this.advise(base, base + CHUNK, HUGE);
      return;
    }
    if (whole || this.denseOnce.has(chunk)) return;
    this.denseOnce.add(chunk);
    for (let at = base; at < base + CHUNK; at += this.hugeSize) {
      const index = Math.floor(at / REGION);
      const k = (at - index * REGION) / this.hugeSize;
      if (this.hugeOf(index).filled[k]! > 0 && this.hugeOf(index).mapped[k] === 0) this.collapse(index, k);
    }
  }

  /** Marks as used; true if any of it was not. */
  private setReady(addr: number, size: number): boolean {
    const before = this.ready;
    this.walk(addr, addr + size, (region, i) => {
      if ((region[i]! & READY) !== 0) return;
      region[i] = region[i]! | READY;
      this.ready += this.granule;
    });
    return this.ready !== before;
  }

  /** Calls f for each granule that [start, end) is in. */
  private walk(start: number, end: number, f: (region: Uint8Array, i: number, index: number) => void): void {
    for (let at = start; at < end; ) {
      const index = Math.floor(at / REGION);
      const base = index * REGION;
      const region = this.region(index);
      const stop = Math.min(end, base + REGION);
      const last = (stop - 1 - base) >>> this.shift;
      for (let i = (at - base) >>> this.shift; i <= last; i++) f(region, i, index);
      at = stop;
    }
  }

  private hugeOf(index: number): HugePages {
    let huge = this.hugePages.get(index);
    if (!huge) {
      const n = REGION / this.hugeSize;
      huge = { advice: new Uint8Array(n), mapped: new Uint8Array(n), filled: new Uint32Array(n) };
      this.hugePages.set(index, huge);
    }
    return huge;
  }
}
