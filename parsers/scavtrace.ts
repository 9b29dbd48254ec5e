/**
 * What a runtime prints of memory that it returned. Up to 1.13 with gctrace=1 (mheap.go: scavenge, scavengeAll;
 * mgcscavenge.go: bgscavenge), MB being MiB, cut off; from 1.14 on with scavtrace=1 (mgcscavenge.go: printScavTrace):
 *
 *     scvg7: 12 MB released                                                            1.11-1.12; scvg-1 when forced
 *     scvg7: inuse: 3, idle: 60, sys: 63, released: 57, consumed: 6 (MB)               1.11-1.12, each 2.5 minutes
 *     scvg: ... / forced scvg: ...                                                     1.13, each step
 *     scav 10296 KiB work, 65000 KiB total, 90% util (forced)                          1.14, 1.19-1.20
 *     scav 4 10408 KiB work, 65016 KiB total, 100% util [controller reset]             1.15-1.18
 *     scav 0 KiB work (bg), 10440 KiB work (eager), 11736 KiB now, 100% util (forced)  1.21+
 */

const KIB = 1 << 10;
const MIB = 1 << 20;

export interface ScavLine {
  readonly kind: "scav";
  /** Which runtimes print this form. */
  readonly versions: readonly string[];
  /** Unit of all sizes: the true one is in [value, value + unit). */
  readonly unit: number;
  /** scvgN's N: one for each 2.5 minutes of the process (1.11-1.12). */
  readonly scan: number | null;
  /** Generation of the scavenger (1.15-1.18). */
  readonly generation: number | null;
  /** Bytes returned in the background since the line before (at once when forced); null where the line has sums only. */
  readonly work: number | null;
  /** Bytes returned by allocations, for a limit or for growth (1.21+). */
  readonly eagerWork: number | null;
  /** HeapReleased. */
  readonly released: number | null;
  /** HeapInuse, HeapIdle, HeapSys (1.11-1.13). */
  readonly inuse: number | null;
  readonly idle: number | null;
  readonly sys: number | null;
  /** Per cent of the retained heap that is in use (1.14+). */
  readonly utilization: number | null;
  readonly forced: boolean;
}

const SCVG =
  /(forced )?scvg(-?\d+)?: (?:(\d+) MB released|inuse: (\d+), idle: (\d+), sys: (\d+), released: (\d+), consumed: \d+ \(MB\))/y;
const SCAV =
  /scav (?:(\d+) )?(\d+) KiB work(?: \(bg\), (\d+) KiB work \(eager\))?, (\d+) KiB (total|now), (\d+)% util( \(forced\))?/y;

const V11_12 = ["1.11", "1.12"];
const V13 = ["1.13"];
const V14_19_20 = ["1.14", "1.19", "1.20"];
const V15_18 = ["1.15", "1.16", "1.17", "1.18"];
const V21 = ["1.21", "1.22", "1.23", "1.24", "1.25", "1.26", "1.27"];

/** The forms of these lines, as the versions that print each. */
export const SCAV_FORMS: readonly (readonly string[])[] = [V11_12, V13, V14_19_20, V15_18, V21];

/** Where the last match of parseScavLineAt ended. */
export let scavLineEnd = 0;

/** The scvg or scav line that begins at `from`, or null. */
export function parseScavLineAt(text: string, from: number): ScavLine | null {
  SCVG.lastIndex = from;
  let m = SCVG.exec(text);
  if (m !== null) {
    scavLineEnd = SCVG.lastIndex;
    const scan = m[2] === undefined ? null : Number(m[2]);
    const size = (i: number) => (m![i] === undefined ? null : Number(m![i]) * MIB);
    return {
      kind: "scav",
      versions: scan === null ? V13 : V11_12,
      unit: MIB,
      scan,
      generation: null,
      work: size(3),
      eagerWork: null,
      released: size(7),
      inuse: size(4),
      idle: size(5),
      sys: size(6),
      utilization: null,
      forced: m[1] !== undefined || scan === -1,
    };
  }
  SCAV.lastIndex = from;
  m = SCAV.exec(text);
  if (m === null) return null;
  const eager = m[3] !== undefined;
  if (eager !== (m[5] === "now") || (eager && m[1] !== undefined)) return null;
  scavLineEnd = SCAV.lastIndex;
  return {
    kind: "scav",
    versions: eager ? V21 : m[1] === undefined ? V14_19_20 : V15_18,
    unit: KIB,
    scan: null,
    generation: m[1] === undefined ? null : Number(m[1]),
    work: Number(m[2]) * KIB,
    eagerWork: eager ? Number(m[3]) * KIB : null,
    released: Number(m[4]) * KIB,
    inuse: null,
    idle: null,
    sys: null,
    utilization: Number(m[6]),
    forced: m[7] !== undefined,
  };
}

/** The first scvg or scav line in a line of a log; null if there is none. */
export function parseScavLine(line: string): ScavLine | null {
  for (let at = line.search(/sc(?:av |vg)/); at >= 0; ) {
    const start = line.startsWith("forced ", at - 7) ? at - 7 : at;
    const parsed = parseScavLineAt(line, start);
    if (parsed) return parsed;
    const next = line.slice(at + 1).search(/sc(?:av |vg)/);
    at = next < 0 ? -1 : at + 1 + next;
  }
  return null;
}
