/**
 * The Ms of a generation as a min-heap by the time of their next event. Ported from internal/trace/batchcursor.go of Go 1.27:
 * the same heap with the same ties, so that events at one instant come out in the order of Go's own reader.
 */
import { type Batch, Spare } from "./generation.ts";

/** Reads the batches of one M. `type` and `time` are of the event to come; its arguments begin at `pos`. */
export class Cursor {
  /** M slot, -1 for batches of no M. */
  readonly m: number;
  readonly batches: readonly Batch[];
  readonly spare = new Spare();
  /** Index of the batch that is being read. */
  index = -1;
  buf: Uint8Array = EMPTY;
  /** The same bytes as `buf`. */
  view: DataView = NO_VIEW;
  pos = 0;
  end = 0;
  type = 0;
  /** ns, on the trace's clock. */
  time = 0;
  /** No event of the current batch can be later than this; one that is, is damage. */
  bound = 0;

  constructor(m: number, batches: readonly Batch[]) {
    this.m = m;
    this.batches = batches;
  }
}

const EMPTY = new Uint8Array(0);
const NO_VIEW = new DataView(EMPTY.buffer);

export function heapInsert(heap: Cursor[], cursor: Cursor): void {
  heap.push(cursor);
  siftUp(heap, heap.length - 1);
}

export function heapUpdate(heap: Cursor[], i: number): void {
  if (siftUp(heap, i) !== i) return;
  siftDown(heap, i);
}

export function heapRemove(heap: Cursor[], i: number): void {
  while (i > 0) {
    const up = (i - 1) >> 1;
    swap(heap, up, i);
    i = up;
  }
  swap(heap, 0, heap.length - 1);
  heap.pop();
  siftDown(heap, 0);
}

/** A sorted heap is still a heap. */
export function heapSort(heap: Cursor[]): void {
  heap.sort((a, b) => a.time - b.time);
}

function swap(heap: Cursor[], i: number, j: number): void {
  const t = heap[i]!;
  heap[i] = heap[j]!;
  heap[j] = t;
}

function siftUp(heap: Cursor[], i: number): number {
  while (i > 0) {
    const up = (i - 1) >> 1;
    if (heap[up]!.time <= heap[i]!.time) break;
    swap(heap, up, i);
    i = up;
  }
  return i;
}

export function siftDown(heap: Cursor[], i: number): void {
  for (;;) {
    let least = i;
    let time = heap.length > i ? heap[i]!.time : Number.POSITIVE_INFINITY;
    const left = 2 * i + 1;
    if (left < heap.length && heap[left]!.time < time) {
      least = left;
      time = heap[left]!.time;
    }
    const right = left + 1;
    if (right < heap.length && heap[right]!.time < time) least = right;
    if (least === i) return;
    swap(heap, i, least);
    i = least;
  }
}
