/**
 * A made-up program, written down as normalized events. It allocates spans, drops them, waits; a collector with the simplest of
 * pacing (GOGC, the 2 minutes, GOMEMLIMIT where the version knows it) decides when what was dropped is freed. Spans have
 * handles instead of addresses: where they go is the policy's to say.
 */
import {
  BATCH_CAPACITY,
  type EventBatch,
  FIRST_HANDLE,
  GC_FORCED,
  GC_FREES_OS_MEMORY,
  GC_MARK_TERMINATION,
  GC_START,
  GC_SWEEP_DONE,
  HEAP_GOAL,
  HEAP_LIVE,
  MANUAL_STACK,
  newBatch,
  push,
  SPAN_ALLOC,
  SPAN_FREE,
} from "../../parsers/events.ts";
import { Random } from "./random.ts";

export const PAGE = 8192;
export const KiB = 1024;
export const MiB = 1 << 20;
export const SECOND = 1e9;
export const MINUTE = 60e9;

/** 4 MiB at GOGC=100 (mgcpacer.go). */
const HEAP_MINIMUM = 4 * MiB;
/** The trigger between marked heap and goal: 1.19+ has it between 0.70 and 0.95. */
const TRIGGER = 0.9;
/** Marking: 1 GiB/s a P and a quarter of the Ps. Sweeping: 1 us a span. */
const MARK_NS_PER_BYTE = 1 / 1.073741824;
const SWEEP_NS = 1e3;
/** proc.go:forcegcperiod */
const FORCED_PERIOD = 2 * MINUTE;
/** Time that allocating a page takes: 10 GiB/s. */
const ALLOC_NS_PER_PAGE = 800;

export interface WorkloadSettings {
  readonly seed: number;
  readonly procs: number;
  /** GOGC in per cent; Infinity for off. */
  readonly gogc: number;
  /** GOMEMLIMIT in bytes as far as the version has it; Infinity for none. */
  readonly memoryLimit: number;
}

/** Memory that the rest of the system asks for, and when. */
export interface Pressure {
  readonly t: number;
  readonly bytes: number;
}

export class Workload {
  readonly random: Random;
  readonly procs: number;
  readonly batches: EventBatch[] = [];
  readonly pressures: Pressure[] = [];
  /** ns since the start. */
  now = 0;
  /** Bytes of spans that are not dropped. */
  live = 0;
  gcs = 0;
  spans = 0;
  readonly #settings: WorkloadSettings;
  #batch = newBatch();
  #handle = FIRST_HANDLE;
  /** Pages of each span by the number of its handle; 0 once freed. */
  readonly #pages: number[] = [];
  /** Handles dropped since the last GC began, to be freed by the next. */
  #garbage: number[] = [];
  /** Live heap as the runtime counts it: with what is dropped but not yet collected. */
  #heapLive = 0;
  #goal: number;
  #trigger: number;
  #lastGc = 0;

  constructor(settings: WorkloadSettings) {
    this.#settings = settings;
    this.random = new Random(settings.seed);
    this.procs = settings.procs;
    this.#goal = (HEAP_MINIMUM * settings.gogc) / 100;
    this.#trigger = this.#goal;
    this.batches.push(this.#batch);
    this.#push(HEAP_GOAL, -1, -1, this.#goal, 0);
  }

  #push(kind: number, p: number, addr: number, size: number, aux: number): void {
    if (this.#batch.length === BATCH_CAPACITY) {
      this.#batch = newBatch();
      this.batches.push(this.#batch);
    }
    push(this.#batch, kind, this.now, p, addr, size, aux);
  }

  /** An object span of `pages`; returns its handle. */
  alloc(pages: number, p = 0): number {
    if (this.#heapLive + pages * PAGE > this.#trigger) this.gc(0);
    this.now += pages * ALLOC_NS_PER_PAGE;
    this.#heapLive += pages * PAGE;
    this.live += pages * PAGE;
    return this.#take(pages, p, 1);
  }

  /** A stack or another span that the collector does not look after: freeManual gives it back. */
  allocManual(pages: number, p = 0): number {
    return this.#take(pages, p, MANUAL_STACK);
  }

  freeManual(handle: number, p = 0): void {
    this.#push(SPAN_FREE, p, handle, this.#pages[FIRST_HANDLE - handle]!, MANUAL_STACK);
    this.#pages[FIRST_HANDLE - handle] = 0;
  }

  /** The program forgets the span; the next GC frees it. */
  drop(handle: number): void {
    this.live -= this.#pages[FIRST_HANDLE - handle]! * PAGE;
    this.#garbage.push(handle);
  }

  pagesOf(handle: number): number {
    return this.#pages[FIRST_HANDLE - handle]!;
  }

  /** Nothing happens for a while, but for the GC every two minutes. */
  wait(ns: number): void {
    const end = this.now + ns;
    while (Number.isFinite(this.#settings.gogc) && this.#lastGc + FORCED_PERIOD <= end) {
      this.now = Math.max(this.now, this.#lastGc + FORCED_PERIOD);
      this.gc(GC_FORCED);
    }
    this.now = Math.max(this.now, end);
  }

  /** A collection; `flags` as of GC_START (debug.FreeOSMemory: freeOsMemory()). */
  gc(flags = GC_FORCED): void {
    const garbage = this.#garbage;
    this.#garbage = [];
    this.#push(HEAP_LIVE, -1, -1, this.#heapLive, 0);
    this.#push(GC_START, -1, -1, ++this.gcs, flags);
    this.now += (this.live * MARK_NS_PER_BYTE) / Math.max(1, this.procs / 4);
    this.#heapLive = this.live;
    this.#push(HEAP_LIVE, -1, -1, this.#heapLive, 0);
    this.#push(GC_MARK_TERMINATION, -1, -1, this.gcs, 0);
    this.#commit();
    this.#push(HEAP_GOAL, -1, -1, this.#goal, 0);
    for (const handle of garbage) {
      const i = FIRST_HANDLE - handle;
      this.now += SWEEP_NS;
      this.#push(SPAN_FREE, 0, handle, this.#pages[i]!, 1);
      this.#pages[i] = 0;
    }
    this.#push(GC_SWEEP_DONE, -1, -1, this.gcs, 0);
    this.#lastGc = this.now;
  }

  /** debug.FreeOSMemory. */
  freeOsMemory(): void {
    this.gc(GC_FORCED | GC_FREES_OS_MEMORY);
  }

  /** Something else on the machine needs memory now. */
  pressure(bytes: number): void {
    this.pressures.push({ t: this.now, bytes });
  }

  #commit(): void {
    const { gogc, memoryLimit } = this.#settings;
    const minimum = (HEAP_MINIMUM * gogc) / 100;
    const percent = Math.max(minimum, this.live + (this.live * gogc) / 100);
    // memoryLimitHeapGoal, with everything outside the heap left out: the limit less its headroom of 3%, never below what lives.
    const limit = Math.max(this.live, memoryLimit * 0.97);
    this.#goal = Math.min(percent, limit);
    this.#trigger = Math.max(this.live + (this.#goal - this.live) * TRIGGER, Math.min(minimum, this.#goal));
    // Between two collections there is always something to allocate (assists see to it).
    this.#trigger = Math.max(this.#trigger, this.live + MiB);
  }

  #take(pages: number, p: number, aux: number): number {
    const handle = this.#handle--;
    this.#pages[FIRST_HANDLE - handle] = pages;
    this.spans++;
    this.#push(SPAN_ALLOC, p % this.procs, handle, pages, aux);
    return handle;
  }
}
