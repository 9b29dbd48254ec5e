/**
 * What a recorded program does, apart from the settings it ran under: which objects it allocates when, and how long they
 * live. Built from an address trace; replayed under any setting by simulate.ts.
 *
 * A trace tells a death only by the sweep that found it: the object died between two marks. Where between is drawn (deaths.ts).
 */
import {
  type EventBatch,
  FIRST_HANDLE,
  GC_MARK_TERMINATION,
  GC_START,
  HEAP_LIVE,
  OBJECT_ALLOC,
  OBJECT_FREE,
  OBJECT_LIVE,
  P_START,
  P_STOP,
  PROCS,
  SPAN_ALLOC,
  SPAN_FREE,
  SPAN_LIVE,
} from "../parsers/events.ts";
import { DeathDraws, firstAfter } from "./deaths.ts";
import { type FlowData, flowData, SlackByRefills, USUAL_SLACK } from "./flow.ts";
import { Column } from "./growable.ts";
import { Lifetimes } from "./lifetimes.ts";
import { isMapGroup } from "./map-buckets.ts";
import { type RecordedCycle, RecordedCycles } from "./recorded-cycles.ts";
import { RECORDER_BYTES, RecorderObjects, RecorderWork, type TypeNames } from "./recorder-objects.ts";
import { Survival } from "./survival.ts";

const PAGE = 8192;
const PAGE_SHIFT = 13;
const ARENA = 64 << 20;
const ALIVE = -1;
const NOSCAN = 1;
/** More than any group has: keys and values over 128 bytes are kept elsewhere. */
const MOST_GROUP = 0x7fff;
const noName: TypeNames = () => undefined;

/** A span of the program that holds no objects (a stack or a work buffer), taken or freed. */
export interface ManualSpans {
  readonly time: Float64Array;
  /** Handle, the same when it is taken and when it is freed. */
  readonly id: Float64Array;
  /** Pages; negative when freed. */
  readonly pages: Int32Array;
  readonly p: Int16Array;
}

export interface Program {
  /** Objects, by time of allocation (those alive at the start first, at time 0). */
  readonly objects: number;
  readonly time: Float64Array;
  readonly deadAt: Float64Array;
  /** Span class; 0 and 1 are large objects. */
  readonly spanClass: Uint8Array;
  /** Bytes of the slot; whole pages of a large object. */
  readonly size: Float64Array;
  readonly p: Int16Array;
  readonly manual: ManualSpans;
  readonly cycles: readonly RecordedCycle[];
  readonly procs: number;
  /** With one P: when it ran out of goroutines to run, ns, ascending; empty where the input does not tell. */
  readonly idleFrom: Float64Array;
  readonly end: number;
  /** ns of Ps that the program itself kept busy, GC workers and assists left out; 0 where the input does not tell. */
  readonly busyNs: number;
  /** ns of wall time in which no P ran; 0 where the input does not tell. */
  readonly idleNs: number;
  /** Address of the lowest span; the heap's base. */
  readonly heapBase: number | null;
  /** Objects that outlived the recording or whose death it does not bound. */
  readonly survivors: number;
  /** Totals over time, where the input has spans only; null where it has objects. */
  readonly flow: FlowData | null;
  /** Heap of the recording itself, left out of the objects: bytes. */
  readonly recorderBytes: number;
}

/** What programs of all seeds have in common. */
interface Fixed {
  readonly program: Omit<Program, "deadAt" | "survivors" | "flow" | "recorderBytes">;
  readonly draws: DeathDraws;
}

export interface ProgramOptions {
  /** Keeps the heap of the recording itself in the program: what the recorded run had, not what the program needs. */
  readonly keepRecorder?: boolean;
  /** By the names of types what the tracer allocates is left out. */
  readonly typeName?: TypeNames;
}

interface SpanSlots {
  readonly base: number;
  readonly slot: number;
  readonly spanClass: number;
  /** Object in each slot, -1 for none. */
  readonly objects: Int32Array;
}

