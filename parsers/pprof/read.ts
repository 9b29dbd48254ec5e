/**
 * Reads a heap profile in protobuf form (github.com/google/pprof/proto/profile.proto) straight into columns: no object per
 * sample. Ids and string indexes may refer to what comes later in the file, so they are resolved at the end.
 */

import protobuf, { type Reader } from "protobufjs/minimal.js";
import { InputError } from "../errors.ts";
import { F64Column, U32Column } from "./columns.ts";
import { gunzip, isGzip, MAX_PROFILE_BYTES, tooLarge } from "./gunzip.ts";
import { HeapProfile, type Mapping, NONE, type ProfileData, type ValueType } from "./profile.ts";
import { StringTable } from "./strings.ts";
import { readInt64, readUint64 } from "./varint.ts";

/** Reads a profile, gzipped or not. Throws InputError when it is damaged or not of the heap. */
export function readHeapProfile(bytes: Uint8Array, path = "profile"): HeapProfile {
  const raw = isGzip(bytes) ? gunzip(bytes, path) : bytes;
  if (raw.length > MAX_PROFILE_BYTES) throw tooLarge(path, MAX_PROFILE_BYTES);
  if (raw.length === 0) throw new InputError(`${path}: the profile is empty; record it again`);
  const data = new Decoder(raw, path).profile();
  const types = data.sampleTypes.map((t) => t.type);
  const isHeap =
    types.includes("inuse_space") ||
    types.includes("alloc_space") ||
    (types.includes("space") && data.periodType?.type === "space");
  if (!isHeap) {
    throw new InputError(
      `${path}: a profile of ${types.join(", ")}, which tells nothing of memory; record a heap profile: ` +
        "curl -o heap.pb.gz HOST/debug/pprof/heap",
    );
  }
  return new HeapProfile(data);
}

class Decoder {
  readonly #path: string;
  readonly #bytes: Uint8Array;
  /** protobufjs' own reader: bounds-checked, and it skips unknown fields. */
  readonly #reader: Reader;

  readonly #sampleTypes: [type: number, unit: number][] = [];
  #periodType: [type: number, unit: number] | null = null;
  #period = 0;
  #timeNanos = 0;
  #durationNanos = 0;
  #defaultSampleType = 0;
  readonly #comments: number[] = [];

  readonly #values = new F64Column(4096);
  /** Location ids less one: Go numbers locations 1, 2, ... in order, and then these are their indexes. */
  readonly #stackIds: U32Column;
  /** The highest of them; that of id 0 is the highest there can be. */
  #mostStackId = 0;
  readonly #wideIds = new Map<number, number>();
  readonly #stackOffsets = new U32Column();
  /** End of each sample's values; all samples must have the same number. */
  #valuesPerSample = -1;

  readonly #labelOffsets = new U32Column();
  readonly #labelKey = new U32Column();
  readonly #labelStr = new U32Column();
  readonly #labelNum = new F64Column();
  readonly #labelUnit = new U32Column();

  readonly #locationIds = new U32Column();
  readonly #locationAddress = new F64Column();
  readonly #locationMapping = new F64Column();
  readonly #lineOffsets = new U32Column();
  readonly #lineFunction = new F64Column();
  readonly #lineNumber = new F64Column();

  readonly #functionIds = new F64Column();
  readonly #functionName = new U32Column();
  readonly #functionSystemName = new U32Column();
  readonly #functionFile = new U32Column();
  readonly #functionStartLine = new F64Column();

  readonly #mappingIds: number[] = [];
  readonly #mappings: { start: number; limit: number; offset: number; file: number; buildId: number }[] = [];

  readonly #stringOffsets = new U32Column();
  readonly #stringLengths = new U32Column();

  constructor(bytes: Uint8Array, path: string) {
    this.#bytes = bytes;
    // Ids take two bytes or more, mostly: enough to begin with. Memory that is not written to costs nothing.
    this.#stackIds = new U32Column(Math.max(1024, bytes.length >>> 1));
    this.#path = path;
    this.#reader = protobuf.Reader.create(bytes);
  }

  profile(): ProfileData {
    this.#decode();
    return this.#resolve();
  }

