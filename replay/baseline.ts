/**
 * RSS that no event of a trace shows: the binary's touched pages, the runtime's fixed state, thread stacks, trace buffers.
 *
 * Measured on recordings of Go 1.22-1.27 (linux/amd64): the fixed runtime state is about 0.5 MB beside what metadata.ts counts; of the binary, what the
 * kernel maps around touched code and data grows with the program's code. A trace shows where its code lies: the distance
 * between the lowest and the highest program counter in its stacks is nearly the length of the text segment.
 */
const RUNTIME = 0.5e6;
/**
 * File-backed RSS by text span, fitted on eight programs: 2.9 MB at 1.4 MB of text (a small tool), 5.4 at 2.7 and 6.9 at 3.1
 * (net/http servers), 10.2 at 5.4 (esbuild), 20 at 12.9 (the Go compiler).
 */
const BINARY_FACTOR = 2.4;
const BINARY_EXPONENT = 0.85;
/** Nothing tells the program's size: between a small tool's and a server's. */
const UNKNOWN_BINARY = 4.5e6;
const UNKNOWN_BINARY_UNCERTAINTY = 5e6;

/**
 * File-backed RSS of one program built by each version, by what 1.27 makes of it: 0.71 to 0.77 up to 1.22 and so on, for programs
 * with net/http as for small ones (linux/amd64).
 */
const BINARY_BY_VERSION: readonly [until: number, share: number][] = [
  [22, 0.73],
  [23, 0.8],
  [24, 0.83],
  [25, 0.86],
  [26, 0.93],
];

/** RSS beside the heap as built by another version; `bytes` as of baselineRss. */
export function baselineUnder(bytes: number, recordedMinor: number, minor: number): number {
  return RUNTIME + ((bytes - RUNTIME) * binaryShare(minor)) / binaryShare(recordedMinor);
}

function binaryShare(minor: number): number {
  return BINARY_BY_VERSION.find(([until]) => minor <= until)?.[1] ?? 1;
}

/** What is known of the program file. */
export interface BinaryHint {
  /** Highest minus lowest program counter seen in stacks, bytes; null when there are none. */
  readonly textSpan: number | null;
}

/** Bytes of RSS beside the heap and its metadata, and how far that may be off either way. */
export function baselineRss(hint: BinaryHint): { bytes: number; uncertainty: number } {
  if (hint.textSpan === null) return { bytes: UNKNOWN_BINARY + RUNTIME, uncertainty: UNKNOWN_BINARY_UNCERTAINTY };
  const binary = Math.round(BINARY_FACTOR * (hint.textSpan / 1e6) ** BINARY_EXPONENT * 1e6);
  return { bytes: binary + RUNTIME, uncertainty: 1.5e6 + 0.3 * binary };
}
