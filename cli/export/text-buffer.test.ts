import fc from "fast-check";
import { expect, test } from "vitest";
import { ascii, TextBuffer } from "./text-buffer.ts";

const text = (buffer: TextBuffer): string => Buffer.from(buffer.take()).toString("latin1");

test("numbers are written as String() writes them", () => {
  const special = [
    0,
    -0,
    1,
    -1,
    9,
    10,
    999_999_999,
    1e9,
    1e9 + 1,
    2 ** 31,
    2 ** 53 - 1,
    2 ** 53,
    1e21,
    0.1,
    -2.5,
    1e-9,
  ];
  for (const value of special) {
    const buffer = new TextBuffer(1);
    buffer.number(value);
    expect(text(buffer)).toBe(String(value));
  }
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.double())), (values) => {
      const buffer = new TextBuffer(16);
      for (const value of values) {
        buffer.number(value);
        buffer.add(ascii(","));
      }
      expect(text(buffer)).toBe(values.map((value) => `${value},`).join(""));
    }),
  );
});

test("what was taken stays as it was", () => {
  const buffer = new TextBuffer(128);
  buffer.add(ascii("one"));
  const one = buffer.take();
  buffer.add(ascii("two"));
  expect([Buffer.from(one).toString(), text(buffer)]).toEqual(["one", "two"]);
});
