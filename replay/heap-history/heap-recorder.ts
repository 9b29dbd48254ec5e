import type { PageHeap } from "../../allocator/types.ts";
import { type EventBatch, OBJECT_ALLOC, OBJECT_LIVE, SPAN_ALLOC } from "../../parsers/events.ts";
import type { HeapHistory } from "./heap-history.ts";
import { HeapPages, IN_USE, PAGE, REGION_BYTES, REGION_PAGES } from "./heap-pages.ts";
import { OP_GENERATION, OP_OBJECTS, OP_SPAN, OP_STATE, OP_TIME, OP_TYPE, OperationWriter } from "./operations.ts";
import type { SlotsInUse } from "./slots-in-use.ts";
import { type Changes, watch } from "./watch.ts";

/**
 * Bytes of operations between stored states: half of what a state has, so that states take at most twice what operations do,
 * within what is worth a state and what is played in time (some 10 ns a byte).
 */
const LEAST_BETWEEN = 256 << 10;
const MOST_BETWEEN = 4 << 20;
/** Bytes handed to the history at once. */
const PIECE = 64 << 10;
/** Slots in use are written down whenever this share of all changes of them is new, within so many of them. */
const NEW_SHARE = 1 / 64;
const LEAST_NEW = 1 << 10;
const MOST_NEW = 1 << 18;

const REGION = REGION_PAGES * PAGE;
const PAGE_SHIFT = 13;

/** What the recorder writes a history of. */
export interface Recorded {
  readonly heap: PageHeap;
  readonly objects: SlotsInUse;
  /** Whether spans lie where they were recorded: only then their objects' types can be told. */
  readonly placed: boolean;
}

/** Writes the history of a heap that a replay drives. */
export class HeapRecorder {
  readonly history: HeapHistory;
  readonly #heap: PageHeap;
  readonly #slots: SlotsInUse;
  readonly #hasTypes: boolean;
  readonly #changes: Changes;
  readonly #pages = new HeapPages();
  readonly #out = new OperationWriter();
  /** Spans taken since the last commit: base, pages, kind, P. */
  #taken: number[] = [];
  /** By region and page: type of the first object since its span was taken, as recorded. */
  readonly #types = new Map<number, Int32Array<ArrayBuffer>>();
  readonly #newTypes: number[] = [];
  readonly #changed = new Set<number>();
  #states = new Uint8Array(1024);
  #time = Number.NaN;
  #sinceStored = 0;
  /** Changes of slots in use that are written down. */
  #counted = 0;

  constructor(recorded: Recorded, history: HeapHistory) {
    this.#heap = recorded.heap;
    this.#slots = recorded.objects;
    this.#hasTypes = recorded.placed && history.hasObjects;
    this.history = history;
    this.#changes = watch(recorded.heap);
    history.flush = () => this.#flush();
  }

  /** The heap has [base, base + pages) as a span of this kind (span class or MANUAL_*), taken by P `p`. */
  readonly spanTaken = (base: number, pages: number, kind: number, p: number): void => {
    this.#taken.push(base, pages, kind, p);
  };

