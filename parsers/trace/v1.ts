/**
 * Go execution traces of 1.11 to 1.21 as normalized events. The file is read twice: once to find the batches of each P
 * and what stands at its end (v1-index.ts), once to merge them (v1-order.ts); memory does not grow with its size.
 */
import { InputError } from "../errors.ts";
import { type EventSource, newSourceInfo, type SourceInfo } from "../event-source.ts";
import {
  BATCH_CAPACITY,
  type EventBatch,
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
  NO_ADDR,
  NO_P,
  NOTE,
  newBatch,
  P_START,
  P_STOP,
  PROCS,
  push,
  STW_BEGIN,
  STW_END,
  SWEEP_BEGIN,
  SWEEP_END,
} from "../events.ts";
import type { ByteSource, OpenOptions } from "../format.ts";
import { Losses, type LossKind } from "../losses.ts";
import { type RandomAccess, randomAccess } from "../spool.ts";
import { V1_VERSIONS } from "./header.ts";
import { NOTES_DROPPED } from "./losses.ts";
import { STW_REASONS } from "./stw-reasons.ts";
import { indexTrace, type TraceIndex } from "./v1-index.ts";
import { type Cursor, Order, STOPS_G, TIME_ORDER } from "./v1-order.ts";
import {
  EV_GC_DONE,
  EV_GC_START,
  EV_GC_SWEEP_DONE,
  EV_GC_SWEEP_START,
  EV_GO_BLOCK,
  EV_GO_CREATE,
  EV_GO_END,
  EV_GO_START,
  EV_GO_START_LABEL,
  EV_GO_START_LOCAL,
  EV_GO_SYS_BLOCK,
  EV_GOMAXPROCS,
  EV_HEAP_ALLOC,
  EV_HEAP_GOAL,
  EV_MARK_ASSIST_DONE,
  EV_MARK_ASSIST_START,
  EV_PROC_START,
  EV_PROC_STOP,
  EV_STW_DONE,
  EV_STW_START,
  EV_USER_LOG,
} from "./v1-wire.ts";

export const NO_FREQUENCY: LossKind = {
  name: "clock-assumed",
  severity: "data-loss",
  meaning:
    "the trace ends before the event that gives its clock's frequency: times are for a 3 GHz processor and may be off by a factor",
};
/** Timestamps are cputicks / 64 on x86 (trace.go: traceTickDiv); a time stamp counter runs at some 3 GHz. */
const ASSUMED_FREQUENCY = 3e9 / 64;
/** A goal beyond any address space: what the runtime derives from "no memory limit" when GOGC=off (1.19+). */
const NO_GOAL = 2 ** 60;
/** In 1.11-1.20 only a GC stops the world on the record: kind 0 mark, 1 sweep termination. Their numbers since 1.21. */
const STW_GC_MARK_TERM = STW_REASONS.indexOf("GC mark termination");
const STW_GC_SWEEP_TERM = STW_REASONS.indexOf("GC sweep termination");
const MAX_NOTES = 100_000;
/** Events one trace event makes at most. */
const MARGIN = 8;

export function openTraceV1(bytes: ByteSource, version: number, _options: OpenOptions): EventSource {
  return new TraceV1(bytes, version);
}

class TraceV1 implements EventSource {
  readonly path: string;
  readonly format = "go-trace-v1";
  readonly info: SourceInfo;
  readonly losses = new Losses();
  readonly #bytes: ByteSource;
  readonly #version: number;
  #access: RandomAccess | null = null;
  #progress: number | null = 0;

  constructor(bytes: ByteSource, version: number) {
    this.path = bytes.path;
    this.#bytes = bytes;
    this.#version = version;
    this.info = newSourceInfo("inferred");
    this.info.goVersions = V1_VERSIONS[version]!;
    if (this.info.goVersions.length === 1) this.info.goVersion = `go${this.info.goVersions[0]}`;
  }

  readonly progress = (): number | null => this.#progress;

