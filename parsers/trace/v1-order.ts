/**
 * Order of the events of a v1 trace, as Go 1.21's internal/trace/order.go (order1007) makes it: the events of one P are
 * in order; between Ps an event waits until the goroutine it is about has come to the sequence number and state that the
 * event tells; of those ready, the one with the lowest timestamp goes first. So the order is right even where timestamps
 * are not.
 *
 * Other than Go's, which keeps all events and sorts the frontier anew for each of them, this reads one window per P and
 * keeps the frontier in a heap. Events that neither order others nor are of interest never enter it: since the events of
 * a P are in ascending time, leaving some out changes nothing for the others.
 */
import type { Losses, LossKind } from "../losses.ts";
import type { RandomAccess } from "../spool.ts";
import type { PBatches, TraceIndex } from "./v1-index.ts";
import {
  EV_BATCH,
  EV_GC_DONE,
  EV_GC_START,
  EV_GC_SWEEP_DONE,
  EV_GC_SWEEP_START,
  EV_GO_BLOCK,
  EV_GO_BLOCK_GC,
  EV_GO_BLOCK_NET,
  EV_GO_CREATE,
  EV_GO_END,
  EV_GO_IN_SYSCALL,
  EV_GO_PREEMPT,
  EV_GO_SCHED,
  EV_GO_SLEEP,
  EV_GO_START,
  EV_GO_START_LABEL,
  EV_GO_START_LOCAL,
  EV_GO_STOP,
  EV_GO_SYS_BLOCK,
  EV_GO_SYS_EXIT,
  EV_GO_SYS_EXIT_LOCAL,
  EV_GO_UNBLOCK,
  EV_GO_UNBLOCK_LOCAL,
  EV_GO_WAITING,
  EV_GOMAXPROCS,
  EV_HEAP_ALLOC,
  EV_HEAP_GOAL,
  EV_MARK_ASSIST_DONE,
  EV_MARK_ASSIST_START,
  EV_PROC_START,
  EV_PROC_STOP,
  EV_STACK,
  EV_STRING,
  EV_STW_DONE,
  EV_STW_START,
  EV_TIMER_GOROUTINE,
  EV_USER_LOG,
  MAX_EVENT,
  Window,
} from "./v1-wire.ts";

export const ORDER_FORCED: LossKind = {
  name: "trace-order-forced",
  severity: "data-loss",
  meaning:
    "events that others had to wait for are missing, so the order between Ps is by time there: the trace is incomplete",
};
export const TIME_ORDER: LossKind = {
  name: "trace-time-order",
  severity: "info",
  meaning:
    "clocks of the recording machine's processors differed: some events were moved to the time of the event before",
};

// What a goroutine's state has to be before an event, and is after it (order.go: stateTransition).
const DEAD = 0;
const RUNNABLE = 1;
const RUNNING = 2;
const WAITING = 3;

/** How an event takes part: not at all, for its own sake, or as a step of a goroutine. */
const SKIP = 0;
const ANY_TIME = 1;
const OF_G = 2;

const PART = new Uint8Array(64);
/** State before and after, for OF_G. */
const BEFORE = new Uint8Array(64);
const AFTER = new Uint8Array(64);

for (const type of [
  EV_GOMAXPROCS,
  EV_PROC_START,
  EV_PROC_STOP,
  EV_GC_DONE,
  EV_STW_START,
  EV_STW_DONE,
  EV_GC_SWEEP_START,
  EV_GC_SWEEP_DONE,
  EV_GO_END,
  EV_GO_STOP,
  EV_HEAP_ALLOC,
  EV_HEAP_GOAL,
  EV_MARK_ASSIST_START,
  EV_MARK_ASSIST_DONE,
  EV_USER_LOG,
]) {
  PART[type] = ANY_TIME;
}
const step = (before: number, after: number, ...types: number[]) => {
  for (const type of types) {
    PART[type] = OF_G;
    BEFORE[type] = before;
    AFTER[type] = after;
  }
};
step(DEAD, RUNNABLE, EV_GO_CREATE);
step(RUNNABLE, WAITING, EV_GO_WAITING, EV_GO_IN_SYSCALL);
step(RUNNABLE, RUNNING, EV_GO_START, EV_GO_START_LABEL, EV_GO_START_LOCAL);
for (let type = EV_GO_BLOCK; type <= EV_GO_BLOCK_NET; type++) if (type !== EV_GO_UNBLOCK) step(RUNNING, WAITING, type);
step(RUNNING, WAITING, EV_GO_SLEEP, EV_GO_SYS_BLOCK, EV_GO_BLOCK_GC);
step(RUNNING, RUNNABLE, EV_GO_SCHED, EV_GO_PREEMPT);
step(WAITING, RUNNABLE, EV_GO_UNBLOCK, EV_GO_SYS_EXIT, EV_GO_UNBLOCK_LOCAL, EV_GO_SYS_EXIT_LOCAL);
step(DEAD, DEAD, EV_GC_START);

