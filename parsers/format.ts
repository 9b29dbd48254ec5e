import type { EventSource, FormatId } from "./event-source.ts";
import type { Evidence } from "./events.ts";

/** Decompressed bytes of one input, pulled as needed; never the whole file in memory. */
export interface ByteSource {
  /** As given by the user, for messages ("-" for standard input). */
  readonly path: string;
  /** The first bytes (at most 64 KiB), without consuming them: for detection. Fewer when the input is shorter. */
  readonly head: Uint8Array;
  /** Next piece, or null at the end. The piece may be kept by the caller. */
  read(): Promise<Uint8Array | null>;
  /**
   * The same for a caller with a buffer of its own (no piece is allocated): fills at most `length` bytes of `target` from
   * `offset` on and returns how many; 0 at the end. Sources that must copy anyway do not have it.
   */
  readonly readInto?: (target: Uint8Array, offset: number, length: number) => Promise<number>;
  /** Offset, in decompressed bytes, of the piece that `read` returns next. */
  readonly offset: number;
  /** Fraction of the (compressed) input consumed, or null when its size is unknown. */
  progress(): number | null;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Deliver OBJECT_* events (they are most of an address trace). Default true. */
  readonly objects?: boolean;
  /** Read big files in a thread of their own. Default false. */
  readonly threaded?: boolean;
}

/** One input format. A new format is one new file with one of these, and one line in registry.ts. */
export interface Format {
  readonly id: FormatId;
  readonly title: string;
  /** What it tells about a process's memory, one line. */
  readonly gives: string;
  /** How to record it, one command or two lines of Go. */
  readonly record: string;
  readonly evidence: Evidence;
  /** How surely `head` is this format: 0 (no) to 1 (a magic number). Content decides, never the name. */
  detect(head: Uint8Array): number;
  /** Throws InputError if the beginning can't be read. */
  open(bytes: ByteSource, options: OpenOptions): Promise<EventSource>;
}