export class ProgramBuilder {
  readonly #slotSizes: ArrayLike<number>;
  readonly #time = new Column(Float64Array);
  readonly #class = new Column(Uint8Array);
  readonly #size = new Column(Float64Array);
  readonly #p = new Column(Int16Array);
  /** Index of the cycle whose sweep freed the object. */
  readonly #deadIn = new Column(Int32Array);
  readonly #manualTime = new Column(Float64Array);
  readonly #manualId = new Column(Float64Array);
  readonly #manualPages = new Column(Int32Array);
  readonly #manualP = new Column(Int16Array);
  readonly #pages = new Map<number, SpanSlots[]>();
  readonly #spans = new Map<number, SpanSlots>();
  /** Object of each inferred span, by its handle. */
  readonly #handles = new Map<number, number>();
  readonly #manual = new Map<number, number>();
  readonly #flowTime = new Column(Float64Array);
  readonly #flowBytes = new Column(Float64Array);
  #flowed = 0;
  readonly #refills = new SlackByRefills();
  readonly #recorded = new RecordedCycles();
  readonly #cycles = this.#recorded.all;
  /** Since when each P runs. */
  readonly #started = new Map<number, number>();
  #ran = 0;
  /** ns in which none ran, and since when none does. */
  #idle = 0;
  #idleSince = 0;
  #procs = 1;
  readonly #idleFrom = new Column(Float64Array);
  #end = 0;
  #base: number | null = null;
  readonly #keepRecorder: boolean;
  #recorderBytes = 0;
  readonly #recorder = new RecorderObjects();
  readonly #work: RecorderWork;
  readonly #typeName: TypeNames;
  readonly #mapGroup = new Column(Int16Array);
  readonly #groupTypes: boolean[] = [];
  #fixed: Fixed | null = null;

  constructor(slotSizes: ArrayLike<number>, { keepRecorder = false, typeName = noName }: ProgramOptions = {}) {
    this.#slotSizes = slotSizes;
    this.#keepRecorder = keepRecorder;
    this.#work = new RecorderWork(typeName);
    this.#typeName = typeName;
  }

  /** Objects seen so far. */
  get objects(): number {
    return this.#time.length;
  }

  /** Of each object of a finished program: bytes of a group if it is an array of a map's groups (1.24+), 0 if not. */
  get mapGroups(): Int16Array {
    return this.#mapGroup.data.subarray(0, this.#mapGroup.length);
  }

