/**
 * A text form of traces, as internal/trace/raw of Go 1.27 reads and writes it (see its doc.go): one event a line,
 *
 *	Trace Go1.26
 *	EventBatch gen=1 m=0 time=0
 *	ProcStatus dt=1 p=0 pstatus=1
 *	String id=5
 *		data="hello\x00"
 *
 * so that tests can say what they mean. On top of Go's form, the size of an EventBatch may be left out: it is that of what
 * follows. Numbers are unsigned 64-bit.
 */
import { HEADER_BYTES, traceVersion } from "./header.ts";
import { EvEndOfGeneration, EvEventBatch, EvExperimentalBatch, type EventSpec, SPECS } from "./spec.gen.ts";
import { putUvarint } from "./wire.ts";

const FRAME = ["pc", "func", "file", "line"];

const NUMBERS = new Map(Object.entries(SPECS).map(([number, { name }]) => [name, Number(number)]));

/** The bytes of a trace in text form. Throws an Error that names the line. */
export function traceFromText(text: string): Uint8Array {
  const lines = text
    .split("\n")
    .map((line) => (line.includes("data=") ? line : line.replace(/(^|\s)#.*$/, "")).trim())
    .map((line, i) => ({ line, where: `line ${i + 1}` }))
    .filter(({ line }) => line !== "");
  const header = /^Trace Go1\.(\d\d)$/.exec(lines[0]?.line ?? "");
  if (!header) throw new Error(`${lines[0]?.where ?? "line 1"}: expected "Trace Go1.NN"`);
  const out: number[] = [...new TextEncoder().encode(`go 1.${header[1]} trace\0\0\0`)];
  /** What follows an EventBatch without a size, until the next structural event. */
  let body: number[] | null = null;
  const endBody = () => {
    if (body === null) return;
    putPadded(out, body.length);
    for (const b of body) out.push(b);
    body = null;
  };
  for (let i = 1; i < lines.length; i++) {
    const { line, where } = lines[i]!;
    const [name, ...rest] = line.split(/\s+/);
    const type = NUMBERS.get(name!);
    if (type === undefined) throw new Error(`${where}: no event is called ${name}`);
    if (type === EvEventBatch || type === EvExperimentalBatch || type === EvEndOfGeneration) endBody();
    const spec = SPECS[type]!;
    const values = args(rest, where);
    const into: number[] = body ?? out;
    into.push(type);
    for (const arg of spec.args) {
      const value = values.get(arg) ?? (spec.stack && arg === "nframes" ? values.get("n") : undefined);
      if (value === undefined) {
        if (type === EvEventBatch && arg === "size") break;
        throw new Error(`${where}: ${name} needs ${arg}`);
      }
      putUvarint(into, value);
    }
    if (type === EvEventBatch && !values.has("size")) body = [];
    if (spec.stack) {
      const frames = Number(values.get("nframes") ?? values.get("n"));
      for (let f = 0; f < frames; f++) {
        const next = lines[++i];
        const frame = args(next?.line.split(/\s+/) ?? [], next?.where ?? where);
        for (const arg of FRAME) putUvarint(into, frame.get(arg) ?? 0n);
      }
    }
    if (spec.data) {
      const data = /^data=(".*")$/.exec(lines[++i]?.line ?? "");
      if (!data) throw new Error(`${lines[i]?.where ?? where}: expected data="..."`);
      const bytes = unquote(data[1]!);
      putUvarint(into, bytes.length);
      for (const b of bytes) into.push(b);
    }
  }
  endBody();
  return Uint8Array.from(out);
}

/** The text form of a whole trace in memory. Throws an Error at what does not decode. */
export function traceToText(bytes: Uint8Array): string {
  const version = traceVersion(bytes);
  if (version === null) throw new Error("no trace header");
  const lines = [`Trace Go1.${version}`];
  const at = { pos: HEADER_BYTES };
  while (at.pos < bytes.length) {
    const type = bytes[at.pos++]!;
    const spec: EventSpec | undefined = SPECS[type];
    if (!spec) throw new Error(`byte ${at.pos - 1}: no event has the number ${type}`);
    let line = spec.name;
    let frames = 0;
    for (const arg of spec.args) {
      const value = readBig(bytes, at);
      if (spec.stack && arg === "nframes") frames = Number(value);
      line += ` ${arg}=${value}`;
    }
    lines.push(line);
    for (let f = 0; f < frames; f++) lines.push(`\t${FRAME.map((arg) => `${arg}=${readBig(bytes, at)}`).join(" ")}`);
    if (spec.data) {
      const length = Number(readBig(bytes, at));
      lines.push(`\tdata=${quote(bytes.subarray(at.pos, at.pos + length))}`);
      at.pos += length;
    }
  }
  return `${lines.join("\n")}\n`;
}

/** A number in all ten bytes, as the runtime writes the size of a batch. */
function putPadded(out: number[], value: number): void {
  for (let i = 0; i < 9; i++) {
    out.push(0x80 | (value & 0x7f));
    value = Math.floor(value / 128);
  }
  out.push(0);
}

function args(words: readonly string[], where: string): Map<string, bigint> {
  return new Map(
    words.map((word) => {
      const match = /^([^=]+)=(\d+)$/.exec(word);
      if (!match) throw new Error(`${where}: expected name=number, not ${word}`);
      return [match[1]!, BigInt(match[2]!)];
    }),
  );
}

function readBig(bytes: Uint8Array, at: { pos: number }): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const b = bytes[at.pos++];
    if (b === undefined) throw new Error(`byte ${at.pos - 1}: the trace ends within a number`);
    value |= BigInt(b & 0x7f) << shift;
    if (b < 0x80) return value;
  }
  throw new Error(`byte ${at.pos - 1}: a number has more than 64 bits`);
}

function quote(bytes: Uint8Array): string {
  let text = "";
  for (const b of bytes) {
    if (b === 0x22 || b === 0x5c) text += `\\${String.fromCharCode(b)}`;
    else if (b >= 0x20 && b < 0x7f) text += String.fromCharCode(b);
    else text += `\\x${b.toString(16).padStart(2, "0")}`;
  }
  return `"${text}"`;
}

/** A Go string literal as strconv.Quote writes it, to bytes. */
function unquote(literal: string): Uint8Array {
  const out: number[] = [];
  const body = literal.slice(1, -1);
  const pattern = /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([0-7]{3})|(.))|[^\\]+/gi;
  const simple: Record<string, number> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 };
  for (const [all, hex, u4, u8, octal, one] of body.matchAll(pattern)) {
    if (hex) out.push(Number.parseInt(hex, 16));
    else if (u4 ?? u8) out.push(...new TextEncoder().encode(String.fromCodePoint(Number.parseInt((u4 ?? u8)!, 16))));
    else if (octal) out.push(Number.parseInt(octal, 8));
    else if (one) out.push(simple[one] ?? one.charCodeAt(0));
    else out.push(...new TextEncoder().encode(all));
  }
  return Uint8Array.from(out);
}