/** Types after which the P runs no goroutine (parser.go: parseEvents). */
export const STOPS_G = new Uint8Array(64);
for (let type = EV_GO_END; type <= EV_GO_BLOCK_NET; type++) if (type !== EV_GO_UNBLOCK) STOPS_G[type] = 1;
STOPS_G[EV_GO_SYS_BLOCK] = 1;
STOPS_G[EV_GO_BLOCK_GC] = 1;

/** Sequence "the current one": the event follows, on the same P, the one it depends on. */
const NO_SEQUENCE = -1;
/** The GC's own sequence; no goroutine has this id. */
const GC = -1;
/** Not about a goroutine's order. */
const UNORDERED = -2;

const TEXT_MAX = 4096;
const HEAP_WINDOWS = 16 << 20;

/** One P's events, read one at a time. */
class Cursor {
  readonly p: number;
  readonly #batches: PBatches;
  readonly #window: Window;
  #next = 0;
  #end = 0;
  #ticks = 0;
  // The event at the front.
  type = 0;
  ticks = 0;
  /** Goroutine that runs on the P at this event. */
  g = 0;
  /** Arguments after the timestamp. */
  a0 = 0;
  a1 = 0;
  a2 = 0;
  text = "";
  // Its step: goroutine (or GC, UNORDERED), sequence before.
  subject = UNORDERED;
  sequence = NO_SEQUENCE;
  /** In the heap: ready to be merged, once the lowest. */
  #running = 0;

  constructor(bytes: RandomAccess, batches: PBatches, windowSize: number) {
    this.p = batches.p;
    this.#batches = batches;
    this.#window = new Window(bytes, windowSize);
  }

  get offset(): number {
    return this.#window.offset;
  }

  /** Goes on to the next event that takes part; false at the end. */
  advance(): boolean {
    const window = this.#window;
    for (;;) {
      if (window.offset >= this.#end) {
        const i = this.#next++;
        if (i >= this.#batches.begin.length) return false;
        window.seek(this.#batches.begin[i]!);
        this.#end = this.#batches.end[i]!;
        this.#ticks = this.#batches.ticks[i]!;
        continue;
      }
      window.ensure(2 * MAX_EVENT);
      const first = window.buf[window.pos++]!;
      const type = first & 0x3f;
      if (type <= EV_STACK || type === EV_STRING || type === EV_TIMER_GOROUTINE) {
        this.#skipDictionary(type);
        continue;
      }
      let end = 0;
      if (first >= 0xc0) {
        const length = window.varint();
        end = window.pos + length;
      }
      // parser.go adds up the deltas of all events, whatever becomes of them.
      const ticks = this.#ticks + window.varint();
      this.#ticks = ticks;
      const part = PART[type]!;
      if (part === SKIP) {
        if (end !== 0) window.pos = end;
        else window.skip(first >> 6);
        continue;
      }
      // Timestamp and up to 3 more arguments.
      const more = end !== 0 ? 3 : first >> 6;
      this.type = type;
      this.ticks = ticks;
      this.a0 = more > 0 ? window.varint() : 0;
      this.a1 = more > 1 ? window.varint() : 0;
      this.a2 = more > 2 && window.pos < end ? window.varint() : 0;
      if (end !== 0) window.pos = end;
      if (type === EV_USER_LOG) this.text = this.#text();
      this.#place(type);
      return true;
    }
  }

  #place(type: number): void {
    this.g = this.#running;
    this.subject = UNORDERED;
    this.sequence = NO_SEQUENCE;
    switch (type) {
      case EV_GO_START:
      case EV_GO_START_LABEL:
        this.#running = this.g = this.subject = this.a0;
        this.sequence = this.a1;
        return;
      case EV_GO_START_LOCAL:
        this.#running = this.g = this.subject = this.a0;
        return;
      case EV_GO_CREATE:
        this.subject = this.a0;
        this.sequence = 0;
        return;
      case EV_GO_WAITING:
      case EV_GO_IN_SYSCALL:
        this.subject = this.a0;
        this.sequence = 1;
        return;
      case EV_GO_UNBLOCK:
      case EV_GO_SYS_EXIT:
        this.subject = this.a0;
        this.sequence = this.a1;
        return;
      case EV_GO_UNBLOCK_LOCAL:
      case EV_GO_SYS_EXIT_LOCAL:
        this.subject = this.a0;
        return;
      case EV_GC_START:
        this.subject = GC;
        this.sequence = this.a0;
        return;
    }
    if (PART[type] === OF_G) this.subject = this.#running;
    if (STOPS_G[type] === 1) this.#running = 0;
  }

  /** Strings, stacks and the frequency stand among the events but are no events of the P. */
  #skipDictionary(type: number): void {
    const window = this.#window;
    if (type === EV_STRING) {
      window.skip(1);
      const length = window.varint();
      window.pos += length;
    } else if (type === EV_STACK) {
      const length = window.varint();
      window.pos += length;
    } else window.skip(type === EV_BATCH ? 2 : 1);
  }

