/**
 * The replayed program: its page heap, background scavenger, GC state and touched pages, driven by normalized events.
 * Placement is the model's own: the recording says who takes how many pages and which span is freed; where a recording
 * has addresses the model's answer is compared with them, and then corrected.
 */
import type { Era, HeapConfig, PageHeap } from "../allocator/types.ts";
import {
  type EventBatch,
  GC_FREES_OS_MEMORY,
  GC_MARK_TERMINATION,
  GC_START,
  GC_SWEEP_DONE,
  HEAP_GOAL,
  HEAP_LIVE,
  OBJECT_ALLOC,
  OBJECT_FREE,
  OBJECT_LIVE,
  P_START,
  P_STOP,
  PROCS,
  SCAVENGED,
  SPAN_ALLOC,
  SPAN_FREE,
  SPAN_LIVE,
  SPAN_UNKNOWN,
  STACK_ALLOC,
  STACK_FREE,
  STACK_LIVE,
  STW_END,
} from "../parsers/events.ts";
import { type Background, type BackgroundWorld, heapRetained, mappedReady } from "./background/background.ts";
import { type EraRules, rulesOf } from "./era-rules.ts";
import { LargeTouch } from "./large-touch.ts";
import { Metadata } from "./metadata-by-version.ts";
import { ObjectLedger } from "./objects.ts";
import { PlacementCheck } from "./placement.ts";
import { COL, type Recorder } from "./recorder.ts";
import type { GcRow, TimelineMark } from "./result.ts";
import { exactRetainedGoal, gcPercentGoal, memoryLimitGoal } from "./retained-goal.ts";
import { StackTouch } from "./stack-touch.ts";
import { type LiveSpan, startingRanges } from "./start.ts";
import { emptyRow } from "./timeline.ts";
import { TouchedPages } from "./touched.ts";

const PAGE = 8192;

const NOBODY = -2;
/** Largest object that shares a span (32 KiB). */
const MAX_SMALL = 32 << 10;
/** Marks kept for the picture; beyond it every other one of the small ones goes. */
const MAX_MARKS = 20_000;

/** Spans of unknown use (pagetrace) are taken for object spans: most are. */
function isManual(aux: number): boolean {
  return aux < 0 && aux !== SPAN_UNKNOWN;
}

export interface MachineOptions {
  readonly era: Era;
  readonly heap: HeapConfig;
  readonly background: (world: BackgroundWorld) => Background;
  readonly recorder: Recorder;
  readonly slotSizes: ArrayLike<number>;
  /** Keeps the objects, where more of them is wanted than their bytes. */
  readonly objects?: ObjectLedger;
  /** Bytes of RSS that are the program's file and fixed runtime state: see baseline.ts. */
  readonly baseline: number;
  /** Whether to keep an uncorrected second model beside the corrected one. */
  readonly uncorrected: boolean;
  /** Whether the model follows the recording's addresses after a miss; false when another policy is asked for. */
  readonly correct: boolean;
  /** Whether the recording may lack span events (Go 1.23 drops some). */
  readonly losesSpans: boolean;
  /** The recording tells each run of pages that was returned: these are played as given, and the model returns none itself. */
  readonly playsReturns?: boolean;
  /** GOMEMLIMIT in bytes, Infinity for none. */
  readonly memoryLimit: number;
  /** Base of the lowest in-use range when the recording began, null when unknown. */
  readonly minHeapAddr: () => number | null;
}

export class Machine {
  readonly heap: PageHeap;
  readonly recorder: Recorder;
  readonly objects: ObjectLedger;
  readonly touched: TouchedPages;
  readonly placement: PlacementCheck;
  readonly marks: TimelineMark[] = [];
  readonly gcs: GcRow[] = [];
  readonly counts = { spans: 0, unplaced: 0, lateFrees: 0, overtakenFrees: 0 };
  readonly row = emptyRow();
  /** Time of the last event, ns. */
  now = 0;
  /** Largest number of spans in use at once: mspan structures are never given back. */
  peakSpans = 0;
  /** Next moment that `onTick` wants to be called for, before the first event at or after it. */
  nextTick = Number.POSITIVE_INFINITY;
  onTick: ((now: number) => number) | null = null;
  /** Told of each span that the heap has from now on, by its place in the model; `aux` as in the event. */
  onSpan: ((base: number, pages: number, aux: number, p: number) => void) | null = null;
  /** Told of each row written. */
  onRow: ((now: number) => void) | null = null;

