import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ReplayResult } from "../../replay/result.ts";
import { fakeResult } from "../testing/fake-result.ts";
import { fakeDiagnosis, fakePlayer, fakeRun } from "../testing/fake-tui.ts";
import { textOf } from "./canvas.ts";
import { type Data, prepare } from "./data.ts";
import { arrange } from "./heap-grid.ts";
import { screen } from "./model.ts";
import { press as pressKey } from "./press.ts";
import { initialState, type State } from "./state.ts";
import { apportion } from "./views/heap.ts";
import { plotWidth } from "./views/timeline.ts";

const KEYS = [
  ..."hjklHLgGnNpwWrRtTxabdzcu0U+-=_12345678?q@:/fFsSeyYM ",
  ..."goupsgc>1[]{}<>.,;",
  "left",
  "right",
  "shift-left",
  "shift-right",
  "up",
  "down",
  "pageup",
  "pagedown",
  "home",
  "end",
  "tab",
  "shift-tab",
  "escape",
  "return",
  "backspace",
  "ctrl-p",
  "ctrl-z",
  "click:20:10",
  "click:3:4",
  "click:60:0",
  "click:200:40",
  "wheel-up:30:8",
  "wheel-down:30:8",
  "é",
];

function press(data: Data, keys: readonly string[], columns = 80, state: State = initialState(data)): State {
  return keys.reduce((now, key) => pressKey(data, now, key, { columns, rows: 24 }).state, state);
}

function draw(data: Data, state: State, columns = 80, rows = 24, unicode = true): string[] {
  return screen(data, state, { columns, rows }, { unicode }).map(textOf);
}

/** Results at the edges of what replay may return. */
const STRANGE: Record<string, () => ReplayResult> = {
  usual: () => fakeResult(),
  "one row": () => fakeResult({ rows: 1, gcs: 0, measured: false, chunks: 1 }),
  "no rows": () => ({ ...fakeResult({ gcs: 0 }), timeline: [], marks: [], gcs: [] }),
  "no heap map": () => fakeResult({ chunks: 0 }),
  "a nanosecond": () => fakeResult({ rows: 2, durationNs: 1 }),
  hours: () => fakeResult({ durationNs: 5 * 3600e9, gcs: 3000 }),
  "no margin": () => ({ ...fakeResult(), uncertainty: { below: 0, above: 0 } }),
  "no goal": () => {
    const result = fakeResult();
    for (const row of result.timeline) row.heapGoal = Number.POSITIVE_INFINITY;
    return result;
  },
};

/** With causes and a run under another setting, as far as there are any. */
function answered(data: Data): Data {
  const { result } = data;
  if (result.timeline.length === 0) return { ...data, diagnosis: { is: "failed", text: "no memory events in it" } };
  const { recorded } = fakePlayer(result);
  const curve = (setting: typeof recorded) => {
    const run = fakeRun(result, setting);
    return { run, rss: data.rss };
  };
  return {
    ...data,
    diagnosis: { is: "ready", value: fakeDiagnosis(result) },
    whatIf: { recorded, base: curve(recorded), run: { is: "ready", value: curve({ ...recorded, gogc: 50 }) } },
  };
}

describe.each(Object.entries(STRANGE))("%s", (_, make) => {
  test("no sequence of keys at any size breaks the screen", () => {
    const data = answered(prepare(make()));
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...KEYS), { maxLength: 200 }),
        fc.integer({ min: 1, max: 260 }),
        fc.integer({ min: 1, max: 75 }),
        fc.boolean(),
        (keys, columns, rows, unicode) => {
          const state = press(data, keys, columns);
          expect(state.from).toBeLessThan(state.to);
          expect(state.from).toBeGreaterThanOrEqual(data.from);
          expect(state.to).toBeLessThanOrEqual(data.to);
          expect(state.cursor).toBeGreaterThanOrEqual(data.from);
          expect(state.cursor).toBeLessThanOrEqual(data.to);
          const lines = draw(data, state, columns, rows, unicode);
          expect(lines).toHaveLength(rows);
          for (const line of lines) {
            expect([...line]).toHaveLength(columns);
            expect(line).not.toMatch(/NaN|undefined|Infinity/);
            if (!unicode) expect(line).not.toMatch(/[^\x20-\x7e]/);
          }
        },
      ),
      { numRuns: 80 },
    );
  });
});

describe("the cursor", () => {
  const data = prepare(fakeResult());

  test("begins at the peak, moves by columns and stops at the ends", () => {
    expect(initialState(data).cursor).toBe(data.peak);
    const width = plotWidth(80);
    expect(press(data, ["home", "right"]).cursor).toBeCloseTo(10e9 / width, 0);
    expect(press(data, ["home", "left"]).cursor).toBe(0);
    expect(press(data, ["end", "right"]).cursor).toBe(10e9);
  });

  test("takes the window with it, and zoom leaves it where it is", () => {
    const state = press(data, ["+", "+", "+"]);
    expect(state.to - state.from).toBeCloseTo(10e9 / 8, 0);
    const place = (s: State): number => (s.cursor - s.from) / (s.to - s.from);
    expect(place(state)).toBeCloseTo(place(initialState(data)), 6);
    const away = press(data, ["home"], 80, state);
    expect([away.from, away.cursor]).toEqual([0, 0]);
    expect(away.to - away.from).toBeCloseTo(10e9 / 8, 0);
  });

  test("goes from GC to GC and stays at the last", () => {
    const first = press(data, ["home", "n"]);
    expect(first.cursor).toBe(data.gcs[0]);
    expect(press(data, ["n", "n", "p"], 80, first).cursor).toBe(data.gcs[1]);
    expect(press(data, ["p"], 80, first)).toEqual(first);
    expect(press(data, ["end", "n"]).cursor).toBe(10e9);
  });
});

