/** Normalized events that `gopages export --to events` wrote, read back exactly. The format: events-wire.ts. */
import { InputError } from "./errors.ts";
import { type EventSource, type FormatId, newSourceInfo } from "./event-source.ts";
import { type EventBatch, newBatch, OBJECT_ALLOC, OBJECT_FREE, OBJECT_LIVE } from "./events.ts";
import {
  BLOCK_HEADER,
  ColumnReader,
  END,
  EVENTS,
  FORMAT,
  INFO,
  LOSSES,
  MAGIC,
  MAX_EVENTS_PER_BLOCK,
  MAX_PACKED,
  MAX_UNPACKED,
  TABLES,
  unpackBlock,
} from "./events-wire.ts";
import type { ByteSource, Format, OpenOptions } from "./format.ts";
import { Losses, type LossKind } from "./losses.ts";

const TRUNCATED: LossKind = {
  name: "truncated-events",
  severity: "data-loss",
  meaning: "the file of events breaks off; everything up to there was read",
};
const DAMAGED: LossKind = {
  name: "damaged-events",
  severity: "damage",
  meaning: "a block of the file of events is damaged; everything up to it was read",
};

export const eventsFile: Format = {
  id: "events",
  title: "normalized events (gopages export --to events)",
  gives: "what the exported recording gave, exactly",
  record: "gopages export --to events -o run.events trace.out",
  evidence: "exact",
  detect(head) {
    for (let i = 0; i < MAGIC.length - 1; i++) if (head[i] !== MAGIC[i]) return 0;
    return 1;
  },
  async open(bytes, options) {
    const version = bytes.head[MAGIC.length - 1];
    if (version !== MAGIC.at(-1)) {
      throw new InputError(
        `${bytes.path}: events of version ${version ?? "?"}; this gopages reads version 1: export them again`,
      );
    }
    const blocks = new Blocks(bytes);
    return new EventsFile(bytes, blocks, await originOf(bytes, blocks), options);
  },
};

async function originOf(bytes: ByteSource, blocks: Blocks): Promise<FormatId> {
  const block = await blocks.next();
  if (block !== null && block !== "damaged" && block.kind === FORMAT) {
    try {
      const { format } = JSON.parse(block.data.toString("utf8")) as { format: unknown };
      if (typeof format === "string") return format as FormatId;
    } catch {
      // As below.
    }
  }
  throw new InputError(`${bytes.path}: the file of events is damaged at its beginning; export it again`);
}

class EventsFile implements EventSource {
  readonly path: string;
  readonly container = "events";
  readonly format: FormatId;
  readonly info = newSourceInfo("exact");
  readonly losses = new Losses();
  readonly progress: () => number | null;
  readonly #blocks: Blocks;
  readonly #bytes: ByteSource;
  readonly #objects: boolean;
  #batch: EventBatch = newBatch(1 << 12);
  #last = 0;
  #seen = 0;

  constructor(bytes: ByteSource, blocks: Blocks, origin: FormatId, options: OpenOptions) {
    this.path = bytes.path;
    this.format = origin;
    this.progress = () => bytes.progress();
    this.#bytes = bytes;
    this.#blocks = blocks;
    this.#objects = options.objects !== false;
  }

  async *batches(): AsyncIterable<EventBatch> {
    try {
      for (;;) {
        const block = await this.#blocks.next();
        if (block === null || block === "damaged") {
          this.losses.add(block === null ? TRUNCATED : DAMAGED, 1, `byte ${this.#blocks.offset}`);
          return;
        }
        if (block.kind === END) {
          if (endOf(block.data) !== this.#seen) this.losses.add(DAMAGED, 1, `byte ${this.#blocks.offset}`);
          return;
        }
        let batch: EventBatch | null;
        try {
          batch = this.#take(block.kind, block.data);
        } catch {
          this.losses.add(DAMAGED, 1, `byte ${this.#blocks.offset}`);
          return;
        }
        if (batch === null || batch.length === 0) continue;
        this.info.events += batch.length;
        yield batch;
      }
    } finally {
      await this.close();
    }
  }

  /** Throws when the data is not what the format says. */
  #take(kind: number, data: Buffer): EventBatch | null {
    if (kind === EVENTS) return this.#events(data);
    if (kind === INFO) this.#takeInfo(JSON.parse(data.toString("utf8")));
    else if (kind === TABLES) this.#takeTables(JSON.parse(data.toString("utf8")));
    else if (kind === LOSSES) this.#takeLosses(JSON.parse(data.toString("utf8")));
    else throw new RangeError("a block of an unknown kind");
    return null;
  }

