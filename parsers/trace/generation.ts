/**
 * Reads a trace generation by generation. A generation (about a second of recording) is complete in itself: its own tables of
 * strings, stacks and types, its own clock, and batches of events of each M. Ported from batch.go and generation.go of
 * internal/trace, Go 1.27; unlike it, damage does not end the reading.
 *
 * Only the raw bytes of one generation are held, in chunks that are used again for the next.
 */
import type { ByteSource } from "../format.ts";
import type { Losses } from "../losses.ts";
import { Spool } from "../spool.ts";
import { HEADER_BYTES } from "./header.ts";
import { DAMAGED_BATCH, DAMAGED_BYTES, MISSING_GENERATION, STRAY_BATCH, TRUNCATED } from "./losses.ts";
import {
  EvClockSnapshot,
  EvCPUSamples,
  EvEndOfGeneration,
  EvEventBatch,
  EvExperimentalBatch,
  EvFrequency,
  EvStacks,
  EvStrings,
  EvSync,
} from "./spec.gen.ts";
import { StackTable, StringTable } from "./tables.ts";
import { TypeBatches } from "./types-table.ts";
import { Wire } from "./wire.ts";

/** tracev2.MaxBatchSize. */
export const MAX_BATCH = 64 << 10;
/** Longest batch header: type, experiment, generation, M, time, size. */
const MAX_HEADER = 2 + 4 * 10;
const CHUNK = 1 << 20;
/** Chunks of a generation held in memory; event batches beyond go to a temporary file until the generation is read. */
const MAX_CHUNKS = 112;
/** Readers may look this far beyond a batch's end without a check. */
export const SLACK = 64;
/** M id of batches of no M: 2^64-1. */
export const NO_M = 2 ** 64;
/** tracev2.AllocFree. */
const EXPERIMENT_ALLOC_FREE = 1;
/** A time further than this from the others' is damage: a day, in ticks of 64 ns. */
const MAX_TIME_STEP = 86400e9 / 64;

/** Bytes, and the same as a view for reading words. */
export interface Bytes {
  readonly buf: Uint8Array;
  readonly view: DataView;
}

/** One M's batch: its events are at [start, end) of its bytes, `time` is the base of their times in clock ticks. */
export interface Batch {
  /** Where its bytes are in memory; null: at `spooled` in the generation's temporary file. */
  readonly bytes: Bytes | null;
  readonly spooled: number;
  readonly start: number;
  readonly end: number;
  readonly time: number;
  /** Offset of `start` in the (unpacked) trace. */
  readonly offset: number;
}

export interface Sync {
  /** Clock ticks per second, 0 if not told. */
  frequency: number;
  /** Clock snapshot (1.25+): a trace time in ticks and the wall clock then, ms since the epoch; null if not told. */
  snapshot: { time: number; wall: number } | null;
}

export interface AllocFreeInfo {
  readonly minHeapAddr: number;
  readonly pageSize: number;
  readonly heapAlign: number;
  readonly stackAlign: number;
}

export class Generation {
  gen = 0;
  /** Batches of each M, in order. M ids in order of their first batch. */
  readonly batches = new Map<number, Batch[]>();
  readonly strings = new StringTable();
  readonly stacks = new StackTable();
  readonly types = new TypeBatches();
  sync: Sync = { frequency: 0, snapshot: null };
  info: AllocFreeInfo | null = null;
  /** Times of its batches, of any kind. */
  readonly times: number[] = [];
  /** Smallest and largest of the plausible ones, in ticks. */
  minTime = Number.POSITIVE_INFINITY;
  maxTime = 0;
  /** Whether something is missing within it, and right before it: what was known before no longer holds afterwards. */
  damaged = false;
  gap = false;
  /** Chunks that the batches lie in. */
  readonly chunks: Chunk[] = [];
  /** Batches beyond what is held in memory. */
  spool: Spool | null = null;

  /** The bytes of a batch; those that are not in memory are read into `spare`. */
  bytesOf(batch: Batch, spare: Spare): Bytes {
    if (batch.bytes !== null) return batch.bytes;
    if (spare.batch !== batch) {
      spare.bytes ??= newChunk(MAX_BATCH);
      this.spool!.readAt(spare.bytes.buf.subarray(0, batch.end), batch.spooled);
      spare.batch = batch;
    }
    return spare.bytes!;
  }
}

/** Room for one batch that is not in memory. */
export class Spare {
  bytes: Bytes | null = null;
  batch: Batch | null = null;
}

interface Chunk {
  readonly buf: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
}

interface Header {
  type: number;
  experiment: number;
  gen: number;
  m: number;
  time: number;
  size: number;
  /** Bytes of the header itself. */
  length: number;
  /** The size is written in all ten bytes, as the runtime does: what is looked for after damage. */
  padded: boolean;
}

