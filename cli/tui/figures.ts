import { formatBytes, formatDelta, formatMargin, formatMoment } from "../sizes.ts";
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
    { label: "Margin", value: formatMargin(data.result.uncertainty) },
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

/** The last sample at or before the cursor, with its age when that matters. */
function measuredAt(data: Data, state: State): string {
  const { measured } = data;
  if (measured.length === 0) return "none";
  const i = measured.indexAt(state.cursor);
  if (i < 0) return "not yet";
  const value = formatBytes(measured.v[i]!);
  const age = state.cursor - measured.t[i]!;
  const step = timeStep(state);
  return age <= 10 * step ? value : `${value} (${formatMoment(age, step)} ago)`;
}

/** What changed between the mark and the cursor; empty without a mark. */
export function sinceMark(data: Data, state: State): Figure[] {
  if (state.mark === null) return [];
  const then = data.rowAt(state.mark);
  const now = data.rowAt(state.cursor);
  if (!then || !now) return [];
  const gcs = countUpTo(data.gcs, state.cursor) - countUpTo(data.gcs, state.mark);
  const elapsed = state.cursor - state.mark;
  const moment = formatMoment(Math.abs(elapsed), timeStep(state));
  return [
    { label: "Mark", value: formatMoment(state.mark, timeStep(state)) },
    { label: "since", value: elapsed < 0 ? `-${moment}` : moment },
    { label: "RSS", value: formatDelta(now.rss - then.rss) },
    { label: "In use", value: formatDelta(now.heapInuse - then.heapInuse) },
    { label: "Released", value: formatDelta(now.heapReleased - then.heapReleased) },
    { label: "GCs", value: String(gcs) },
  ];
}
