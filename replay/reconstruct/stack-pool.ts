/**
 * Stacks of a process whose recording does not show them: 32 KiB spans, as the runtime's stack pools take them (stack.go).
 * The rule:
 *
 * 1. What a process starts with (the main goroutine, the runtime's own, system stacks), and 4 KiB for each goroutine that the
 *    recording shows alive; these spans are kept while goroutines come and go, until a GC frees the unused.
 * 2. Where GCs show stacks that went deep (scanned-stacks.ts), a goroutine has as much as there was for each in the GC that found most,
 *    but all together no more than twice what any found. Such a stack goes with its goroutine (proc.go:gdestroy); of those that stay a GC
 *    halves what is no longer in use (stack.go:shrinkstack).
 */
import { FIRST_HANDLE, MANUAL_STACK, SPAN_ALLOC, SPAN_FREE } from "../../parsers/events.ts";
import type { EventWriter } from "./writer.ts";

/** StackInuse of small programs right after their start, measured on 1.11-1.27: 288-416 KiB. */
const AT_START = 352 << 10;
const PER_GOROUTINE = 4 << 10;
/** A stack doubles when it is full, and is halved when less than a quarter of it is in use: half is, in the (geometric) mean. */
const SIZE_OF_USED = 2;
/** Between GCs stacks may be deeper than any GC saw. */
const MOST_BETWEEN = 2;
/** Share of the spans that Ps keep in their caches when stacks go (stack.go:stackcacherelease). */
const FEW = 1 / 4;
const SPAN = 32 << 10;
const PAGES = 4;
/** Handles far below those of object spans. */
const FIRST_STACK = FIRST_HANDLE - 2 ** 40;
const FIRST_DEEP = FIRST_STACK - 2 ** 40;

/** What is known of the whole recording. */
interface DeepStacks {
  /** Bytes of stacks in use for each goroutine, in the GC that found most. */
  readonly perGoroutine: number;
  /** The most that a GC found in use. */
  readonly most: number;
}

export class StackPool {
  readonly #perGoroutine: number;
  readonly #most: number;
  readonly #shallow = new Spans(FIRST_STACK);
  readonly #deep = new Spans(FIRST_DEEP);
  #alive = 0;
  #kept = 0;
  #deepBytes = 0;

  constructor({ perGoroutine, most }: DeepStacks = { perGoroutine: 0, most: Number.POSITIVE_INFINITY }) {
    this.#perGoroutine = SIZE_OF_USED * perGoroutine;
    this.#most = MOST_BETWEEN * SIZE_OF_USED * most;
  }

  /** Goroutines created less those ended since the last call. */
  goroutines(out: EventWriter, t: number, change: number): void {
    if (change > 0) this.#deepBytes += change * this.#perGoroutine;
    else if (this.#alive > 0) this.#deepBytes *= Math.max(0, 1 + change / this.#alive);
    this.#alive = Math.max(0, this.#alive + change);
    this.#want(out, t, AT_START + this.#alive * PER_GOROUTINE);
    if (this.#perGoroutine > 0) this.#resize(out, t, FEW);
  }

  /** A GC ended that scanned `used` bytes of deep stacks: spans that were not needed since the last one go. */
  gc(out: EventWriter, t: number, used: number): void {
    this.#shallow.resize(out, t, this.#kept);
    this.#kept = spansOf(AT_START + this.#alive * PER_GOROUTINE);
    this.#deepBytes = Math.max(SIZE_OF_USED * used, this.#deepBytes / 2);
    this.#resize(out, t);
  }

  #want(out: EventWriter, t: number, bytes: number): void {
    this.#kept = Math.max(this.#kept, spansOf(bytes));
    if (this.#kept > this.#shallow.count) this.#shallow.resize(out, t, this.#kept);
  }

  #resize(out: EventWriter, t: number, spare = 0): void {
    const wanted = spansOf(Math.min(this.#deepBytes, this.#most));
    const { count } = this.#deep;
    if (wanted > count || wanted < count * (1 - spare)) this.#deep.resize(out, t, wanted);
  }
}

function spansOf(bytes: number): number {
  return Math.ceil(bytes / SPAN);
}

/** So many spans, with handles from `first` downwards. */
class Spans {
  readonly #first: number;
  count = 0;

  constructor(first: number) {
    this.#first = first;
  }

  resize(out: EventWriter, t: number, count: number): void {
    while (this.count < count) out.add(SPAN_ALLOC, t, -1, this.#first - this.count++, PAGES, MANUAL_STACK);
    while (this.count > count) out.add(SPAN_FREE, t, -1, this.#first - --this.count, PAGES, MANUAL_STACK);
  }
}
