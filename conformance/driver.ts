/** What replays one kind of vector file. The kinds and their fields are described in fixtures/vectors/README.md. */

/** One line of a vector file, parsed. Untrusted: a driver checks what it reads with the helpers below. */
export type VectorLine = Readonly<Record<string, unknown>>;

/** Replays the lines after an `init` line. */
export interface VectorDriver {
  /** Does one line's operation and compares its results; null if they agree, else "field: expected x, got y". */
  line(line: VectorLine): string | null;
}

/** One kind of vector file. */
export interface VectorKind {
  /** For messages, e.g. "pagealloc". */
  readonly name: string;
  /** Whether this kind reads files that begin with this `init` line. Content decides, never the file's name. */
  handles(init: VectorLine): boolean;
  /** A driver with a fresh allocator of the version that the `init` line names. */
  create(init: VectorLine): VectorDriver;
}

/** A line that is not what its kind of file may hold: the file can't be read (exit code 3). */
export class VectorError extends Error {
  override name = "VectorError";
}

export function numberOf(line: VectorLine, field: string): number {
  const v = line[field];
  if (typeof v !== "number" || !Number.isSafeInteger(v)) {
    throw new VectorError(`"${field}" is not an integer in ${brief(line)}`);
  }
  return v;
}

export function stringOf(line: VectorLine, field: string): string {
  const v = line[field];
  if (typeof v !== "string") throw new VectorError(`"${field}" is not a string in ${brief(line)}`);
  return v;
}

/** A number, or null for the runtime's "no". */
export function numberOrNull(line: VectorLine, field: string): number | null {
  return line[field] === null ? null : numberOf(line, field);
}

/** Minor version that an `init` line names: "1.21" is 21. */
export function minorOf(init: VectorLine): number {
  const m = /^(?:go)?1\.(\d+)/.exec(stringOf(init, "go"));
  if (!m) throw new VectorError(`"go" is no Go version in ${brief(init)}`);
  return Number(m[1]);
}

/** Compares one result; null if equal. */
export function differs(field: string, expected: unknown, got: unknown): string | null {
  if (Object.is(expected, got) || expected === got) return null;
  return `${field}: expected ${text(expected)}, got ${text(got)}`;
}

function text(v: unknown): string {
  return clip(JSON.stringify(v) ?? "nothing", 200);
}

function brief(line: VectorLine): string {
  return clip(JSON.stringify(line), 120);
}

function clip(s: string, max: number): string {
  return s.length > max ? `${s.slice(0, max)}...` : s;
}
