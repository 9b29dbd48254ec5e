/**
 * The line that GODEBUG=gctrace=1 prints for each GC cycle (mgc.go: gcMarkTermination), in its three forms:
 *
 *     gc 3 @2.104s 1%: 0.018+1.3+0.004 ms clock, 0.14+0.35/0.96/2.0+0.032 ms cpu, 4->4->1 MB, 5 MB goal, 8 P (forced)
 *     ... 4->4->1 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 8 P                                                  1.18+
 *     gc 3 @2.104s 1% (checking for goroutine leaks): ...                                                        1.26+
 *
 * All figures are cut off, never rounded: the true one is in [value, value + unit). "MB" are MiB.
 */

export const MIB = 1 << 20;
const MS = 1e6;

export interface GcLine {
  readonly kind: "gc";
  /** Number of the cycle since the process began. */
  readonly cycle: number;
  /** Begin of the cycle (sweep termination), ns since the runtime's initialization. Unit: 1 ms. */
  readonly at: number;
  /** Per cent of all CPU time since the start that went into GCs. */
  readonly utilization: number;
  /** Wall-clock time of the phases, ns, and the unit each was printed in. */
  readonly sweepTermination: number;
  readonly mark: number;
  readonly markTermination: number;
  readonly wallUnits: readonly [number, number, number];
  /** CPU time, ns: sweep termination, assists, dedicated and fractional workers, idle workers, mark termination. */
  readonly cpuSweepTermination: number;
  readonly cpuAssist: number;
  readonly cpuBackground: number;
  readonly cpuIdle: number;
  readonly cpuMarkTermination: number;
  readonly cpuUnits: readonly [number, number, number, number, number];
  /** Live heap at the start, at mark termination, and found live; goal of the cycle. Bytes, unit MIB. */
  readonly heapStart: number;
  readonly heapEnd: number;
  readonly heapMarked: number;
  readonly goal: number;
  /** Scannable stacks and globals, bytes, unit MIB; null before 1.18. */
  readonly stacks: number | null;
  readonly globals: number | null;
  readonly procs: number;
  /** Asked for by the program (runtime.GC, debug.FreeOSMemory). */
  readonly forced: boolean;
  /** The cycle looked for leaked goroutines (1.26+). */
  readonly leakCheck: boolean;
}

const NUMBER = String.raw`(\d+(?:\.\d+)?)`;
const LINE = new RegExp(
  String.raw`gc (\d+) @(\d+\.\d\d\d)s (\d+)%( \(checking for goroutine leaks\))?: ` +
    String.raw`${NUMBER}\+${NUMBER}\+${NUMBER} ms clock, ` +
    String.raw`${NUMBER}\+${NUMBER}/${NUMBER}/${NUMBER}\+${NUMBER} ms cpu, ` +
    String.raw`(\d+)->(\d+)->(\d+) MB, (\d+) MB goal, (?:(\d+) MB stacks, (\d+) MB globals, )?(\d+) P( \(forced\))?`,
  "y",
);

/** Where the last match of parseGcLineAt ended. */
export let gcLineEnd = 0;

/** The gctrace line that begins at `from`, or null. */
export function parseGcLineAt(text: string, from: number): GcLine | null {
  LINE.lastIndex = from;
  const m = LINE.exec(text);
  if (m === null) return null;
  gcLineEnd = LINE.lastIndex;
  return {
    kind: "gc",
    cycle: Number(m[1]),
    at: Math.round(Number(m[2]) * 1e3) * MS,
    utilization: Number(m[3]),
    leakCheck: m[4] !== undefined,
    sweepTermination: nanoseconds(m[5]!),
    mark: nanoseconds(m[6]!),
    markTermination: nanoseconds(m[7]!),
    wallUnits: [unit(m[5]!), unit(m[6]!), unit(m[7]!)],
    cpuSweepTermination: nanoseconds(m[8]!),
    cpuAssist: nanoseconds(m[9]!),
    cpuBackground: nanoseconds(m[10]!),
    cpuIdle: nanoseconds(m[11]!),
    cpuMarkTermination: nanoseconds(m[12]!),
    cpuUnits: [unit(m[8]!), unit(m[9]!), unit(m[10]!), unit(m[11]!), unit(m[12]!)],
    heapStart: Number(m[13]) * MIB,
    heapEnd: Number(m[14]) * MIB,
    heapMarked: Number(m[15]) * MIB,
    goal: Number(m[16]) * MIB,
    stacks: m[17] === undefined ? null : Number(m[17]) * MIB,
    globals: m[18] === undefined ? null : Number(m[18]) * MIB,
    procs: Number(m[19]),
    forced: m[20] !== undefined,
  };
}

/** The first gctrace line in a line of a log, whatever stands before or behind it; null if there is none. */
export function parseGctraceLine(line: string): GcLine | null {
  const text = unescapeJson(line);
  for (let at = text.indexOf("gc "); at >= 0; at = text.indexOf("gc ", at + 1)) {
    const parsed = parseGcLineAt(text, at);
    if (parsed) return parsed;
  }
  return null;
}

/** Loggers that write JSON for HTML's sake escape ">" (encoding/json, Docker's json-file driver). */
export function unescapeJson(text: string): string {
  return text.includes("\\u003") ? text.replaceAll("\\u003e", ">").replaceAll("\\u003E", ">") : text;
}

function nanoseconds(ms: string): number {
  return Math.round(Number(ms) * MS);
}

/** What the last digit is worth (mgc.go: fmtNSAsMS prints two digits and at most three decimals). 0 means below 1 us. */
function unit(ms: string): number {
  const point = ms.indexOf(".");
  if (point < 0) return ms === "0" ? 1e3 : MS;
  return MS / 10 ** (ms.length - point - 1);
}

// The grammar again as steps, to find how far a broken line goes.
const FIGURE = "";
const STEPS: readonly (string | readonly string[])[] = [
  ...["gc ", FIGURE, " @", FIGURE, "s ", FIGURE, ["%: ", "% (checking for goroutine leaks): "]],
  ...[FIGURE, "+", FIGURE, "+", FIGURE, " ms clock, "],
  ...[FIGURE, "+", FIGURE, "/", FIGURE, "/", FIGURE, "+", FIGURE, " ms cpu, "],
  ...[FIGURE, "->", FIGURE, "->", FIGURE, " MB, ", FIGURE, " MB goal, ", FIGURE, [" P", " MB stacks, "]],
  ...[FIGURE, " MB globals, ", FIGURE, " P"],
];

/** How many characters from `from` on could be the beginning of a gctrace line. */
export function gcLinePrefix(text: string, from: number): number {
  let at = from;
  for (const step of STEPS) {
    if (step === FIGURE) {
      const start = at;
      while (at < text.length && isFigure(text.charCodeAt(at))) at++;
      if (at === start) return at - from;
      continue;
    }
    const choices = typeof step === "string" ? [step] : step;
    let best = 0;
    let done = false;
    for (const choice of choices) {
      const n = common(text, at, choice);
      if (n > best) best = n;
      if (n === choice.length) done = true;
    }
    at += best;
    if (!done) return at - from;
  }
  return at - from;
}

function isFigure(code: number): boolean {
  return (code >= 48 && code <= 57) || code === 46;
}

function common(text: string, at: number, literal: string): number {
  let n = 0;
  while (n < literal.length && text.charCodeAt(at + n) === literal.charCodeAt(n)) n++;
  return n;
}