  add(batch: EventBatch): void {
    const { kind, time, p, addr, size, aux, length } = batch;
    for (let i = 0; i < length; i++) {
      const t = time[i]!;
      switch (kind[i]) {
        case OBJECT_LIVE:
        case OBJECT_ALLOC:
          this.#object(t, p[i]!, addr[i]!, size[i]!, aux[i]!);
          break;
        case OBJECT_FREE:
          this.#dead(addr[i]!);
          break;
        case SPAN_LIVE:
        case SPAN_ALLOC:
          this.#span(t, p[i]!, addr[i]!, size[i]!, aux[i]!);
          break;
        case SPAN_FREE:
          this.#freed(t, p[i]!, addr[i]!);
          break;
        case HEAP_LIVE:
          this.#heapLive(t, size[i]!);
          this.#recorded.event(HEAP_LIVE, t, p[i]!, addr[i]!, size[i]!, aux[i]!);
          break;
        case P_START:
          if (this.#started.size === 0) this.#idle += t - this.#idleSince;
          this.#started.set(p[i]!, t);
          break;
        case P_STOP:
          this.#stopped(t, p[i]!);
          // aux: a system call lost the P, which goes on with another goroutine.
          if (this.#procs === 1 && aux[i] === 0) this.#idleFrom.push(t);
          break;
        case PROCS:
          this.#procs = Math.max(this.#procs, size[i]!);
          break;
        default:
          if (kind[i] === GC_START) this.#refills.gcStart(this.#recorded.live);
          else if (kind[i] === GC_MARK_TERMINATION) this.#refills.markTermination();
          this.#recorded.event(kind[i]!, t, p[i]!, addr[i]!, size[i]!, aux[i]!);
      }
    }
    if (length > 0) this.#end = time[length - 1]!;
  }

  #stopped(t: number, p: number): void {
    const since = this.#started.get(p);
    if (since === undefined) return;
    this.#ran += t - since;
    this.#started.delete(p);
    if (this.#started.size === 0) this.#idleSince = t;
  }

  /** ns of Ps that went into the program itself. */
  #busy(): number {
    let ns = this.#ran;
    for (const since of this.#started.values()) ns += this.#end - since;
    for (const { workNs, assistNs } of this.#cycles) ns -= (workNs || 0) + (assistNs || 0);
    return Math.max(0, ns);
  }

  #heapLive(t: number, live: number): void {
    if (this.#pages.size > 0) return;
    // No object so far: totals are all there is.
    const before = this.#recorded.live;
    this.#refills.step(live - before);
    if (live > before) this.#flowed += live - before;
    else if (Number.isNaN(before)) this.#flowed = live;
    this.#flowTime.push(t);
    this.#flowBytes.push(this.#flowed);
  }

  #span(t: number, p: number, base: number, pages: number, aux: number): void {
    if (base <= FIRST_HANDLE && aux >= 0) {
      // An inferred span: what is in it is not told, so it lives and dies as a whole.
      this.#handles.set(base, this.#time.length);
      this.#append(t, p, aux & NOSCAN, pages * PAGE);
      return;
    }
    if (this.#base === null || base < this.#base) this.#base = base;
    if (aux < 0) {
      this.#manual.set(base, pages);
      this.#manualEvent(t, p, base, pages);
      return;
    }
    const slot = aux < 2 ? pages * PAGE : this.#slotSizes[aux >> 1]!;
    const span: SpanSlots = {
      base,
      slot,
      spanClass: aux,
      objects: new Int32Array(Math.floor((pages * PAGE) / slot)).fill(-1),
    };
    this.#spans.set(base, span);
    for (let i = 0; i < pages; i++) this.#setPage(base + i * PAGE, span);
  }

  #setPage(addr: number, span: SpanSlots | undefined): void {
    const index = Math.floor(addr / ARENA);
    let arena = this.#pages.get(index);
    if (!arena) {
      arena = new Array(ARENA >>> PAGE_SHIFT);
      this.#pages.set(index, arena);
    }
    arena[(addr - index * ARENA) >>> PAGE_SHIFT] = span as SpanSlots;
  }

  #freed(t: number, p: number, base: number): void {
    const pages = this.#manual.get(base);
    if (pages !== undefined) {
      this.#manual.delete(base);
      this.#manualEvent(t, p, base, -pages);
      return;
    }
    const whole = this.#handles.get(base);
    if (whole !== undefined) {
      this.#handles.delete(base);
      this.#deadIn.data[whole] = Math.max(0, this.#cycles.length - 1);
      return;
    }
    const span = this.#spans.get(base);
    if (!span) return;
    // Objects of which no free event came went with their span.
    const cycle = this.#cycles.length - 1;
    for (const object of span.objects) if (object >= 0) this.#deadIn.data[object] = Math.max(0, cycle);
    this.#spans.delete(base);
  }

  #manualEvent(t: number, p: number, id: number, pages: number): void {
    this.#manualTime.push(t);
    this.#manualId.push(id);
    this.#manualPages.push(pages);
    this.#manualP.push(p);
  }