  #events(data: Buffer): EventBatch {
    const reader = new ColumnReader(data);
    if (reader.count > MAX_EVENTS_PER_BLOCK) throw new RangeError("too many events");
    if (reader.count > this.#batch.kind.length) this.#batch = newBatch(reader.count);
    const batch = this.#batch;
    for (const column of [batch.kind, batch.time, batch.p, batch.addr, batch.size, batch.aux]) reader.read(column);
    batch.length = reader.count;
    for (let i = 0; i < batch.length; i++) {
      const time = batch.time[i]!;
      if (!(time >= this.#last && time < Number.POSITIVE_INFINITY)) throw new RangeError("time goes back");
      this.#last = time;
    }
    this.#seen += batch.length;
    if (!this.#objects) dropObjects(batch);
    return batch;
  }

  #takeInfo(told: Record<string, unknown>): void {
    const info = this.info as unknown as Record<string, unknown>;
    for (const [name, known] of Object.entries(newSourceInfo("exact"))) {
      if (name === "events" || name === "types" || name === "strings" || !(name in told)) continue;
      const value = told[name];
      const fits =
        name === "goVersions"
          ? Array.isArray(value) && value.every((v) => typeof v === "string")
          : name === "evidence"
            ? value === "exact" || value === "inferred" || value === "modelled"
            : name === "hasAddresses"
              ? typeof value === "boolean"
              : value === null || typeof value === (name.startsWith("go") ? "string" : "number");
      if (!fits) throw new RangeError(`${name} of ${typeof known}`);
      info[name] = value;
    }
  }

  #takeTables({ types, strings }: { types: [number, string, number][]; strings: string[] }): void {
    for (const [id, name, size] of types) this.info.types.set(id, { name: String(name), size: Number(size) });
    for (const text of strings) this.info.strings.push(String(text));
  }

  #takeLosses(losses: { kind: LossKind; count: number; first?: string }[]): void {
    for (const { kind, count, first } of losses) {
      const { name, severity, meaning } = kind;
      this.losses.add({ name: String(name), severity, meaning: String(meaning) }, Number(count), first);
    }
  }

  close(): Promise<void> {
    return this.#bytes.close();
  }
}

/** The number of events in the file, as its end says it; NaN for a damaged end. */
function endOf(data: Buffer): number {
  try {
    return Number((JSON.parse(data.toString("utf8")) as { events: unknown }).events);
  } catch {
    return Number.NaN;
  }
}

function dropObjects(batch: EventBatch): void {
  let n = 0;
  for (let i = 0; i < batch.length; i++) {
    const kind = batch.kind[i]!;
    if (kind === OBJECT_ALLOC || kind === OBJECT_FREE || kind === OBJECT_LIVE) continue;
    if (n !== i) {
      batch.kind[n] = kind;
      for (const column of [batch.time, batch.p, batch.addr, batch.size, batch.aux]) column[n] = column[i]!;
    }
    n++;
  }
  batch.length = n;
}

/** The blocks of a file, one at a time. */
class Blocks {
  /** Of the block that was returned last. */
  offset = 0;
  readonly #bytes: ByteSource;
  #rest: Uint8Array = new Uint8Array(0);
  #consumed = 0;

  constructor(bytes: ByteSource) {
    this.#bytes = bytes;
  }

  /** null when the file ends where a block should be, or in one. */
  async next(): Promise<{ kind: number; data: Buffer } | "damaged" | null> {
    if (this.#consumed === 0 && (await this.#get(MAGIC.length)) === null) return null;
    this.offset = this.#consumed;
    const header = await this.#get(BLOCK_HEADER);
    if (header === null) return null;
    const kind = header[0]!;
    const packed = header.readUInt32LE(1);
    const unpacked = header.readUInt32LE(5);
    const crc = header.readUInt32LE(9);
    if (packed > MAX_PACKED || unpacked > MAX_UNPACKED) return "damaged";
    const body = await this.#get(packed);
    if (body === null) return null;
    const data = unpackBlock(body, unpacked, crc);
    return data === null ? "damaged" : { kind, data };
  }

  async #get(length: number): Promise<Buffer | null> {
    if (this.#rest.length < length) {
      const pieces = [this.#rest];
      let have = this.#rest.length;
      while (have < length) {
        const piece = await this.#bytes.read();
        if (piece === null) return null;
        pieces.push(piece);
        have += piece.length;
      }
      this.#rest = Buffer.concat(pieces, have);
    }
    const out = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    this.#consumed += length;
    return Buffer.from(out.buffer, out.byteOffset, out.length);
  }
}
