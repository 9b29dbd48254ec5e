import { expect, test } from "vitest";
import { fakeResult } from "../testing/fake-result.ts";
import { prepare } from "./data.ts";
import { press } from "./press.ts";
import { follow, initialState, type State } from "./state.ts";

const result = fakeResult({ eventful: true });
const data = prepare(result);
const size = { columns: 80, rows: 24 };
const after = (keys: readonly string[], state: State = initialState(data)): State =>
  keys.reduce((now, key) => press(data, now, key, size).state, state);
const window = ({ from, to }: State): [number, number] => [from, to];

test("undo takes back zooms and leaps one by one, redo does them again; a new one forgets what could be redone", () => {
  const zoomed = after(["+", "+", "x"]);
  const once = after(["u"], zoomed);
  expect(window(after(["u", "u"], zoomed))).toEqual([0, 10e9]);
  expect(window(after(["u", "U"], zoomed))).toEqual(window(zoomed));
  expect(after(["u", "u", "u", "u"], zoomed).said).toBe("Nothing to undo");
  expect(after(["-", "U"], once).said).toBe("Nothing to do again");
});

test("zoom goes down to a microsecond, and back to the whole run", () => {
  const close = after(new Array(40).fill("+"));
  expect(close.to - close.from).toBe(1000);
  expect(close.cursor).toBeGreaterThanOrEqual(close.from);
  expect(close.cursor).toBeLessThanOrEqual(close.to);
  expect(window(after(new Array(40).fill("-"), close))).toEqual([0, 10e9]);
  expect(window(after(["0"], close))).toEqual([0, 10e9]);
});

test("to the next growth, return and peak, and back; what is not there moves nothing", () => {
  expect(after(["g", "w"]).cursor).toBe(0.5e9);
  expect(after(["g", "r", "r"]).cursor).toBe(3.9e9);
  expect(after(["g", "r", "r", "R"]).cursor).toBe(2.1e9);
  expect(after(["g", "t"]).cursor).toBe(data.peaks[0]);
  expect(after(["G", "w"]).cursor).toBe(10e9);
});

test("the wheel zooms around the mouse, not around the cursor", () => {
  const state = after(["g", "wheel-up:45:8"]);
  const place = 35.5 / 70;
  expect(state.from + place * (state.to - state.from)).toBeCloseTo(place * 10e9, -3);
  expect(state.to - state.from).toBeCloseTo(8e9, -3);
});

test("on newer data the whole run stays the whole run, a stretch stays that stretch", () => {
  const half = prepare({ ...result, timeline: result.timeline.slice(0, 500) });
  const start = initialState(half);
  expect(window(follow(start, half, data))).toEqual([0, 10e9]);
  const zoomed = press(half, start, "+", size).state;
  const followed = follow(zoomed, half, data);
  expect(window(followed)).toEqual(window(zoomed));
  expect(followed.cursor).toBe(zoomed.cursor);
  // Esc in a prompt that was opened before goes back to what there is now.
  const asking = press(half, start, ":", size).state;
  expect(window(press(data, follow(asking, half, data), "escape", size).state)).toEqual([0, 10e9]);
});