  /** All that happened up to `t` (ns) is done: the state is one that can be asked for. */
  commit(t: number): void {
    if (!this.#changes.any && this.#taken.length === 0) return;
    if (this.history.lost !== null) {
      this.#taken = [];
      this.#changes.drain(() => {});
      return;
    }
    this.#at(t);
    const out = this.#out;
    for (let i = 0; i < this.#taken.length; i += 4) {
      const [base, pages, kind, p] = [this.#taken[i]!, this.#taken[i + 1]!, this.#taken[i + 2]!, this.#taken[i + 3]!];
      const page = base / PAGE;
      out.op(OP_SPAN);
      out.page(page);
      out.uint(pages);
      out.int(kind);
      out.int(p);
      this.#pages.span(page, pages, kind, p, this.#time);
      this.#touch(page, pages);
    }
    this.#taken = [];
    this.#changes.drain((base, pages) => this.#compare(base, pages));
    if (this.#changes.generation()) {
      out.op(OP_GENERATION);
      this.#pages.nextGeneration();
      for (const { index } of this.#pages.regions()) this.#changed.add(index);
    }
    if (out.length >= PIECE) this.#flush();
  }

  /** After the replay of each batch: objects, and a stored state if one is due. `t` is the time of its last event. */
  batchDone(batch: EventBatch, t: number): void {
    this.commit(t);
    if (this.history.lost !== null) return;
    if (this.#hasTypes) this.#noteTypes(batch);
    const { changes } = this.#slots;
    if (changes >= Math.min(MOST_NEW, Math.max(LEAST_NEW, this.#counted * NEW_SHARE))) this.#writeObjects(t);
    const states = this.#pages.regions().length * REGION_BYTES;
    const between = Math.min(MOST_BETWEEN, Math.max(LEAST_BETWEEN, states / 2));
    if (this.#sinceStored + this.#out.length >= between) this.#store(this.#time);
  }

  finish(t: number): void {
    this.commit(t);
    this.#writeObjects(t);
    this.#flush();
  }

  /** The moment of the operations that follow, in whole ns. */
  #at(t: number): void {
    const time = Math.floor(t);
    if (Number.isNaN(this.#time)) {
      this.#time = time;
      this.#store(time);
    }
    if (time <= this.#time) return;
    this.#out.op(OP_TIME);
    this.#out.uint(time - this.#time);
    this.#time = time;
  }

  /** Writes down what is different now of a run of pages. */
  #compare(base: number, n: number): void {
    if (n > this.#states.length) this.#states = new Uint8Array(n * 2);
    const states = this.#states.subarray(0, n);
    this.#heap.pageStates(base, states);
    const page = base / PAGE;
    const pages = this.#pages;
    for (let i = 0; i < n; ) {
      const state = states[i]!;
      if (pages.stateOf(page + i) === state) {
        i++;
        continue;
      }
      let end = i + 1;
      while (end < n && states[end] === state && pages.stateOf(page + end) !== state) end++;
      this.#out.op(OP_STATE);
      this.#out.page(page + i);
      this.#out.uint(end - i);
      this.#out.uint(state);
      pages.set(page + i, end - i, state, this.#time);
      this.#touch(page + i, end - i);
      i = end;
    }
  }

  #touch(page: number, n: number): void {
    const last = Math.floor((page + n - 1) / REGION_PAGES);
    for (let index = Math.floor(page / REGION_PAGES); index <= last; index++) this.#changed.add(index);
  }

  /** The type of the first object of each span, in the order of the batch: only spans that still are there tell theirs. */
  #noteTypes(batch: EventBatch): void {
    const { kind, addr, size, aux, length } = batch;
    let index = -1;
    let types = new Int32Array(0);
    for (let i = 0; i < length; i++) {
      const k = kind[i]!;
      if (k === OBJECT_ALLOC || k === OBJECT_LIVE) {
        if (aux[i] === 0) continue;
        const at = addr[i]!;
        const of = Math.floor(at / REGION);
        if (of !== index) {
          index = of;
          types = this.#typesOf(index);
        }
        const page = (at - index * REGION) >>> PAGE_SHIFT;
        if (types[page] !== 0) continue;
        types[page] = aux[i]!;
        this.#newTypes.push(index * REGION_PAGES + page);
      } else if (k === SPAN_ALLOC && addr[i]! >= 0) {
        const first = addr[i]! / PAGE;
        for (let page = first; page < first + size[i]!; page++) {
          const of = Math.floor(page / REGION_PAGES);
          this.#typesOf(of)[page - of * REGION_PAGES] = 0;
        }
      }
    }
    for (const page of this.#newTypes) {
      if (!this.#pages.isFirst(page)) continue;
      const index = Math.floor(page / REGION_PAGES);
      const type = this.#typesOf(index)[page - index * REGION_PAGES]!;
      if (type === 0) continue;
      this.#out.op(OP_TYPE);
      this.#out.page(page);
      this.#out.uint(type);
      this.#pages.type(page, type);
      this.#changed.add(index);
    }
    this.#newTypes.length = 0;
  }

  #typesOf(index: number): Int32Array<ArrayBuffer> {
    let types = this.#types.get(index);
    if (!types) {
      types = new Int32Array(REGION_PAGES);
      this.#types.set(index, types);
    }
    return types;
  }

  #writeObjects(t: number): void {
    if (this.#slots.changes === 0) return;
    this.#counted += this.#slots.changes;
    this.#slots.changes = 0;
    const pages: number[] = [];
    const differences: number[] = [];
    for (const region of this.#pages.regions()) {
      const now = this.#slots.regions.get(region.index);
      if (!now) continue;
      const { objects, state, index } = region;
      for (let i = 0; i < REGION_PAGES; i++) {
        if (now[i] === objects[i] || (state[i]! & 7) !== IN_USE) continue;
        pages.push(index * REGION_PAGES + i);
        differences.push(now[i]! - objects[i]!);
      }
    }
    this.#at(t);
    this.#pages.countedAt = this.#time;
    this.#out.op(OP_OBJECTS);
    this.#out.uint(pages.length);
    for (const [i, page] of pages.entries()) {
      this.#out.objects(page, differences[i]!);
      this.#pages.addObjects(page, differences[i]!);
      this.#changed.add(Math.floor(page / REGION_PAGES));
    }
    this.#flush();
  }

  #flush(): void {
    if (this.#out.length === 0) return;
    this.#sinceStored += this.#out.length;
    this.history.append(this.#out.written);
    this.#out.clear(false);
  }

  #store(t: number): void {
    this.#flush();
    const same = new Set<number>();
    for (const { index } of this.#pages.regions()) if (!this.#changed.has(index)) same.add(index);
    this.history.store(t, this.#pages, same);
    this.#changed.clear();
    this.#out.clear(true);
    this.#sinceStored = 0;
  }
}
