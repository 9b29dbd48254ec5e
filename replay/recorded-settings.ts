/** The settings that a run was recorded under, and what each rests on: told by a description or a metric, shown by its goals, or assumed. */

import type { EventSource } from "../parsers/event-source.ts";
import type { RunDescription } from "../parsers/run-description.ts";
import { minorOf } from "./era-rules.ts";
import { type SettingsFromGoals, settingsFromGoals } from "./goal-settings.ts";
import type { GcRow, Note } from "./result.ts";

export interface RecordedGogc {
  /** Per cent; Infinity for off. */
  readonly gogc: number;
  readonly basis: "told" | "goals" | "assumed";
  /** What the goals show of a memory limit. */
  readonly limit: SettingsFromGoals["limit"];
}

export const DEFAULT_GOGC = 100;

/**
 * What the environment told holds unless the goals speak clearly against it: debug.SetGCPercent overrules it.
 * @param version that was recorded, "go1.27.0".
 * @param rounding bytes by which figures of the recording may be off (half a MiB in a log).
 */
export function recordedGogc(
  gcs: readonly GcRow[],
  version: string,
  rounding: number,
  description: RunDescription | null,
): RecordedGogc {
  const points = [];
  for (let i = 0; i + 1 < gcs.length; i++) {
    const marked = gcs[i]!.liveMarked;
    const goal = gcs[i + 1]!.goal;
    if (marked !== null && goal !== null) points.push({ marked, goal });
  }
  const { gogc: shown, limit } = settingsFromGoals(points, minorOf(version), rounding);
  const told = description?.hasEnv ? (description.gogc ?? DEFAULT_GOGC) : (description?.gogc ?? null);
  const env = told === "off" || told === 0 ? (told === "off" ? Number.POSITIVE_INFINITY : 0) : told;
  if (env !== null && (shown === null || near(env, shown))) return { gogc: env, basis: "told", limit };
  if (shown !== null) return { gogc: shown, basis: "goals", limit };
  return { gogc: DEFAULT_GOGC, basis: "assumed", limit };
}

/** Roots that nothing tells make a GOGC look higher than it is, and logs round. */
function near(told: number, shown: number): boolean {
  if (!Number.isFinite(told) || !Number.isFinite(shown)) return told === shown;
  return shown >= told * 0.75 && shown <= told * 1.4;
}

/** A log writes whole MiB. */
export function roundingOf({ format }: EventSource): number {
  return format === "gctrace" ? 1 << 19 : 0;
}

/** What a reader must know of the settings: a default that was assumed needs no word, anything else does. */
export function gogcNotes({ gogc, basis, limit }: RecordedGogc, memoryLimit: number): Note[] {
  const notes: Note[] = [];
  const note = (text: string) => notes.push({ level: "info", text });
  if (basis === "goals" && gogc !== DEFAULT_GOGC) {
    note(
      Number.isFinite(gogc)
        ? `GOGC was ${gogc}, as the heap goals show`
        : "GOGC was off: a memory limit alone made the heap goals",
    );
  }
  if (limit && !Number.isFinite(memoryLimit)) {
    note(
      `a memory limit held down the goal of ${limit.cycles} GC cycles, to ${(limit.goal / 2 ** 20).toFixed(0)} MiB of heap at most; say what GOMEMLIMIT was with --memory-limit`,
    );
  }
  return notes;
}
