import { expect, test } from "vitest";
import { RECORDER_BYTES, RecorderObjects, RecorderWork } from "./recorder-objects.ts";

const WORDS = 1 << 20;
const TAGS = 128 << 10;

function buffers(objects: RecorderObjects): void {
  objects.add(3, 1, WORDS, 8);
  objects.add(4, 0, TAGS, 8);
  objects.add(5, 1, WORDS, 8);
  objects.add(6, 0, TAGS, 8);
}

test("finds the two pairs of buffers that the tracer makes", () => {
  const objects = new RecorderObjects();
  buffers(objects);
  expect(objects.found()).toEqual([3, 4, 5, 6]);
  expect(RECORDER_BYTES).toBe(2 * (WORDS + TAGS));
});

test("the program's own objects of these sizes stay: the tracer's come last", () => {
  const objects = new RecorderObjects();
  objects.add(1, 1, WORDS, 8);
  objects.add(2, 1, WORDS, 1);
  buffers(objects);
  expect(objects.found()).toEqual([3, 4, 5, 6]);
});

test("an incomplete set is the program's", () => {
  const objects = new RecorderObjects();
  objects.add(3, 1, WORDS, 8);
  objects.add(5, 1, WORDS, 8);
  objects.add(6, 0, TAGS, 8);
  expect(objects.found()).toEqual([]);
});

test("what the tracer allocates as it ends a generation is told by its types, and what the P allocates at once after them", () => {
  const names = ["", "main.T", "runtime.untracedG", "runtime.traceFrame", "runtime.Frames"];
  const work = new RecorderWork((type) => names[type]);
  const at = (us: number, p: number, type: number) => work.has(1e9 + us * 1e3, p, type);
  // Frames alone may be those of a program that asks for its callers.
  expect(at(0, 0, 4)).toBe(false);
  expect([at(10, 0, 2), at(100, 0, 0), at(200, 0, 3), at(220, 0, 4)]).toEqual([true, true, true, true]);
  expect(at(230, 1, 1)).toBe(false);
  // The program goes on, and is not taken for the tracer for long.
  expect([at(600, 0, 1), at(690, 0, 1), at(710, 0, 1), at(720, 0, 1)]).toEqual([true, true, false, false]);
  // In the snapshot everything has the same time.
  expect(work.has(0, 0, 2)).toBe(false);
});
