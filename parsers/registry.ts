/**
 * Every input format, one line each. A descriptor is light: what it needs for reading is imported by its open(), so that
 * gopages starts fast. On a tie of detect() the first listed wins.
 */
import { cgroup } from "./cgroup.ts";
import { eventsFile } from "./events-file.ts";
import type { Format } from "./format.ts";
import { gctrace } from "./gctrace-format.ts";
import { goroutines } from "./goroutines.ts";
import { memstats } from "./memstats.ts";
import { metrics } from "./metrics.ts";
import { pagetrace } from "./pagetrace-format.ts";
import { pprofHeap, pprofText } from "./pprof/format.ts";
import { procStatus } from "./proc-status.ts";
import { prometheus } from "./prometheus.ts";
import { samplesCsv } from "./samples-csv.ts";
import { smaps } from "./smaps.ts";
import { goTraceV1 } from "./trace/v1-format.ts";
import { goTraceV2 } from "./trace/v2-format.ts";

export const FORMATS: readonly Format[] = [
  goTraceV1,
  goTraceV2,
  eventsFile,
  gctrace,
  pagetrace,
  samplesCsv,
  pprofHeap,
  pprofText,
  memstats,
  metrics,
  prometheus,
  smaps,
  procStatus,
  cgroup,
  goroutines,
];
