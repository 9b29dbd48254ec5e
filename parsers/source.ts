/**
 * Bytes of one input: a file or standard input, with gzip and zstd seen through (nested a few times, as "curl | gzip" of an
 * already compressed file gives). Everything is pulled piece by piece, so that memory stays bounded whatever the size.
 *
 * Content decides whether something is compressed, never the name. A compressed stream that breaks off or is damaged
 * delivers what it had; that is a loss, not an error.
 */
import { type FileHandle, open, stat } from "node:fs/promises";
import * as zlib from "node:zlib";
import { Decompress } from "fzstd";
import { InputError } from "./errors.ts";
import type { ByteSource } from "./format.ts";
import { Losses, type LossKind } from "./losses.ts";

/** Bytes looked at for detection. */
export const HEAD_BYTES = 64 << 10;

const PIECE_BYTES = 256 << 10;
/** Compressed bytes handed to a decompressor at a time; deflate expands at most 1032-fold, so this bounds one step's output. */
const STEP_BYTES = 16 << 10;
const MAX_NESTING = 3;
/** No recording compresses like this; runs of one byte do. */
const BOMB_RATIO = 1000;
const BOMB_MIN_BYTES = 1 << 30;
/** The decoder keeps the whole window in memory. */
const MAX_ZSTD_WINDOW = 256 << 20;

export const LOSS_TRUNCATED_COMPRESSION: LossKind = {
  name: "truncated-compression",
  severity: "data-loss",
  meaning: "the compressed file breaks off; everything up to there was read",
};
export const LOSS_DAMAGED_COMPRESSION: LossKind = {
  name: "damaged-compression",
  severity: "damage",
  meaning: "the compressed file is damaged; everything up to the damage was read",
};

/** The pull side of one layer: the next piece, or null at the end. */
interface Pull {
  read(): Promise<Uint8Array | null>;
  /** Fills at most `length` bytes of `target` from `offset` on; 0 at the end. For sources that can avoid a copy. */
  readInto?(target: Uint8Array, offset: number, length: number): Promise<number>;
  close(): Promise<void>;
}

/** A ByteSource whose container can lose data: whoever opened it says where such losses are to be counted. */
export interface OpenedBytes extends ByteSource {
  /** Losses of the container so far are moved to `losses`, and later ones are counted there. */
  reportTo(losses: Losses): void;
}

