/**
 * Wire format of Go execution traces up to 1.21, as runtime/trace.go writes it and Go 1.21's internal/trace/parser.go
 * reads it: a 16-byte header, then events. An event is one byte (type in the low 6 bits, number of arguments - 1 in the
 * high 2; 3 there: the length in bytes follows) and its arguments as base-128 numbers, the first of them the ticks since
 * the last event of the same batch. A batch holds what one P wrote, in order; it ends where the next begins.
 */
import type { RandomAccess } from "../spool.ts";
import { HEADER_BYTES } from "./header.ts";

export const EV_BATCH = 1; // [pid, timestamp]
export const EV_FREQUENCY = 2; // [ticks per second]
export const EV_STACK = 3; // [stack id, number of PCs, {PC, func string id, file string id, line}...]
export const EV_GOMAXPROCS = 4; // [timestamp, GOMAXPROCS, stack id]
export const EV_PROC_START = 5; // [timestamp, thread id]
export const EV_PROC_STOP = 6; // [timestamp]
export const EV_GC_START = 7; // [timestamp, seq, stack id]
export const EV_GC_DONE = 8; // [timestamp]
export const EV_STW_START = 9; // [timestamp, kind]
export const EV_STW_DONE = 10; // [timestamp]
export const EV_GC_SWEEP_START = 11; // [timestamp, stack id]
export const EV_GC_SWEEP_DONE = 12; // [timestamp, swept, reclaimed]
export const EV_GO_CREATE = 13; // [timestamp, new goroutine id, new stack id, stack id]
export const EV_GO_START = 14; // [timestamp, goroutine id, seq]
export const EV_GO_END = 15; // [timestamp]
export const EV_GO_STOP = 16; // [timestamp, stack]
export const EV_GO_SCHED = 17; // [timestamp, stack]
export const EV_GO_PREEMPT = 18; // [timestamp, stack]
export const EV_GO_SLEEP = 19; // [timestamp, stack]
export const EV_GO_BLOCK = 20; // [timestamp, stack]
export const EV_GO_UNBLOCK = 21; // [timestamp, goroutine id, seq, stack]
export const EV_GO_BLOCK_SEND = 22; // [timestamp, stack]
export const EV_GO_BLOCK_NET = 27; // [timestamp, stack]; 23-26 are the other reasons to block
export const EV_GO_SYS_EXIT = 29; // [timestamp, goroutine id, seq, real timestamp]
export const EV_GO_SYS_BLOCK = 30; // [timestamp]
export const EV_GO_WAITING = 31; // [timestamp, goroutine id]
export const EV_GO_IN_SYSCALL = 32; // [timestamp, goroutine id]
export const EV_HEAP_ALLOC = 33; // [timestamp, heap live bytes]
export const EV_HEAP_GOAL = 34; // [timestamp, heap goal bytes] (NextGC up to 1.18)
export const EV_TIMER_GOROUTINE = 35; // [goroutine id]
export const EV_STRING = 37; // [id, length, bytes]
export const EV_GO_START_LOCAL = 38; // [timestamp, goroutine id]
export const EV_GO_UNBLOCK_LOCAL = 39; // [timestamp, goroutine id, stack]
export const EV_GO_SYS_EXIT_LOCAL = 40; // [timestamp, goroutine id, real timestamp]
export const EV_GO_START_LABEL = 41; // [timestamp, goroutine id, seq, label string id]
export const EV_GO_BLOCK_GC = 42; // [timestamp, stack]
export const EV_MARK_ASSIST_START = 43; // [timestamp, stack]
export const EV_MARK_ASSIST_DONE = 44; // [timestamp]
export const EV_USER_LOG = 48; // [timestamp, task id, key string id, stack], then a string
export const EV_CPU_SAMPLE = 49; // [timestamp, real timestamp, real P, goroutine id, stack] (1.19)