export class GenerationReader {
  readonly #bytes: ByteSource;
  readonly #version: number;
  readonly #losses: Losses;
  readonly #wire = new Wire();
  readonly #header: Header = { type: 0, experiment: 0, gen: 0, m: 0, time: 0, size: 0, length: 0, padded: false };
  readonly #maxChunks: number;
  #pool: Chunk[] = [];
  #bytesOfChunk = newChunk(CHUNK);
  #chunk = this.#bytesOfChunk.buf;
  #pos = 0;
  #length = 0;
  /** Offset of the chunk's first byte in the trace. */
  #base = 0;
  #ended = false;
  /** Whether something of the current generation lies in the chunk. */
  #inUse = false;
  #piece: Uint8Array | null = null;
  #current: Generation | null = null;
  #lastGen = 0;
  /** Median of the batch times of the last generation, in ticks. */
  #middle = 0;
  #sawHeader = false;

  constructor(bytes: ByteSource, version: number, losses: Losses, maxChunks: number = MAX_CHUNKS) {
    this.#maxChunks = maxChunks;
    this.#bytes = bytes;
    this.#version = version;
    this.#losses = losses;
  }

  /** Offset in the (unpacked) trace of the next byte to be read. */
  get offset(): number {
    return this.#base + this.#pos;
  }

  /** The next generation, or null at the end. The one before it is no longer valid. */
  async next(): Promise<Generation | null> {
    this.#release();
    if (!this.#sawHeader) {
      this.#sawHeader = true;
      await this.#ensure(HEADER_BYTES);
      this.#pos = Math.min(this.#length, HEADER_BYTES);
    }
    const g = new Generation();
    this.#current = g;
    await this.#fill(g);
    const empty = g.gen === 0;
    if (!empty) {
      if (this.#lastGen !== 0 && g.gen !== this.#lastGen + 1) {
        this.#losses.add(MISSING_GENERATION, g.gen > this.#lastGen ? g.gen - this.#lastGen - 1 : 1, this.#where());
        g.gap = true;
      }
      this.#lastGen = g.gen;
      if (g.times.length > 0) this.#checkTimes(g);
      else g.minTime = g.maxTime = this.#middle;
    }
    return empty ? null : g;
  }