  async *batches(): AsyncIterable<EventBatch> {
    const access = await randomAccess(this.#bytes);
    this.#access = access;
    const size = Math.max(1, access.size);
    // The first pass only skips: about a third of the work.
    const index = indexTrace(access, this.#version, this.losses, (offset) => {
      this.#progress = (offset / size) * 0.3;
    });
    if (index.perP.length === 0) {
      throw new InputError(`${this.path}: the trace holds no events; was the program killed before it wrote any?`);
    }
    this.#describe(index);
    const order = new Order(access, index, this.losses);
    const conversion = new Conversion(index, this.#version, this.info, this.losses);
    for (let cursor = order.next(); cursor !== null; cursor = order.next()) {
      const full = conversion.add(cursor);
      if (full) {
        this.#progress = Math.max(this.#progress ?? 0, 0.3 + (cursor.offset / size) * 0.7);
        yield conversion.take();
      }
    }
    if (conversion.pending) yield conversion.take();
    this.#progress = 1;
  }

  #describe(index: TraceIndex): void {
    this.info.textSpan = index.textSpan;
    if (index.frequency === 0) this.losses.add(NO_FREQUENCY, 1, `byte ${index.end}`);
    // Where the runtime's sources were when the program was built often tells which runtime it is.
    const match = /go(1\.(\d+)(?:\.\d+)?)(?=[./\\]|$)/.exec(index.runtimeFile ?? "");
    const minor = `1.${match?.[2]}`;
    if (match && this.info.goVersions.includes(minor)) {
      this.info.goVersion = `go${match[1]}`;
      this.info.goVersions = [minor];
    }
  }

  async close(): Promise<void> {
    this.#access?.close();
    await this.#bytes.close();
  }
}

/** Ordered trace events to normalized ones. */
class Conversion {
  readonly batch = newBatch();
  readonly #index: TraceIndex;
  readonly #version: number;
  readonly #info: SourceInfo;
  readonly #losses: Losses;
  readonly #nsPerTick: number;
  readonly #noteIds = new Map<string, number>();
  #taken = false;
  /** A cycle's mark termination is over, its sweeping not yet. */
  #sweeping = false;
  #stwReason = 0;
  #startTicks = -1;
  #now = 0;
  // By P + 1 (NO_P is -1): when its mark worker began (-1: none runs); whether a system call just blocked on it.
  readonly #workerSince = new Float64Array(0x8001).fill(-1);
  readonly #sysBlock = new Uint8Array(0x8001);
  /** When each goroutine's mark assist began. */
  readonly #assistSince = new Map<number, number>();

  constructor(index: TraceIndex, version: number, info: SourceInfo, losses: Losses) {
    this.#index = index;
    this.#version = version;
    this.#info = info;
    this.#losses = losses;
    this.#nsPerTick = 1e9 / (index.frequency || ASSUMED_FREQUENCY);
  }

  take(): EventBatch {
    this.#info.events += this.batch.length;
    this.#taken = true;
    return this.batch;
  }

  /** Whether there are events not taken yet. */
  get pending(): boolean {
    return !this.#taken && this.batch.length > 0;
  }