test("q leaves help before it leaves the program", () => {
  const data = prepare(fakeResult());
  const effect = (state: State, key: string): string | undefined =>
    pressKey(data, state, key, { columns: 80, rows: 24 }).effect?.do;
  expect(effect(initialState(data), "q")).toBe("quit");
  const help = press(data, ["?"]);
  expect(effect(help, "q")).toBeUndefined();
  expect(press(data, ["q"], 80, help).help).toBe(false);
  expect(effect(help, "ctrl-c")).toBe("interrupt");
});

test("a peak of one row is drawn at every zoom of 100000 rows", () => {
  const result = fakeResult({ rows: 100_000, measured: false });
  result.timeline[77_777]!.rss = 2 ** 40;
  const data = prepare(result);
  const lines = draw(data, initialState(data));
  expect(lines[3]).toContain("1.00 TiB");
  expect(lines[3]).toMatch(/[⡀-⣿]/);
});

test("prediction and measurement can be told apart without colour", () => {
  const result = fakeResult();
  for (const row of result.timeline) if (row.measuredRss) row.measuredRss = row.rss * 2;
  const data = prepare(result);
  const top = draw(data, initialState(data), 80, 24, false).slice(3, 11);
  expect(top.some((line) => line.includes("x") && !line.includes("#"))).toBe(true);
});

test("the ledger's lines sum up to its RSS, with margins, evidence and basis", () => {
  const data = prepare(fakeResult());
  const lines = draw(data, press(data, ["3"]), 160, 24);
  expect(lines.find((line) => line.includes("Live heap"))).toMatch(
    /Live heap +92\.4 MiB +1\.00 MiB +57 % +inferred +fake live/,
  );
  expect(lines.find((line) => line.includes("RSS (the sum)"))).toMatch(/162 MiB +-2\.00\/\+5\.00 MiB/);
});

test("a mark shows what changed since", () => {
  const data = prepare(fakeResult());
  const state = press(data, ["home", "a", "x"]);
  expect(draw(data, state).join("\n")).toMatch(/A 0\.00 s {3}since 4\.00 s {3}RSS \+125 MiB/);
  expect(draw(data, press(data, ["3"], 80, state)).join("\n")).toMatch(/Live heap .* \+79\.6 MiB/);
});

test("names out of a recording can't command the terminal", () => {
  const evil = "\x1b]0;x\x07\u202e.out";
  const plain = answered(prepare(fakeResult({ path: evil, partial: true })));
  const diagnosis = fakeDiagnosis(plain.result);
  const cause = {
    ...diagnosis.causes[0]!,
    title: evil,
    advice: evil,
    evidence: [{ text: evil, source: evil, t: 1e9 }],
  };
  const data: Data = { ...plain, diagnosis: { is: "ready", value: { ...diagnosis, causes: [cause] } } };
  const said: State = { ...initialState(data), said: evil };
  expect(draw(data, said, 200, 50).join("")).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
  for (const view of [..."12345678?"]) {
    expect(draw(data, press(data, [view]), 200, 50).join("")).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
  }
});

describe("heap map", () => {
  test.each([
    [1, 64, 16, { perCell: 1, perChunk: 64, perRow: 1, gap: 1 }],
    [16, 64, 16, { perCell: 1, perChunk: 64, perRow: 1, gap: 1 }],
    [17, 65, 16, { perCell: 1, perChunk: 32, perRow: 2, gap: 1 }],
    [1024, 64, 16, { perCell: 1, perChunk: 1, perRow: 64, gap: 0 }],
    [1025, 64, 16, { perCell: 2, perChunk: 1, perRow: 64, gap: 0 }],
  ])("%d chunks in %dx%d", (chunks, width, height, expected) => {
    expect(arrange(chunks, width, height)).toEqual(expected);
  });

  test("all chunks are shown, whatever their number and the screen", () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.integer({ min: 1, max: 240 }), fc.integer({ min: 1, max: 70 }), (n, w, h) => {
        const { perCell, perChunk, perRow, gap } = arrange(n, w, h);
        expect(perRow * (perChunk + gap) - gap).toBeLessThanOrEqual(w);
        expect(Math.ceil(Math.ceil(n / perCell) / perRow)).toBeLessThanOrEqual(h);
      }),
    );
  });

  test.each([
    [[512, 0, 0, 0], 16, [16, 0, 0, 0]],
    [[511, 1, 0, 0], 16, [15, 1, 0, 0]],
    [[1, 1, 1, 509], 8, [1, 1, 1, 5]],
    [[128, 0, 128, 0], 16, [4, 0, 4, 0]],
    [[0, 0, 0, 0], 16, [0, 0, 0, 0]],
    [[200, 100, 100, 112], 2, [1, 0, 0, 1]],
  ])("%j pages in %d cells", (counts, cells, expected) => {
    expect(apportion(counts, 512, cells)).toEqual(expected);
  });
});

test("a frame of the largest screen is drawn in a few milliseconds", () => {
  const data = prepare(fakeResult({ rows: 200_000, gcs: 5000 }));
  const state = initialState(data);
  draw(data, state, 250, 70);
  const times = Array.from({ length: 10 }, () => {
    const start = performance.now();
    draw(data, press(data, ["right"], 250, state), 250, 70);
    return performance.now() - start;
  });
  // 50 ms is the budget of a frame with Ink; the fastest of some is what others on the machine disturb least.
  expect(Math.min(...times)).toBeLessThan(50);
});