/** Arguments of each type, timestamp and stack included; -1: as many as it says; 0: no such type. */
export const ARGUMENTS = Int8Array.from([
  0, 2, 1, -1, 3, 2, 1, 3, 1, 2, 1, 2, 3, 4, 3, 1, 2, 2, 2, 2, 2, 4, 2, 2, 2, 2, 2, 2, 2, 4, 1, 2, 2, 2, 2, 1, 1, -1, 2,
  3, 3, 4, 2, 2, 1, 5, 3, 5, 4, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);

/** Longest text in a trace (Go's reader refuses longer ones). */
export const MAX_STRING = 1_000_000;
/** Bytes that hold any event that is not a stack, a string or a log message: type, length, 5 numbers. */
export const MAX_EVENT = 2 + 5 * 10;

/**
 * Minor version in the header of a trace older than the v2 format, whether it can be read or not: "go 1.5 trace" to
 * "go 1.21 trace"; null for anything else.
 */
export function traceV1Version(head: Uint8Array): number | null {
  if (head.length < HEADER_BYTES) return null;
  const text = Buffer.from(head.subarray(0, HEADER_BYTES)).toString("latin1");
  const match = /^go 1\.(\d\d?) trace\0+$/.exec(text);
  return match && Number(match[1]) < 22 ? Number(match[1]) : null;
}

/**
 * A window on the bytes of a trace, for decoding in order. `buf[pos]` is the next byte; `ensure` moves the window.
 * Reading past the end yields zeros: the caller compares `offset` with where it may read to.
 */
export class Window {
  readonly #bytes: RandomAccess;
  readonly #capacity: number;
  /** Followed by MAX_EVENT zeros, so that decoding a cut event stops. */
  readonly buf: Uint8Array;
  pos = 0;
  #base = 0;
  #filled = 0;

  constructor(bytes: RandomAccess, capacity: number) {
    this.#bytes = bytes;
    this.#capacity = capacity;
    this.buf = new Uint8Array(capacity + MAX_EVENT);
  }

  /** Offset in the file of the next byte. */
  get offset(): number {
    return this.#base + this.pos;
  }

  /** Index in `buf` behind the last byte that is there. */
  get filled(): number {
    return this.#filled;
  }

  seek(offset: number): void {
    if (offset >= this.#base && offset <= this.#base + this.#filled) {
      this.pos = offset - this.#base;
      return;
    }
    this.#base = offset;
    this.pos = 0;
    this.#filled = 0;
  }

  /** Sees to it that `n` bytes follow, unless the file ends before; returns how many follow. */
  ensure(n: number): number {
    let there = this.#filled - this.pos;
    if (there >= n) return there;
    if (there > 0 && this.pos > 0) this.buf.copyWithin(0, this.pos, this.#filled);
    if (there < 0) there = 0; // skipped past the window
    this.#base += this.pos;
    this.pos = 0;
    this.#filled = there + this.#bytes.readAt(this.buf.subarray(there, this.#capacity), this.#base + there);
    this.buf.fill(0, this.#filled, this.#filled + MAX_EVENT);
    return this.#filled;
  }

  /** Next base-128 number. Numbers above 2^53 are rounded, as doubles are. */
  varint(): number {
    const buf = this.buf;
    let pos = this.pos;
    let byte = buf[pos++]!;
    if (byte < 0x80) {
      this.pos = pos;
      return byte;
    }
    let value = byte & 0x7f;
    byte = buf[pos++]!;
    value |= (byte & 0x7f) << 7;
    if (byte >= 0x80) {
      byte = buf[pos++]!;
      value |= (byte & 0x7f) << 14;
      if (byte >= 0x80) {
        byte = buf[pos++]!;
        value |= (byte & 0x7f) << 21;
        let scale = 0x10000000;
        while (byte >= 0x80 && scale < 2 ** 70) {
          byte = buf[pos++]!;
          value += (byte & 0x7f) * scale;
          scale *= 128;
        }
      }
    }
    this.pos = pos;
    return value;
  }

  /** Skips `count` numbers. */
  skip(count: number): void {
    const buf = this.buf;
    let pos = this.pos;
    const last = this.#filled + MAX_EVENT;
    for (; count > 0 && pos < last; count--) {
      while (buf[pos++]! >= 0x80) if (pos >= last) break;
    }
    this.pos = pos;
  }
}
