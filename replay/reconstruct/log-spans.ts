/**
 * Spans for a gctrace log, which tells three sizes of the live heap for each GC and nothing between. The rule:
 *
 * 1. Between two GCs the live heap grows from what the first left to what the second began with. How fast allocations went at
 *    both ends the log shows by what was allocated while marking: if both rates together would have been through
 *    before the time was, half of the growth is in bursts at the ends; otherwise growth is even.
 * 2. A sweep leaves what was marked and free slots in it: SLACK_OF_GROWTH of what is allocated until the next GC goes into these
 *    (at most SLACK_OF_MARKED), all the rest into new spans. So pages in use are the live heap at each GC's start.
 * 3. New spans are of the sizes in MIX, drawn with a fixed seed: small ones, as size classes make them, and large objects.
 * 4. Goals: that of a cycle is printed with it, and was set when the one before ended.
 *
 * Every total of the log is kept: live heap at a cycle's start, its end, and marked; goals; and memory returned where lines
 * about it are there (the machine is held to them).
 */

import { UnsupportedError } from "../../parsers/errors.ts";
import {
  type EventBatch,
  GC_MARK_TERMINATION,
  GC_START,
  GC_SWEEP_DONE,
  HEAP_GOAL,
  HEAP_LIVE,
  OBSERVATION,
  OBSERVATIONS,
  SCAVENGED,
  SCAVENGED_FORCED,
  SPAN_ALLOC,
  SPAN_FREE,
} from "../../parsers/events.ts";
import { median } from "../learned.ts";
import type { SpanDriver } from "./driver.ts";
import { Random } from "./random.ts";
import { newReturns } from "./recorded-returns.ts";
import { PAGE, SpanPool } from "./span-pool.ts";
import { StackPool } from "./stack-pool.ts";
import { EventWriter } from "./writer.ts";

const CLASS = 1;
const STACK_SCAN = OBSERVATIONS.indexOf("stack_scan");
/** Measured on plain traces of 1.11-1.27, which tell both kinds of steps. */
const SLACK_OF_GROWTH = 0.2;
const SLACK_OF_MARKED = 0.3;
const SLACK_AT_END = 0.12;
/** Pages of new spans, by how often: as in plain traces of servers and caches. */
const MIX: readonly (readonly [share: number, pages: number])[] = [
  [0.45, 1],
  [0.17, 2],
  [0.1, 3],
  [0.1, 4],
  [0.06, 5],
  [0.06, 7],
  [0.03, 9],
  [0.03, 16],
];
/** Growth between two GCs is written down in so many steps. */
const STEPS = 64;
/** More spans than this are not made between two GCs: each is larger then. */
const MAX_SPANS = 50_000;
const SWEEP_NS_PER_BYTE = 1000 / PAGE;
const SWEEP_STEPS = 16;
const MIB = 1 << 20;

interface Cycle {
  start: number;
  end: number;
  p: number;
  number: number;
  flags: number;
  atStart: number;
  atEnd: number;
  marked: number;
  goal: number;
  /** Bytes of stacks that it scanned, where that is a MiB or more. */
  stacks: number;
}

export class LogSpans implements SpanDriver {
  readonly evidence = "modelled";
  readonly spread = 0.18;
  readonly returns = newReturns();
  readonly #out = new EventWriter();
  readonly #random = new Random(0x6c6f67);
  readonly #pool = new SpanPool();
  readonly #stacks = new StackPool();
  readonly #ratios: number[] = [];
  /** The cycle that is being read, and the one before it, whose sweep is not written yet. */
  #cycle: Cycle | null = null;
  #before: Cycle | null = null;
  /** Events of no account for spans, since the cycle before ended. */
  #between: { kind: number; time: number; p: number; addr: number; size: number; aux: number }[] = [];
  #seenLive = 0;
  #cycles = 0;
  #now = 0;