  #text(): string {
    const window = this.#window;
    window.ensure(MAX_EVENT);
    const length = window.varint();
    const there = Math.min(length, TEXT_MAX, window.ensure(Math.min(length, TEXT_MAX)));
    const text = Buffer.from(window.buf.subarray(window.pos, window.pos + there)).toString("utf8");
    window.pos += length;
    return text;
  }
}

export type { Cursor };

const G_PAGE = 256;
const G_CACHE = 64;
const NONE = new Int32Array(G_PAGE + 1);

/** States of goroutines, in pages of 256 that go when all of theirs have ended. Which page it is, is cached. */
class Goroutines {
  readonly #pages = new Map<number, Int32Array>();
  readonly #cachedKeys = new Float64Array(G_CACHE).fill(-1);
  readonly #cached: Int32Array[] = Array(G_CACHE).fill(NONE);
  /** An emptied page for the next one that is needed. */
  #spare: Int32Array | null = null;

  /** Sequence << 2 | status. */
  get(g: number): number {
    const key = Math.floor(g / G_PAGE);
    const slot = key % G_CACHE;
    if (this.#cachedKeys[slot] === key) return this.#cached[slot]![g - key * G_PAGE]!;
    return this.#load(key, slot)[g - key * G_PAGE]!;
  }

  set(g: number, state: number): void {
    const key = Math.floor(g / G_PAGE);
    const slot = key % G_CACHE;
    let page = this.#cachedKeys[slot] === key ? this.#cached[slot]! : this.#load(key, slot);
    if (page === NONE) {
      if (state === 0) return;
      page = this.#add(key, slot);
    }
    const i = g - key * G_PAGE;
    const before = page[i]!;
    page[i] = state;
    // The last element counts the others that are there.
    if (before === 0) {
      if (state !== 0) page[G_PAGE]!++;
    } else if (state === 0 && --page[G_PAGE]! === 0) {
      this.#pages.delete(key);
      this.#cachedKeys[slot] = -1;
      this.#spare = page;
    }
  }

  #load(key: number, slot: number): Int32Array {
    const page = this.#pages.get(key);
    if (page === undefined) return NONE;
    this.#cachedKeys[slot] = key;
    this.#cached[slot] = page;
    return page;
  }

  #add(key: number, slot: number): Int32Array {
    const page = this.#spare ?? new Int32Array(G_PAGE + 1);
    this.#spare = null;
    this.#pages.set(key, page);
    this.#cachedKeys[slot] = key;
    this.#cached[slot] = page;
    return page;
  }
}

/** Merges the batches of all Ps; each `next` gives the cursor whose event is next, null at the end. */
export class Order {
  readonly #losses: Losses;
  readonly #goroutines = new Goroutines();
  /** Ready cursors, as a binary heap by time (ties: by P, as Go leaves them to chance). */
  readonly #heap: Cursor[] = [];
  #waiting: Cursor[] = [];
  #current: Cursor | null = null;
  #gcSequence = 0;
  readonly #cursors: Cursor[];

