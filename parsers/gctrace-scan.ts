/**
 * Finds the runtime's lines in a log of any size, among whatever else is in it. Bytes are searched for the few letters
 * that begin such a line; only there is text made of them. Memory is one buffer.
 *
 * The runtime writes a line in dozens of pieces (print is not buffered), so others' output may come in the middle of it,
 * and collectors split lines. A line that breaks off is put together from what follows, if the rest is there.
 */
import type { ByteSource } from "./format.ts";
import { type GcLine, gcLineEnd, gcLinePrefix, parseGcLineAt, unescapeJson } from "./gctrace-line.ts";
import { type Context, readContext } from "./gctrace-prefix.ts";
import type { Losses, LossKind } from "./losses.ts";
import { parseScavLineAt, type ScavLine, scavLineEnd } from "./scavtrace.ts";

export const MENDED: LossKind = {
  name: "gctrace-lines-mended",
  severity: "info",
  meaning: "runtime lines were broken by other output or by the log's collector, and were put together again",
};
export const BROKEN: LossKind = {
  name: "gctrace-lines-broken",
  severity: "data-loss",
  meaning: "runtime lines break off and the rest is not in the log: those cycles are left out",
};

/** The runtime says that it starts a GC because there was none for two minutes (proc.go: forcegchelper). */
export interface PeriodicLine {
  readonly kind: "periodic";
}
const PERIODIC: PeriodicLine = { kind: "periodic" };

export type RuntimeLine = GcLine | ScavLine | PeriodicLine;

const BUFFER = 1 << 20;
/** Text looked at before and behind a line's beginning; what the rest of a broken line may be away. */
const BEFORE = 1 << 10;
const BEHIND = 1 << 12;
const MEND_WITHIN = 1 << 11;
/** Failed attempts to mend cost a millisecond each; after so many it is not tried again. */
const MAX_FAILED = 1000;

const G = 0x67;
const C = 0x63;
const S = 0x73;
const R = 0x72;
const E = 0x65;
const A = 0x61;
const V = 0x76;
const SPACE = 0x20;
const NEWLINE = 0x0a;

export interface Found {
  readonly line: RuntimeLine;
  readonly context: Context;
  /** Byte in the log where the line begins. */
  readonly offset: number;
}

/** The runtime's lines in order, as many at a time as one read of the input shows. */
export async function* scanLog(bytes: ByteSource, losses: Losses): AsyncGenerator<readonly Found[]> {
  const scan = new Scan(losses);
  for (;;) {
    const n = await fill(bytes, scan);
    const found = scan.search(n === 0);
    if (found.length > 0) yield found;
    if (n === 0) return;
  }
}

/** Adds what there is to read to the buffer; 0 at the end. */
async function fill(bytes: ByteSource, scan: Scan): Promise<number> {
  if (bytes.readInto) {
    const n = await bytes.readInto(scan.buf, scan.filled, scan.buf.length - scan.filled);
    scan.filled += n;
    return n;
  }
  let piece = scan.leftOver;
  scan.leftOver = null;
  piece ??= await bytes.read();
  if (piece === null) return 0;
  const n = Math.min(piece.length, scan.buf.length - scan.filled);
  scan.buf.set(piece.subarray(0, n), scan.filled);
  scan.filled += n;
  if (n < piece.length) scan.leftOver = piece.subarray(n);
  return Math.max(n, 1);
}

class Scan {
  readonly buf = Buffer.from(new ArrayBuffer(BUFFER));
  readonly #words = new Uint32Array(this.buf.buffer);
  filled = 0;
  leftOver: Uint8Array | null = null;
  /** Where the next search begins, and where the file's byte is that `buf` begins with. */
  #from = 0;
  #base = 0;
  #failed = 0;
  readonly #losses: Losses;
  #found: Found[] = [];

  constructor(losses: Losses) {
    this.#losses = losses;
  }

  /** Searches what is in the buffer, as far as nothing that comes later can matter, and makes room. */
  search(atEnd: boolean): Found[] {
    const { buf } = this;
    this.#found = [];
    const end = this.filled;
    // A line's end and the rest of a broken line must be in the buffer, or the end of the log.
    let limit = end;
    if (!atEnd) {
      const lastLine = buf.lastIndexOf(NEWLINE, end - 1);
      // Without any newline for long, the text is cut somewhere.
      limit = lastLine >= this.#from ? lastLine + 1 : end - BEHIND;
    }
    let i = this.#from;
    for (; i < limit; i++) {
      // The letter all beginnings have: "gc ", "scav ", "scvg", "GC forced".
      i = this.#nextC(i, limit);
      if (i >= limit) break;
      const before = i > 0 ? buf[i - 1] : 0;
      const next = buf[i + 1];
      let start = -1;
      if (before === G) {
        if (next === SPACE && isDigit(buf[i + 2])) start = i - 1;
      } else if (before === S) {
        if (next === A ? buf[i + 2] === V && buf[i + 3] === SPACE : next === V && buf[i + 2] === G) start = i - 1;
      } else if (before === R && next === E && i >= 6 && this.#isGcForced(i)) start = i - 6;
      if (start < 0) continue;
      const done = this.#at(start, end, atEnd);
      if (done < 0) {
        // The rest may be in what comes next.
        i = start;
        break;
      }
      if (done > i) i = done - 1;
    }
    this.#keepFrom(Math.min(i, end));
    return this.#found;
  }

  /** The next "c" from `i` on, or a place at or behind `limit`. Four bytes at a time: this loop sees all of a log. */
  #nextC(from: number, limit: number): number {
    const { buf } = this;
    const words = this.#words;
    let i = from;
    while (i < limit) {
      if ((i & 3) === 0) {
        const last = limit >> 2;
        let k = i >> 2;
        for (; k < last; k++) {
          // Not zero if a byte of the word is a "c" (and seldom else).
          const x = words[k]! ^ 0x63636363;
          if (((x - 0x01010101) & ~x & 0x80808080) !== 0) break;
        }
        i = k << 2;
        if (i >= limit) break;
      }
      if (buf[i] === C) break;
      i++;
    }
    return i;
  }

