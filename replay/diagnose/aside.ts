/**
 * The log of GCs that `record` puts aside where there is a trace, because it is on another clock. Its cycles are the trace's: found by
 * what each found alive, they say what a trace does not, how much of stacks was scanned first of all.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { GctraceSource } from "../../parsers/gctrace.ts";
import { openInput } from "../../parsers/open.ts";
import type { GcFact } from "./collect.ts";
import { type GcLog, readLog } from "./gc-log.ts";
import { MiB } from "./text.ts";

/** cli/record/record.ts: where files on another clock than the trace's go. */
const ASIDE = "before-trace/gctrace.log";

/** null where no folder of `paths` has one. */
export async function logAside(paths: readonly string[]): Promise<GcLog | null> {
  for (const path of paths) {
    const file = join(path, ASIDE);
    if (path === "-" || !existsSync(file)) continue;
    const source = await openInput(file);
    try {
      if (source instanceof GctraceSource) return await readLog(source);
    } finally {
      await source.close();
    }
  }
  return null;
}

/** Logs round to MiB, each figure by itself. */
const ROUNDED = 1.5 * MiB;
/** Of the cycles that both have, so many must agree. */
const AGREE = 0.8;
/** Comparisons that may be made: more cycles than that are aligned by their ends only. */
const MOST = 4e6;

/** The trace's cycles with what the log says of them; as they are where the two do not agree. */
export function pairLog(gcs: readonly GcFact[], log: Pick<GcLog, "gcs" | "scavs">): Pick<GcLog, "gcs" | "scavs"> {
  const shift = shiftOf(gcs, log.gcs);
  if (shift === null) return { gcs: [...gcs], scavs: [] };
  const paired = gcs.map((gc, i) => {
    const line = log.gcs[i + shift];
    if (!line) return gc;
    const { n, goal, stacks, utilization, cpuAssist, procs, forced, periodic } = line;
    return { ...gc, n, stacks, utilization, cpuAssist, procs, forced, periodic, goal: gc.goal > 0 ? gc.goal : goal };
  });
  const scavs = log.scavs
    .map((scav) => ({ ...scav, afterGc: scav.afterGc - shift }))
    .filter(({ afterGc }) => afterGc >= -1 && afterGc < gcs.length);
  return { gcs: paired, scavs };
}

/** By how many cycles the log began earlier. */
function shiftOf(gcs: readonly GcFact[], lines: readonly GcFact[]): number | null {
  const atEnds = lines.length - gcs.length;
  const all = gcs.length * lines.length <= MOST;
  let best: number | null = null;
  let most = 0;
  for (let shift = all ? 1 - gcs.length : atEnds; shift <= (all ? lines.length - 1 : atEnds); shift++) {
    let both = 0;
    let same = 0;
    for (let i = Math.max(0, -shift); i < gcs.length && i + shift < lines.length; i++) {
      const { marked } = gcs[i]!;
      if (!Number.isFinite(marked)) continue;
      both++;
      if (Math.abs(marked - lines[i + shift]!.marked) <= ROUNDED) same++;
    }
    if (same >= AGREE * both && (same > most || (same === most && shift === atEnds))) {
      best = shift;
      most = same;
    }
  }
  return most > 0 ? best : null;
}
