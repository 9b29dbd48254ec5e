/**
 * /proc/PID/status and statm, one or several one after the other (a series: write the date between them).
 */

import { lineTime } from "./clock-text.ts";
import { headText } from "./detect.ts";
import { InputError } from "./errors.ts";
import type { EventSource } from "./event-source.ts";
import type { ObservationName } from "./events.ts";
import type { ByteSource, Format } from "./format.ts";
import { Losses, type LossKind } from "./losses.ts";
import { ObservationLog, ObservationSource } from "./observation-source.ts";
import { textLines } from "./text-lines.ts";

const STATUS_LINE = /^(\w+):\s+(\d+)(?: (kB))?\s*$/;
/** size resident shared text lib data dt, in pages; lib and dt are 0 since Linux 2.6. */
const STATM = /^(\d+) (\d+) (\d+) (\d+) 0 (\d+) 0\s*$/;

const OBSERVED: Readonly<Record<string, ObservationName>> = {
  VmRSS: "rss",
  RssAnon: "rss_anon",
  VmHWM: "rss_peak",
  VmSwap: "swap",
  Threads: "threads",
};

/** statm counts pages and does not tell their size. */
const STATM_PAGE = 4096;

const ASSUMED_PAGE: LossKind = {
  name: "assumed-page-size",
  severity: "info",
  meaning: "statm counts pages without telling their size: taken as 4 KiB; use /proc/PID/status where they are larger",
};
const KERNEL_THREAD: LossKind = {
  name: "no-memory-lines",
  severity: "data-loss",
  meaning: "a status without VmRSS (a kernel thread's, or of a process that has ended) was left out",
};

export const procStatus: Format = {
  id: "proc-status",
  title: "/proc status or statm",
  gives: "resident memory, its peak, anonymous and file parts, swap and threads at one or more moments",
  record: "cat /proc/PID/status > status.txt",
  evidence: "exact",
  detect(head) {
    const text = headText(head, 8192);
    if (/^VmRSS:\s+\d+ kB/m.test(text) && /^(Name|Pid|Threads|VmSize|State):/m.test(text)) return 1;
    const first = text.split("\n").find((line) => line.trim() !== "" && Number.isNaN(lineTime(line)));
    return first !== undefined && STATM.test(first) ? 0.6 : 0;
  },
  open: openStatus,
};

async function openStatus(bytes: ByteSource): Promise<EventSource> {
  const losses = new Losses();
  const log = new ObservationLog(bytes.path);
  let time = Number.NaN;
  let fields = new Map<string, number>();
  const finish = () => {
    if (fields.size === 0) return;
    const rss = fields.get("VmRSS");
    if (rss === undefined) losses.add(KERNEL_THREAD);
    else {
      log.row(time);
      for (const [key, name] of Object.entries(OBSERVED)) {
        const value = fields.get(key);
        if (value !== undefined) log.add(name, value);
      }
      const file = fields.get("RssFile");
      if (file !== undefined) log.add("rss_file", file + (fields.get("RssShmem") ?? 0));
    }
    fields = new Map();
  };
  for await (const line of textLines(bytes)) {
    const statm = STATM.exec(line);
    if (statm) {
      finish();
      const resident = Number(statm[2]) * STATM_PAGE;
      const shared = Number(statm[3]) * STATM_PAGE;
      losses.add(ASSUMED_PAGE);
      log.row(time);
      log.add("rss", resident);
      log.add("rss_file", shared);
      log.add("rss_anon", resident - shared);
      continue;
    }
    // Name comes first in each status.
    if (line.startsWith("Name:")) finish();
    const m = STATUS_LINE.exec(line);
    if (m) {
      if (fields.has(m[1]!)) finish();
      fields.set(m[1]!, Number(m[2]) * (m[3] ? 1024 : 1));
      continue;
    }
    const ms = lineTime(line);
    if (!Number.isNaN(ms)) {
      finish();
      time = ms;
    }
  }
  finish();
  if (log.rows === 0) throw new InputError(`${bytes.path}: no VmRSS in it; record it with: cat /proc/PID/status`);
  return new ObservationSource(bytes, "proc-status", "exact", log, losses);
}