  readonly #options: MachineOptions;
  readonly #rules: EraRules;
  readonly #metadata: Metadata;
  readonly #background: Background;
  readonly #world: BackgroundWorld;
  readonly #stackTouch: StackTouch;
  readonly #largeTouch: LargeTouch;
  /** Pages of each live span, negative for manual ones, by its recorded address or handle. */
  readonly #spans = new Map<number, number>();
  /** Spans freed by #evict whose own event is still to come. */
  readonly #overtaken = new Set<number>();
  #snapshot: LiveSpan[] | null = [];
  readonly #running: boolean[] = [];
  readonly #since: number[] = [];
  /** Of each P, ns run since the world started again after mark termination. */
  readonly #ran: number[] = [];
  #worldStart = 0;
  #heapLive = 0;
  #heapGoal = Number.NaN;
  #marked = 0;
  #lastHeapGoal = 0;
  #lastHeapInuse = 0;
  #inMark = false;
  /** The P whose next event comes after the flush of idle page caches. */
  #flushBy = NOBODY;
  #pendingFlush = false;
  #commitPending = false;
  #freesOsMemory = false;
  #sawGc = false;
  #dirty = true;
  #returned = 0;
  #grown = 0;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#rules = rulesOf(options.era);
    this.#metadata = new Metadata(this.#rules.minor);
    this.heap = options.era.create(options.heap);
    this.recorder = options.recorder;
    this.objects = options.objects ?? new ObjectLedger(options.slotSizes);
    this.touched = new TouchedPages(options.heap.physPageSize);
    this.#stackTouch = new StackTouch(this.touched);
    this.#largeTouch = new LargeTouch(this.touched, this.#rules.scavengedIsClean);
    this.placement = new PlacementCheck(
      this.heap,
      options.uncorrected ? options.era.create(options.heap) : null,
      options.correct,
      options.losesSpans,
    );
    this.placement.evict = (addr, pages) => this.#evict(addr, pages);
    this.#world = { heap: this.heap, procs: options.heap.procs, returnCalls: 0 };
    this.#background = options.background(this.#world);
    this.heap.memoryLimit = options.memoryLimit;
    if (options.playsReturns === true) {
      this.heap.scavengeGoals.gcPercent = Number.POSITIVE_INFINITY;
      this.heap.scavengeGoals.memoryLimit = Number.POSITIVE_INFINITY;
    }
    this.heap.onReleased = (base, pages) => {
      this.#world.returnCalls++;
      if (!this.#rules.freesLazily) this.touched.release(base, pages * PAGE);
    };
  }

