/**
 * Puts the events of a generation in a valid order and turns them into normalized events.
 *
 * Each M wrote its own stream; their clocks are compared, but the order that counts is that of the scheduler: a goroutine
 * can't start on one M before the M that unblocks it has done so, whatever the timestamps say. So the event with the least
 * time comes next unless the state of its G or P says that something else must come before. Ported from
 * internal/trace/reader.go and order.go of Go 1.27.
 *
 * Where Go's reader gives up (an event contradicts the state, or none can come next), this one counts an order conflict,
 * believes the event and goes on.
 *
 * Rules of what is not in the trace as such:
 * - GC_SWEEP_DONE: when the background sweeper parks after a cycle's mark termination (runtime/mgcsweep.go bgsweep parks only
 *   once isSweepDone()), or else when the next cycle begins, which finishes the sweep (gcStart).
 * - GC_WORK: a mark assist is its Begin to its End; a mark worker runs from its label ("GC (dedicated)", ...) to the moment
 *   its goroutine stops, blocks or ends.
 */

import {
  type EventBatch,
  GC_ALREADY_RUNNING,
  GC_FORCED,
  GC_FREES_OS_MEMORY,
  GC_MARK_TERMINATION,
  GC_START,
  GC_SWEEP_DONE,
  GC_WORK,
  GO_CREATE,
  GO_END,
  HEAP_GOAL,
  HEAP_LIVE,
  MANUAL_UNKNOWN,
  NO_ADDR,
  NO_P,
  NOTE,
  OBJECT_ALLOC,
  OBJECT_FREE,
  P_START,
  P_STOP,
  PROCS,
  push,
  SPAN_ALLOC,
  SPAN_FREE,
  STACK_ALLOC,
  STACK_FREE,
  STW_BEGIN,
  STW_END,
  SWEEP_BEGIN,
  SWEEP_END,
} from "../events.ts";
import type { Losses } from "../losses.ts";
import { AddrTable } from "./addr-table.ts";
import { Cursor, heapInsert, heapRemove, heapSort, heapUpdate, siftDown } from "./frontier.ts";
import type { Generation } from "./generation.ts";
import { DAMAGED_BATCH, ORDER_CONFLICT, UNKNOWN_SPAN, UNKNOWN_TYPE } from "./losses.ts";
import {
  G_RUNNABLE,
  G_RUNNING,
  G_SYSCALL,
  G_WAITING,
  MAX_P,
  NO_G,
  P_IDLE,
  P_RUNNING,
  P_SYSCALL,
  P_SYSCALL_ABANDONED,
  P_UNKNOWN,
  Sched,
} from "./sched.ts";
import * as spec from "./spec.gen.ts";
import { STW_REASONS } from "./stw-reasons.ts";
import { TypeTable } from "./types-table.ts";
import { Wire } from "./wire.ts";

/** Arguments after the time of each timed event; -1: no event that a batch may hold. */
const ARGS = new Int8Array(256).fill(-1);
for (const [type, { args, timed }] of Object.entries(spec.SPECS)) {
  if (timed && Number(type) !== spec.EvClockSnapshot) ARGS[Number(type)] = args.length - 1;
}

/** Events that one trace event can give at most. */
const ROOM = 8;

/** No event lies this far behind the last batch of its generation, ns. */
const BOUND_SLACK = 60e9;

/** A goal beyond this is "no goal": with GOGC=off the runtime writes 0 or some 9e18. */
const NO_GOAL = 2 ** 60;

/** M ids from here on are "no M" (2^64-1). */
const NO_M = 2 ** 63;

const SWEEPER_PARKS = "GC background sweeper wait";
const WORKER_LABEL = /^GC \(\w+\)$/;
const enum_ = { other: 0, sweeperParks: 1, worker: 2 } as const;

type Handler = (this: Order, c: Cursor) => boolean;

/** What trying one event of an M comes to: it came and the next is ready; it was the last; another must come first. */
const ADVANCED = 0;
const DONE = 1;
const BLOCKED = 2;

/** Bytes before a batch's end from which on every byte is checked: more than two events can have. */
const BULK_MARGIN = 64;

/** Whether an M's next event is an object, far enough from the batch's end, and no damage. */
function inBulk(c: Cursor): boolean {
  return (
    (c.type === spec.EvHeapObjectFree || c.type === spec.EvHeapObjectAlloc) &&
    c.pos < c.end - BULK_MARGIN &&
    c.time <= c.bound
  );
}

/** What a generation's events add up to outside the stream. */
export interface OrderHost {
  note(category: string, message: string): number;
  procs(count: number): void;
}

export class Order {
  readonly sched = new Sched();
  readonly types = new TypeTable();
  readonly spans = new AddrTable();
  readonly stacks = new AddrTable();
  readonly losses: Losses;
  readonly host: OrderHost;
  readonly objects: boolean;
  /** Events that contradicted the state so far. */
  conflicts = 0;
  /** Time of the last event as Go's reader gives it: every event is later than the one before it. ns. */
  last = Number.NEGATIVE_INFINITY;
  /** What is time zero on the trace's clock, ns. */
  zero = 0;
  minHeapAddr = 0;
  pageSize = 8192;
  heapAlign = 8;
  stackAlign = 2048;

  readonly heap: Cursor[] = [];
  out!: EventBatch;
  g!: Generation;
  gen = 0;
  /** ns a clock tick. */
  tick = 64;
  /** Whether state is only being found out: the first generation, or the first after damage. */
  initial = true;
  #forced = false;
  readonly #args = new Float64Array(5);
  readonly #wire = new Wire();

  #gcSeq = 0;
  #gcState: "undetermined" | "running" | "not-running" = "undetermined";
  /** Between a GC_START that was delivered and its GC_MARK_TERMINATION. */
  #inCycle = false;
  #sweeping = false;
  #procs = 0;
  /** Ps that were last said to run. */
  readonly #running = new Uint8Array(MAX_P);
  readonly #textKinds = new Map<number, number>();
  readonly #stwReasons = new Map<number, number>();

