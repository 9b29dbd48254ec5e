/**
 * The shape of a rule: one cause of a high RSS, one file, and beside it one Markdown of the same name for people. A rule is pure:
 * it sees the facts, which are computed once for all rules, and gives a verdict. It never guesses: what the evidence does not
 * reach is "not-enough-data", with the one command that records what is missing.
 */
import type { Facts } from "./facts.ts";

export type VerdictKind = "present" | "ruled-out" | "not-enough-data";

/** One reason for a verdict: what was seen, when, and where it comes from. */
export interface Evidence {
  readonly text: string;
  /** The input's path, or "replay" for what the model says. */
  readonly source: string;
  /** ns since the recording's start; absent where it is of no moment. */
  readonly t?: number;
}

export interface Verdict {
  readonly verdict: VerdictKind;
  /**
   * Bytes that the cause explains; 0 for causes that explain no bytes of RSS. Of not-enough-data: what it would explain, where what
   * there is points to it and does not prove it; else 0.
   */
  readonly bytes: number;
  readonly evidence: readonly Evidence[];
  /** What to do, in the words of the Go version at hand. */
  readonly advice: string;
  /** The one command that records what is missing (not-enough-data). */
  readonly capture?: string;
}

export interface RuleMeta {
  /** kebab-case; the file's name. */
  readonly id: string;
  /** Row of the table of causes. */
  readonly number: number;
  /** One line for people: what it is. */
  readonly title: string;
  /** Minor versions of Go between which it can occur, both included; null for no bound. */
  readonly since: number | null;
  readonly until: number | null;
}

export interface Rule {
  readonly meta: RuleMeta;
  audit(facts: Facts): Verdict;
}

export function present(bytes: number, evidence: readonly Evidence[], advice: string): Verdict {
  return { verdict: "present", bytes: Math.max(0, Math.round(bytes)), evidence, advice };
}

export function ruledOut(...evidence: readonly Evidence[]): Verdict {
  return { verdict: "ruled-out", bytes: 0, evidence, advice: "" };
}

export function notEnough(capture: string, ...evidence: readonly Evidence[]): Verdict {
  return { verdict: "not-enough-data", bytes: 0, evidence, advice: "", capture };
}

/** Not enough data, and yet what there is points to it: `bytes` would be its. */
export function suspected(bytes: number, capture: string, ...evidence: readonly Evidence[]): Verdict {
  return { ...notEnough(capture, ...evidence), bytes: Math.max(0, Math.round(bytes)) };
}

/** Commands that record what rules ask for most. */
export const CAPTURE = {
  gctrace: "GODEBUG=gctrace=1,scavtrace=1 ./program 2>gctrace.log",
  memstats: "curl -so heap.txt 'HOST/debug/pprof/heap?debug=1'",
  profile: "curl -so heap.pb.gz HOST/debug/pprof/heap",
  samples: "gopages record -- ./program",
  smaps: "cat /proc/PID/smaps_rollup /proc/PID/status > smaps.txt",
  status: "cat /proc/PID/status > status.txt",
  cgroup: "grep . /sys/fs/cgroup/memory.* > cgroup.txt",
  series: "for i in 1 2 3 4 5 6; do curl -so heap.$i.txt 'HOST/debug/pprof/heap?debug=1'; sleep 10; done",
  everyAllocation: "runtime.MemProfileRate = 1 in an init function, then: curl -so heap.pb.gz HOST/debug/pprof/heap",
  goroutines: "curl -so goroutines.txt 'HOST/debug/pprof/goroutine?debug=2'",
} as const;
