/**
 * Random access to the decompressed bytes of an input, for formats whose order in the file is not the order in time.
 *
 * A plain file is read in place. Anything else (a pipe, a compressed file, a URL) is kept: in memory up to a bound, in
 * an unnamed temporary file beyond it, so that memory stays flat whatever the input's size.
 */
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError } from "./errors.ts";
import type { ByteSource } from "./format.ts";

/** Bytes kept in memory before a temporary file is used. */
export const SPOOL_MEMORY = 32 << 20;

export interface RandomAccess {
  readonly size: number;
  /** Fills `into` from `offset` on; returns how many bytes there were. */
  readAt(into: Uint8Array, offset: number): number;
  close(): void;
}

/** All of `bytes` (from its beginning: nothing may have been read yet), to be read in any order. Consumes `bytes`. */
export async function randomAccess(bytes: ByteSource, memory: number = SPOOL_MEMORY): Promise<RandomAccess> {
  const plain = plainFile(bytes);
  if (plain) return plain;
  const spool = new Spool(memory);
  try {
    for (let piece = await bytes.read(); piece; piece = await bytes.read()) spool.append(piece);
  } catch (error) {
    spool.close();
    throw error;
  }
  return spool;
}

/** The file itself, if the path names a regular file that holds these very bytes (and not, say, their gzip). */
function plainFile(bytes: ByteSource): RandomAccess | null {
  if (bytes.offset !== 0 || bytes.path === "-") return null;
  let fd: number;
  try {
    fd = openSync(bytes.path, "r");
  } catch {
    return null;
  }
  try {
    const stat = fstatSync(fd);
    if (stat.isFile() && stat.size >= bytes.head.length && bytes.head.length > 0) {
      const head = Buffer.alloc(bytes.head.length);
      if (readSync(fd, head, 0, head.length, 0) === head.length && head.equals(bytes.head)) {
        return new FileAccess(fd, stat.size);
      }
    }
  } catch {
    // A file that cannot be read in place is read through its ByteSource, which says what is wrong with it.
  }
  closeSync(fd);
  return null;
}

class FileAccess implements RandomAccess {
  readonly size: number;
  #fd: number;

  constructor(fd: number, size: number) {
    this.#fd = fd;
    this.size = size;
  }

  readAt(into: Uint8Array, offset: number): number {
    return readFully(this.#fd, into, offset);
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }
}

/** Bytes appended once, then read in any order. */
export class Spool implements RandomAccess {
  readonly #memory: number;
  #pieces: Uint8Array[] = [];
  #starts: number[] = [];
  #size = 0;
  #fd = -1;
  #remove: (() => void) | null = null;

  constructor(memory: number = SPOOL_MEMORY) {
    this.#memory = memory;
  }

  get size(): number {
    return this.#size;
  }

  append(piece: Uint8Array): void {
    if (piece.length === 0) return;
    if (this.#fd < 0 && this.#size + piece.length > this.#memory) this.#toFile();
    if (this.#fd >= 0) writeFully(this.#fd, piece, this.#size);
    else {
      this.#starts.push(this.#size);
      this.#pieces.push(piece);
    }
    this.#size += piece.length;
  }

  readAt(into: Uint8Array, offset: number): number {
    if (this.#fd >= 0) return readFully(this.#fd, into, offset);
    let done = 0;
    let i = this.#pieceAt(offset);
    while (done < into.length && i < this.#pieces.length && offset + done < this.#size) {
      const from = offset + done - this.#starts[i]!;
      const part = this.#pieces[i]!.subarray(from, from + into.length - done);
      into.set(part, done);
      done += part.length;
      i++;
    }
    return done;
  }

  close(): void {
    this.#pieces = [];
    this.#starts = [];
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
    this.#remove?.();
    this.#remove = null;
  }

  #pieceAt(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return Math.max(low, 0);
  }

  #toFile(): void {
    let folder: string;
    try {
      folder = mkdtempSync(join(tmpdir(), "gopages-"));
      const file = join(folder, "spool");
      this.#fd = openSync(file, "wx+", 0o600);
      this.#remove = () => rmSync(folder, { recursive: true, force: true });
      try {
        unlinkSync(file);
        rmdirSync(folder);
        this.#remove = null;
      } catch {
        // Windows keeps the names of open files: they go at close.
      }
    } catch (error) {
      throw new InputError(
        `no room for a temporary file in ${tmpdir()} (${(error as Error).message}); set TMPDIR, or unpack the input to a plain file`,
      );
    }
    let at = 0;
    for (const piece of this.#pieces) {
      writeFully(this.#fd, piece, at);
      at += piece.length;
    }
    this.#pieces = [];
    this.#starts = [];
  }
}

function readFully(fd: number, into: Uint8Array, offset: number): number {
  let done = 0;
  while (done < into.length) {
    const n = readSync(fd, into, done, into.length - done, offset + done);
    if (n === 0) break;
    done += n;
  }
  return done;
}

function writeFully(fd: number, piece: Uint8Array, offset: number): void {
  let done = 0;
  try {
    while (done < piece.length) done += writeSync(fd, piece, done, piece.length - done, offset + done);
  } catch (error) {
    throw new InputError(
      `writing a temporary file in ${tmpdir()} failed (${(error as Error).message}); set TMPDIR, or unpack the input to a plain file`,
    );
  }
}