  *transform(batch: EventBatch): Generator<EventBatch> {
    const { kind, time, p, addr, size, aux, length } = batch;
    for (let i = 0; i < length; i++) {
      const cycle = this.#cycle;
      switch (kind[i]) {
        case GC_START:
          this.#flush();
          this.#cycle = {
            start: time[i]!,
            end: Number.NaN,
            p: p[i]!,
            number: size[i]!,
            flags: aux[i]!,
            atStart: Number.NaN,
            atEnd: Number.NaN,
            marked: Number.NaN,
            goal: Number.NaN,
            stacks: 0,
          };
          this.#seenLive = 0;
          break;
        case HEAP_LIVE:
          if (!cycle) break;
          if (this.#seenLive === 0) cycle.atStart = size[i]!;
          else if (this.#seenLive === 1) cycle.atEnd = size[i]!;
          else cycle.marked = size[i]!;
          this.#seenLive++;
          break;
        case HEAP_GOAL:
          if (cycle) cycle.goal = size[i]!;
          break;
        case GC_MARK_TERMINATION:
          if (cycle) cycle.end = time[i]!;
          break;
        case SCAVENGED:
          this.returns.times.push(time[i]!);
          this.returns.bytes.push(aux[i] === SCAVENGED_FORCED ? Number.POSITIVE_INFINITY : size[i]! * PAGE);
          break;
        default:
          if (cycle && kind[i] === OBSERVATION && aux[i] === STACK_SCAN) cycle.stacks = size[i]!;
          this.#between.push({
            kind: kind[i]!,
            time: time[i]!,
            p: p[i]!,
            addr: addr[i]!,
            size: size[i]!,
            aux: aux[i]!,
          });
      }
    }
    yield* this.#out.take();
  }

  *finish(): Generator<EventBatch> {
    this.#flush();
    if (this.#cycles === 0) {
      throw new UnsupportedError(
        "the log holds no line of a finished GC: run the program with GODEBUG=gctrace=1 until it has collected, or record a trace (runtime/trace)",
      );
    }
    if (this.#before) {
      this.#goal(this.#before, this.#before.marked * (median(this.#ratios) ?? 2));
      this.#sweep(this.#before, this.#before.marked * (1 + SLACK_AT_END), Number.POSITIVE_INFINITY);
      for (const event of this.#between) this.#pass(event);
    }
    yield* this.#out.take();
  }

  notes(): string[] {
    return [
      `allocations between GCs are made up so that they agree with the log's totals (${this.#cycles} cycles, sizes cut off to whole MiB); a trace (runtime/trace) shows them`,
    ];
  }

  /** The cycle that was read is complete: everything up to its end is written. */
  #flush(): void {
    const cycle = this.#cycle;
    if (!cycle || Number.isNaN(cycle.end)) return;
    this.#cycle = null;
    this.#cycles++;
    const before = this.#before;
    if (cycle.marked > MIB && Number.isFinite(cycle.goal) && before && before.marked > 4 * MIB) {
      this.#ratios.push(cycle.goal / before.marked);
    }
    const from = before?.end ?? 0;
    const live = before?.marked ?? this.#firstLive(cycle);
    if (before) {
      this.#goal(before, cycle.goal);
      const growth = Math.max(0, cycle.atStart - before.marked);
      const slack = Math.min(SLACK_OF_GROWTH * growth, SLACK_OF_MARKED * before.marked);
      this.#sweep(before, before.marked + slack, cycle.start);
    } else {
      this.#stacks.goroutines(this.#out, 0, 0);
      if (live > 0) this.#take(0, live);
      if (live > 0) this.#write(HEAP_LIVE, 0, live, 0);
      this.#write(HEAP_GOAL, 0, cycle.goal, 0);
    }
    const events = this.#between;
    this.#between = [];
    let next = 0;
    const shape = shapeOf(before, cycle, live, from);
    const slack = Math.max(0, this.#pool.bytes - live);
    for (let step = 1; step <= STEPS; step++) {
      const [share, at] = shape(step / STEPS);
      const t = from + (cycle.start - from) * at;
      while (next < events.length && events[next]!.time <= t) this.#pass(events[next++]!);
      const now = live + (cycle.atStart - live) * share;
      // Free slots are used up along the way, at the end pages in use are the live heap.
      this.#take(t, now + slack * (1 - share) - this.#pool.bytes);
      this.#write(HEAP_LIVE, t, now, 0);
    }
    for (; next < events.length && events[next]!.time <= cycle.start; next++) this.#pass(events[next]!);
    this.#pool.endSweep();
    this.#out.add(GC_START, this.#clock(cycle.start), cycle.p, -1, cycle.number, cycle.flags);
    for (let step = 1; step <= SWEEP_STEPS; step++) {
      const t = cycle.start + ((cycle.end - cycle.start) * step) / SWEEP_STEPS;
      const now = cycle.atStart + ((cycle.atEnd - cycle.atStart) * step) / SWEEP_STEPS;
      this.#take(t, now - this.#pool.bytes);
      this.#write(HEAP_LIVE, t, now, 0);
    }
    this.#write(HEAP_LIVE, cycle.end, cycle.marked, 0);
    for (; next < events.length && events[next]!.time <= cycle.end; next++) this.#pass(events[next]!);
    this.#between.push(...events.slice(next));
    this.#out.add(GC_MARK_TERMINATION, this.#clock(cycle.end), cycle.p, -1, cycle.number, 0);
    this.#before = cycle;
  }

  /** A log that begins later than its process: the heap was there before. */
  #firstLive(cycle: Cycle): number {
    return cycle.number > 1 ? Math.min(cycle.atStart, cycle.goal / 2) : 0;
  }

  #goal(before: Cycle, goal: number): void {
    if (!Number.isNaN(goal)) this.#write(HEAP_GOAL, before.end, goal, 0);
  }

  /** Frees spans after a cycle until `left` bytes are, before `until`. */
  #sweep(cycle: Cycle, left: number, until: number): void {
    this.#pool.startSweep();
    this.#stacks.gc(this.#out, cycle.end, cycle.stacks);
    const dead = Math.max(0, this.#pool.bytes - left);
    const duration = Math.min(this.#pool.bytes * SWEEP_NS_PER_BYTE, (until - cycle.end) / 2);
    let due = 0;
    for (let step = 1; step <= SWEEP_STEPS; step++) {
      due += dead / SWEEP_STEPS;
      const t = cycle.end + (duration * step) / SWEEP_STEPS;
      due -= this.#pool.free(due, (handle, pages) =>
        this.#out.add(SPAN_FREE, this.#clock(t), -1, handle, pages, CLASS),
      );
    }
    this.#out.add(GC_SWEEP_DONE, this.#clock(cycle.end + duration), cycle.p, -1, 0, 0);
  }

  /** Takes new spans of `bytes` together. */
  #take(t: number, bytes: number): void {
    const scale = Math.max(1, Math.ceil(bytes / (2.7 * PAGE * (MAX_SPANS / STEPS))));
    let left = Math.floor(bytes / PAGE);
    while (left > 0) {
      const pages = Math.min(left, this.#pages() * scale);
      left -= pages;
      this.#out.add(SPAN_ALLOC, this.#clock(t), 0, this.#pool.take(pages), pages, CLASS);
    }
  }

  #pages(): number {
    let at = this.#random.next();
    for (const [share, pages] of MIX) {
      at -= share;
      if (at < 0) return pages;
    }
    return 1;
  }

  #pass(event: { kind: number; time: number; p: number; addr: number; size: number; aux: number }): void {
    this.#out.add(event.kind, this.#clock(event.time), event.p, event.addr, event.size, event.aux);
  }

  #write(kind: number, t: number, size: number, aux: number): void {
    this.#out.add(kind, this.#clock(t), 0, -1, size, aux);
  }

  #clock(t: number): number {
    if (t > this.#now) this.#now = t;
    return this.#now;
  }
}