  constructor(losses: Losses, host: OrderHost, objects: boolean) {
    this.losses = losses;
    this.host = host;
    this.objects = objects;
  }

  /** Takes up a generation. `reset`: nothing known before holds. */
  begin(g: Generation, tick: number, reset: boolean): void {
    this.g = g;
    this.gen = g.gen;
    this.tick = tick;
    this.initial = reset;
    if (reset) {
      this.sched.reset();
      this.#gcState = "undetermined";
    }
    this.#textKinds.clear();
    this.#stwReasons.clear();
    this.types.load(g.types);
    this.heap.length = 0;
    // Go's reader has a sync event here, at the least time of a batch; it pushes what follows, as every event does.
    const start = Math.trunc(g.minTime * tick);
    this.last = start > this.last ? start : this.last + 1;
    for (const [id, batches] of g.batches) {
      const cursor = new Cursor(id >= NO_M ? -1 : this.sched.m(id), batches);
      if (this.#nextBatch(cursor)) heapInsert(this.heap, cursor);
    }
  }

  /** Time of the first event to come, ns on the trace's clock. */
  get nextTime(): number {
    return this.heap.length > 0 ? this.heap[0]!.time : this.last;
  }

  /** Appends events to `out` until it is full (false) or the generation is over (true). */
  run(out: EventBatch): boolean {
    this.out = out;
    const heap = this.heap;
    const full = out.kind.length - ROOM;
    while (heap.length > 0) {
      if (out.length > full) return false;
      const c = heap[0]!;
      if (inBulk(c)) {
        this.#runObjects();
        siftDown(heap, 0);
        continue;
      }
      switch (this.#step(c)) {
        case ADVANCED:
          siftDown(heap, 0);
          break;
        case DONE:
          heapRemove(heap, 0);
          break;
        case BLOCKED:
          this.#unblock();
          break;
      }
    }
    return true;
  }

  /** The first event can't come yet: takes the first of the others that can. */
  #unblock(): void {
    const heap = this.heap;
    heapSort(heap);
    for (let i = 1; i < heap.length; i++) {
      const outcome = this.#step(heap[i]!);
      if (outcome === BLOCKED) continue;
      if (outcome === DONE) heapRemove(heap, i);
      else heapUpdate(heap, i);
      return;
    }
    this.#forced = true;
    if (this.#step(heap[0]!) === DONE) heapRemove(heap, 0);
    else siftDown(heap, 0);
    this.#forced = false;
  }

  /** Handles the next event of an M, if it can come now, and goes to the one after it. */
  #step(c: Cursor): number {
    if (c.time > c.bound) {
      this.#damagedBatch(c, c.pos);
      return this.#nextBatch(c) ? ADVANCED : DONE;
    }
    const end = this.#decode(c.buf, c.pos, c.end, ARGS[c.type]!, c.type);
    if (end <= c.end && !(HANDLERS[c.type] as Handler).call(this, c)) return BLOCKED;
    c.pos = end;
    return this.#nextEvent(c) ? ADVANCED : DONE;
  }

  /**
   * Objects allocated and freed, one after the other: nearly all of an address trace. Begins with the first M of the heap and
   * changes from M to M as long as objects are next. Away from a batch's end nothing needs to be checked for each byte. The
   * first M may have to go down in the heap afterwards.
   */
  #runObjects(): void {
    const { out, heap, tick, zero, objects, minHeapAddr: base, heapAlign: align } = this;
    const { kind: outKind, time: outTime, p: outP, addr: outAddr, size: outSize, aux: outAux } = out;
    const { sizes, numbers } = this.types;
    const typeCount = sizes.length;
    const { mP } = this.sched;
    const full = outKind.length - ROOM;
    let n = out.length;
    let last = this.last;