  /** Applies every event of a batch, in order. */
  process(batch: EventBatch): void {
    const { kind, time, p, addr, size, aux, length } = batch;
    const moved = !this.#options.correct;
    const { objects, touched } = this;
    for (let i = 0; i < length; i++) {
      switch (kind[i]) {
        case OBJECT_ALLOC:
        case OBJECT_LIVE: {
          const at = addr[i]!;
          const slot = objects.objectAlloc(at);
          // Whoever allocates writes. What becomes of a large object's pages is decided when its span is taken.
          if (slot !== 0 && slot <= MAX_SMALL) {
            if (moved) touched.touch(this.#modelAddr(at), slot);
            else touched.touchAt(objects.index, objects.offset, slot);
          }
          break;
        }
        case OBJECT_FREE:
          objects.objectFree(addr[i]!);
          break;
        case SPAN_LIVE:
          this.#snapshot?.push({ base: addr[i]!, pages: size[i]!, aux: aux[i]! });
          if (aux[i]! >= 0) this.objects.spanAlloc(addr[i]!, size[i]!, aux[i]!);
          break;
        case STACK_LIVE:
          this.#stackTouch.alloc(p[i]!, addr[i]!, size[i]!);
          break;
        default: {
          const t = time[i]!;
          if (t >= this.nextTick) this.#tick(t);
          if (this.#snapshot !== null) this.#begin(t);
          this.#advance(t);
          if (p[i] === this.#flushBy) this.#flushIdle();
          if (p[i]! >= 0) this.placement.heard(p[i]!);
          this.#event(kind[i]!, t, p[i]!, addr[i]!, size[i]!, aux[i]!);
        }
      }
    }
    if (length > 0) {
      this.now = time[length - 1]!;
      this.record(this.now);
    }
  }

  /** The recording is over: simulated time goes on to `t` and the last row is written. */
  finish(t: number): void {
    if (this.#snapshot !== null) this.#begin(t);
    if (t >= this.nextTick) this.#tick(t);
    this.#advance(t);
    this.#dirty = true;
    this.record(t);
  }

  #tick(t: number): void {
    while (t >= this.nextTick && this.onTick) {
      const at = this.nextTick;
      this.#advance(at);
      this.#dirty = true;
      this.record(at);
      this.nextTick = this.onTick(at);
    }
  }

  /** Lets simulated time pass up to `t`: idle caches are flushed, the scavenger works. */
  #advance(t: number): void {
    while (t >= this.#background.next) {
      const at = this.#background.next;
      const before = this.heap.stats.returned.background;
      this.#background.advance(at);
      const got = this.heap.stats.returned.background - before;
      if (got > 0) {
        this.#mark("return-background", at, got);
        this.#dirty = true;
        this.record(at);
      }
    }
    this.now = t;
  }

  #flushIdle(): void {
    this.#flushBy = NOBODY;
    this.#pendingFlush = false;
    for (let p = 0; p < this.#world.procs; p++) {
      const idle = this.#running[p] !== true && (this.#ran[p] ?? 0) === 0;
      if (idle) this.placement.flush(p);
    }
  }

  #event(kind: number, t: number, p: number, addr: number, size: number, aux: number): void {
    switch (kind) {
      case SPAN_ALLOC:
        this.#spanAlloc(t, p, addr, size, aux);
        break;
      case SPAN_FREE:
        this.#spanFree(t, p, addr);
        break;
      case STACK_ALLOC:
        this.#stackTouch.alloc(p, this.#modelAddr(addr), size);
        this.#dirty = true;
        break;
      case STACK_FREE:
        this.#stackTouch.free(p, this.#modelAddr(addr), size);
        break;
      case HEAP_LIVE:
        this.#heapLive = size;
        this.#dirty = true;
        break;
      case HEAP_GOAL:
        this.#goal(t, size);
        break;
      case GC_START:
        this.#gcStart(t, size, aux);
        break;
      case GC_MARK_TERMINATION:
        this.#markTermination(t);
        break;
      case GC_SWEEP_DONE:
        this.#sweepDone(t);
        break;
      case P_START:
        this.#running[p] = true;
        this.#since[p] = t;
        break;
      case P_STOP:
        if (this.#running[p]) this.#ran[p] = (this.#ran[p] ?? 0) + t - Math.max(this.#since[p] ?? 0, this.#worldStart);
        this.#running[p] = false;
        break;
      case PROCS:
        if (size !== this.#world.procs) {
          this.#world.procs = size;
          this.placement.procResize(size);
        }
        break;
      case STW_END:
        if (this.#pendingFlush) {
          this.#flushBy = p;
          this.#worldStart = t;
          this.#ran.fill(0);
        }
        break;
      case SCAVENGED:
        if (this.#options.playsReturns === true && addr >= 0) this.#playReturn(t, addr, size);
        break;
    }
    if (this.#dirty) this.record(t);
  }

  #spanAlloc(t: number, p: number, addr: number, pages: number, aux: number): void {
    const manual = isManual(aux);
    const stats = this.heap.stats;
    const eager = stats.returned.growth + stats.returned.limit;
    const base = this.placement.alloc(t, addr, pages, p, manual);
    this.#dirty = true;
    if (base === 0) {
      this.counts.unplaced++;
      return;
    }
    this.counts.spans++;
    if (this.onSpan !== null) this.onSpan(base, pages, aux, p);
    this.#spans.set(addr, manual ? -pages : pages);
    if (this.#spans.size > this.peakSpans) this.peakSpans = this.#spans.size;
    if (manual) {
      this.#stackTouch.spanAlloc(base, pages, this.#inMark || addr < 0);
      if (!this.#options.correct) this.objects.manualAlloc(addr, pages, base - addr);
    } else if (addr >= 0 && aux >= 0) {
      this.objects.spanAlloc(addr, pages, aux, base - addr);
      if (aux < 2) this.#largeTouch.objectAlloc(base, pages);
    } else this.touched.touch(base, pages * PAGE);
    this.#largeTouch.spanAlloc(base, pages);
    this.#notices(t, stats.returned.growth + stats.returned.limit - eager);
  }

  #notices(t: number, eager: number): void {
    const { grown, returned } = this.heap.stats;
    if (grown > this.#grown) {
      this.#mark("growth", t, grown - this.#grown);
      this.#grown = grown;
    }
    if (eager > 0) this.#mark(returned.limit > this.#returned ? "return-limit" : "return-growth", t, eager);
    this.#returned = returned.limit;
  }

  /** The recording's own return of pages: whatever of them is free goes. */
  #playReturn(t: number, base: number, pages: number): void {
    const { heap } = this;
    // Pages that the model holds in a P's cache were free in the runtime.
    for (let p = 0; p < this.#world.procs; p++) {
      const block = heap.cacheBlock?.(p);
      if (block && block.base < base + pages * PAGE && block.base + 64 * PAGE > base) heap.flushPageCache(p);
    }
    const before = heap.stats.released;
    heap.mapRange(base, pages, true);
    const got = heap.stats.released - before;
    heap.stats.returned.background += got;
    this.touched.release(base, pages * PAGE);
    this.#mark("return-background", t, got);
    this.#dirty = true;
  }

  #spanFree(t: number, p: number, addr: number): void {
    if (this.#overtaken.delete(addr)) return;
    const pages = this.#spans.get(addr);
    if (pages === undefined) {
      if (!this.placement.freeLost(addr)) this.counts.lateFrees++;
      return;
    }
    this.#spans.delete(addr);
    if (pages > 0 && addr >= 0) this.objects.spanFree(addr, pages);
    this.placement.free(addr, Math.abs(pages), pages < 0, p);
    this.heap.now = t;
    this.#dirty = true;
  }

  /**
   * Processors' clocks can differ by some microseconds: a span then seems to be taken before the one that was there is freed.
   * The free is done now, and its own event passed over when it comes.
   */
  #evict(addr: number, pages: number): boolean {
    let found = false;
    for (const [base, held] of this.#spans) {
      if (base >= addr + pages * PAGE || base + Math.abs(held) * PAGE <= addr) continue;
      this.#spans.delete(base);
      if (held > 0) this.objects.spanFree(base, held);
      this.placement.free(base, Math.abs(held), held < 0, -1);
      this.#overtaken.add(base);
      this.counts.overtakenFrees++;
      found = true;
    }
    return found;
  }

  /** Where the model has what was recorded at `addr`. */
  #modelAddr(addr: number): number {
    return this.#options.correct ? addr : addr + this.objects.shiftAt(addr);
  }