  constructor(bytes: RandomAccess, index: TraceIndex, losses: Losses) {
    this.#losses = losses;
    const windowSize = Math.max(2048, Math.min(1 << 16, Math.floor(HEAP_WINDOWS / Math.max(1, index.perP.length))));
    this.#cursors = index.perP.map((batches) => new Cursor(bytes, batches, windowSize + TEXT_MAX));
    for (const cursor of this.#cursors) this.#admit(cursor);
  }

  next(): Cursor | null {
    const current = this.#current;
    if (current !== null) {
      // It is still at the top: nothing was put in since it was taken.
      if (current.advance()) {
        if (this.#ready(current)) this.#sink(0);
        else {
          this.#waiting.push(current);
          this.#dropTop();
        }
      } else this.#dropTop();
      if (this.#released.length > 0) this.#admitReleased();
    }
    if (this.#heap.length === 0 && !this.#force()) return null;
    const top = this.#heap[0]!;
    this.#current = top;
    this.#transition(top);
    return top;
  }

  // Waiting cursors that the last transition made ready; they go into the heap when its top is settled.
  readonly #released: Cursor[] = [];

  #admitReleased(): void {
    for (const cursor of this.#released) this.#rise(cursor);
    this.#released.length = 0;
  }

  #admit(cursor: Cursor): void {
    if (!cursor.advance()) return;
    if (this.#ready(cursor)) this.#rise(cursor);
    else this.#waiting.push(cursor);
  }

  /** order.go: transitionReady. */
  #ready(cursor: Cursor): boolean {
    const g = cursor.subject;
    if (g === UNORDERED) return true;
    if (g === GC) return cursor.sequence === this.#gcSequence;
    const state = this.#goroutines.get(g);
    if ((state & 3) !== BEFORE[cursor.type]) return false;
    return cursor.sequence === NO_SEQUENCE || cursor.sequence === state >> 2;
  }

  /** order.go: transition. */
  #transition(cursor: Cursor): void {
    const g = cursor.subject;
    const type = cursor.type;
    if (g === UNORDERED) {
      // A goroutine that has ended has no more events: forget it.
      if (type === EV_GO_END && cursor.g !== 0) this.#goroutines.set(cursor.g, 0);
      return;
    }
    if (g === GC) {
      this.#gcSequence = cursor.sequence + 1;
    } else {
      let sequence: number;
      if (cursor.sequence !== NO_SEQUENCE) sequence = cursor.sequence + 1;
      else {
        sequence = this.#goroutines.get(g) >> 2;
        if (type === EV_GO_START_LOCAL || type === EV_GO_UNBLOCK_LOCAL || type === EV_GO_SYS_EXIT_LOCAL) sequence++;
      }
      this.#goroutines.set(g, (sequence << 2) | AFTER[type]!);
    }
    const waiting = this.#waiting;
    for (let i = waiting.length - 1; i >= 0; i--) {
      const other = waiting[i]!;
      if (other.subject === g && this.#ready(other)) {
        waiting[i] = waiting[waiting.length - 1]!;
        waiting.pop();
        this.#released.push(other);
      }
    }
  }

  /** Nothing is ready though events are left: what they wait for is not in the trace. The earliest goes first. */
  #force(): boolean {
    const waiting = this.#waiting;
    if (waiting.length === 0) return false;
    let first = 0;
    for (let i = 1; i < waiting.length; i++) if (before(waiting[i]!, waiting[first]!)) first = i;
    const cursor = waiting[first]!;
    waiting[first] = waiting[waiting.length - 1]!;
    waiting.pop();
    this.#losses.add(ORDER_FORCED, 1, `byte ${cursor.offset}`);
    this.#rise(cursor);
    return true;
  }

  #rise(cursor: Cursor): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(cursor);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(cursor, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = cursor;
  }

  #sink(start: number): void {
    const heap = this.#heap;
    const n = heap.length;
    const cursor = heap[start]!;
    let i = start;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= n) break;
      if (child + 1 < n && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, cursor)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = cursor;
  }

  #dropTop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    heap[0] = last;
    this.#sink(0);
  }
}

function before(a: Cursor, b: Cursor): boolean {
  return a.ticks < b.ticks || (a.ticks === b.ticks && a.p < b.p);
}
