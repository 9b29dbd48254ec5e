import fc from "fast-check";
import protobuf from "protobufjs/minimal.js";
import { expect, it } from "vitest";
import { readInt64, readUint64 } from "./varint.ts";

/** Varint of a 64-bit integer, by the definition. */
function encode(value: bigint): Uint8Array {
  const out: number[] = [];
  for (let v = BigInt.asUintN(64, value); ; v >>= 7n) {
    if (v < 0x80n) return Uint8Array.from([...out, Number(v)]);
    out.push(Number(v & 0x7fn) | 0x80);
  }
}

const reader = (bytes: Uint8Array) => protobuf.Reader.create(bytes);

it("reads integers that a double holds exactly, and the nearest double of others", () => {
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value) => {
      const r = reader(encode(value));
      const read = readInt64(r);
      expect(r.pos).toBe(r.len);
      expect(Math.abs(read - Number(value))).toBeLessThanOrEqual(Math.abs(Number(value)) * 2 ** -51);
      if (BigInt(Number(value)) === value && Math.abs(Number(value)) <= 2 ** 53) expect(read).toBe(Number(value));
    }),
    { numRuns: 500, seed: 1 },
  );
  for (const value of [0n, 1n, -1n, 127n, 128n, -128n, 2n ** 53n, -(2n ** 53n)]) {
    expect(readInt64(reader(encode(value)))).toBe(Number(value));
  }
  expect(readUint64(reader(encode(2n ** 64n - 1n)))).toBe(2 ** 64);
});

it("does not read past the end or more than 10 bytes", () => {
  expect(() => readUint64(reader(new Uint8Array(0)))).toThrow(RangeError);
  expect(() => readUint64(reader(Uint8Array.of(0x80)))).toThrow(RangeError);
  expect(() => readUint64(reader(new Uint8Array(20).fill(0x80)))).toThrow(RangeError);
});