  #isGcForced(c: number): boolean {
    return this.buf.toString("latin1", c - 6, c + 3) === "GC forced";
  }

  /** Forgets what is searched, but for the beginning of the line being looked at. */
  #keepFrom(from: number): void {
    const lineStart = this.buf.lastIndexOf(NEWLINE, Math.max(0, from - 1)) + 1;
    const keep = Math.max(0, Math.min(Math.max(lineStart, from - BEFORE), from));
    if (keep > 0) this.buf.copyWithin(0, keep, this.filled);
    this.filled -= keep;
    this.#base += keep;
    this.#from = from - keep;
  }

  /** Looks at the line that may begin at `start`; returns where to go on, -1 if more must be read first. */
  #at(start: number, end: number, atEnd: boolean): number {
    const { buf } = this;
    // Within bounds, or text without any line ends would be searched again for each beginning.
    const farthest = Math.max(0, start - BEFORE);
    const lineStart = farthest + buf.subarray(farthest, start).lastIndexOf(NEWLINE) + 1;
    const last = Math.min(end, start + BEHIND);
    const newline = buf.subarray(start, last).indexOf(NEWLINE);
    const lineEnd = newline < 0 ? last : start + newline;
    const raw = buf.toString("latin1", start, lineEnd);
    const text = unescapeJson(raw);
    const first = raw.charCodeAt(0);
    let line: RuntimeLine | null = null;
    let used = 0;
    let from = start;
    if (first === G) {
      line = parseGcLineAt(text, 0);
      used = gcLineEnd;
    } else if (first === S) {
      line = parseScavLineAt(text, 0);
      used = scavLineEnd;
      if (line?.kind === "scav" && start - lineStart >= 7 && buf.toString("latin1", start - 7, start) === "forced ") {
        line = { ...line, forced: true };
        from = start - 7;
      }
    } else {
      // A message of its own: nothing but JSON's or the line's end comes behind it.
      used = "GC forced".length;
      if (/^($|[\r\\"'])/.test(text.slice(used))) line = PERIODIC;
      else return start + used;
    }
    if (line !== null) {
      const context = readContext(buf.toString("latin1", lineStart, from), text.slice(used));
      this.#found.push({ line, context, offset: this.#base + from });
      return start + Math.max(2, used);
    }
    if (first !== G) return start + 2;
    return this.#mend(start, lineStart, lineEnd, end, atEnd, text);
  }

  #mend(start: number, lineStart: number, lineEnd: number, end: number, atEnd: boolean, text: string): number {
    const good = gcLinePrefix(text, 0);
    // "gc 12" alone is a runtime's line only if it breaks off right there.
    const sure = / @\d/.test(text.slice(0, good));
    if (!sure && (good < text.replace(/\r$/, "").length || !/^gc \d+( @?)?$/.test(text.slice(0, good))))
      return start + 2;
    if (!atEnd && end - start < MEND_WITHIN + BEHIND && end < BUFFER) return -1;
    if (this.#failed < MAX_FAILED) {
      let rest = text.slice(good, good + MEND_WITHIN);
      const more = MEND_WITHIN - rest.length;
      if (more > 0) rest += unescapeJson(this.buf.toString("latin1", lineEnd, Math.min(lineEnd + more, end)));
      const line = mend(text.slice(0, good), rest);
      if (line !== null) {
        this.#losses.add(MENDED, 1, `byte ${this.#base + start}`);
        const context = readContext(this.buf.toString("latin1", lineStart, start), "");
        this.#found.push({ line, context, offset: this.#base + start });
        return start + Math.max(2, good);
      }
      this.#failed++;
    }
    if (sure) this.#losses.add(BROKEN, 1, `byte ${this.#base + start}`);
    return start + Math.max(2, good);
  }
}

/** The line that `good` begins and some later part of `rest` completes. */
function mend(good: string, rest: string): GcLine | null {
  // Whole lines of the runtime in between are not the rest of this one.
  let others = rest;
  for (let at = others.indexOf("gc "); at >= 0; at = others.indexOf("gc ", at + 1)) {
    if (parseGcLineAt(others, at) !== null) others = `${others.slice(0, at)}\n${others.slice(gcLineEnd)}`;
  }
  const fitting = new Map<number, boolean>();
  let lines = 0;
  for (let at = 0; at < others.length; at++) {
    const code = others.charCodeAt(at);
    if (code === NEWLINE && ++lines > 5) return null;
    let fits = fitting.get(code);
    if (fits === undefined) {
      fits = gcLinePrefix(good + others[at], 0) > good.length;
      fitting.set(code, fits);
    }
    if (!fits) continue;
    const joined = good + others.slice(at, at + 200);
    const line = parseGcLineAt(joined, 0);
    if (line !== null && gcLineEnd > good.length) return line;
  }
  return null;
}

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= 0x30 && code <= 0x39;
}
