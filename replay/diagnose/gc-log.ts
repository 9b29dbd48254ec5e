/** The GC log as rules look at it. */
import type { GctraceSource, LogRecord } from "../../parsers/gctrace.ts";
import type { LossKind } from "../../parsers/losses.ts";
import type { GcFact, ScavFact } from "./collect.ts";

export interface GcLog {
  readonly gcs: GcFact[];
  readonly scavs: ScavFact[];
  /** Versions that write such lines. */
  readonly goVersions: readonly string[];
}

/** Lines of a log that are looked at, for memory's sake: a month of a GC every three seconds, or three days of ten a second. */
const MAX_RECORDS = 1_000_000;
const LEFT_OUT: LossKind = {
  name: "log-lines-left-out",
  severity: "data-loss",
  meaning: `only the first ${MAX_RECORDS} gc and scav lines were looked at for causes; give the part of the log that matters (tail -n)`,
};

/** The cycles and scav lines of a log: those of the process with most cycles, where several wrote it. */
export async function readLog(source: GctraceSource): Promise<GcLog> {
  const records: LogRecord[] = [];
  let leftOut = 0;
  for await (const record of source.records()) {
    if (records.length < MAX_RECORDS) records.push(record);
    else leftOut++;
  }
  if (leftOut > 0) source.losses.add(LEFT_OUT, leftOut);
  const { processes } = source.log;
  const main = processes.reduce((a, b) => (b.cycles > a.cycles ? b : a), processes[0]!);
  const zero = main && main.firstCycle > 1 ? main.firstAt : 0;
  if (source.info.goVersions.length === 0) source.info.goVersions = source.versionsOf(records.map(({ line }) => line));
  const gcs: GcFact[] = [];
  const scavs: ScavFact[] = [];
  for (const { line, process, periodic } of records) {
    if (process > 0 && process !== main?.id) continue;
    if (process !== main?.id && !(process === -1 && main?.id === 0)) continue;
    if (line.kind === "gc") {
      const t = line.at - zero;
      gcs.push({
        n: line.cycle,
        t,
        end: t + line.sweepTermination + line.mark + line.markTermination,
        heapStart: line.heapStart,
        heapEnd: line.heapEnd,
        marked: line.heapMarked,
        goal: line.goal,
        stacks: line.stacks ?? Number.NaN,
        utilization: line.utilization,
        cpuAssist: line.cpuAssist,
        procs: line.procs,
        forced: line.forced,
        periodic,
      });
    } else {
      scavs.push({
        afterGc: gcs.length - 1,
        work: line.work ?? 0,
        eager: line.eagerWork ?? 0,
        released: line.released ?? Number.NaN,
        inuse: line.inuse ?? Number.NaN,
        idle: line.idle ?? Number.NaN,
        utilization: line.utilization ?? Number.NaN,
        forced: line.forced,
      });
    }
  }
  source.info.events = records.length;
  return { gcs, scavs, goVersions: source.info.goVersions };
}