    for (;;) {
      const c = heap[0]!;
      const { buf, view } = c;
      const safe = c.end - BULK_MARGIN;
      const p = c.m >= 0 ? mP[c.m]! : NO_P;
      let { pos, type, time, bound } = c;
      if (heap.length > 1 && heap[1]!.time < bound) bound = heap[1]!.time;
      if (heap.length > 2 && heap[2]!.time < bound) bound = heap[2]!.time;

      do {
        // The id: up to four bytes at once. `stop` is the lowest top bit that is clear, that of the last byte.
        const word = view.getUint32(pos, true) | 0;
        let stop = ~word & 0x80808080;
        stop &= -stop;
        let id: number;
        if (stop !== 0) {
          const bits = word & (stop - 1 + stop);
          id = (bits & 0x7f) | ((bits >>> 1) & 0x3f80) | ((bits >>> 2) & 0x1fc000) | ((bits >>> 3) & 0xfe00000);
          pos += (39 - Math.clz32(stop)) >> 3;
        } else {
          const start = pos;
          id = (word & 0x7f) | ((word >>> 1) & 0x3f80) | ((word >>> 2) & 0x1fc000) | ((word >>> 3) & 0xfe00000);
          pos += 4;
          const b = buf[pos++]!;
          if (b < 128) id += b * 268435456;
          else {
            const wire = this.#wire;
            wire.reset(buf, start, c.end);
            id = wire.wrapped(align);
            if (wire.bad) {
              pos = c.end + 1;
              break;
            }
            pos = wire.pos;
          }
        }
        let typeId = 0;
        if (type === spec.EvHeapObjectAlloc) {
          let b = buf[pos++]!;
          typeId = b & 127;
          if (b > 127) {
            b = buf[pos++]!;
            typeId |= (b & 127) << 7;
            if (b > 127) {
              b = buf[pos++]!;
              typeId |= (b & 127) << 14;
              if (b > 127) {
                pos = c.end + 1;
                break;
              }
            }
          }
        }
        last = time > last ? time : last + 1;
        if (objects) {
          outTime[n] = last > zero ? last - zero : 0;
          outP[n] = p;
          outAddr[n] = base + id * align;
          if (type === spec.EvHeapObjectFree) {
            outKind[n] = OBJECT_FREE;
            outSize[n] = 0;
            outAux[n] = 0;
          } else {
            outKind[n] = OBJECT_ALLOC;
            if (typeId < typeCount) {
              outSize[n] = sizes[typeId]!;
              outAux[n] = numbers[typeId]!;
            } else {
              outSize[n] = 0;
              outAux[n] = 0;
              this.losses.add(UNKNOWN_TYPE);
            }
          }
          n++;
        }
        type = buf[pos++]!;
        let b = buf[pos++]!;
        let dt = b & 127;
        if (b > 127) {
          b = buf[pos++]!;
          dt |= (b & 127) << 7;
          if (b > 127) {
            b = buf[pos++]!;
            dt |= (b & 127) << 14;
            if (b > 127) {
              const wire = this.#wire;
              wire.reset(buf, pos - 3, c.end);
              dt = wire.uvarint();
              pos = wire.bad ? c.end + 1 : wire.pos;
            }
          }
        }
        time += Math.trunc(dt * tick);
      } while (
        (type === spec.EvHeapObjectFree || type === spec.EvHeapObjectAlloc) &&
        pos < safe &&
        time <= bound &&
        n <= full
      );

      // What is no event is damage, which is found out as an event that ends beyond the batch.
      c.pos = ARGS[type]! < 0 ? c.end + 1 : pos;
      c.type = type;
      c.time = time;
      if (n > full || time <= bound) break;
      siftDown(heap, 0);
      if (!inBulk(heap[0]!)) break;
    }
    this.last = last;
    out.length = n;
  }

  /** Goes to the next event of an M: its type and time. False if there is none. */
  #nextEvent(c: Cursor): boolean {
    const { buf, end } = c;
    let { pos } = c;
    if (pos < end) {
      const type = buf[pos++]!;
      let b = buf[pos++]!;
      let dt = b & 127;
      if (b > 127) {
        b = buf[pos++]!;
        dt |= (b & 127) << 7;
        if (b > 127) {
          const wire = this.#wire;
          wire.reset(buf, pos - 2, end);
          dt = wire.uvarint();
          pos = wire.bad ? end + 1 : wire.pos;
        }
      }
      if (pos <= end && ARGS[type]! >= 0) {
        c.type = type;
        c.pos = pos;
        c.time += Math.trunc(dt * this.tick);
        return true;
      }
    } else if (pos === end) return this.#nextBatch(c);
    this.#damagedBatch(c, pos);
    return this.#nextBatch(c);
  }

  /** Goes to the first event of the next batch that has one. */
  #nextBatch(c: Cursor): boolean {
    for (;;) {
      c.index++;
      const batch = c.batches[c.index];
      if (batch === undefined) return false;
      const bytes = this.g.bytesOf(batch, c.spare);
      c.buf = bytes.buf;
      c.view = bytes.view;
      c.end = batch.end;
      const next = c.batches[c.index + 1];
      const latest = Math.max(next ? next.time : this.g.maxTime, batch.time);
      c.bound = Math.trunc(latest * this.tick) + BOUND_SLACK;
      const wire = this.#wire;
      wire.reset(bytes.buf, batch.start, batch.end);
      c.type = wire.byte();
      c.time = Math.trunc(batch.time * this.tick) + Math.trunc(wire.uvarint() * this.tick);
      c.pos = wire.pos;
      if (!wire.bad && ARGS[c.type]! >= 0 && c.time <= c.bound) return true;
      this.#damagedBatch(c, wire.pos);
    }
  }

  #damagedBatch(c: Cursor, pos: number): void {
    this.g.damaged = true;
    const batch = c.batches[c.index]!;
    const at = batch.offset + Math.min(pos, batch.end) - batch.start;
    this.losses.add(DAMAGED_BATCH, 1, `byte ${at}`);
  }

  /** Decodes the arguments of an event; returns where they end, beyond `end` if they don't decode. */
  #decode(buf: Uint8Array, pos: number, end: number, count: number, type: number): number {
    const args = this.#args;
    if (type >= spec.EvSpan) {
      // The first argument is relative to the lowest heap address, and wraps around below it.
      const wire = this.#wire;
      wire.reset(buf, pos, end);
      args[0] = wire.wrapped(
        type >= spec.EvGoroutineStack ? this.stackAlign : type >= spec.EvHeapObject ? this.heapAlign : this.pageSize,
      );
      for (let i = 1; i < count; i++) args[i] = wire.uvarint();
      return wire.bad ? end + 1 : wire.pos;
    }
    for (let i = 0; i < count; i++) {
      let b = buf[pos++]!;
      if (b < 128) {
        args[i] = b;
        continue;
      }
      let value = b & 127;
      let scale = 128;
      let bytes = 1;
      do {
        b = buf[pos++]!;
        value += (b & 127) * scale;
        scale *= 128;
        bytes++;
      } while (b > 127 && bytes < 10);
      if (b > 127 || (bytes === 10 && b > 1)) return end + 1;
      args[i] = value;
    }
    return pos;
  }

  // What follows are the events, as in order.go: true if the event comes now, false if another must come first. A handler
  // that lets its event come calls #stamp() once for it.

  /** Time of the event that comes now, ns since the recording's start. */
  #stamp(c: Cursor): number {
    const time = c.time > this.last ? c.time : this.last + 1;
    this.last = time;
    return time > this.zero ? time - this.zero : 0;
  }

  /** The event contradicts the state, or nothing could have come before it that makes it possible. */
  #conflict(c: Cursor): void {
    this.conflicts++;
    const batch = c.batches[c.index]!;
    this.losses.add(ORDER_CONFLICT, 1, this.conflicts === 1 ? `byte ${batch.offset + c.pos - batch.start}` : undefined);
  }

  /** Whether an event that can't come yet has to wait. If none else can come either it is forced, as a conflict. */
  #waits(c: Cursor): boolean {
    if (!this.#forced) return true;
    this.#conflict(c);
    return false;
  }

  #curP(c: Cursor): number {
    return c.m >= 0 ? this.sched.mP[c.m]! : NO_P;
  }

  #curG(c: Cursor): number {
    return c.m >= 0 ? this.sched.mG[c.m]! : NO_G;
  }

  /** validateCtx with userGoReqs: M, P and G. */
  #needUserGo(c: Cursor): void {
    if (c.m < 0 || this.#curP(c) === NO_P || this.#curG(c) === NO_G) this.#conflict(c);
  }

  #needP(c: Cursor): void {
    if (c.m < 0 || this.#curP(c) === NO_P) this.#conflict(c);
  }

  #p(c: Cursor, id: number): number {
    if (id >= 0 && id < MAX_P) return id;
    this.#conflict(c);
    return 0;
  }

  #pRuns(t: number, p: number): void {
    if (this.#running[p] === 1) return;
    this.#running[p] = 1;
    push(this.out, P_START, t, p, NO_ADDR, 0, 0);
  }

  #pStops(t: number, p: number, stolen: number): void {
    if (this.#running[p] === 0) return;
    this.#running[p] = 0;
    push(this.out, P_STOP, t, p, NO_ADDR, 0, stolen);
  }

  procsChange(c: Cursor): boolean {
    this.#needUserGo(c);
    const t = this.#stamp(c);
    const count = this.#args[0]!;
    if (count !== this.#procs) {
      this.#procs = count;
      this.host.procs(count);
      push(this.out, PROCS, t, this.#curP(c), NO_ADDR, count, 0);
    }
    return true;
  }

  procStatus(c: Cursor): boolean {
    const s = this.sched;
    const p = this.#p(c, this.#args[0]!);
    let status = this.#args[1]!;
    if (status < P_RUNNING || status > P_SYSCALL_ABANDONED) {
      this.#conflict(c);
      status = P_IDLE;
    }
    const known = s.pStatus[p]!;
    if (known === P_UNKNOWN) s.pStatus[p] = status;
    else if (status === P_SYSCALL_ABANDONED && known === P_SYSCALL) {
      // Possible loss of information, but here it is known: it stays in the syscall.
    } else if (known !== status) {
      this.#conflict(c);
      s.pStatus[p] = status;
    }
    s.pSeq[p] = 0;
    s.pGen[p] = this.gen;
    const t = this.#stamp(c);
    if (status === P_RUNNING || status === P_SYSCALL) {
      if (c.m >= 0) s.mP[c.m] = p;
      this.#pRuns(t, p);
    } else if (status === P_IDLE || known !== P_SYSCALL) this.#pStops(t, p, 0);
    return true;
  }

  #pSucceeds(p: number, seq: number): boolean {
    return this.sched.pGen[p] === this.gen && seq === this.sched.pSeq[p]! + 1;
  }

  #gSucceeds(g: number, seq: number): boolean {
    return this.sched.gGen[g] === this.gen && seq === this.sched.gSeq[g]! + 1;
  }

  procStart(c: Cursor): boolean {
    const s = this.sched;
    const p = this.#p(c, this.#args[0]!);
    const seq = this.#args[1]!;
    if (s.pStatus[p] !== P_IDLE || !this.#pSucceeds(p, seq) || this.#curP(c) !== NO_P) {
      if (this.#waits(c)) return false;
    }
    s.pStatus[p] = P_RUNNING;
    s.pSeq[p] = seq;
    s.pGen[p] = this.gen;
    if (c.m >= 0) s.mP[c.m] = p;
    this.#pRuns(this.#stamp(c), p);
    return true;
  }

  procStop(c: Cursor): boolean {
    const s = this.sched;
    const p = this.#curP(c);
    const t = this.#stamp(c);
    if (p === NO_P) {
      this.#conflict(c);
      return true;
    }
    if (s.pStatus[p] !== P_RUNNING && s.pStatus[p] !== P_SYSCALL) this.#conflict(c);
    s.pStatus[p] = P_IDLE;
    s.mP[c.m] = NO_P;
    this.#pStops(t, p, 0);
    return true;
  }

  procSteal(c: Cursor): boolean {
    const s = this.sched;
    const p = this.#p(c, this.#args[0]!);
    const seq = this.#args[1]!;
    const status = s.pStatus[p]!;
    if ((status !== P_SYSCALL && status !== P_SYSCALL_ABANDONED) || !this.#pSucceeds(p, seq)) {
      if (this.#waits(c)) return false;
    }
    s.pStatus[p] = P_IDLE;
    s.pSeq[p] = seq;
    s.pGen[p] = this.gen;
    this.#pStops(this.#stamp(c), p, 1);
    if (status === P_SYSCALL_ABANDONED) return true;
    const victim = s.findM(this.#args[2]!);
    if (victim < 0 || s.mP[victim] !== p) this.#conflict(c);
    else s.mP[victim] = NO_P;
    return true;
  }

  goStatus(c: Cursor): boolean {
    const s = this.sched;
    const id = this.#args[0]!;
    const mid = this.#args[1]!;
    let status = this.#args[2]!;
    if (status < G_RUNNABLE || status > G_WAITING) {
      this.#conflict(c);
      status = G_WAITING;
    }
    let g = s.findG(id);
    if (g >= 0) {
      if (s.gStatus[g] !== status) {
        this.#conflict(c);
        s.gStatus[g] = status;
      }
      s.gSeq[g] = 0;
      s.gGen[g] = this.gen;
    } else {
      if (!this.initial) this.#conflict(c);
      g = s.newG(id, status, this.gen);
    }
    this.#stamp(c);
    if (status === G_RUNNING) {
      if (c.m >= 0) s.mG[c.m] = g;
    } else if (status === G_SYSCALL) {
      if (mid >= NO_M) {
        this.#conflict(c);
        return true;
      }
      if (c.m >= 0 && mid === s.mId[c.m]) {
        if (!this.initial && this.#curG(c) !== g) this.#conflict(c);
        s.mG[c.m] = g;
      } else {
        const other = s.findM(mid);
        if (other < 0) s.mG[s.m(mid)] = g;
        else {
          // An M without a goroutine may just not have been seen yet, although it has batches.
          if (s.mG[other] !== g && s.mG[other] !== NO_G) this.#conflict(c);
          s.mG[other] = g;
        }
      }
    }
    return true;
  }

  goCreate(c: Cursor): boolean {
    const s = this.sched;
    this.#needP(c);
    const cur = this.#curG(c);
    if (cur !== NO_G && s.gStatus[cur] !== G_RUNNING) this.#conflict(c);
    this.#newG(c, c.type === spec.EvGoCreateBlocked ? G_WAITING : G_RUNNABLE);
    push(this.out, GO_CREATE, this.#stamp(c), this.#curP(c), NO_ADDR, 1, 0);
    return true;
  }

  #newG(c: Cursor, status: number): number {
    const s = this.sched;
    const id = this.#args[0]!;
    const old = s.findG(id);
    if (old >= 0) {
      this.#conflict(c);
      s.endG(old);
    }
    return s.newG(id, status, this.gen);
  }

  /** GoDestroy, GoStop and GoBlock: the running goroutine leaves its M. */
  goLeaves(c: Cursor): boolean {
    const s = this.sched;
    this.#needUserGo(c);
    const g = this.#curG(c);
    const t = this.#stamp(c);
    if (g === NO_G) return true;
    if (s.gStatus[g] !== G_RUNNING) this.#conflict(c);
    this.#workEnds(t, c);
    if (c.type === spec.EvGoDestroy) {
      s.endG(g);
      push(this.out, GO_END, t, this.#curP(c), NO_ADDR, 1, 0);
    } else if (c.type === spec.EvGoStop) s.gStatus[g] = G_RUNNABLE;
    else {
      s.gStatus[g] = G_WAITING;
      if (this.#sweeping && this.#textKind(this.#args[0]!) === enum_.sweeperParks) this.#sweepDone(t, this.#curP(c));
    }
    s.mG[c.m] = NO_G;
    return true;
  }

  goStart(c: Cursor): boolean {
    const s = this.sched;
    const seq = this.#args[1]!;
    let g = s.findG(this.#args[0]!);
    if (g < 0 || s.gStatus[g] !== G_RUNNABLE || !this.#gSucceeds(g, seq)) {
      if (this.#waits(c)) return false;
      if (g < 0) g = s.newG(this.#args[0]!, G_RUNNABLE, this.gen);
    } else {
      this.#needP(c);
      if (this.#curG(c) !== NO_G) this.#conflict(c);
    }
    this.#gRuns(c, g, seq);
    this.#stamp(c);
    return true;
  }

  #gRuns(c: Cursor, g: number, seq: number): void {
    const s = this.sched;
    s.gStatus[g] = G_RUNNING;
    s.gSeq[g] = seq;
    s.gGen[g] = this.gen;
    if (c.m >= 0) s.mG[c.m] = g;
  }

  goUnblock(c: Cursor): boolean {
    const s = this.sched;
    const seq = this.#args[1]!;
    let g = s.findG(this.#args[0]!);
    if (g < 0 || s.gStatus[g] !== G_WAITING || !this.#gSucceeds(g, seq)) {
      if (this.#waits(c)) return false;
      if (g < 0) g = s.newG(this.#args[0]!, G_WAITING, this.gen);
    }
    s.gStatus[g] = G_RUNNABLE;
    s.gSeq[g] = seq;
    s.gGen[g] = this.gen;
    this.#stamp(c);
    return true;
  }

  /** GoSwitch and GoSwitchDestroy: unblocks one goroutine, blocks or ends the running one, starts the other. */
  goSwitch(c: Cursor): boolean {
    const s = this.sched;
    this.#needUserGo(c);
    const cur = this.#curG(c);
    if (cur !== NO_G && s.gStatus[cur] !== G_RUNNING) this.#conflict(c);
    const seq = this.#args[1]!;
    let next = s.findG(this.#args[0]!);
    if (next < 0 || s.gStatus[next] !== G_WAITING || !this.#gSucceeds(next, seq)) {
      if (this.#waits(c)) return false;
      if (next < 0) next = s.newG(this.#args[0]!, G_WAITING, this.gen);
    }
    this.#stamp(c);
    const t = this.#stamp(c);
    if (cur !== NO_G && cur !== next) {
      if (c.type === spec.EvGoSwitchDestroy) {
        s.endG(cur);
        push(this.out, GO_END, t, this.#curP(c), NO_ADDR, 1, 0);
      } else s.gStatus[cur] = G_WAITING;
    }
    this.#gRuns(c, next, seq);
    this.#stamp(c);
    return true;
  }

  goSyscallBegin(c: Cursor): boolean {
    const s = this.sched;
    this.#needUserGo(c);
    const g = this.#curG(c);
    const p = this.#curP(c);
    this.#stamp(c);
    if (g === NO_G || p === NO_P) return true;
    if (s.gStatus[g] !== G_RUNNING || !this.#pSucceeds(p, this.#args[0]!)) this.#conflict(c);
    s.gStatus[g] = G_SYSCALL;
    s.pStatus[p] = P_SYSCALL;
    s.pSeq[p] = this.#args[0]!;
    s.pGen[p] = this.gen;
    return true;
  }

  goSyscallEnd(c: Cursor): boolean {
    const s = this.sched;
    this.#needUserGo(c);
    const g = this.#curG(c);
    const p = this.#curP(c);
    this.#stamp(c);
    if (g === NO_G || p === NO_P) return true;
    if (s.gStatus[g] !== G_SYSCALL || s.pStatus[p] !== P_SYSCALL) this.#conflict(c);
    s.gStatus[g] = G_RUNNING;
    s.pStatus[p] = P_RUNNING;
    return true;
  }

  goSyscallEndBlocked(c: Cursor): boolean {
    const s = this.sched;
    const p = this.#curP(c);
    // While the P can still be taken from it: it will be, and that comes first.
    if (p !== NO_P && s.pStatus[p] === P_SYSCALL && this.#waits(c)) return false;
    const g = this.#curG(c);
    this.#stamp(c);
    if (g === NO_G) {
      this.#conflict(c);
      return true;
    }
    if (s.gStatus[g] !== G_SYSCALL) this.#conflict(c);
    s.gStatus[g] = G_RUNNABLE;
    s.mG[c.m] = NO_G;
    return true;
  }

  goCreateSyscall(c: Cursor): boolean {
    if (c.m < 0 || this.#curG(c) !== NO_G) this.#conflict(c);
    const g = this.#newG(c, G_SYSCALL);
    if (c.m >= 0) this.sched.mG[c.m] = g;
    push(this.out, GO_CREATE, this.#stamp(c), this.#curP(c), NO_ADDR, 1, 0);
    return true;
  }

  goDestroySyscall(c: Cursor): boolean {
    const s = this.sched;
    const g = this.#curG(c);
    const p = this.#curP(c);
    let t = this.#stamp(c);
    if (g === NO_G) {
      this.#conflict(c);
      return true;
    }
    if (s.gStatus[g] !== G_SYSCALL) this.#conflict(c);
    s.endG(g);
    s.mG[c.m] = NO_G;
    if (p !== NO_P) {
      if (s.pStatus[p] !== P_SYSCALL) this.#conflict(c);
      s.pStatus[p] = P_SYSCALL_ABANDONED;
      s.mP[c.m] = NO_P;
      this.#pStops(t, p, 1);
      t = this.#stamp(c);
    }
    push(this.out, GO_END, t, p, NO_ADDR, 1, 0);
    return true;
  }

  stwBegin(c: Cursor): boolean {
    this.#needUserGo(c);
    const g = this.#curG(c);
    const reason = this.#stwReason(this.#args[0]!);
    if (g !== NO_G) {
      if (this.sched.gSTW[g]! >= 0) this.#conflict(c);
      this.sched.gSTW[g] = reason;
    }
    push(this.out, STW_BEGIN, this.#stamp(c), this.#curP(c), NO_ADDR, 0, reason);
    return true;
  }

  stwEnd(c: Cursor): boolean {
    this.#needUserGo(c);
    const g = this.#curG(c);
    let reason = 0;
    if (g !== NO_G) {
      reason = this.sched.gSTW[g]!;
      if (reason < 0) {
        this.#conflict(c);
        reason = 0;
      }
      this.sched.gSTW[g] = -1;
    }
    push(this.out, STW_END, this.#stamp(c), this.#curP(c), NO_ADDR, 0, reason);
    return true;
  }

  #stwReason(id: number): number {
    let reason = this.#stwReasons.get(id);
    if (reason === undefined) {
      reason = Math.max(0, STW_REASONS.indexOf(this.g.strings.get(id)));
      this.#stwReasons.set(id, reason);
    }
    return reason;
  }

  gcActive(c: Cursor): boolean {
    const seq = this.#args[0]!;
    if (this.initial) {
      if (this.#gcState !== "undetermined") this.#conflict(c);
      this.#gcSeq = seq;
      this.#gcState = "running";
      const t = this.#stamp(c);
      // After damage it may be a cycle whose beginning was seen.
      if (!this.#inCycle) push(this.out, GC_START, t, this.#curP(c), NO_ADDR, 0, GC_ALREADY_RUNNING);
      this.#inCycle = true;
      return true;
    }
    if (seq !== this.#gcSeq + 1 && this.#waits(c)) return false;
    if (this.#gcState !== "running") this.#conflict(c);
    this.#gcSeq = seq;
    this.#needUserGo(c);
    this.#stamp(c);
    return true;
  }

  gcBegin(c: Cursor): boolean {
    const seq = this.#args[0]!;
    if (this.#gcState !== "undetermined") {
      if (seq !== this.#gcSeq + 1 && this.#waits(c)) return false;
      if (this.#gcState === "running") this.#conflict(c);
      this.#needUserGo(c);
    }
    this.#gcSeq = seq;
    this.#gcState = "running";
    this.#inCycle = true;
    const t = this.#stamp(c);
    const p = this.#curP(c);
    if (this.#sweeping) this.#sweepDone(t, p);
    push(this.out, GC_START, t, p, NO_ADDR, 0, this.#whoAsked(this.#args[1]!));
    return true;
  }

  /** Whether a GC is the program's own wish, from the stack of who began it. */
  #whoAsked(stack: number): number {
    let flags = 0;
    for (const id of this.g.stacks.functions(stack)) {
      const name = this.g.strings.get(id);
      if (name === "runtime.GC") flags |= GC_FORCED;
      else if (name === "runtime/debug.FreeOSMemory" || name === "runtime/debug.freeOSMemory") {
        flags |= GC_FORCED | GC_FREES_OS_MEMORY;
      }
    }
    return flags;
  }

  gcEnd(c: Cursor): boolean {
    const seq = this.#args[0]!;
    if (seq !== this.#gcSeq + 1 && this.#waits(c)) return false;
    if (this.#gcState !== "running") this.#conflict(c);
    this.#gcSeq = seq;
    this.#gcState = "not-running";
    this.#sweeping = true;
    this.#inCycle = false;
    this.#needUserGo(c);
    push(this.out, GC_MARK_TERMINATION, this.#stamp(c), this.#curP(c), NO_ADDR, 0, 0);
    return true;
  }

  #sweepDone(t: number, p: number): void {
    this.#sweeping = false;
    push(this.out, GC_SWEEP_DONE, t, p, NO_ADDR, 0, 0);
  }

  gcSweepActive(c: Cursor): boolean {
    const p = this.#p(c, this.#args[0]!);
    const t = this.#stamp(c);
    if (!this.initial) return true;
    if (this.#gcState === "undetermined") this.#sweeping = true;
    push(this.out, SWEEP_BEGIN, t, p, NO_ADDR, 0, 0);
    return true;
  }

  gcSweepBegin(c: Cursor): boolean {
    this.#needP(c);
    // A recording that begins while the last cycle is still being swept.
    if (this.#gcState === "undetermined") this.#sweeping = true;
    push(this.out, SWEEP_BEGIN, this.#stamp(c), this.#curP(c), NO_ADDR, 0, 0);
    return true;
  }

  gcSweepEnd(c: Cursor): boolean {
    this.#needP(c);
    push(this.out, SWEEP_END, this.#stamp(c), this.#curP(c), this.#args[1]!, this.#args[0]!, 0);
    return true;
  }

  assistActive(c: Cursor): boolean {
    const g = this.sched.findG(this.#args[0]!);
    const t = this.#stamp(c);
    if (g < 0) this.#conflict(c);
    else if (this.initial) this.sched.gAssist[g] = t;
    return true;
  }

  assistBegin(c: Cursor): boolean {
    this.#needUserGo(c);
    const g = this.#curG(c);
    const t = this.#stamp(c);
    if (g !== NO_G) this.sched.gAssist[g] = t;
    return true;
  }

  assistEnd(c: Cursor): boolean {
    this.#needUserGo(c);
    const g = this.#curG(c);
    const t = this.#stamp(c);
    if (g === NO_G) return true;
    const began = this.sched.gAssist[g]!;
    this.sched.gAssist[g] = Number.NaN;
    if (Number.isNaN(began)) this.#conflict(c);
    else push(this.out, GC_WORK, t, this.#curP(c), NO_ADDR, t - began, 1);
    return true;
  }

  heapAlloc(c: Cursor): boolean {
    this.#needP(c);
    push(this.out, HEAP_LIVE, this.#stamp(c), this.#curP(c), NO_ADDR, this.#args[0]!, 0);
    return true;
  }

  heapGoal(c: Cursor): boolean {
    this.#needP(c);
    const goal = this.#args[0]!;
    const size = goal === 0 || goal > NO_GOAL ? Number.POSITIVE_INFINITY : goal;
    push(this.out, HEAP_GOAL, this.#stamp(c), this.#curP(c), NO_ADDR, size, 0);
    return true;
  }

  goLabel(c: Cursor): boolean {
    this.#needUserGo(c);
    const t = this.#stamp(c);
    if (c.m >= 0 && this.#textKind(this.#args[0]!) === enum_.worker) this.sched.mWork[c.m] = t;
    return true;
  }

  #workEnds(t: number, c: Cursor): void {
    const began = this.sched.mWork[c.m]!;
    if (Number.isNaN(began)) return;
    this.sched.mWork[c.m] = Number.NaN;
    push(this.out, GC_WORK, t, this.#curP(c), NO_ADDR, t - began, 0);
  }

  /** What a label or a reason says that matters here. */
  #textKind(id: number): number {
    let kind = this.#textKinds.get(id);
    if (kind === undefined) {
      const text = this.g.strings.get(id);
      kind = text === SWEEPER_PARKS ? enum_.sweeperParks : WORKER_LABEL.test(text) ? enum_.worker : enum_.other;
      this.#textKinds.set(id, kind);
    }
    return kind;
  }

  /** Events that only need a running goroutine and say nothing about memory. */
  annotation(c: Cursor): boolean {
    this.#needUserGo(c);
    this.#stamp(c);
    return true;
  }

  userLog(c: Cursor): boolean {
    this.#needUserGo(c);
    const t = this.#stamp(c);
    const { strings } = this.g;
    const index = this.host.note(strings.get(this.#args[1]!), strings.get(this.#args[2]!));
    if (index >= 0) push(this.out, NOTE, t, this.#curP(c), NO_ADDR, 0, index);
    return true;
  }

  /** Snapshot events were delivered before everything else (snapshot.ts). */
  snapshot(c: Cursor): boolean {
    this.#stamp(c);
    return true;
  }

  spanAlloc(c: Cursor): boolean {
    const args = this.#args;
    const pages = args[1]!;
    const aux = spanAux(args[2]!);
    this.spans.set(args[0]!, pages, aux);
    push(this.out, SPAN_ALLOC, this.#stamp(c), this.#curP(c), this.minHeapAddr + args[0]! * this.pageSize, pages, aux);
    return true;
  }

  spanFree(c: Cursor): boolean {
    const id = this.#args[0]!;
    let pages = 0;
    let aux = MANUAL_UNKNOWN;
    if (this.spans.take(id)) {
      pages = this.spans.a;
      aux = this.spans.b;
    } else this.losses.add(UNKNOWN_SPAN);
    push(this.out, SPAN_FREE, this.#stamp(c), this.#curP(c), this.minHeapAddr + id * this.pageSize, pages, aux);
    return true;
  }

  /** Objects that do not go through #runObjects: those near a batch's end. */
  objectAlloc(c: Cursor): boolean {
    const args = this.#args;
    const type = args[1]!;
    const { sizes, numbers } = this.types;
    const t = this.#stamp(c);
    if (type >= sizes.length) this.losses.add(UNKNOWN_TYPE);
    const addr = this.minHeapAddr + args[0]! * this.heapAlign;
    if (this.objects) push(this.out, OBJECT_ALLOC, t, this.#curP(c), addr, sizes[type] ?? 0, numbers[type] ?? 0);
    return true;
  }

  objectFree(c: Cursor): boolean {
    const t = this.#stamp(c);
    const addr = this.minHeapAddr + this.#args[0]! * this.heapAlign;
    if (this.objects) push(this.out, OBJECT_FREE, t, this.#curP(c), addr, 0, 0);
    return true;
  }

  stackAlloc(c: Cursor): boolean {
    const id = this.#args[0]!;
    const order = this.#args[1]!;
    this.stacks.set(id, order, 0);
    push(
      this.out,
      STACK_ALLOC,
      this.#stamp(c),
      this.#curP(c),
      this.minHeapAddr + id * this.stackAlign,
      stackSize(order),
      0,
    );
    return true;
  }

  stackFree(c: Cursor): boolean {
    const id = this.#args[0]!;
    const size = this.stacks.take(id) ? stackSize(this.stacks.a) : 0;
    push(this.out, STACK_FREE, this.#stamp(c), this.#curP(c), this.minHeapAddr + id * this.stackAlign, size, 0);
    return true;
  }
}

/** `aux` of a span event from the trace's class: twice the span class, or 1 for a span that holds no objects. */
export function spanAux(traceClass: number): number {
  return traceClass & 1 ? MANUAL_UNKNOWN : traceClass / 2;
}

/** Bytes of a stack from the trace's order: the bit length of the size (despite what traceallocfree.go says of it). */
export function stackSize(order: number): number {
  return order > 0 && order < 48 ? 2 ** (order - 1) : 0;
}

const proto = Order.prototype;
const HANDLERS: (Handler | undefined)[] = new Array(256);
HANDLERS[spec.EvProcsChange] = proto.procsChange;
HANDLERS[spec.EvProcStart] = proto.procStart;
HANDLERS[spec.EvProcStop] = proto.procStop;
HANDLERS[spec.EvProcSteal] = proto.procSteal;
HANDLERS[spec.EvProcStatus] = proto.procStatus;
HANDLERS[spec.EvGoCreate] = proto.goCreate;
HANDLERS[spec.EvGoCreateBlocked] = proto.goCreate;
HANDLERS[spec.EvGoCreateSyscall] = proto.goCreateSyscall;
HANDLERS[spec.EvGoStart] = proto.goStart;
HANDLERS[spec.EvGoDestroy] = proto.goLeaves;
HANDLERS[spec.EvGoStop] = proto.goLeaves;
HANDLERS[spec.EvGoBlock] = proto.goLeaves;
HANDLERS[spec.EvGoDestroySyscall] = proto.goDestroySyscall;
HANDLERS[spec.EvGoUnblock] = proto.goUnblock;
HANDLERS[spec.EvGoSwitch] = proto.goSwitch;
HANDLERS[spec.EvGoSwitchDestroy] = proto.goSwitch;
HANDLERS[spec.EvGoSyscallBegin] = proto.goSyscallBegin;
HANDLERS[spec.EvGoSyscallEnd] = proto.goSyscallEnd;
HANDLERS[spec.EvGoSyscallEndBlocked] = proto.goSyscallEndBlocked;
HANDLERS[spec.EvGoStatus] = proto.goStatus;
HANDLERS[spec.EvGoStatusStack] = proto.goStatus;
HANDLERS[spec.EvSTWBegin] = proto.stwBegin;
HANDLERS[spec.EvSTWEnd] = proto.stwEnd;
HANDLERS[spec.EvGCActive] = proto.gcActive;
HANDLERS[spec.EvGCBegin] = proto.gcBegin;
HANDLERS[spec.EvGCEnd] = proto.gcEnd;
HANDLERS[spec.EvGCSweepActive] = proto.gcSweepActive;
HANDLERS[spec.EvGCSweepBegin] = proto.gcSweepBegin;
HANDLERS[spec.EvGCSweepEnd] = proto.gcSweepEnd;
HANDLERS[spec.EvGCMarkAssistActive] = proto.assistActive;
HANDLERS[spec.EvGCMarkAssistBegin] = proto.assistBegin;
HANDLERS[spec.EvGCMarkAssistEnd] = proto.assistEnd;
HANDLERS[spec.EvHeapAlloc] = proto.heapAlloc;
HANDLERS[spec.EvHeapGoal] = proto.heapGoal;
HANDLERS[spec.EvGoLabel] = proto.goLabel;
HANDLERS[spec.EvUserTaskBegin] = proto.annotation;
HANDLERS[spec.EvUserTaskEnd] = proto.annotation;
HANDLERS[spec.EvUserRegionBegin] = proto.annotation;
HANDLERS[spec.EvUserRegionEnd] = proto.annotation;
HANDLERS[spec.EvUserLog] = proto.userLog;
HANDLERS[spec.EvSpan] = proto.snapshot;
HANDLERS[spec.EvHeapObject] = proto.snapshot;
HANDLERS[spec.EvGoroutineStack] = proto.snapshot;
HANDLERS[spec.EvHeapObjectAlloc] = proto.objectAlloc;
HANDLERS[spec.EvHeapObjectFree] = proto.objectFree;
HANDLERS[spec.EvSpanAlloc] = proto.spanAlloc;
HANDLERS[spec.EvSpanFree] = proto.spanFree;
HANDLERS[spec.EvGoroutineStackAlloc] = proto.stackAlloc;
HANDLERS[spec.EvGoroutineStackFree] = proto.stackFree;