  /** Builds the heap as it was when the recording began, out of the snapshot. */
  #begin(t: number): void {
    const spans = this.#snapshot!;
    this.#snapshot = null;
    for (const range of startingRanges(spans, this.#options.minHeapAddr(), this.#rules.randomBase)) {
      this.placement.mapRange(range.base, range.pages, range.released, range.padding);
      if (!range.released) this.touched.touch(range.base, range.pages * PAGE);
    }
    for (const { base, pages, aux } of spans) {
      const manual = isManual(aux);
      if (!this.placement.place(base, pages, manual)) {
        this.counts.unplaced++;
        continue;
      }
      this.#spans.set(base, manual ? -pages : pages);
      if (this.onSpan !== null) this.onSpan(base, pages, aux, -1);
      this.#largeTouch.spanAlloc(base, pages);
      if (aux === 0 || aux === 1) this.touched.touch(base, pages * PAGE);
      // Which of its pages a big stack has touched, its own event tells; pools of small ones are in use throughout.
      if (manual && pages <= 4) this.touched.touch(base, pages * PAGE);
    }
    this.peakSpans = this.#spans.size;
    if (spans.length > 0) this.placement.begin(this.#world.procs);
    this.#grown = this.heap.stats.grown;
    this.#dirty = true;
    this.record(t);
  }

  #gcStart(t: number, cycle: number, aux: number): void {
    this.#inMark = true;
    this.#freesOsMemory = (aux & GC_FREES_OS_MEMORY) !== 0;
    this.gcs.push({
      n: cycle || this.gcs.length + 1,
      start: t,
      markTermination: null,
      sweepDone: null,
      liveAtStart: this.#heapLive,
      liveAtMark: null,
      liveMarked: null,
      goal: Number.isFinite(this.#heapGoal) ? this.#heapGoal : null,
    });
    this.#mark("gc", t, cycle);
    this.#background.gcStarted(t);
    this.#dirty = true;
  }

  /**
   * The order of mgc.go:gcMarkTermination (1.27): the event, lastHeapInUse, commit (its goal is the next HEAP_GOAL event),
   * nextGen, the world starts, idle caches are flushed.
   */
  #markTermination(t: number): void {
    this.#inMark = false;
    this.#sawGc = true;
    this.#lastHeapInuse = this.heap.stats.inUse;
    this.#lastHeapGoal = Number.isNaN(this.#heapGoal) ? 0 : this.#heapGoal;
    this.#marked = this.#heapLive;
    this.objects.markTermination();
    this.placement.markTermination();
    this.#commitPending = true;
    this.#pendingFlush = true;
    const gc = this.gcs.at(-1);
    if (gc && gc.markTermination === null) {
      gc.markTermination = t;
      gc.liveMarked = this.#heapLive;
    }
    this.#mark("gc-end", t, gc?.n ?? 0);
    this.#dirty = true;
  }

