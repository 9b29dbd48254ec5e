import type { TimelineRow } from "../../replay/result.ts";
import { formatBytes, formatDelta, formatDuration, formatMargin, formatMoment } from "../sizes.ts";
import { countUpTo, type Data } from "./data.ts";
import type { State } from "./state.ts";

/** A named figure at the cursor. */
export interface Figure {
  readonly label: string;
  readonly value: string;
}

/** Step of time that the screen can show, for as many decimals as it takes. */
export function timeStep(state: State): number {
  return (state.to - state.from) / 1000;
}

/** The figures at the cursor, most important first. */
export function figuresAt(data: Data, state: State): Figure[] {
  const row = data.rowAt(state.cursor);
  if (row === null) return [];
  const goal = row.heapGoal === null ? "unknown" : formatBytes(row.heapGoal);
  return [
    { label: "Time", value: formatMoment(state.cursor, timeStep(state)) },
    { label: "RSS", value: formatBytes(row.rss) },
    { label: "Margin", value: formatMargin(marginOf(data, row)) },
    { label: "GC", value: `${countUpTo(data.gcs, state.cursor)} of ${data.gcs.length}` },
    { label: "Measured", value: measuredAt(data, state) },
    { label: "In use", value: formatBytes(row.heapInuse) },
    { label: "Free kept", value: formatBytes(row.heapFree) },
    { label: "Released", value: formatBytes(row.heapReleased) },
    { label: "Stacks", value: formatBytes(row.stacks) },
    { label: "Live", value: formatBytes(row.heapLive) },
    { label: "Goal", value: goal },
    { label: "Mapped", value: formatBytes(row.mapped) },
  ];
}

/** How far RSS may be off at that row. */
function marginOf({ result }: Data, { rss, rssLow, rssHigh }: TimelineRow): { below: number; above: number } {
  const { below, above } = result.uncertainty;
  return {
    below: rssLow === undefined ? below : rss - rssLow,
    above: rssHigh === undefined ? above : rssHigh - rss,
  };
}

/** The last sample at or before the cursor, with its age when that matters. */
function measuredAt(data: Data, state: State): string {
  const { measured } = data;
  if (measured.length === 0) return "none";
  const i = measured.indexAt(state.cursor);
  if (i < 0) return "not yet";
  const value = formatBytes(measured.v[i]!);
  const age = state.cursor - measured.t[i]!;
  const step = timeStep(state);
  return age <= 10 * step ? value : `${value} (${formatDuration(age)} ago)`;
}

/** What changed between mark A and the cursor, or mark B where there is one; empty without a mark. */
export function sinceMark(data: Data, state: State): Figure[] {
  const [from, to] = compared(state);
  if (from === null) return [];
  const then = data.rowAt(from);
  const now = data.rowAt(to);
  if (!then || !now) return [];
  const gcs = countUpTo(data.gcs, to) - countUpTo(data.gcs, from);
  const elapsed = to - from;
  const moment = formatMoment(Math.abs(elapsed), timeStep(state));
  return [
    { label: state.a === null ? "B" : "A", value: formatMoment(from, timeStep(state)) },
    { label: state.a !== null && state.b !== null ? "to B" : "since", value: elapsed < 0 ? `-${moment}` : moment },
    { label: "RSS", value: formatDelta(now.rss - then.rss) },
    { label: "In use", value: formatDelta(now.heapInuse - then.heapInuse) },
    { label: "Released", value: formatDelta(now.heapReleased - then.heapReleased) },
    { label: "GCs", value: String(gcs) },
  ];
}

/** The two moments that are compared: A with B, or the one that is marked with the cursor; null for none. */
export function compared(state: State): [from: number | null, to: number] {
  if (state.a !== null && state.b !== null) return [state.a, state.b];
  return [state.a ?? state.b, state.cursor];
}
