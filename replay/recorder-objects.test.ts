import { expect, test } from "vitest";
import { RECORDER_BYTES, RecorderObjects } from "./recorder-objects.ts";

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
