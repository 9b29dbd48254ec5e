import { stringOf, VectorError, type VectorLine } from "./driver.ts";

/** A 64-bit word of the vectors: 16 hex digits, most significant first, as [low, high] half. */
export function halvesOf(line: VectorLine, field: string): [lo: number, hi: number] {
  const s = stringOf(line, field);
  if (!/^[0-9a-f]{16}$/.test(s)) throw new VectorError(`"${field}" is no 64-bit word in hex`);
  return [Number.parseInt(s.slice(8), 16) | 0, Number.parseInt(s.slice(0, 8), 16) | 0];
}

export function hex64(hi: number, lo: number): string {
  return hex32(hi) + hex32(lo);
}

/** A chunk's bitmap: eight 64-bit words, word 0 first, as 16 halves. */
export function bitmapOf(line: VectorLine, field: string): Int32Array {
  const s = stringOf(line, field);
  if (!/^[0-9a-f]{128}$/.test(s)) throw new VectorError(`"${field}" is no bitmap of 512 bits in hex`);
  const out = new Int32Array(16);
  for (let w = 0; w < 8; w++) {
    out[2 * w + 1] = Number.parseInt(s.slice(16 * w, 16 * w + 8), 16);
    out[2 * w] = Number.parseInt(s.slice(16 * w + 8, 16 * w + 16), 16);
  }
  return out;
}

export function hexBitmap(bits: Int32Array, o: number): string {
  let s = "";
  for (let w = 0; w < 16; w += 2) s += hex64(bits[o + w + 1]!, bits[o + w]!);
  return s;
}

function hex32(x: number): string {
  return (x >>> 0).toString(16).padStart(8, "0");
}
