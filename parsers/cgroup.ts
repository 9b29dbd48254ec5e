/**
 * Memory files of a control group, v1 and v2.
 *
 * memory.current, memory.max and their like hold nothing but a number, so the file's name tells what it is; a dump that says it
 * itself is better: `grep . memory.*` ("memory.current:123") or `tail -n +1 memory.*` ("==> memory.current <==").
 */

import { basename } from "node:path";
import { lineTime } from "./clock-text.ts";
import { headText } from "./detect.ts";
import { InputError } from "./errors.ts";
import type { EventSource } from "./event-source.ts";
import type { ObservationName } from "./events.ts";
import type { ByteSource, Format } from "./format.ts";
import { Losses } from "./losses.ts";
import { ObservationLog, ObservationSource } from "./observation-source.ts";
import { textLines } from "./text-lines.ts";

/** Files of one number. */
const FILES: Readonly<Record<string, ObservationName>> = {
  "memory.current": "cgroup_usage",
  "memory.max": "cgroup_limit",
  "memory.high": "cgroup_high",
  "memory.peak": "cgroup_peak",
  "memory.usage_in_bytes": "cgroup_usage",
  "memory.limit_in_bytes": "cgroup_limit",
  "memory.soft_limit_in_bytes": "cgroup_high",
  "memory.max_usage_in_bytes": "cgroup_peak",
};

/**
 * Lines of memory.stat and memory.events. In v1, "rss" is what v2 calls "anon"; "total_" sums include child groups, and win.
 */
const STATS: Readonly<Record<string, ObservationName>> = {
  anon: "cgroup_anon",
  file: "cgroup_file",
  rss: "cgroup_anon",
  cache: "cgroup_file",
  total_rss: "cgroup_anon",
  total_cache: "cgroup_file",
  hierarchical_memory_limit: "cgroup_limit",
  oom_kill: "cgroup_oom_kills",
  anon_thp: "anon_huge",
};

const STAT_LINE = /^([a-z_0-9]+) (\d+)$/;
const LONE = /^\s*(\d+|max)\s*$/;
const NAMED = /^(?:\S*\/)?(memory\.[a-z_.0-9]+):\s*(.*)$/;
const SECTION = /^==> (?:\S*\/)?(memory\.[a-z_.0-9]+) <==$/;

/** v1 writes "no limit" as the largest multiple of a page below 2^63, v2 as "max". */
function amount(text: string): number {
  const value = text === "max" ? Number.POSITIVE_INFINITY : Number(text);
  return value > 2 ** 62 ? Number.POSITIVE_INFINITY : value;
}

export const cgroup: Format = {
  id: "cgroup",
  title: "cgroup memory files",
  gives: "what the container is charged with, its limit, and how much of it is page cache",
  record: "grep . /sys/fs/cgroup/memory.* > cgroup.txt (v1: /sys/fs/cgroup/memory/memory.*)",
  evidence: "exact",
  detect(head) {
    const text = headText(head, 8192);
    if (LONE.test(text)) return 0.2;
    const lines = text.split("\n").filter((line) => line.trim() !== "" && Number.isNaN(lineTime(line)));
    if (lines.length === 0) return 0;
    if (NAMED.test(lines[0]!) || SECTION.test(lines[0]!)) return 1;
    const keys = new Set(lines.map((line) => STAT_LINE.exec(line)?.[1]));
    if ((keys.has("anon") && keys.has("file")) || (keys.has("cache") && keys.has("rss"))) return 1;
    if (keys.has("oom") && keys.has("high") && keys.has("max")) return 0.9;
    return 0;
  },
  open: openCgroup,
};

async function openCgroup(bytes: ByteSource): Promise<EventSource> {
  const log = new ObservationLog(bytes.path);
  const own = basename(bytes.path).replace(/\.(txt|gz|zst)$/, "");
  let file = "";
  let time = Number.NaN;
  let values = new Map<ObservationName, number>();
  let seen = new Set<string>();
  const finish = () => {
    if (values.size > 0) {
      log.row(time);
      for (const [name, value] of values) log.add(name, value);
    }
    values = new Map();
    seen = new Set();
  };
  // What comes again begins the next dump.
  const set = (key: string, name: ObservationName, text: string) => {
    if (seen.has(key)) finish();
    seen.add(key);
    const value = amount(text);
    // Of the limits of a group and its hierarchy the lower one counts.
    values.set(name, name === "cgroup_limit" ? Math.min(value, values.get(name) ?? value) : value);
  };
  const content = (line: string, of: string) => {
    const lone = LONE.exec(line);
    const name = FILES[of];
    if (lone && name) return set(of, name, lone[1]!);
    const stat = STAT_LINE.exec(line);
    const statName = stat && Object.hasOwn(STATS, stat[1]!) ? STATS[stat[1]!] : undefined;
    if (stat && statName) set(`stat ${stat[1]}`, statName, stat[2]!);
  };
  let loneWithoutName = false;
  for await (const line of textLines(bytes)) {
    const section = SECTION.exec(line);
    if (section) {
      file = section[1]!;
      continue;
    }
    const named = NAMED.exec(line);
    if (named) {
      content(named[2]!, named[1]!);
      continue;
    }
    const ms = LONE.test(line) && (file in FILES || own in FILES) ? Number.NaN : lineTime(line);
    if (!Number.isNaN(ms)) {
      finish();
      time = ms;
      continue;
    }
    if (LONE.test(line) && !(file in FILES) && !(own in FILES)) loneWithoutName = true;
    content(line, file || own);
  }
  finish();
  if (log.rows === 0) {
    throw new InputError(
      loneWithoutName
        ? `${bytes.path}: a number alone does not say what it is; keep the file's name (memory.current), or record: grep . memory.*`
        : `${bytes.path}: nothing of a cgroup's memory in it; record: grep . /sys/fs/cgroup/memory.*`,
    );
  }
  return new ObservationSource(bytes, "cgroup", "exact", log, new Losses());
}