/**
 * How the live heap grows between two cycles: for the nth part of the growth, how much of it there is, and at which part of the
 * time. Rates are those at which the heap grew while the cycles were marking.
 */
function shapeOf(
  before: Cycle | null,
  cycle: Cycle,
  live: number,
  from: number,
): (part: number) => readonly [share: number, at: number] {
  const even = (part: number) => [part, part] as const;
  const growth = cycle.atStart - live;
  const duration = cycle.start - from;
  if (!(growth > 0) || !(duration > 0)) return even;
  const first = before ? rateOf(before) : 0;
  const last = rateOf(cycle);
  if (first + last === 0 || (first + last) * duration < growth * 2) return even;
  // How long a burst went on after a GC, and since when one had gone on before, nothing tells: half of the growth is given to
  // bursts at both ends, by their rates, and half to the whole time.
  const early = (0.5 * first) / (first + last);
  const late = (0.5 * last) / (first + last);
  const earlyTime = first > 0 ? (early * growth) / first / duration : 0;
  const lateTime = last > 0 ? (late * growth) / last / duration : 0;
  return (part) => {
    if (part <= early) return [part, (part / early) * earlyTime];
    if (part <= 1 - late) return [part, earlyTime + ((part - early) / (1 - late - early)) * (1 - lateTime - earlyTime)];
    return [part, 1 - (lateTime * (1 - part)) / late];
  };
}

/** Bytes a ns allocated while the cycle marked; 0 when the log shows none (less than a MiB). */
function rateOf(cycle: Cycle): number {
  const grown = cycle.atEnd - cycle.atStart;
  const duration = cycle.end - cycle.start;
  return grown >= MIB && duration > 0 ? grown / duration : 0;
}
