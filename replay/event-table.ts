/** What happened in a run, as rows of one table in order of time: growth, returns, GCs, stops of the world, peaks of RSS. */
import { STW_REASONS } from "../parsers/trace/stw-reasons.ts";
import { peaksOf } from "./peaks.ts";
import type { ReplayResult, TimelineMark } from "./result.ts";
import type { RunFacts } from "./run-facts.ts";

export type RunEventKind = "gc" | "stop" | "peak" | Exclude<TimelineMark["kind"], "gc" | "gc-end">;

export interface RunEvent {
  readonly t: number;
  readonly kind: RunEventKind;
  /** Bytes grown or returned, or RSS at a peak; null for others. */
  readonly bytes: number | null;
  /** Length of a GC's mark or of a stop; null for others, and where the input does not tell. */
  readonly ns: number | null;
  /** Number of the GC; null for others. */
  readonly gc: number | null;
  /** Why the world was stopped, in the runtime's words; "" for others. */
  readonly reason: string;
}

/** RSS must fall by this share of its highest value for what was before to count as a peak. */
const PEAK_FALL = 0.05;

export function eventTable(
  result: Pick<ReplayResult, "marks" | "gcs" | "timeline">,
  facts: RunFacts | null,
): RunEvent[] {
  const events: RunEvent[] = [];
  const none = { bytes: null, ns: null, gc: null, reason: "" };
  for (const { kind, t, value } of result.marks) {
    if (kind !== "gc" && kind !== "gc-end") events.push({ ...none, t, kind, bytes: value });
  }
  for (const { n, start, markTermination } of result.gcs) {
    events.push({
      ...none,
      t: start,
      kind: "gc",
      ns: markTermination === null ? null : markTermination - start,
      gc: n,
    });
  }
  for (const { t, ns, reason } of facts?.stops ?? []) {
    events.push({ ...none, t, kind: "stop", ns, reason: STW_REASONS[reason] ?? "" });
  }
  const { timeline } = result;
  const rss = Float64Array.from(timeline, (row) => row.rss);
  const highest = rss.reduce((most, value) => Math.max(most, value), 0);
  for (const i of peaksOf(rss, highest * PEAK_FALL)) {
    events.push({ ...none, t: timeline[i]!.t, kind: "peak", bytes: rss[i]! });
  }
  return events.sort((a, b) => a.t - b.t);
}
