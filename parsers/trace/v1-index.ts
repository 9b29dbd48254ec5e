/**
 * First pass over a v1 trace: where the batches of each P are, and what stands at the end of the file but is needed
 * from the beginning (frequency of the ticks, texts, stacks). Checks the structure, so that the second pass need not.
 */
import { InputError } from "../errors.ts";
import type { Losses, LossKind } from "../losses.ts";
import type { RandomAccess } from "../spool.ts";
import { HEADER_BYTES } from "./header.ts";
import { TRUNCATED } from "./losses.ts";
import {
  ARGUMENTS,
  EV_BATCH,
  EV_CPU_SAMPLE,
  EV_FREQUENCY,
  EV_STACK,
  EV_STRING,
  EV_TIMER_GOROUTINE,
  EV_USER_LOG,
  MAX_EVENT,
  MAX_STRING,
  Window,
} from "./v1-wire.ts";

export const DAMAGED: LossKind = {
  name: "trace-damaged",
  severity: "damage",
  meaning:
    "the trace can't be read beyond this place: everything after it is left out; record again or copy the file anew",
};

const WINDOW = 1 << 20;
/** More Ps than any machine has; each needs a window of its own. */
const MAX_PS = 4096;
/** Batches are about 64 KiB long in a real trace: this many are 64 GiB. */
const MAX_BATCHES = 1 << 20;
const MAX_FRAMES = 1000;
const MAX_LABELS = 64;
/** Longest key of a log message that is kept, and how many. */
const MAX_KEY = 250;
const MAX_KEYS = 1 << 16;

/** A stretch of one P's events; a P's stretches in file order are its events in order. */
export interface PBatches {
  /** P id; -1: written without a P. */
  readonly p: number;
  /** Offset of the first event, offset behind the last, timestamp that the first one's delta adds to. */
  readonly begin: number[];
  readonly end: number[];
  readonly ticks: number[];
}

export interface TraceIndex {
  readonly perP: readonly PBatches[];
  /** Ticks per second; 0 if the trace has no frequency event. */
  readonly frequency: number;
  /** Ids of the strings that label GC mark workers. */
  readonly workerLabels: ReadonlySet<number>;
  /** Texts of the keys of log messages. */
  readonly logKeys: ReadonlyMap<number, string>;
  /** Stacks with runtime.GC, and with debug.FreeOSMemory, in them. */
  readonly gcStacks: ReadonlySet<number>;
  readonly freeOSMemoryStacks: ReadonlySet<number>;
  /** Stacks in which the background sweeper parks. */
  readonly sweeperStacks: ReadonlySet<number>;
  /** Highest minus lowest program counter in stacks; null without stacks. */
  readonly textSpan: number | null;
  /** Path of a file of the runtime, as the first stack with one has it: it may name the Go version. */
  readonly runtimeFile: string | null;
  readonly end: number;
}

export function indexTrace(
  bytes: RandomAccess,
  version: number,
  losses: Losses,
  onProgress?: (offset: number) => void,
) {
  return new Indexer(bytes, version, losses).run(onProgress);
}

class Indexer {
  readonly #bytes: RandomAccess;
  readonly #window: Window;
  readonly #lastType: number;
  readonly #losses: Losses;
  readonly #perP = new Map<number, PBatches>();
  #batches = 0;
  // The batch being read: whose, from where, and whether it has events of its own (the trace's last ones hold only stacks).
  #batch: PBatches | null = null;
  #batchBegin = 0;
  #batchTicks = 0;
  #batchHasEvents = false;
  #frequency = 0;
  readonly #labels = new Set<number>();
  readonly #wantedKeys = new Set<number>();
  // Strings by id: 256 times their offset, plus their length. Most are never needed.
  readonly #strings = new Map<number, number>();
  readonly #names = { gc: -1, sweeper: -1, free: new Set<number>(), runtimeFile: null as string | null };
  readonly #gcStacks = new Set<number>();
  readonly #freeStacks = new Set<number>();
  readonly #sweeperStacks = new Set<number>();
  #lowPC = Number.POSITIVE_INFINITY;
  #highPC = 0;

  constructor(bytes: RandomAccess, version: number, losses: Losses) {
    this.#bytes = bytes;
    this.#window = new Window(bytes, WINDOW);
    this.#lastType = version >= 19 ? EV_CPU_SAMPLE : EV_USER_LOG;
    this.#losses = losses;
  }