  async #fill(g: Generation): Promise<void> {
    for (;;) {
      if (this.#length - this.#pos < MAX_HEADER) await this.#ensure(MAX_HEADER);
      if (this.#pos >= this.#length) {
        // From 1.26 on every generation is closed by an event of its own; before, nothing tells.
        if (this.#version >= 26 && g.gen !== 0) this.#truncated();
        return;
      }
      if (this.#chunk[this.#pos] === EvEndOfGeneration && this.#version >= 26) {
        this.#pos++;
        if (g.gen !== 0) return;
        continue;
      }
      const h = this.#header;
      if (!this.#parseHeader(this.#pos)) {
        if (this.#ended && this.#length - this.#pos < MAX_HEADER && this.#cutHeader()) {
          this.#pos = this.#length;
          this.#truncated();
          return;
        }
        await this.#resync();
        continue;
      }
      if (g.gen === 0) g.gen = h.gen;
      else if (h.gen !== g.gen) {
        if (h.gen > g.gen) {
          // Without an end-of-generation event the next generation's first batch ends this one; it stays unread.
          if (this.#version >= 26) this.#damage();
          return;
        }
        await this.#skipBatch();
        this.#losses.add(STRAY_BATCH, 1, this.#where());
        this.#damage();
        continue;
      }
      const { type, experiment, m, time, size, length } = h;
      if (!(await this.#ensure(length + size))) {
        this.#truncated();
        // Whatever is whole of the last batch counts: its last event may be cut, which the cursor finds out.
        const rest = this.#length - this.#pos - length;
        if (rest > 0 && type === EvEventBatch) this.#addBatch(g, m, time, length, rest);
        this.#pos = this.#length;
        return;
      }
      if (size > 0) {
        if (type === EvExperimentalBatch) this.#addExperimental(g, experiment, time, length, size);
        else this.#addBatch(g, m, time, length, size);
      }
      this.#pos += length + size;
    }
  }

  #addBatch(g: Generation, m: number, time: number, header: number, size: number): void {
    g.times.push(time);
    const start = this.#pos + header;
    const end = start + size;
    switch (this.#chunk[start]) {
      case EvStrings:
        g.strings.add(...this.#keep(g, start, end));
        return;
      case EvStacks:
        g.stacks.add(...this.#keep(g, start, end));
        return;
      case EvCPUSamples:
        return;
      case EvFrequency:
      case EvSync:
        this.#readSync(g, this.#chunk, start, end, time);
        return;
    }
    const offset = this.#base + start;
    let batch: Batch;
    if (g.chunks.length < this.#maxChunks) {
      this.#inUse = true;
      batch = { bytes: this.#bytesOfChunk, spooled: -1, start, end, time, offset };
    } else {
      g.spool ??= new Spool(0);
      batch = { bytes: null, spooled: g.spool.size, start: 0, end: size, time, offset };
      g.spool.append(this.#chunk.subarray(start, end));
    }
    const list = g.batches.get(m);
    if (list) list.push(batch);
    else g.batches.set(m, [batch]);
  }

  /** Bytes that stay for the whole generation: where they are, or copied when no more chunks are to be kept. */
  #keep(g: Generation, start: number, end: number): [buf: Uint8Array, start: number, end: number] {
    if (g.chunks.length >= this.#maxChunks) return [this.#chunk.slice(start, end), 0, end - start];
    this.#inUse = true;
    return [this.#chunk, start, end];
  }

  /**
   * The span of a generation's times. A batch far from the others' time (their median) has a damaged header; it is dropped,
   * or everything after it would be squeezed behind it.
   */
  #checkTimes(g: Generation): void {
    const times = Float64Array.from(g.times).sort();
    const median = times[times.length >> 1]!;
    const middle = this.#middle > 0 && Math.abs(median - this.#middle) > MAX_TIME_STEP ? this.#middle : median;
    this.#middle = middle;
    const plausible = (time: number) => Math.abs(time - middle) <= MAX_TIME_STEP;
    for (const time of times) {
      if (!plausible(time)) continue;
      if (time < g.minTime) g.minTime = time;
      if (time > g.maxTime) g.maxTime = time;
    }
    if (plausible(times[0]!) && plausible(times[times.length - 1]!)) return;
    g.damaged = true;
    for (const [m, batches] of g.batches) {
      const kept = batches.filter(({ time }) => plausible(time));
      if (kept.length === batches.length) continue;
      const first = batches.find(({ time }) => !plausible(time))!;
      this.#losses.add(DAMAGED_BATCH, batches.length - kept.length, `byte ${first.offset}`);
      g.batches.set(m, kept);
    }
    if (g.sync.snapshot && !plausible(g.sync.snapshot.time)) g.sync.snapshot = null;
    if (g.minTime === Number.POSITIVE_INFINITY) g.minTime = g.maxTime = middle;
  }

  #readSync(g: Generation, buf: Uint8Array, start: number, end: number, time: number): void {
    const wire = this.#wire;
    wire.reset(buf, start, end);
    if (buf[start] === EvSync) wire.pos++;
    while (wire.pos < end) {
      const type = wire.byte();
      if (type === EvFrequency) {
        const frequency = wire.uvarint();
        if (!wire.bad) g.sync.frequency = frequency;
      } else if (type === EvClockSnapshot) {
        const at = time + wire.uvarint();
        wire.uvarint();
        const seconds = wire.uvarint();
        const nanos = wire.uvarint();
        if (!wire.bad) g.sync.snapshot = { time: at, wall: seconds * 1e3 + nanos / 1e6 };
      } else wire.bad = true;
      if (wire.bad) {
        this.#losses.add(DAMAGED_BYTES, end - wire.pos, this.#where());
        this.#damage();
        return;
      }
    }
  }

  /** Batches of the traceallocfree experiment: what ids are relative to, and the table of types. */
  #addExperimental(g: Generation, experiment: number, time: number, header: number, size: number): void {
    g.times.push(time);
    if (experiment !== EXPERIMENT_ALLOC_FREE) return;
    const start = this.#pos + header;
    const end = start + size;
    const wire = this.#wire;
    wire.reset(this.#chunk, start, end);
    const kind = wire.byte();
    if (kind === 0) {
      g.types.add(...this.#keep(g, start + 1, end));
    } else if (kind === 1) {
      const info = {
        minHeapAddr: wire.uvarint(),
        pageSize: wire.uvarint(),
        heapAlign: wire.uvarint(),
        stackAlign: wire.uvarint(),
      };
      const plausible =
        !wire.bad &&
        info.minHeapAddr < 2 ** 52 &&
        isPowerOfTwo(info.pageSize) &&
        isPowerOfTwo(info.heapAlign) &&
        isPowerOfTwo(info.stackAlign);
      if (plausible) g.info = info;
      else {
        this.#losses.add(DAMAGED_BYTES, size, this.#where());
        this.#damage();
      }
    }
  }

  async #skipBatch(): Promise<void> {
    const { length, size } = this.#header;
    await this.#ensure(length + size);
    this.#pos = Math.min(this.#length, this.#pos + length + size);
  }

  #parseHeader(at: number): boolean {
    const h = this.#header;
    const buf = this.#chunk;
    const wire = this.#wire;
    wire.reset(buf, at, this.#length);
    h.type = wire.byte();
    if (h.type !== EvEventBatch && h.type !== EvExperimentalBatch) return false;
    if (h.type === EvExperimentalBatch && this.#version < 23) return false;
    h.experiment = h.type === EvExperimentalBatch ? wire.byte() : 0;
    h.gen = wire.uvarint();
    h.m = wire.uvarint();
    h.time = wire.uvarint();
    const sizeAt = wire.pos;
    h.size = wire.uvarint();
    h.length = wire.pos - at;
    h.padded = wire.pos - sizeAt === 10;
    return !wire.bad && h.gen > 0 && h.gen < 2 ** 53 && h.size <= MAX_BATCH;
  }

  /** Whether what is left looks like a header that the end of the file cut. */
  #cutHeader(): boolean {
    const type = this.#chunk[this.#pos]!;
    return type === EvEventBatch || type === EvExperimentalBatch;
  }

  /** Goes on to the next thing that looks like a batch as the runtime writes it, of this generation or a later one. */
  async #resync(): Promise<void> {
    const from = this.offset;
    const gen = Math.max(1, this.#current!.gen, this.#lastGen);
    this.#damage();
    this.#pos++;
    for (;;) {
      // One more than a header, so that at least one place can be looked at.
      await this.#ensure(MAX_HEADER + 1);
      const last = this.#ended ? this.#length : this.#length - MAX_HEADER;
      let at = this.#pos;
      let found = false;
      for (; at < last; at++) {
        const type = this.#chunk[at];
        if (type !== EvEventBatch && type !== EvExperimentalBatch) continue;
        const h = this.#header;
        if (!this.#parseHeader(at) || !h.padded || h.gen < gen || h.gen > gen + 1000) continue;
        if (this.#middle > 0 && Math.abs(h.time - this.#middle) > MAX_TIME_STEP) continue;
        found = true;
        break;
      }
      this.#pos = at;
      if (found || (this.#ended && at >= this.#length)) break;
      if (at >= this.#length) this.#pos = this.#length;
    }
    this.#losses.add(DAMAGED_BYTES, this.offset - from, `byte ${from}`);
  }

  #damage(): void {
    const g = this.#current!;
    if (g.gen === 0) g.gap = true;
    else g.damaged = true;
  }

  #truncated(): void {
    this.#damage();
    this.#losses.add(TRUNCATED, 1, `byte ${this.#base + this.#length}`);
  }

  #where(): string {
    return `byte ${this.offset}`;
  }

  /** Makes `n` bytes (at most a batch and its header) available from the position on; false if the trace ends before. */
  async #ensure(n: number): Promise<boolean> {
    while (this.#length - this.#pos < n) {
      if (this.#ended) return false;
      if (this.#pos + n > CHUNK) this.#nextChunk();
      await this.#readMore();
    }
    return true;
  }

  /** Moves what has not been read yet to a fresh chunk; the full one stays with the generation. */
  #nextChunk(): void {
    const next = this.#pool.pop() ?? newChunk(CHUNK);
    next.buf.set(this.#chunk.subarray(this.#pos, this.#length));
    if (this.#inUse && this.#current) this.#current.chunks.push(this.#bytesOfChunk);
    else this.#pool.push(this.#bytesOfChunk);
    this.#inUse = false;
    this.#bytesOfChunk = next;
    this.#chunk = next.buf;
    this.#base += this.#pos;
    this.#length -= this.#pos;
    this.#pos = 0;
  }

  async #readMore(): Promise<void> {
    const room = CHUNK - this.#length;
    if (this.#bytes.readInto) {
      const n = await this.#bytes.readInto(this.#chunk, this.#length, room);
      if (n === 0) this.#ended = true;
      this.#length += n;
      return;
    }
    if (this.#piece === null) this.#piece = await this.#bytes.read();
    const piece = this.#piece;
    if (piece === null) {
      this.#ended = true;
      return;
    }
    const n = Math.min(room, piece.length);
    this.#chunk.set(n === piece.length ? piece : piece.subarray(0, n), this.#length);
    this.#length += n;
    this.#piece = n === piece.length ? null : piece.subarray(n);
  }

  close(): void {
    this.#current?.spool?.close();
  }

  /** The last generation's chunks can be used again; the one that is being read stays. */
  #release(): void {
    const g = this.#current;
    if (g === null) return;
    for (const chunk of g.chunks) this.#pool.push(chunk);
    g.chunks.length = 0;
    g.spool?.close();
    this.#inUse = false;
    this.#current = null;
  }
}

function newChunk(length: number): Chunk {
  const buf = new Uint8Array(length + SLACK);
  return { buf, view: new DataView(buf.buffer) };
}

function isPowerOfTwo(n: number): boolean {
  return n >= 1 && n <= 1 << 30 && (n & (n - 1)) === 0;
}