  #damaged(what: string, at: number): InputError {
    return new InputError(`${this.#path}: damaged heap profile: ${what} at byte ${at}; download or record it again`);
  }

  #decode(): void {
    const reader = this.#reader;
    let at = 0;
    try {
      while (reader.pos < reader.len) {
        at = reader.pos;
        const tag = reader.tag();
        switch (tag) {
          case 0x0a:
            if (this.#sampleTypes.length === MAX_SAMPLE_TYPES) {
              throw this.#damaged(`more than ${MAX_SAMPLE_TYPES} sample types`, at);
            }
            this.#sampleTypes.push(this.#valueType());
            break;
          case 0x12:
            this.#sample();
            break;
          case 0x1a:
            this.#mapping();
            break;
          case 0x22:
            this.#location();
            break;
          case 0x2a:
            this.#function();
            break;
          case 0x32: {
            const length = this.#length();
            this.#stringOffsets.push(reader.pos);
            this.#stringLengths.push(length);
            reader.pos += length;
            break;
          }
          case 0x48:
            // Profiles of several moments, one after the other: as one protobuf message their samples would be added up.
            if (this.#timeNanos !== 0) {
              throw new InputError(
                `${this.#path}: several profiles in one file (the second before byte ${at}); give them as separate files`,
              );
            }
            this.#timeNanos = readInt64(reader);
            break;
          case 0x50:
            this.#durationNanos = readInt64(reader);
            break;
          case 0x5a:
            this.#periodType = this.#valueType();
            break;
          case 0x60:
            this.#period = readInt64(reader);
            break;
          case 0x68:
            this.#comments.push(readUint64(reader));
            break;
          case 0x6a: {
            const end = this.#end();
            while (reader.pos < end) this.#comments.push(readUint64(reader));
            this.#close(end);
            break;
          }
          case 0x70:
            this.#defaultSampleType = readUint64(reader);
            break;
          default:
            this.#skip(tag);
        }
      }
    } catch (error) {
      if (error instanceof InputError) throw error;
      const truncated = error instanceof RangeError && /out of range/.test(error.message);
      throw this.#damaged(truncated ? "it ends early, inside the part that begins" : "no valid protobuf", at);
    }
  }

  // Sub-messages: a length, then fields up to `end`.

  #length(): number {
    const reader = this.#reader;
    const length = reader.size();
    if (reader.pos + length > reader.len) throw new RangeError("out of range");
    return length;
  }

  #end(): number {
    return this.#length() + this.#reader.pos;
  }

  /** Fields must end where their message does. */
  #close(end: number): void {
    if (this.#reader.pos !== end) throw this.#damaged("a field reaches beyond its message", end);
  }

  #skip(tag: number): void {
    this.#reader.skipType(tag & 7, 0, tag >>> 3);
  }

  #valueType(): [number, number] {
    const reader = this.#reader;
    const end = this.#end();
    let type = 0;
    let unit = 0;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === 0x08) type = readUint64(reader);
      else if (tag === 0x10) unit = readUint64(reader);
      else this.#skip(tag);
    }
    this.#close(end);
    return [type, unit];
  }

  #sample(): void {
    const reader = this.#reader;
    const at = reader.pos;
    const end = this.#end();
    const values = this.#values;
    const stackIds = this.#stackIds;
    const firstValue = values.length;
    this.#stackOffsets.push(stackIds.length);
    this.#labelOffsets.push(this.#labelKey.length);
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case 0x0a: {
          const stop = this.#end();
          this.#packedIds(stop);
          this.#close(stop);
          break;
        }
        case 0x08:
          this.#stackId(this.#narrow(readUint64(reader)));
          break;
        case 0x12: {
          const stop = this.#end();
          while (reader.pos < stop) values.push(readInt64(reader));
          this.#close(stop);
          break;
        }
        case 0x10:
          values.push(readInt64(reader));
          break;
        case 0x1a:
          this.#label();
          break;
        default:
          this.#skip(tag);
      }
    }
    this.#close(end);
    const count = values.length - firstValue;
    if (this.#valuesPerSample === -1) this.#valuesPerSample = count;
    else if (count !== this.#valuesPerSample) {
      throw this.#damaged(`a sample of ${count} values (others have ${this.#valuesPerSample})`, at);
    }
  }

  /** Most of a profile is this: the ids of a stack, each of a few bytes. Reads them up to `stop`. */
  #packedIds(stop: number): void {
    const reader = this.#reader;
    const buf = this.#bytes;
    const column = this.#stackIds;
    const data = column.reserve(stop - reader.pos);
    let at = column.length;
    let pos = reader.pos;
    let most = this.#mostStackId;
    while (pos < stop) {
      let value = buf[pos]!;
      if (value < 0x80) pos++;
      else if (pos + 1 < stop && buf[pos + 1]! < 0x80) {
        value = (value & 0x7f) | (buf[pos + 1]! << 7);
        pos += 2;
      } else {
        reader.pos = pos;
        value = this.#narrow(readUint64(reader));
        pos = reader.pos;
      }
      const index = (value - 1) >>> 0;
      if (index > most) most = index;
      data[at++] = index;
    }
    reader.pos = pos;
    column.length = at;
    this.#mostStackId = most;
  }

  #stackId(id: number): void {
    const index = (id - 1) >>> 0;
    if (index > this.#mostStackId) this.#mostStackId = index;
    this.#stackIds.push(index);
  }

  /** Ids in 32 bits: Go counts them from 1; those of other producers (hashes, addresses) are numbered as they come. */
  #narrow(id: number): number {
    if (id < WIDE) return id;
    let n = this.#wideIds.get(id);
    if (n === undefined) {
      n = WIDE + this.#wideIds.size;
      this.#wideIds.set(id, n);
    }
    return n;
  }

  #label(): void {
    const reader = this.#reader;
    const end = this.#end();
    let key = 0;
    let str = 0;
    let num = 0;
    let unit = 0;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === 0x08) key = readUint64(reader);
      else if (tag === 0x10) str = readUint64(reader);
      else if (tag === 0x18) num = readInt64(reader);
      else if (tag === 0x20) unit = readUint64(reader);
      else this.#skip(tag);
    }
    this.#close(end);
    this.#labelKey.push(index32(key));
    this.#labelStr.push(index32(str));
    this.#labelNum.push(num);
    this.#labelUnit.push(index32(unit));
  }

  #location(): void {
    const reader = this.#reader;
    const end = this.#end();
    let id = 0;
    let mapping = 0;
    let address = 0;
    this.#lineOffsets.push(this.#lineFunction.length);
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === 0x08) id = readUint64(reader);
      else if (tag === 0x10) mapping = readUint64(reader);
      else if (tag === 0x18) address = readUint64(reader);
      else if (tag === 0x22) this.#line();
      else this.#skip(tag);
    }
    this.#close(end);
    this.#locationIds.push(this.#narrow(id));
    this.#locationMapping.push(mapping);
    this.#locationAddress.push(address);
  }

  #line(): void {
    const reader = this.#reader;
    const end = this.#end();
    let fn = 0;
    let line = 0;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === 0x08) fn = readUint64(reader);
      else if (tag === 0x10) line = readInt64(reader);
      else this.#skip(tag);
    }
    this.#close(end);
    this.#lineFunction.push(fn);
    this.#lineNumber.push(line);
  }

  #function(): void {
    const reader = this.#reader;
    const end = this.#end();
    let id = 0;
    let name = 0;
    let systemName = 0;
    let file = 0;
    let startLine = 0;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === 0x08) id = readUint64(reader);
      else if (tag === 0x10) name = readUint64(reader);
      else if (tag === 0x18) systemName = readUint64(reader);
      else if (tag === 0x20) file = readUint64(reader);
      else if (tag === 0x28) startLine = readInt64(reader);
      else this.#skip(tag);
    }
    this.#close(end);
    this.#functionIds.push(id);
    this.#functionName.push(index32(name));
    this.#functionSystemName.push(index32(systemName));
    this.#functionFile.push(index32(file));
    this.#functionStartLine.push(startLine);
  }

  #mapping(): void {
    const reader = this.#reader;
    const end = this.#end();
    const m = { start: 0, limit: 0, offset: 0, file: 0, buildId: 0 };
    let id = 0;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === 0x08) id = readUint64(reader);
      else if (tag === 0x10) m.start = readUint64(reader);
      else if (tag === 0x18) m.limit = readUint64(reader);
      else if (tag === 0x20) m.offset = readUint64(reader);
      else if (tag === 0x28) m.file = readUint64(reader);
      else if (tag === 0x30) m.buildId = readUint64(reader);
      else this.#skip(tag);
    }
    this.#close(end);
    this.#mappingIds.push(id);
    this.#mappings.push(m);
  }

  // Everything is read: check what refers to what.

  #inconsistent(what: string): InputError {
    return new InputError(`${this.#path}: inconsistent heap profile: ${what}; download or record it again`);
  }

  #resolve(): ProfileData {
    const offsets = this.#stringOffsets.values().slice();
    const lengths = this.#stringLengths.values().slice();
    if (offsets.length === 0) throw this.#inconsistent("it has no strings");
    if (lengths[0] !== 0) throw this.#inconsistent('string 0 is not ""');
    const strings = new StringTable(this.#bytes, offsets, lengths);
    const string = (index: number, of: string): number => {
      if (index >= offsets.length) throw this.#inconsistent(`${of} refers to string ${index} of ${offsets.length}`);
      return index;
    };
    const text = (index: number, of: string) => strings.get(string(index, of));
    const checked = (column: U32Column, of: string): Uint32Array => {
      const values = column.values();
      for (let i = 0; i < values.length; i++) if (values[i]! >= offsets.length) string(values[i]!, of);
      return values;
    };
    const valueType = ([type, unit]: [number, number], of: string): ValueType => ({
      type: text(type, of),
      unit: text(unit, of),
    });

    const sampleTypes = this.#sampleTypes.map((t) => valueType(t, "a sample type"));
    if (sampleTypes.length === 0) throw this.#inconsistent("it has no sample types");
    if (this.#valuesPerSample !== -1 && this.#valuesPerSample !== sampleTypes.length) {
      throw this.#inconsistent(`samples have ${this.#valuesPerSample} values for ${sampleTypes.length} sample types`);
    }

    const functionOf = idIndex(this.#functionIds.values());
    if (!functionOf) throw this.#inconsistent("two functions of one id, or one of id 0");
    const locationOf = idIndex(this.#locationIds.values());
    if (!locationOf) throw this.#inconsistent("two locations of one id, or one of id 0");
    const mappingOf = idIndex(Float64Array.from(this.#mappingIds));
    if (!mappingOf) throw this.#inconsistent("two mappings of one id, or one of id 0");

    const lineIds = this.#lineFunction.values();
    const lineFunction = new Uint32Array(lineIds.length);
    for (let i = 0; i < lineIds.length; i++) {
      // Id 0 means that the function is unknown.
      const fn = lineIds[i] === 0 ? NONE : functionOf(lineIds[i]!);
      if (fn === NONE && lineIds[i] !== 0)
        throw this.#inconsistent(`a line refers to function ${lineIds[i]}, which it lacks`);
      lineFunction[i] = fn;
    }

    const locationMappingIds = this.#locationMapping.values();
    const mapping = new Uint32Array(locationMappingIds.length);
    for (let i = 0; i < mapping.length; i++) {
      const id = locationMappingIds[i]!;
      mapping[i] = id === 0 ? NONE : mappingOf(id);
      if (id !== 0 && mapping[i] === NONE)
        throw this.#inconsistent(`a location refers to mapping ${id}, which it lacks`);
    }

    const stacks = this.#stackIds.values();
    // From ids to indexes, in place, unless they are the same.
    if (!inOrder(this.#locationIds.values()) || this.#mostStackId >= this.#locationIds.length) {
      const { table } = locationOf;
      for (let i = 0; i < stacks.length; i++) {
        const id = (stacks[i]! + 1) >>> 0;
        const location = table === null ? locationOf(id) : id < table.length ? table[id]! : NONE;
        if (location === NONE) throw this.#inconsistent(`a sample refers to location ${id}, which it lacks`);
        stacks[i] = location;
      }
    }

    const sampleCount = this.#stackOffsets.length;
    this.#stackOffsets.push(stacks.length);
    this.#labelOffsets.push(this.#labelKey.length);
    this.#lineOffsets.push(lineFunction.length);

    const labels = {
      offsets: this.#labelOffsets.values(),
      key: checked(this.#labelKey, "a label"),
      str: checked(this.#labelStr, "a label"),
      num: this.#labelNum.values(),
      unit: checked(this.#labelUnit, "a label"),
    };
    const bytesKey = findString(strings, "bytes");
    const sizes = new Float64Array(sampleCount);
    if (bytesKey !== -1) {
      for (let s = 0; s < sampleCount; s++) {
        for (let i = labels.offsets[s]!; i < labels.offsets[s + 1]!; i++) {
          if (labels.key[i] === bytesKey && labels.str[i] === 0) sizes[s] = Math.max(0, labels.num[i]!);
        }
      }
    }

    const mappings: Mapping[] = this.#mappings.map((m) => ({
      start: m.start,
      limit: m.limit,
      offset: m.offset,
      file: text(m.file, "a mapping"),
      buildId: text(m.buildId, "a mapping"),
    }));

    return {
      sampleTypes,
      defaultSampleType: text(this.#defaultSampleType, "the default sample type"),
      timeNanos: this.#timeNanos,
      durationNanos: this.#durationNanos,
      periodType: this.#periodType && valueType(this.#periodType, "the period type"),
      period: this.#period,
      comments: this.#comments.map((c) => text(c, "a comment")),
      scaled: true,
      sampleCount,
      values: this.#values.values(),
      stackOffsets: this.#stackOffsets.values(),
      stacks,
      sizes,
      labels,
      locations: {
        count: this.#locationIds.length,
        address: this.#locationAddress.values(),
        mapping,
        lineOffsets: this.#lineOffsets.values(),
        lineFunction,
        lineNumber: this.#lineNumber.values(),
      },
      functions: {
        count: this.#functionIds.length,
        name: checked(this.#functionName, "a function"),
        systemName: checked(this.#functionSystemName, "a function"),
        file: checked(this.#functionFile, "a function"),
        startLine: this.#functionStartLine.values(),
      },
      mappings,
      strings,
      memStats: null,
    };
  }
}

/** More than any profiler writes (Go: 4); a bound on what one sample may cost. */
const MAX_SAMPLE_TYPES = 64;

/** Whether ids are 1, 2, 3, ... */
function inOrder(ids: Uint32Array): boolean {
  for (let i = 0; i < ids.length; i++) if (ids[i] !== i + 1) return false;
  return true;
}

/** Location ids from here on are replaced (#narrow); a file of MAX_PROFILE_BYTES has fewer locations than fit above. */
const WIDE = 0xe0000000;

/** A string index for a 32-bit column; one that does not fit is out of range anyway and is reported as such. */
function index32(index: number): number {
  return Math.min(index, 0xffffffff);
}

function findString(strings: StringTable, text: string): number {
  for (let i = 0; i < strings.length; i++) if (strings.is(i, text)) return i;
  return -1;
}

/** Look-up from ids to indexes (NONE: no such id). */
interface IdIndex {
  (id: number): number;
  /** The look-up as an array by id, for tight loops; null when ids are too sparse for one. */
  readonly table: Uint32Array | null;
}

/** Null if an id is 0 or not unique. Go's ids count from 1. */
function idIndex(ids: Float64Array | Uint32Array): IdIndex | null {
  let max = 0;
  for (const id of ids) {
    if (id === 0) return null;
    if (id > max) max = id;
  }
  if (max <= ids.length * 4 + 1024) {
    const table = new Uint32Array(max + 1).fill(NONE);
    for (let i = 0; i < ids.length; i++) {
      if (table[ids[i]!] !== NONE) return null;
      table[ids[i]!] = i;
    }
    return Object.assign((id: number) => (id <= max ? table[id]! : NONE), { table });
  }
  const map = new Map<number, number>();
  for (let i = 0; i < ids.length; i++) {
    if (map.has(ids[i]!)) return null;
    map.set(ids[i]!, i);
  }
  return Object.assign((id: number) => map.get(id) ?? NONE, { table: null });
}
