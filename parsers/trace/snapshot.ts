/**
 * What was alive when the recording began (traceallocfree): spans, objects and stacks, as runtime/traceallocfree.go
 * traceSnapshotMemory writes them once, with the world stopped, in the first generation. Spans come in no order there, each
 * followed by its objects; here all comes in ascending address.
 *
 * Objects are not collected: only where those of each span begin in the generation's bytes.
 */
import { type EventBatch, NO_P, OBJECT_LIVE, push, SPAN_LIVE, STACK_LIVE } from "../events.ts";
import { type Batch, type Generation, Spare } from "./generation.ts";
import { type Order, spanAux, stackSize } from "./order.ts";
import { EvGoroutineStack, EvHeapObject, EvSpan, SPECS } from "./spec.gen.ts";
import { Wire } from "./wire.ts";

const ARGS = new Int8Array(256).fill(-1);
for (const [type, { args, timed }] of Object.entries(SPECS)) if (timed) ARGS[Number(type)] = args.length;

/** Events of other kinds in a row after which an M's stream has no more of the snapshot. */
const PATIENCE = 10_000;

export class Snapshot {
  readonly #order: Order;
  readonly #g: Generation;
  readonly #spare = new Spare();
  readonly #spanId: number[] = [];
  readonly #spanPages: number[] = [];
  readonly #spanAux: number[] = [];
  /** Where the events after the span are: M's batches, index of the batch, position. */
  readonly #spanList: (readonly Batch[])[] = [];
  readonly #spanBatch: number[] = [];
  readonly #spanPos: number[] = [];
  readonly #stackId: number[] = [];
  readonly #stackOrder: number[] = [];
  /** Time of its last event on the trace's clock, ns: about when the world went on. */
  end = 0;

  /** Looks through the first generation; `order` has taken it up. */
  constructor(g: Generation, order: Order, tick: number) {
    this.#order = order;
    this.#g = g;
    for (const list of g.batches.values()) this.#scan(list, tick);
  }

  get empty(): boolean {
    return this.#spanId.length === 0 && this.#stackId.length === 0;
  }

  #scan(list: readonly Batch[], tick: number): void {
    const { pageSize, stackAlign } = this.#order;
    const wire = new Wire();
    let others = 0;
    for (const [index, batch] of list.entries()) {
      const { buf } = this.#g.bytesOf(batch, this.#spare);
      const { end } = batch;
      let pos = batch.start;
      let time = Math.trunc(batch.time * tick);
      while (pos < end) {
        // One M writes the snapshot in one go before anything else can happen.
        if (others > PATIENCE) return;
        const type = buf[pos++]!;
        let args = ARGS[type]!;
        if (args < 0) break;
        wire.reset(buf, pos, end);
        time += Math.trunc(wire.uvarint() * tick);
        if (type === EvSpan) {
          const id = wire.wrapped(pageSize);
          const pages = wire.uvarint();
          const aux = spanAux(wire.uvarint());
          if (wire.bad) break;
          pos = wire.pos;
          this.end = Math.max(this.end, time);
          this.#spanId.push(id);
          this.#spanPages.push(pages);
          this.#spanAux.push(aux);
          this.#spanList.push(list);
          this.#spanBatch.push(index);
          this.#spanPos.push(pos);
        } else if (type === EvGoroutineStack) {
          const id = wire.wrapped(stackAlign);
          const order = wire.uvarint();
          if (wire.bad) break;
          pos = wire.pos;
          this.end = Math.max(this.end, time);
          this.#stackId.push(id);
          this.#stackOrder.push(order);
        } else {
          if (wire.bad) break;
          pos = wire.pos;
          if (type === EvHeapObject) others = 0;
          else others++;
          for (; args > 1; args--) {
            while (buf[pos++]! > 127);
          }
        }
      }
    }
  }

  /** Delivers it; yields whenever `out` is full. */
  *deliver(out: EventBatch): Generator<void> {
    const order = this.#order;
    const base = order.minHeapAddr;
    const full = out.kind.length;
    const spans = sorted(this.#spanId);
    const stacks = sorted(this.#stackId);
    let nextStack = 0;
    for (const span of spans) {
      const id = this.#spanId[span]!;
      const addr = base + id * order.pageSize;
      for (; nextStack < stacks.length; nextStack++) {
        if (base + this.#stackId[stacks[nextStack]!]! * order.stackAlign >= addr) break;
        if (out.length >= full) yield;
        this.#pushStack(out, stacks[nextStack]!);
      }
      const pages = this.#spanPages[span]!;
      order.spans.set(id, pages, this.#spanAux[span]!);
      if (out.length >= full) yield;
      push(out, SPAN_LIVE, 0, NO_P, addr, pages, this.#spanAux[span]!);
      if (order.objects) yield* this.#deliverObjects(out, span);
    }
    for (; nextStack < stacks.length; nextStack++) {
      if (out.length >= full) yield;
      this.#pushStack(out, stacks[nextStack]!);
    }
  }

  #pushStack(out: EventBatch, i: number): void {
    const order = this.#order;
    const id = this.#stackId[i]!;
    order.stacks.set(id, this.#stackOrder[i]!, 0);
    push(out, STACK_LIVE, 0, NO_P, order.minHeapAddr + id * order.stackAlign, stackSize(this.#stackOrder[i]!), 0);
  }

  /** The events right behind a span's are its objects. */
  *#deliverObjects(out: EventBatch, span: number): Generator<void> {
    const order = this.#order;
    const { minHeapAddr, heapAlign } = order;
    const { sizes, numbers } = order.types;
    const list = this.#spanList[span]!;
    let index = this.#spanBatch[span]!;
    const wire = new Wire();
    let batch = list[index]!;
    wire.reset(this.#g.bytesOf(batch, this.#spare).buf, this.#spanPos[span]!, batch.end);
    for (;;) {
      if (wire.pos >= batch.end) {
        const next = list[++index];
        if (next === undefined) return;
        batch = next;
        wire.reset(this.#g.bytesOf(batch, this.#spare).buf, batch.start, batch.end);
      }
      if (wire.byte() !== EvHeapObject) return;
      wire.uvarint();
      const id = wire.wrapped(heapAlign);
      const type = wire.uvarint();
      if (wire.bad) return;
      if (out.length >= out.kind.length) yield;
      push(out, OBJECT_LIVE, 0, NO_P, minHeapAddr + id * heapAlign, sizes[type] ?? 0, numbers[type] ?? 0);
    }
  }
}

/** Indices in ascending order of their ids. */
function sorted(ids: readonly number[]): Uint32Array {
  const order = new Uint32Array(ids.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  return order.sort((a, b) => ids[a]! - ids[b]!);
}