  /** Adds what the cursor's event says; true when the batch is to be taken (and is begun anew by the next add). */
  add(cursor: Cursor): boolean {
    const batch = this.batch;
    if (this.#taken) batch.length = 0;
    this.#taken = false;
    if (this.#startTicks < 0) this.#startTicks = cursor.ticks;
    const time = Math.floor((cursor.ticks - this.#startTicks) * this.#nsPerTick);
    if (time < this.#now) this.#losses.add(TIME_ORDER, 1, `byte ${cursor.offset}`);
    else this.#now = time;
    const now = this.#now;
    const p = cursor.p;
    switch (cursor.type) {
      case EV_HEAP_ALLOC:
        push(batch, HEAP_LIVE, now, p, NO_ADDR, cursor.a0, 0);
        break;
      case EV_HEAP_GOAL: {
        // 0 is "no heap trigger" (traceNextGC, traceHeapGoal).
        const goal = cursor.a0 === 0 || cursor.a0 >= NO_GOAL ? Number.POSITIVE_INFINITY : cursor.a0;
        push(batch, HEAP_GOAL, now, p, NO_ADDR, goal, 0);
        break;
      }
      case EV_GO_START:
      case EV_GO_START_LOCAL:
        this.#sysBlock[p + 1] = 0;
        break;
      case EV_GO_START_LABEL:
        this.#sysBlock[p + 1] = 0;
        if (this.#index.workerLabels.has(cursor.a2)) this.#workerSince[p + 1] = now;
        break;
      case EV_GO_SYS_BLOCK:
        this.#sysBlock[p + 1] = 1;
        break;
      case EV_PROC_START:
        this.#sysBlock[p + 1] = 0;
        push(batch, P_START, now, p, NO_ADDR, 0, 0);
        break;
      case EV_PROC_STOP:
        // The one who takes a P from a system call writes GoSysBlock, then ProcStop (proc.go: retake).
        push(batch, P_STOP, now, p, NO_ADDR, 0, this.#sysBlock[p + 1]!);
        this.#sysBlock[p + 1] = 0;
        break;
      case EV_GO_CREATE:
        this.#count(GO_CREATE, p);
        break;
      case EV_GO_END:
        this.#assistSince.delete(cursor.g);
        this.#count(GO_END, p);
        break;
      case EV_GC_START: {
        const stack = cursor.a1;
        const freesOSMemory = this.#index.freeOSMemoryStacks.has(stack);
        const forced = freesOSMemory || this.#index.gcStacks.has(stack);
        // At the latest now: what the sweeper has left is swept before a cycle begins (mgc.go: gcStart).
        if (this.#sweeping) this.#sweepDone(p);
        // The number in the trace counts from the trace's start: it is not the cycle's.
        push(batch, GC_START, now, p, NO_ADDR, 0, (forced ? GC_FORCED : 0) | (freesOSMemory ? GC_FREES_OS_MEMORY : 0));
        break;
      }
      case EV_GC_DONE:
        push(batch, GC_MARK_TERMINATION, now, p, NO_ADDR, 0, 0);
        this.#sweeping = true;
        break;
      case EV_GO_BLOCK:
        // mgcsweep.go: bgsweep parks once everything is swept.
        if (this.#sweeping && this.#index.sweeperStacks.has(cursor.a0)) this.#sweepDone(p);
        break;
      case EV_STW_START: {
        const reason = this.#version >= 21 ? cursor.a0 : cursor.a0 === 0 ? STW_GC_MARK_TERM : STW_GC_SWEEP_TERM;
        this.#stwReason = reason < STW_REASONS.length ? reason : 0;
        push(batch, STW_BEGIN, now, p, NO_ADDR, 0, this.#stwReason);
        break;
      }
      case EV_STW_DONE:
        push(batch, STW_END, now, p, NO_ADDR, 0, this.#stwReason);
        this.#stwReason = 0;
        break;
      case EV_GC_SWEEP_START:
        push(batch, SWEEP_BEGIN, now, p, NO_ADDR, 0, 0);
        break;
      case EV_GC_SWEEP_DONE:
        push(batch, SWEEP_END, now, p, cursor.a1, cursor.a0, 0);
        break;
      case EV_GOMAXPROCS:
        if (this.#info.procs === null) this.#info.procs = cursor.a0;
        push(batch, PROCS, now, p, NO_ADDR, cursor.a0, 0);
        break;
      case EV_MARK_ASSIST_START:
        this.#assistSince.set(cursor.g, now);
        break;
      case EV_MARK_ASSIST_DONE: {
        const since = this.#assistSince.get(cursor.g);
        if (since !== undefined) {
          this.#assistSince.delete(cursor.g);
          push(batch, GC_WORK, now, p, NO_ADDR, now - since, 1);
        }
        break;
      }
      case EV_USER_LOG:
        this.#note(cursor);
        break;
    }
    if (STOPS_G[cursor.type] === 1 && this.#workerSince[p + 1]! >= 0) {
      push(batch, GC_WORK, now, p, NO_ADDR, now - this.#workerSince[p + 1]!, 0);
      this.#workerSince[p + 1] = -1;
    }
    return batch.length > BATCH_CAPACITY - MARGIN;
  }

  #sweepDone(p: number): void {
    this.#sweeping = false;
    push(this.batch, GC_SWEEP_DONE, this.#now, p, NO_ADDR, 0, 0);
  }

  /** Goroutines come and go by the thousand: neighbours are one event. */
  #count(kind: number, p: number): void {
    const batch = this.batch;
    const last = batch.length - 1;
    if (last >= 0 && batch.kind[last] === kind) batch.size[last]!++;
    else push(batch, kind, this.#now, p, NO_ADDR, 1, 0);
  }

  #note(cursor: Cursor): void {
    const key = this.#index.logKeys.get(cursor.a1);
    const text = key === undefined ? cursor.text : `${key}: ${cursor.text}`;
    let id = this.#noteIds.get(text);
    if (id === undefined) {
      if (this.#noteIds.size >= MAX_NOTES) {
        this.#losses.add(NOTES_DROPPED);
        return;
      }
      id = this.#info.strings.push(text) - 1;
      this.#noteIds.set(text, id);
    }
    push(this.batch, NOTE, this.#now, cursor.p === -1 ? NO_P : cursor.p, NO_ADDR, 0, id);
  }
}