/** Opens a file, or standard input for "-". Throws InputError with one line when it can't be read or is empty. */
export async function openBytes(path: string): Promise<OpenedBytes> {
  if (/^https?:\/\//.test(path)) throw new InputError(`${path}: a URL can't be opened as a recording`);
  const base = path === "-" ? stdinPull() : await FilePull.open(path);
  try {
    return await seeThrough(path, base);
  } catch (error) {
    await base.close();
    throw error;
  }
}

/** A ByteSource over bytes in memory (tests, embedded data); compression is seen through as for a file. */
export async function bytesSource(
  bytes: Uint8Array,
  path = "(memory)",
  pieceBytes = PIECE_BYTES,
): Promise<OpenedBytes> {
  let at = 0;
  const base: Pull = {
    async read() {
      if (at >= bytes.length) return null;
      const piece = bytes.subarray(at, at + pieceBytes);
      at += piece.length;
      return piece;
    },
    async close() {},
  };
  return seeThrough(path, base, () => (bytes.length === 0 ? 1 : at / bytes.length));
}

async function seeThrough(path: string, base: Pull, fraction?: () => number | null): Promise<OpenedBytes> {
  const sink = new LossSink();
  const progress = fraction ?? (base instanceof FilePull ? () => base.progress() : () => null);
  let layer = new Peeked(base);
  for (let depth = 0; ; depth++) {
    await layer.fill(18);
    const kind = compressionOf(layer.head);
    if (kind === null) break;
    if (depth === MAX_NESTING)
      throw new InputError(`${path}: compressed more than ${MAX_NESTING} times over; unpack it first`);
    layer = new Peeked(kind === "gzip" ? inflate(path, layer, sink) : unzstd(path, layer, sink));
  }
  await layer.fill(HEAD_BYTES);
  if (layer.head.length === 0) throw new InputError(`${path}: is empty; nothing was recorded`);
  return new Bytes(path, layer, progress, sink);
}

function compressionOf(head: Uint8Array): "gzip" | "zstd" | null {
  if (head.length >= 3 && head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return "gzip";
  if (head.length >= 4 && head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return "zstd";
  return null;
}

/** Where a container's losses go; they may happen before anyone listens. */
class LossSink {
  #losses = new Losses();
  add(kind: LossKind, where: string): void {
    this.#losses.add(kind, 1, where);
  }
  moveTo(losses: Losses): void {
    if (losses === this.#losses) return;
    for (const { kind, count, first } of this.#losses) losses.add(kind, count, first);
    this.#losses = losses;
  }
}

class Bytes implements OpenedBytes {
  readonly path: string;
  readonly head: Uint8Array;
  offset = 0;
  readonly progress: () => number | null;
  readonly readInto?: (target: Uint8Array, offset: number, length: number) => Promise<number>;
  readonly #layer: Peeked;
  readonly #sink: LossSink;

  constructor(path: string, layer: Peeked, progress: () => number | null, sink: LossSink) {
    this.path = path;
    this.head = layer.head.subarray(0, HEAD_BYTES);
    this.progress = progress;
    this.#layer = layer;
    this.#sink = sink;
    if (layer.canReadInto) {
      this.readInto = async (target, offset, length) => {
        const n = await layer.readInto(target, offset, length);
        this.offset += n;
        return n;
      };
    }
  }

  async read(): Promise<Uint8Array | null> {
    const piece = await this.#layer.read();
    if (piece) this.offset += piece.length;
    return piece;
  }

  reportTo(losses: Losses): void {
    this.#sink.moveTo(losses);
  }

  close(): Promise<void> {
    return this.#layer.close();
  }
}

/** A layer whose first bytes can be looked at before they are read. */
class Peeked implements Pull {
  head: Uint8Array = new Uint8Array(0);
  readonly #inner: Pull;
  #pending: Uint8Array | null = null;

  constructor(inner: Pull) {
    this.#inner = inner;
  }

  /** Makes `head` hold at least `bytes` bytes, or all there are. */
  async fill(bytes: number): Promise<void> {
    if (this.head.length >= bytes) return;
    const pieces = [this.head];
    let length = this.head.length;
    while (length < bytes) {
      const piece = await this.#inner.read();
      if (piece === null) break;
      pieces.push(piece);
      length += piece.length;
    }
    this.head = concat(pieces, length);
    this.#pending = length > 0 ? this.head : null;
  }

  async read(): Promise<Uint8Array | null> {
    const pending = this.#pending;
    if (pending === null) return this.#inner.read();
    this.#pending = null;
    return pending;
  }

  get canReadInto(): boolean {
    return this.#inner.readInto !== undefined;
  }

  async readInto(target: Uint8Array, offset: number, length: number): Promise<number> {
    const pending = this.#pending;
    if (pending === null) return this.#inner.readInto!(target, offset, length);
    const n = Math.min(length, pending.length);
    target.set(pending.subarray(0, n), offset);
    this.#pending = n < pending.length ? pending.subarray(n) : null;
    return n;
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

function concat(pieces: Uint8Array[], length: number): Uint8Array {
  if (pieces.length === 2 && pieces[0]!.length === 0) return pieces[1]!;
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

class FilePull implements Pull {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #size: number | null;
  #read = 0;
  #closed = false;

  static async open(path: string): Promise<FilePull> {
    try {
      const info = await stat(path);
      if (info.isDirectory()) throw new InputError(`${path}: is a folder, not a file`);
      return new FilePull(path, await open(path, "r"), info.isFile() ? info.size : null);
    } catch (error) {
      throw fileError(path, error);
    }
  }

  constructor(path: string, handle: FileHandle, size: number | null) {
    this.#path = path;
    this.#handle = handle;
    this.#size = size;
  }

  progress(): number | null {
    return this.#size === null || this.#size === 0 ? null : Math.min(1, this.#read / this.#size);
  }

  async read(): Promise<Uint8Array | null> {
    const piece = new Uint8Array(PIECE_BYTES);
    const n = await this.readInto(piece, 0, PIECE_BYTES);
    return n === 0 ? null : piece.subarray(0, n);
  }

  async readInto(target: Uint8Array, offset: number, length: number): Promise<number> {
    if (this.#closed) return 0;
    try {
      const { bytesRead } = await this.#handle.read(target, offset, length, null);
      this.#read += bytesRead;
      return bytesRead;
    } catch (error) {
      throw fileError(this.#path, error);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#handle.close();
  }
}

/** One line for what the operating system says about a file. */
export function fileError(path: string, error: unknown): Error {
  if (error instanceof InputError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return new InputError(`${path}: no such file; check the path`);
    case "EACCES":
    case "EPERM":
      return new InputError(`${path}: permission denied; check who may read it`);
    case "EISDIR":
      return new InputError(`${path}: is a folder, not a file`);
    case undefined:
      return error as Error;
    default:
      return new InputError(`${path}: can't be read (${code})`);
  }
}

function stdinPull(): Pull {
  if (process.stdin.isTTY) {
    throw new InputError("-: standard input is a terminal; pipe a recording into it or name a file");
  }
  const pieces = process.stdin[Symbol.asyncIterator]();
  return {
    async read() {
      try {
        const { done, value } = await pieces.next();
        return done ? null : (value as Uint8Array);
      } catch (error) {
        throw fileError("-", error);
      }
    },
    async close() {
      process.stdin.destroy();
    },
  };
}

/** Throws when output grows out of any proportion to the input that made it. */
class Proportion {
  readonly #path: string;
  #consumed = 0;
  #produced = 0;

  constructor(path: string) {
    this.#path = path;
  }

  add(consumed: number, produced: number): void {
    this.#consumed += consumed;
    this.#produced += produced;
    if (this.#produced > BOMB_MIN_BYTES && this.#produced > BOMB_RATIO * this.#consumed) {
      throw new InputError(
        `${this.#path}: expands more than ${BOMB_RATIO}-fold; that is no recording (a decompression bomb?)`,
      );
    }
  }
}

/** A decompressor that is fed `bytes` and puts out pieces; `end` says that the input is over. */
interface Decoder {
  feed(bytes: Uint8Array, out: Uint8Array[]): Promise<void>;
  end(out: Uint8Array[]): Promise<void>;
  close(): void;
}

class DecodingPull implements Pull {
  readonly #path: string;
  readonly #what: string;
  readonly #inner: Pull;
  readonly #decoder: Decoder;
  readonly #sink: LossSink;
  readonly #proportion: Proportion;
  #queue: Uint8Array[] = [];
  #piece: Uint8Array | null = null;
  #consumed = 0;
  #produced = 0;
  #ended = false;

  constructor(path: string, what: string, inner: Pull, decoder: Decoder, sink: LossSink) {
    this.#path = path;
    this.#what = what;
    this.#inner = inner;
    this.#decoder = decoder;
    this.#sink = sink;
    this.#proportion = new Proportion(path);
  }

  async read(): Promise<Uint8Array | null> {
    while (this.#queue.length === 0) {
      if (this.#ended) return null;
      await this.#step();
    }
    return this.#queue.shift()!;
  }

  async #step(): Promise<void> {
    if (this.#piece === null || this.#piece.length === 0) this.#piece = await this.#inner.read();
    const out: Uint8Array[] = [];
    let fed = 0;
    try {
      if (this.#piece === null) {
        this.#ended = true;
        await this.#decoder.end(out);
      } else {
        const bytes = this.#piece.subarray(0, STEP_BYTES);
        this.#piece = this.#piece.subarray(bytes.length);
        fed = bytes.length;
        this.#consumed += fed;
        await this.#decoder.feed(bytes, out);
      }
    } catch (error) {
      const truncated = this.#ended;
      this.#ended = true;
      if (this.#produced === 0 && out.length === 0) {
        const why = truncated ? "breaks off before its first data" : "is damaged at its beginning";
        throw new InputError(`${this.#path}: the ${this.#what} data ${why} (${oneLine(error)})`);
      }
      this.#sink.add(
        truncated ? LOSS_TRUNCATED_COMPRESSION : LOSS_DAMAGED_COMPRESSION,
        `${this.#what} byte ${this.#consumed}`,
      );
    }
    let produced = 0;
    for (const piece of out) produced += piece.length;
    this.#produced += produced;
    this.#proportion.add(fed, produced);
    for (const piece of out) if (piece.length > 0) this.#queue.push(piece);
  }

  async close(): Promise<void> {
    this.#ended = true;
    this.#decoder.close();
    await this.#inner.close();
  }
}

function oneLine(error: unknown): string {
  return String((error as Error).message ?? error).split("\n", 1)[0]!;
}

type ZlibStream = zlib.Gunzip;

/** Drives one of Node's decompression streams by hand: write, wait until it is through, collect what came out. */
class StreamDecoder implements Decoder {
  readonly #stream: ZlibStream;
  #out: Uint8Array[] = [];
  #failed: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(stream: ZlibStream) {
    this.#stream = stream;
    stream.on("data", (piece: Uint8Array) => this.#out.push(piece));
    stream.on("error", (error: Error) => {
      this.#failed = error;
      this.#wake?.();
    });
  }

  async feed(bytes: Uint8Array, out: Uint8Array[]): Promise<void> {
    await this.#until((done) => this.#stream.write(bytes, done));
    this.#take(out);
  }

  async end(out: Uint8Array[]): Promise<void> {
    await this.#until((done) => {
      this.#stream.once("end", done);
      this.#stream.end();
    });
    this.#take(out);
  }

  close(): void {
    this.#stream.destroy();
  }

  #until(start: (done: () => void) => void): Promise<void> {
    if (this.#failed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
      start(() => resolve());
    });
  }

  #take(out: Uint8Array[]): void {
    out.push(...this.#out);
    this.#out = [];
    if (this.#failed) throw this.#failed;
  }
}

function inflate(path: string, inner: Pull, sink: LossSink): Pull {
  return new DecodingPull(path, "gzip", inner, new StreamDecoder(zlib.createGunzip({ chunkSize: PIECE_BYTES })), sink);
}

function unzstd(path: string, inner: Peeked, sink: LossSink): Pull {
  const window = zstdWindow(inner.head);
  if (window > MAX_ZSTD_WINDOW) {
    throw new InputError(
      `${path}: zstd window of ${Math.ceil(window / (1 << 20))} MiB is more than gopages keeps in memory; unpack it first (zstd -d --long=31)`,
    );
  }
  // Node has zstd from 22.15 on; before that the JavaScript decoder does the same, some times slower.
  const native = (zlib as { createZstdDecompress?: (options: object) => ZlibStream }).createZstdDecompress;
  const decoder = native ? new StreamDecoder(native({ chunkSize: PIECE_BYTES })) : new ZstdDecoder();
  return new DecodingPull(path, "zstd", inner, decoder, sink);
}

/** Window size a zstd frame asks for (RFC 8878, 3.1.1.1.2). */
function zstdWindow(head: Uint8Array): number {
  if (head.length < 14) return 0;
  const flags = head[4]!;
  if ((flags & 0x20) === 0) {
    const base = 2 ** (10 + (head[5]! >> 3));
    return base + (base / 8) * (head[5]! & 7);
  }
  const at = 5 + [0, 1, 2, 4][flags & 3]!;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  switch (flags >> 6) {
    case 0:
      return head[at]!;
    case 1:
      return view.getUint16(at, true) + 256;
    case 2:
      return view.getUint32(at, true);
    default:
      return head.length >= at + 8 ? Number(view.getBigUint64(at, true)) : 0;
  }
}

class ZstdDecoder implements Decoder {
  #out: Uint8Array[] = [];
  readonly #stream = new Decompress((piece) => {
    this.#out.push(piece);
  });

  async feed(bytes: Uint8Array, out: Uint8Array[]): Promise<void> {
    this.#push(bytes, false, out);
  }

  async end(out: Uint8Array[]): Promise<void> {
    this.#push(new Uint8Array(0), true, out);
  }

  close(): void {}

  #push(bytes: Uint8Array, final: boolean, out: Uint8Array[]): void {
    try {
      this.#stream.push(bytes, final);
    } finally {
      out.push(...this.#out);
      this.#out = [];
    }
  }
}
