/**
 * Several inputs of one run on one clock: that of the input which drives the replay. A companion's clock is found by, in
 * this order:
 *
 * 1. both tell the wall-clock time at which they begin;
 * 2. a gctrace log and a trace see the same GCs: the shift under which the times of their cycles agree best;
 * 3. a CSV of samples without dates is taken to count from the recording's start, as `gopages record` writes it.
 *
 * A companion with dates can be placed, too, if a log with dates was by (2). What can't be placed is left out of the timeline,
 * and a note says why.
 */

import type { EventSource, FormatId } from "../parsers/event-source.ts";
import {
  type EventBatch,
  GC_START,
  NO_ADDR,
  newBatch,
  OBSERVATION,
  push,
  SCAVENGED,
  SCAVENGED_FORCED,
} from "../parsers/events.ts";
import { median } from "./learned.ts";
import { newReturns, type Returns } from "./reconstruct/recorded-returns.ts";
import { Samples } from "./samples.ts";

const PAGE = 8192;
const MAX_OBSERVATIONS = 8_000_000;
/** Clocks are taken to agree if cycles do to within this (median, ns): gctrace tells whole milliseconds. */
const CLOCKS_AGREE = 5e6;
/** Fewer cycles than this in common prove nothing. */
const ENOUGH_CYCLES = 3;
const MAX_SHIFT = 2000;
const TRACES: readonly FormatId[] = ["go-trace-v1", "go-trace-v2"];
/** Cycles compared for one shift at most. */
const MAX_COMPARED = 200;

export interface Joined {
  /** What companions measured, by time. */
  readonly samples: Samples;
  /** What a log beside a trace says of memory returned; null without one. */
  readonly returns: Returns | null;
  /** One line each: what could not be joined, and why. */
  readonly notes: readonly string[];
}

/** A companion's observations with its own times. */
interface Rows {
  readonly time: number[];
  readonly what: number[];
  readonly value: number[];
}

