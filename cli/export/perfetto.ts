import type { ReplayResult, TimelineMark, TimelineRow } from "../../replay/result.ts";
import type { Exporter } from "./exporter.ts";
import { PerfettoWriter } from "./perfetto-writer.ts";
import { replayRows } from "./rows.ts";

const COUNTERS: readonly (readonly [name: string, get: (row: TimelineRow) => number | null | undefined])[] = [
  ["RSS (predicted)", (row) => row.rss],
  ["RSS (measured)", (row) => row.measuredRss],
  ["Heap in use", (row) => row.heapInuse],
  ["Heap live", (row) => row.heapLive],
  ["Heap goal", (row) => row.heapGoal],
  ["Heap free, backed", (row) => row.heapFree],
  ["Heap released", (row) => row.heapReleased],
  ["Heap released (measured)", (row) => row.measuredReleased],
  ["Stacks", (row) => row.stacks],
];
const MARKING = "GC: marking";
const SWEEPING = "GC: sweeping";
const RETURNS: Readonly<Partial<Record<TimelineMark["kind"], string>>> = {
  "return-background": "Returned: background scavenger",
  "return-growth": "Returned: on growth",
  "return-limit": "Returned: for the memory limit",
  "return-forced": "Returned: debug.FreeOSMemory",
};
/** Returns closer together than this are one stretch of work. */
const GAP_NS = 20e6;
const WRITE_BYTES = 1 << 18;
const PROCESS = 1;

/** Counters and slices for Perfetto (ui.perfetto.dev, trace_processor). */
export const perfetto: Exporter = {
  name: "perfetto",
  title: "trace for Perfetto: counters, GC and scavenging",
  extension: "pftrace",
  binary: true,
  streams: true,
  async write(job, out) {
    const w = new PerfettoWriter();
    let next = PROCESS + 1;
    const track = (name: string, counter: boolean): number => {
      w.track(next, PROCESS, name, counter);
      return next++;
    };
    w.process(PROCESS, job.inputs[0] ?? "Go program");
    // A counter holds until its next value; it has a track from its first one on.
    const tracks = new Uint32Array(COUNTERS.length);
    const before = new Float64Array(COUNTERS.length).fill(Number.NaN);
    const result = await replayRows(job, {
      add(row) {
        for (let c = 0; c < COUNTERS.length; c++) {
          const [name, get] = COUNTERS[c]!;
          const value = get(row);
          // "No goal" has no height to be drawn at.
          if (value === null || value === undefined || !Number.isFinite(value) || value === before[c]) continue;
          before[c] = value;
          if (tracks[c] === 0) tracks[c] = track(name, true);
          w.counter(row.t, tracks[c]!, value);
        }
      },
      async drain() {
        if (w.size >= WRITE_BYTES) await out.write(w.take());
      },
    });
    gcSlices(w, result, track);
    returnSlices(w, result.marks, track);
    await out.write(w.take());
    return { partial: result.partial };
  },
};

function gcSlices(w: PerfettoWriter, { gcs }: ReplayResult, track: (name: string, counter: boolean) => number): void {
  if (gcs.length === 0) return;
  const marking = track(MARKING, false);
  const sweeping = track(SWEEPING, false);
  for (const [i, gc] of gcs.entries()) {
    if (gc.markTermination === null) continue;
    const figures: [string, number][] = [];
    if (gc.liveAtStart !== null) figures.push(["live at start", gc.liveAtStart]);
    if (gc.liveMarked !== null) figures.push(["marked", gc.liveMarked]);
    if (gc.goal !== null && Number.isFinite(gc.goal)) figures.push(["goal", gc.goal]);
    w.begin(gc.start, marking, `GC ${gc.n}`, figures);
    w.end(Math.max(gc.start, gc.markTermination), marking);
    if (gc.sweepDone === null) continue;
    // Sweeping ends before the next cycle begins; on one track slices must not cross.
    const end = Math.min(gc.sweepDone, gcs[i + 1]?.start ?? Number.POSITIVE_INFINITY);
    if (end < gc.markTermination) continue;
    w.begin(gc.markTermination, sweeping, `sweep ${gc.n}`, []);
    w.end(end, sweeping);
  }
}

function returnSlices(
  w: PerfettoWriter,
  marks: readonly TimelineMark[],
  track: (name: string, counter: boolean) => number,
): void {
  for (const [kind, name] of Object.entries(RETURNS)) {
    let id = 0;
    let open: { from: number; to: number; bytes: number } | null = null;
    const close = (): void => {
      if (open === null) return;
      if (id === 0) id = track(name, false);
      w.begin(open.from, id, "return", [["bytes", open.bytes]]);
      w.end(Math.max(open.to, open.from + 1), id);
      open = null;
    };
    for (const mark of marks) {
      if (mark.kind !== kind) continue;
      if (open !== null && mark.t - open.to <= GAP_NS) {
        open.to = mark.t;
        open.bytes += mark.value;
        continue;
      }
      close();
      open = { from: mark.t, to: mark.t, bytes: mark.value };
    }
    close();
  }
}
