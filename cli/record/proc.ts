import { existsSync, readFileSync } from "node:fs";

/**
 * What the system says of a process's memory, read from outside: /proc of Linux. Small reads without waiting, so that
 * a sample is of one moment.
 */

export type Reading = Readonly<Partial<Record<SampleColumn, number>>>;

/** Columns of samples.csv besides the time; names as in parsers/events.ts. */
export const SAMPLE_COLUMNS = [
  "rss",
  "rss_anon",
  "rss_file",
  "rss_peak",
  "swap",
  "threads",
  "smaps_rss",
  "smaps_anon",
  "private_dirty",
  "lazyfree",
  "anon_huge",
  "cgroup_usage",
  "cgroup_limit",
] as const;
export type SampleColumn = (typeof SAMPLE_COLUMNS)[number];

const STATUS: readonly Line[] = [
  ["VmRSS", "rss"],
  ["RssAnon", "rss_anon"],
  ["RssFile", "rss_file"],
  ["VmHWM", "rss_peak"],
  ["VmSwap", "swap"],
];
const SMAPS: readonly Line[] = [
  ["Rss", "smaps_rss"],
  ["Anonymous", "smaps_anon"],
  ["Private_Dirty", "private_dirty"],
  ["LazyFree", "lazyfree"],
  ["AnonHugePages", "anon_huge"],
];

export function canSample(): boolean {
  return existsSync("/proc/self/status");
}

/** What /proc/PID/status says, which is cheap to read; null when the process is gone. */
export function statusReading(text: string | null): Reading | null {
  if (text === null) return null;
  const values = kilobytes(text, STATUS);
  // A zombie has no memory any more.
  if (values.rss === undefined) return null;
  const threads = numberOf(text, "Threads");
  if (threads >= 0) values.threads = threads;
  return values;
}

export function readStatus(pid: number): Reading | null {
  return statusReading(read(`/proc/${pid}/status`));
}

/** /proc/PID/smaps_rollup: exact, but walks the page tables and holds the process's memory map meanwhile. */
export function readSmapsRollup(pid: number): Reading {
  const text = read(`/proc/${pid}/smaps_rollup`);
  return text === null ? {} : kilobytes(text, SMAPS);
}

/** Reads the memory control group of a process (v2, or v1's memory controller); null where there is none to be read. */
export function cgroupReader(pid: number): (() => Reading) | null {
  const text = read(`/proc/${pid}/cgroup`);
  if (text === null) return null;
  const v2 = /^0::(.*)$/m.exec(text)?.[1];
  const v1 = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(text)?.[1];
  const places: [folder: string, usage: string, limit: string][] = [];
  if (v2 !== undefined) {
    // In a container the path is often that of the host, and the group is mounted at the top.
    for (const folder of [`/sys/fs/cgroup${v2}`, "/sys/fs/cgroup"])
      places.push([folder, "memory.current", "memory.max"]);
  }
  if (v1 !== undefined) {
    for (const folder of [`/sys/fs/cgroup/memory${v1}`, "/sys/fs/cgroup/memory"]) {
      places.push([folder, "memory.usage_in_bytes", "memory.limit_in_bytes"]);
    }
  }
  for (const [folder, usage, limit] of places) {
    if (read(`${folder}/${usage}`) === null) continue;
    return () => {
      const used = Number(read(`${folder}/${usage}`) ?? Number.NaN);
      const most = Number(read(`${folder}/${limit}`) ?? Number.NaN);
      return {
        ...(Number.isFinite(used) ? { cgroup_usage: used } : {}),
        // v1 says "no limit" with a number near 2^63.
        ...(Number.isFinite(most) && most < 2 ** 62 ? { cgroup_limit: most } : {}),
      };
    };
  }
  return null;
}

type Line = readonly [name: string, column: SampleColumn];

function kilobytes(text: string, wanted: readonly Line[]): Partial<Record<SampleColumn, number>> {
  const values: Partial<Record<SampleColumn, number>> = {};
  for (const [name, column] of wanted) {
    const value = numberOf(text, name);
    if (value >= 0) values[column] = value * 1024;
  }
  return values;
}

/** The number behind "\nNAME:" and blanks; -1 without one. By hand: this runs for each sample. */
function numberOf(text: string, name: string): number {
  const found = text.indexOf(`\n${name}:`);
  if (found < 0) return -1;
  let at = found + name.length + 2;
  while (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9) at++;
  let value = -1;
  for (let digit = text.charCodeAt(at) - 48; digit >= 0 && digit <= 9; digit = text.charCodeAt(++at) - 48) {
    value = (value < 0 ? 0 : value * 10) + digit;
  }
  return value;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
