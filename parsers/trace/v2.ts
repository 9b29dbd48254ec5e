/**
 * Go execution traces of 1.22 and later as an event source.
 *
 * Time zero is the end of the snapshot of memory that a traceallocfree trace begins with (the world is stopped until then), or
 * else the trace's first event. trace.Start returns some 30-150 us after it (measured on 60 recordings of five versions; 2 ms
 * when the machine was busy), so times that a program counts from there are as much smaller.
 */
import { type EventSource, newSourceInfo } from "../event-source.ts";
import { type EventBatch, newBatch } from "../events.ts";
import type { ByteSource, OpenOptions } from "../format.ts";
import { Losses } from "../losses.ts";
import { type Generation, GenerationReader } from "./generation.ts";
import { traceVersion, V2_VERSIONS } from "./header.ts";
import { DAMAGED_BATCH, HEAP_BASE_ASSUMED, NO_FREQUENCY, NOTES_DROPPED } from "./losses.ts";
import { Order } from "./order.ts";
import { Snapshot } from "./snapshot.ts";

/** Ticks of 64 ns: what every platform but Windows has (runtime/tracetime.go). */
const DEFAULT_FREQUENCY = 1e9 / 64;
/** Where linux/amd64 and most others put the first arena. */
const DEFAULT_HEAP_BASE = 0xc000000000;
/** The clock counts nanoseconds or cycles, divided by 32 to 256. */
const MIN_FREQUENCY = 1e5;
const MAX_FREQUENCY = 1e10;
/** Events a batch: 160 KB, which stay in the processor's cache between their making and their use (a tenth faster). */
const BATCH = 4096;
const MAX_NOTES = 100_000;

/** `maxChunks`: MiB of a generation held in memory, for tests. */
export async function openTraceV2(bytes: ByteSource, options: OpenOptions, maxChunks?: number): Promise<EventSource> {
  return new TraceV2(bytes, options, maxChunks);
}

class TraceV2 implements EventSource {
  readonly path: string;
  readonly format = "go-trace-v2";
  readonly info = newSourceInfo("inferred");
  readonly losses = new Losses();
  readonly progress: () => number | null;
  readonly #bytes: ByteSource;
  readonly #reader: GenerationReader;
  readonly #order: Order;
  readonly #notes = new Map<string, number>();
  #tick = 0;

  constructor(bytes: ByteSource, options: OpenOptions, maxChunks?: number) {
    this.path = bytes.path;
    this.#bytes = bytes;
    this.progress = () => bytes.progress();
    const version = traceVersion(bytes.head)!;
    this.info.goVersions = V2_VERSIONS[version]!;
    this.info.goVersion = this.info.goVersions.length === 1 ? `go${this.info.goVersions[0]}` : null;
    this.#reader = new GenerationReader(bytes, version, this.losses, maxChunks);
    this.#order = new Order(this.losses, this.#host(), options.objects !== false);
  }

  #host() {
    return {
      note: (category: string, message: string): number => {
        const text = category === "" ? message : `${category}: ${message}`;
        const known = this.#notes.get(text);
        if (known !== undefined) return known;
        if (this.#notes.size >= MAX_NOTES) {
          this.losses.add(NOTES_DROPPED);
          return -1;
        }
        this.info.strings.push(text);
        this.#notes.set(text, this.info.strings.length - 1);
        return this.info.strings.length - 1;
      },
      procs: (count: number): void => {
        this.info.procs ??= count;
      },
    };
  }

  async *batches(): AsyncIterable<EventBatch> {
    try {
      yield* this.#read();
    } finally {
      await this.close();
    }
  }

  async *#read(): AsyncGenerator<EventBatch> {
    const order = this.#order;
    const batch = newBatch(BATCH);
    let first = true;
    let reset = true;
    for (let g = await this.#reader.next(); g !== null; g = await this.#reader.next()) {
      this.#countTableDamage(g);
      const tick = this.#clock(g);
      this.#addresses(g);
      order.begin(g, tick, reset || g.gap);
      this.#extent(g);
      if (first) {
        first = false;
        this.#exactVersion(g);
        order.zero = Math.max(order.nextTime, order.last + 1);
        if (this.info.hasAddresses) {
          const snapshot = new Snapshot(g, order, tick);
          if (!snapshot.empty) order.zero = snapshot.end;
          for (const _ of snapshot.deliver(batch)) {
            yield this.#full(batch);
            batch.length = 0;
          }
        }
        const clock = g.sync.snapshot;
        if (clock) this.info.wallClockStart = clock.wall - (clock.time * tick - order.zero) / 1e6;
      }
      while (!order.run(batch)) {
        yield this.#full(batch);
        batch.length = 0;
      }
      reset = g.damaged;
    }
    if (batch.length > 0) {
      yield this.#full(batch);
      batch.length = 0;
    }
  }

  /** Counts the batch; it is empty again once the consumer asks for the next. */
  #full(batch: EventBatch): EventBatch {
    this.info.events += batch.length;
    return batch;
  }

  #clock(g: Generation): number {
    const frequency = g.sync.frequency;
    if (frequency >= MIN_FREQUENCY && frequency <= MAX_FREQUENCY) {
      // As Go's reader computes it, so that times agree to the nanosecond.
      this.#tick = 1 / (frequency / 1e9);
    } else {
      this.losses.add(NO_FREQUENCY);
      if (this.#tick === 0) this.#tick = 1e9 / DEFAULT_FREQUENCY;
    }
    return this.#tick;
  }

  #addresses(g: Generation): void {
    const order = this.#order;
    if (g.info) {
      order.minHeapAddr = g.info.minHeapAddr;
      order.pageSize = g.info.pageSize;
      order.heapAlign = g.info.heapAlign;
      order.stackAlign = g.info.stackAlign;
      this.info.minHeapAddr = g.info.minHeapAddr;
      this.info.pageSize = g.info.pageSize;
    } else if (!this.info.hasAddresses && !g.types.empty) {
      order.minHeapAddr = DEFAULT_HEAP_BASE;
      this.losses.add(HEAP_BASE_ASSUMED);
    } else return;
    this.info.hasAddresses = true;
    this.info.evidence = "exact";
    this.info.types = order.types.types;
  }

  /** Where the runtime's sources were when the program was built often tells which runtime it is. */
  #exactVersion(g: Generation): void {
    const match = g.strings.search(/go(1\.\d+)(\.\d+)?(?:\.[\w-]+)?[/\\]src[/\\]runtime[/\\]\w+\.(?:go|s)$/);
    if (match && this.info.goVersions.includes(match[1]!)) {
      this.info.goVersion = `go${match[1]}${match[2] ?? ""}`;
      this.info.goVersions = [match[1]!];
    }
  }

  /** The program counters in stacks tell how long the text segment is at least. */
  #extent(g: Generation): void {
    const { lowPC, highPC } = g.stacks;
    if (highPC <= 0) return;
    this.#lowPC = Math.min(this.#lowPC, lowPC);
    this.#highPC = Math.max(this.#highPC, highPC);
    this.info.textSpan = this.#highPC - this.#lowPC;
  }
  #lowPC = Number.POSITIVE_INFINITY;
  #highPC = 0;

  #countTableDamage(g: Generation): void {
    const bad = g.strings.bad + g.stacks.bad;
    if (bad > 0) this.losses.add(DAMAGED_BATCH, bad);
  }

  close(): Promise<void> {
    this.#reader.close();
    return this.#bytes.close();
  }
}