export interface JoinOptions {
  /** Times of the main input's GC starts, ns, if they are known. */
  readonly gcStarts: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/** Reads every companion to its end. `main` must have given its first batch. */
export async function join(main: EventSource, sources: readonly EventSource[], options: JoinOptions): Promise<Joined> {
  const notes: string[] = [];
  const all: Rows = { time: [], what: [], value: [] };
  let returns: Returns | null = null;
  let wall = main.info.wallClockStart;
  const companions = sources.filter((source) => source !== main);
  // Logs first: they may tell the main input's date.
  companions.sort((a, b) => Number(b.format === "gctrace") - Number(a.format === "gctrace"));
  for (const source of companions) {
    const rows: Rows = { time: [], what: [], value: [] };
    const starts: number[] = [];
    const scavenged = newReturns();
    for await (const batch of source.batches()) {
      options.signal?.throwIfAborted();
      read(batch, rows, starts, scavenged);
    }
    if (source.format === "gctrace") {
      const shift = sharedClock(starts, options.gcStarts);
      if (shift === null) {
        notes.push(`${source.path} is left out: its GCs are not those of ${main.path}; is it of another run?`);
        continue;
      }
      if (wall === null && source.info.wallClockStart !== null) wall = source.info.wallClockStart - shift / 1e6;
      if (scavenged.times.length === 0) {
        notes.push(
          `${source.path} says nothing of memory returned (no scavtrace lines: GODEBUG=scavtrace=1, Go 1.14+), so it adds nothing to ${main.path}`,
        );
      } else {
        returns = scavenged;
        for (let i = 0; i < scavenged.times.length; i++) scavenged.times[i]! += shift;
      }
      continue;
    }
    if (rows.time.length === 0) continue;
    if (source.format === "pprof-heap" && TRACES.includes(main.format)) {
      notes.push(
        `${source.path} adds nothing to RSS: ${main.path} tells each new span, a profile only what kinds of objects are in them`,
      );
      continue;
    }
    const dated = source.info.wallClockStart;
    let shift = 0;
    if (dated !== null && wall !== null) shift = (dated - wall) * 1e6;
    else if (source.format !== "samples-csv") {
      notes.push(
        dated === null
          ? `${source.path} does not say when it was made: what it measured is not on the timeline`
          : `${source.path} can't be placed in time: ${main.path} does not say at what time of day it was recorded`,
      );
      continue;
    }
    const early = append(all, rows, shift);
    if (early > 0) notes.push(`${source.path}: ${early} measurements are from before ${main.path} begins`);
  }
  return { samples: sorted(all), returns, notes };
}

function read(batch: EventBatch, rows: Rows, starts: number[], returns: Returns): void {
  for (let i = 0; i < batch.length; i++) {
    const t = batch.time[i]!;
    switch (batch.kind[i]) {
      case OBSERVATION:
        if (rows.time.length >= MAX_OBSERVATIONS) break;
        rows.time.push(t);
        rows.what.push(batch.aux[i]!);
        rows.value.push(batch.size[i]!);
        break;
      case GC_START:
        starts.push(t);
        break;
      case SCAVENGED:
        if (batch.addr[i] !== NO_ADDR) break;
        returns.times.push(t);
        returns.bytes.push(batch.aux[i] === SCAVENGED_FORCED ? Number.POSITIVE_INFINITY : batch.size[i]! * PAGE);
        break;
    }
  }
}

/** Returns how many are of before the recording, and so left out. */
function append(all: Rows, rows: Rows, shift: number): number {
  let early = 0;
  for (let i = 0; i < rows.time.length && all.time.length < MAX_OBSERVATIONS; i++) {
    const time = rows.time[i]! + shift;
    if (time < 0) {
      early++;
      continue;
    }
    all.time.push(time);
    all.what.push(rows.what[i]!);
    all.value.push(rows.value[i]!);
  }
  return early;
}

function sorted(rows: Rows): Samples {
  const order = Uint32Array.from(rows.time.keys());
  const { time } = rows;
  order.sort((a, b) => time[a]! - time[b]! || a - b);
  const samples = new Samples();
  const batch = newBatch();
  for (const i of order) {
    if (batch.length === batch.kind.length) {
      samples.add(batch);
      batch.length = 0;
    }
    push(batch, OBSERVATION, time[i]!, -1, NO_ADDR, rows.value[i]!, rows.what[i]!);
  }
  samples.add(batch);
  return samples;
}

/** What to add to the log's times so that its cycles are the trace's; null if they are not. ns. */
export function sharedClock(log: readonly number[], trace: readonly number[]): number | null {
  if (trace.length === 0 || log.length === 0) return null;
  let best: number | null = null;
  let bestSpread = CLOCKS_AGREE;
  const from = Math.max(-trace.length + 1, -MAX_SHIFT);
  const to = Math.min(log.length - 1, MAX_SHIFT);
  const shorter = Math.min(trace.length, log.length);
  const needed = trace.length === log.length ? Math.ceil(shorter / 2) : Math.max(ENOUGH_CYCLES, shorter / 2);
  let common = 0;
  // Cycle i of the trace is cycle i + k of the log.
  for (let k = from; k <= to; k++) {
    const first = Math.max(0, -k);
    const pairs = Math.min(trace.length, log.length - k) - first;
    if (pairs < needed) continue;
    const shifts: number[] = [];
    const stride = Math.ceil(pairs / MAX_COMPARED);
    for (let i = first; i < first + pairs; i += stride) shifts.push(trace[i]! - log[i + k]!);
    const middle = median(shifts)!;
    const spread = median(shifts.map((shift) => Math.abs(shift - middle)))!;
    if (spread < bestSpread || (spread === bestSpread && pairs > common)) {
      bestSpread = spread;
      best = middle;
      common = pairs;
    }
  }
  return best;
}
