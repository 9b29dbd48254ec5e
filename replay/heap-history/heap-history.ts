/**
 * The heap at any moment of a replay: the operations on its pages as they came to be, in bytes, with the state of all pages
 * stored every so often. A moment is the last stored state before it and the operations from there to it. Both are spooled: in
 * memory up to a bound, then in a temporary file that goes when the process ends.
 */
import { Spool } from "../../parsers/spool.ts";
import { HeapPages, REGION_BYTES } from "./heap-pages.ts";
import { OperationReader } from "./operations.ts";

/** Bytes of operations, and of stored states, that stay in memory. */
const SPOOL_BYTES = 16 << 20;

/** A stored state, and where the operations after it are. */
interface Keyframe {
  readonly t: number;
  /** Offset of the operations from here to the next keyframe. */
  readonly at: number;
  /** The regions by number, and where their bytes are. */
  readonly regions: Float64Array;
  readonly offsets: Float64Array;
  readonly countedAt: number;
}

export class HeapHistory {
  /** Names and sizes (bytes) of object types by number. Untrusted: escape before printing. */
  types: ReadonlyMap<number, { name: string; size: number }> = new Map();
  /** Bytes of a slot by size class. */
  readonly slotSizes: ArrayLike<number>;
  /** Whether dense chunks are held back from being returned (Go 1.21+). */
  readonly holdsDense: boolean;
  /** Whether objects are recorded. */
  readonly hasObjects: boolean;

  /** Why nothing can be asked for (no room for a temporary file); null as long as all is well. */
  lost: string | null = null;

  readonly #operations = new Spool(SPOOL_BYTES);
  readonly #states = new Spool(SPOOL_BYTES);
  readonly #keyframes: Keyframe[] = [];
  /** Writes out what is known so far, when the history is asked while it is still being written. */
  flush: () => void = () => {};

  readonly #pages = new HeapPages();
  #segment = -1;
  #reader = new OperationReader(new Uint8Array(0), 0);
  /** How far the operations reached when the reader was made. */
  #end = 0;

  constructor(facts: { slotSizes: ArrayLike<number>; holdsDense: boolean; hasObjects: boolean }) {
    this.slotSizes = facts.slotSizes;
    this.holdsDense = facts.holdsDense;
    this.hasObjects = facts.hasObjects;
  }

  // For the writer.

  /** Appends operations, which begin anew (as seen by the reader) at each keyframe. */
  append(operations: Uint8Array): void {
    this.#keep(this.#operations, operations);
  }

  /** Stores the state at `t`; the operations that follow are appended later. Regions named in `same` are as last stored. */
  store(t: number, pages: HeapPages, same: ReadonlySet<number>): void {
    const regions = pages.regions();
    const before = this.#keyframes.at(-1);
    const numbers = Float64Array.from(regions, (region) => region.index);
    const offsets = new Float64Array(regions.length);
    for (const [i, region] of regions.entries()) {
      const old = before && same.has(region.index) ? before.regions.indexOf(region.index) : -1;
      if (old >= 0) offsets[i] = before!.offsets[old]!;
      else {
        offsets[i] = this.#states.size;
        this.#keep(this.#states, pages.bytesOf(region));
      }
    }
    const { countedAt } = pages;
    if (this.lost !== null) return;
    this.#keyframes.push({ t, at: this.#operations.size, regions: numbers, offsets, countedAt });
  }

  /** A history is worth less than the replay that it is of: where there is no room for it, that goes on without. */
  #keep(spool: Spool, bytes: Uint8Array): void {
    if (this.lost !== null) return;
    try {
      spool.append(bytes.slice());
    } catch (error) {
      this.close();
      this.lost = error instanceof Error ? error.message : String(error);
    }
  }

  /** Bytes stored so far. */
  get size(): number {
    return this.#operations.size + this.#states.size;
  }

  // For whoever looks.

  /** The heap at `t` (ns): after everything that happened up to then. Valid until this history is asked again. */
  at(t: number): HeapPages {
    this.flush();
    const segment = this.#segmentAt(t);
    if (segment < 0) {
      this.#segment = -1;
      this.#pages.retain(new Set());
      return this.#pages;
    }
    if (segment !== this.#segment || this.#reader.time > t || this.#stale(segment)) this.#open(segment);
    this.#reader.playTo(t, this.#pages);
    return this.#pages;
  }

  /** The first moment after `t` at which pages change; null if there is none. */
  next(t: number): number | null {
    this.at(t);
    for (let segment = Math.max(0, this.#segment); segment < this.#keyframes.length; segment++) {
      if (segment !== this.#segment) this.#open(segment);
      const next = this.#reader.next;
      if (!Number.isNaN(next)) return next;
    }
    return null;
  }

  /** The last moment before `t` at which pages changed; null if there is none. */
  previous(t: number): number | null {
    this.flush();
    for (let segment = this.#segmentAt(t); segment >= 0; segment--) {
      this.#open(segment);
      let last: number | null = null;
      for (;;) {
        const next = this.#reader.next;
        if (!(next < t)) break;
        last = next;
        this.#reader.playTo(next, this.#pages);
      }
      if (last !== null) return last;
    }
    return null;
  }

  /** Gives memory and the temporary file back. */
  close(): void {
    this.#operations.close();
    this.#states.close();
    this.#keyframes.length = 0;
    this.#segment = -1;
  }

  /** The last keyframe at or before t. */
  #segmentAt(t: number): number {
    if (this.lost !== null) return -1;
    let low = 0;
    let high = this.#keyframes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#keyframes[middle]!.t <= t) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #segmentEnd(segment: number): number {
    return this.#keyframes[segment + 1]?.at ?? this.#operations.size;
  }

  /** Whether operations were added to the segment since it was opened. */
  #stale(segment: number): boolean {
    return this.#end !== this.#segmentEnd(segment);
  }

  #open(segment: number): void {
    const { t, at, regions, offsets, countedAt } = this.#keyframes[segment]!;
    this.#pages.countedAt = countedAt;
    this.#pages.retain(new Set(regions));
    for (const [i, index] of regions.entries()) {
      this.#pages.restore(index, (into) => {
        if (this.#states.readAt(into, offsets[i]!) !== REGION_BYTES) throw new Error("a stored state is cut short");
      });
    }
    this.#end = this.#segmentEnd(segment);
    const operations = new Uint8Array(this.#end - at);
    this.#operations.readAt(operations, at);
    this.#reader = new OperationReader(operations, t);
    this.#segment = segment;
  }
}