  run(onProgress?: (offset: number) => void): TraceIndex {
    const window = this.#window;
    const size = this.#bytes.size;
    const lastType = this.#lastType;
    window.seek(HEADER_BYTES);
    let start = HEADER_BYTES;
    for (;;) {
      const there = window.ensure(2 * MAX_EVENT);
      if (there === 0) break;
      if (onProgress) onProgress(window.offset);
      // Whole events fit until here; in the file's last stretch, any that goes beyond `filled` is cut.
      const safe = there < 2 * MAX_EVENT ? window.filled : window.filled - MAX_EVENT;
      const base = window.offset - window.pos;
      const buf = window.buf;
      let bad = "";
      while (window.pos < safe) {
        start = base + window.pos;
        const first = buf[window.pos]!;
        const type = first & 0x3f;
        const want = ARGUMENTS[type]!;
        if (want === 0 || type > lastType) {
          bad = `event type ${type}`;
          break;
        }
        window.pos++;
        if (type > EV_STACK && type !== EV_STRING && type !== EV_USER_LOG) {
          if (type !== EV_TIMER_GOROUTINE && type !== EV_CPU_SAMPLE) this.#batchHasEvents = true;
          if (first < 0xc0) {
            if ((first >> 6) + 1 !== want) {
              bad = `event type ${type} with ${(first >> 6) + 1} arguments`;
              break;
            }
            // Inlined skip: this loop reads the whole file.
            let pos = window.pos;
            for (let n = want; n > 0; n--) while (buf[pos++]! >= 0x80);
            if (pos - window.pos > 10 * want) {
              bad = `event type ${type} with a number of more than 10 bytes`;
              break;
            }
            window.pos = pos;
          } else {
            const length = window.varint();
            if (length > MAX_EVENT) {
              bad = `event type ${type} of ${length} bytes`;
              break;
            }
            const end = window.pos + length;
            let n = 0;
            for (let pos = window.pos; pos < end; pos++) if (buf[pos]! < 0x80) n++;
            if (end <= window.filled && n !== want) {
              bad = `event type ${type} with ${n} arguments`;
              break;
            }
            window.pos = end;
          }
        } else {
          const problem = this.#special(type, first);
          if (problem !== null) bad = problem;
          // The window may have moved.
          break;
        }
      }
      const offset = window.offset;
      if (bad !== "") {
        this.#losses.add(DAMAGED, 1, `byte ${start}: ${bad}`);
        break;
      }
      if (offset > size) {
        this.#losses.add(TRUNCATED, 1, `byte ${start}`);
        break;
      }
      start = offset;
    }
    this.#closeBatch(start);
    const perP = [...this.#perP.values()].filter((batches) => batches.begin.length > 0).sort((a, b) => a.p - b.p);
    return {
      perP,
      frequency: this.#frequency,
      workerLabels: this.#labels,
      logKeys: this.#readKeys(),
      gcStacks: this.#gcStacks,
      freeOSMemoryStacks: this.#freeStacks,
      sweeperStacks: this.#sweeperStacks,
      textSpan: this.#highPC > 0 ? this.#highPC - this.#lowPC : null,
      runtimeFile: this.#names.runtimeFile,
      end: start,
    };
  }

  /** Batches, frequency, stacks, strings, log messages. Returns what is wrong with it. */
  #special(type: number, first: number): string | null {
    const window = this.#window;
    const inline = (first >> 6) + 1;
    switch (type) {
      case EV_BATCH: {
        if (inline !== 2) return "a batch without its two numbers";
        const begin = window.offset - 1;
        const p = window.varint();
        const ticks = window.varint();
        if (window.offset > this.#bytes.size) return null;
        return this.#openBatch(p, ticks, begin);
      }
      case EV_FREQUENCY: {
        if (inline !== 1) return "a frequency without its number";
        const frequency = window.varint();
        if (window.offset > this.#bytes.size) return null;
        if (frequency < 1 || frequency > 1e15) return `${frequency} ticks a second`;
        this.#frequency = frequency;
        return null;
      }
      case EV_STRING:
        return this.#string();
      case EV_USER_LOG: {
        // [timestamp, task id, key string id, stack] by length, then the message.
        if (first < 0xc0) return "a log message without its length";
        this.#batchHasEvents = true;
        const end = window.varint() + window.pos;
        if (end - window.pos > MAX_EVENT) return "a log message with a long head";
        window.skip(2);
        const key = window.varint();
        window.skip(1);
        if (window.pos !== end && window.offset <= this.#bytes.size) return "a log message with other arguments";
        if (key !== 0 && this.#wantedKeys.size < MAX_KEYS) this.#wantedKeys.add(key);
        window.ensure(MAX_EVENT);
        const length = window.varint();
        if (length > MAX_STRING) return `a text of ${length} bytes`;
        window.pos += length;
        return null;
      }
      default:
        return this.#stack(first);
    }
  }

  #openBatch(rawP: number, ticks: number, begin: number): string | null {
    this.#closeBatch(begin);
    // Batches written without a P carry int32(-1) as an unsigned 64-bit number.
    const p = rawP >= 2 ** 63 ? -1 : rawP;
    if (p > 0x7fff) return `P ${p}`;
    let batch = this.#perP.get(p);
    if (!batch) {
      if (this.#perP.size >= MAX_PS) throw new InputError(`the trace names more than ${MAX_PS} Ps; is it damaged?`);
      batch = { p, begin: [], end: [], ticks: [] };
      this.#perP.set(p, batch);
    }
    this.#batch = batch;
    this.#batchBegin = this.#window.offset;
    this.#batchTicks = ticks;
    this.#batchHasEvents = false;
    return null;
  }

  #closeBatch(end: number): void {
    const batch = this.#batch;
    if (batch === null || !this.#batchHasEvents) return;
    if (++this.#batches > MAX_BATCHES) throw new InputError("the trace has too many batches; is it damaged?");
    batch.begin.push(this.#batchBegin);
    batch.end.push(Math.min(end, this.#bytes.size));
    batch.ticks.push(this.#batchTicks);
    this.#batch = null;
  }

  #string(): string | null {
    const window = this.#window;
    const id = window.varint();
    const length = window.varint();
    if (window.offset > this.#bytes.size) return null;
    if (length === 0 || length > MAX_STRING) return `a text of ${length} bytes`;
    // Few strings matter here; all are shorter than an event's margin but paths, which only need their end.
    const there = window.ensure(Math.min(length, 1 << 12));
    if (there >= length) {
      const buf = window.buf;
      const pos = window.pos;
      if (buf[pos] === 0x47 && buf[pos + 1] === 0x43 && buf[pos + 2] === 0x20 && this.#labels.size < MAX_LABELS) {
        // "GC (dedicated)", "GC (fractional)", "GC (idle)": mgc.go, gcMarkWorkerModeStrings.
        this.#labels.add(id);
      } else if (length === 10 && ascii(buf, pos, length) === "runtime.GC") this.#names.gc = id;
      else if (length === 15 && ascii(buf, pos, length) === "runtime.bgsweep") this.#names.sweeper = id;
      else if (length === 26 && ascii(buf, pos, length).toLowerCase() === "runtime/debug.freeosmemory")
        this.#names.free.add(id);
      else if (length > 16 && length < 1 << 12 && buf[pos + length - 1] === 0x6f && this.#names.runtimeFile === null) {
        const path = Buffer.from(buf.subarray(pos, pos + length)).toString("utf8");
        if (/[/\\]src[/\\]runtime[/\\][a-z0-9_]+\.go$/.test(path)) this.#names.runtimeFile = path;
      }
    }
    // Keys of log messages come before the many names of functions and files at the end.
    if (length <= MAX_KEY && this.#strings.size < MAX_KEYS) this.#strings.set(id, window.offset * 256 + length);
    window.pos += length;
    return null;
  }

  #stack(first: number): string | null {
    const window = this.#window;
    if (first < 0xc0) return "a stack without its length";
    const length = window.varint();
    const end = window.offset + length;
    if (length > 10 * (2 + 4 * MAX_FRAMES)) return `a stack of ${length} bytes`;
    window.ensure(length + MAX_EVENT);
    const id = window.varint();
    const frames = window.varint();
    if (frames > MAX_FRAMES) return `a stack of ${frames} frames`;
    for (let i = 0; i < frames && window.offset < end; i++) {
      const pc = window.varint();
      const name = window.varint();
      window.skip(2);
      if (pc > 0 && window.offset <= this.#bytes.size) {
        if (pc < this.#lowPC) this.#lowPC = pc;
        if (pc > this.#highPC) this.#highPC = pc;
      }
      if (name === this.#names.sweeper) this.#sweeperStacks.add(id);
      if (name === this.#names.gc) this.#gcStacks.add(id);
      if (this.#names.free.has(name)) this.#freeStacks.add(id);
    }
    if (window.offset !== end && window.offset <= this.#bytes.size) return "a stack of another length than it says";
    return null;
  }

  #readKeys(): Map<number, string> {
    const keys = new Map<number, string>();
    for (const id of this.#wantedKeys) {
      const place = this.#strings.get(id);
      if (place === undefined) continue;
      const text = Buffer.alloc(place % 256);
      this.#bytes.readAt(text, Math.floor(place / 256));
      keys.set(id, text.toString("utf8"));
    }
    return keys;
  }
}

function ascii(buf: Uint8Array, from: number, length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) text += String.fromCharCode(buf[from + i]!);
  return text;
}