  #find(addr: number): SpanSlots | undefined {
    const index = Math.floor(addr / ARENA);
    return this.#pages.get(index)?.[(addr - index * ARENA) >>> PAGE_SHIFT];
  }

  #object(t: number, p: number, addr: number, typeSize: number, type: number): void {
    if (this.#work.has(t, p, type)) return;
    const span = this.#find(addr);
    if (!span) return;
    const i = Math.floor((addr - span.base) / span.slot);
    // Several tiny objects share a slot; it is taken once.
    if (i >= span.objects.length || span.objects[i] !== -1) return;
    span.objects[i] = this.#time.length;
    if (t <= 0 && span.spanClass < 2) this.#recorder.add(this.#time.length, span.spanClass, span.slot, typeSize);
    this.#append(t, p, span.spanClass, span.slot, this.#isGroup(type) ? typeSize : 0);
  }

  #isGroup(type: number): boolean {
    this.#groupTypes[type] ??= isMapGroup(this.#typeName(type));
    return this.#groupTypes[type];
  }

  #append(t: number, p: number, spanClass: number, bytes: number, mapGroup = 0): void {
    this.#mapGroup.push(Math.min(mapGroup, MOST_GROUP));
    this.#time.push(t);
    this.#class.push(spanClass);
    this.#size.push(bytes);
    this.#p.push(p);
    this.#deadIn.push(ALIVE);
  }

  #dead(addr: number): void {
    const span = this.#find(addr);
    if (!span) return;
    const i = Math.floor((addr - span.base) / span.slot);
    const object = span.objects[i];
    if (object === undefined || object < 0) return;
    span.objects[i] = -1;
    this.#deadIn.data[object] = Math.max(0, this.#cycles.length - 1);
  }

  #dropRecorder(): void {
    const recorder = this.#keepRecorder ? [] : this.#recorder.found();
    this.#recorder.forget();
    for (const object of recorder) this.#recorderBytes += this.#size.data[object]!;
    for (const column of [this.#time, this.#class, this.#size, this.#p, this.#deadIn, this.#mapGroup]) {
      column.drop(recorder);
    }
  }

  /**
   * The marks whose findings are known, and which of them found each object dead. Where the recording ends before a cycle's
   * sweep does, most of what that mark found dead was never told: it counts as if it had not been.
   */
  #told(n: number): { marks: number[]; deadIn: Int32Array } {
    const marks = this.#cycles.map(({ start }) => start);
    const deadIn = this.#deadIn.data.subarray(0, n);
    const last = this.#cycles.at(-1);
    if (!last || !Number.isNaN(last.swept)) return { marks, deadIn };
    marks.pop();
    return { marks, deadIn: deadIn.map((cycle) => (cycle === marks.length ? ALIVE : cycle)) };
  }

  /** All but the deaths: what was read, and what it tells of them. */
  #fix(): Fixed {
    this.#dropRecorder();
    const n = this.#time.length;
    const time = this.#time.trimmed();
    const size = this.#size.trimmed();
    const p = this.#p.trimmed();
    const { marks, deadIn } = this.#told(n);
    const survival = new Survival();
    for (let i = 0; i < n; i++) {
      const first = firstAfter(marks, time[i]!);
      // Only what was allocated in the recording and met a mark has a known age at it.
      if (time[i]! <= 0 || first === marks.length) continue;
      survival.observe(size[i]!, marks[first]! - time[i]!, deadIn[i] !== first);
    }
    survival.finish();
    const lifetimes = Lifetimes.of({ time, size, deadIn, marks });
    return {
      draws: new DeathDraws({ time, size, deadIn, marks, survival, lifetimes, end: this.#end, p }),
      program: {
        objects: n,
        time,
        spanClass: this.#class.trimmed(),
        size,
        p,
        manual: {
          time: this.#manualTime.trimmed(),
          id: this.#manualId.trimmed(),
          pages: this.#manualPages.trimmed(),
          p: this.#manualP.trimmed(),
        },
        cycles: this.#cycles.filter(({ end }) => !Number.isNaN(end)),
        procs: this.#procs,
        idleFrom: this.#procs === 1 ? this.#idleFrom.trimmed() : new Float64Array(0),
        end: this.#end,
        busyNs: this.#busy(),
        idleNs: this.#ran > 0 ? this.#idle : 0,
        heapBase: this.#base,
      },
    };
  }

  /**
   * The program as read; nothing may be added after that. `seed` draws the deaths that the recording leaves open another way; 0 is
   * the middle of what is possible. `traced`: the run wrote a trace. Programs of several seeds share what is not drawn.
   */
  finish(seed = 0, traced = true): Program {
    this.#fixed ??= this.#fix();
    const { program, draws } = this.#fixed;
    const spansOnly = this.#pages.size === 0;
    const recorderBytes = spansOnly && traced ? RECORDER_BYTES : this.#recorderBytes;
    return {
      ...program,
      ...draws.draw(seed),
      flow: spansOnly
        ? flowData(
            this.#flowTime.trimmed(),
            this.#flowBytes.trimmed(),
            this.#cycles,
            recorderBytes,
            traced ? this.#refills.slack : USUAL_SLACK,
          )
        : null,
      recorderBytes,
    };
  }
}