  #goal(t: number, goal: number): void {
    this.#heapGoal = goal;
    this.#dirty = true;
    if (!this.#sawGc) return;
    this.#commitPending = false;
    this.#pace(t);
  }

  /** mgc.go:gcControllerCommit -> gcPaceScavenger. */
  #pace(t: number): void {
    const { heap } = this;
    const goalOf = this.#rules.keepsGoal ? exactRetainedGoal : gcPercentGoal;
    heap.scavengeGoals.gcPercent = goalOf({
      lastHeapInuse: this.#lastHeapInuse,
      heapGoal: this.#heapGoal,
      lastHeapGoal: this.#lastHeapGoal,
      physPageSize: heap.config.physPageSize,
      retained: heapRetained(heap),
    });
    heap.scavengeGoals.memoryLimit = memoryLimitGoal(
      this.#options.memoryLimit,
      mappedReady(heap),
      this.#rules.dividesLimitGoal,
    );
    this.#background.paced(t);
  }

  #sweepDone(t: number): void {
    if (this.#commitPending) this.#goal(t, this.#heapGoal);
    this.heap.sweepDone();
    this.#background.swept(t);
    const gc = this.gcs.at(-1);
    if (gc && gc.sweepDone === null) gc.sweepDone = t;
    if (this.#freesOsMemory) {
      this.#freesOsMemory = false;
      const got = this.heap.scavengeAll();
      this.#mark("return-forced", t, got);
    }
    this.#dirty = true;
  }

  #mark(kind: TimelineMark["kind"], t: number, value: number): void {
    if (this.marks.length >= MAX_MARKS) {
      // Small ones are thinned; GCs stay.
      let kept = 0;
      for (let i = 0; i < this.marks.length; i++) {
        const mark = this.marks[i]!;
        if (mark.kind === "gc" || i % 2 === 0) this.marks[kept++] = mark;
      }
      this.marks.length = kept;
    }
    this.marks.push({ t, kind, value });
  }

  /** The next record() writes a row even if no event changed anything. */
  touch(): void {
    this.#dirty = true;
  }

  /** Writes the state at `t` to the timeline if anything changed. */
  record(t: number): void {
    if (!this.#dirty) return;
    this.#dirty = false;
    this.recorder.add(this.state(t));
    this.onRow?.(t);
  }

  /** The state as a recorder's row (reused at the next call). */
  state(t: number): Float64Array {
    const { row } = this;
    const { stats } = this.heap;
    const metadata = this.#metadata.bytes(stats, this.peakSpans);
    const backed = stats.inUse + stats.manual + stats.freeBacked;
    row[COL.t] = t;
    row[COL.rss] = this.#options.baseline + metadata + this.touched.bytes;
    row[COL.heapInuse] = stats.inUse;
    row[COL.heapFree] = stats.freeBacked;
    row[COL.heapReleased] = stats.released;
    row[COL.manual] = stats.manual;
    row[COL.heapLive] = this.#heapLive;
    row[COL.heapGoal] = this.#heapGoal;
    row[COL.mapped] = stats.mapped;
    row[COL.objects] = this.objects.bytes;
    row[COL.sinceMark] = this.objects.sinceMark;
    row[COL.marked] = this.#marked;
    row[COL.untouched] = backed - this.touched.bytes;
    row[COL.metadata] = metadata;
    row[COL.assumed] = this.touched.assumed;
    return row;
  }
}
