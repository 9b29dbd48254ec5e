import type { FileHandle } from "node:fs/promises";

/** Layout of <elf.h>, 64 bits, little-endian: what Go's targets on Linux are, but for few. */
const IDENT = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
const HEADER = 64;
const SEGMENT = 56;
const SECTION = 64;
const SYMBOL = 24;
const PT_LOAD = 1;
const SHT_SYMTAB = 2;
/** Tables beyond this are no tables. */
const MAX_TABLE = 64 << 20;

interface Segment {
  readonly offset: bigint;
  readonly address: bigint;
  readonly size: bigint;
}

/** A program's file, to be read by the addresses that it will have in memory. */
export class ElfFile {
  readonly #file: FileHandle;
  readonly #header: Buffer;
  readonly #segments: readonly Segment[];

  /** null if it is no such file. */
  static async open(file: FileHandle): Promise<ElfFile | null> {
    const header = await bytes(file, 0n, HEADER);
    if (!header?.subarray(0, IDENT.length).equals(IDENT)) return null;
    const count = header.readUInt16LE(56);
    const table = await bytes(file, header.readBigUInt64LE(32), count * SEGMENT);
    if (!table) return null;
    const segments: Segment[] = [];
    for (let at = 0; at < table.length; at += SEGMENT) {
      if (table.readUInt32LE(at) !== PT_LOAD) continue;
      segments.push({
        offset: table.readBigUInt64LE(at + 8),
        address: table.readBigUInt64LE(at + 16),
        size: table.readBigUInt64LE(at + 32),
      });
    }
    return new ElfFile(file, header, segments);
  }

  constructor(file: FileHandle, header: Buffer, segments: readonly Segment[]) {
    this.#file = file;
    this.#header = header;
    this.#segments = segments;
  }

  /** null if nothing in the file is at that address. */
  async bytesAt(address: bigint, length: number): Promise<Buffer | null> {
    for (const { offset, address: start, size } of this.#segments) {
      if (address >= start && address + BigInt(length) <= start + size) {
        return bytes(this.#file, offset + address - start, length);
      }
    }
    return null;
  }

  /** The address of a symbol; null without one, as after strip. */
  async symbol(name: string): Promise<bigint | null> {
    const count = this.#header.readUInt16LE(60);
    const sections = await bytes(this.#file, this.#header.readBigUInt64LE(40), count * SECTION);
    const contents = async (index: number): Promise<Buffer | null> => {
      const at = index * SECTION;
      if (!sections || at >= sections.length) return null;
      return bytes(this.#file, sections.readBigUInt64LE(at + 24), Number(sections.readBigUInt64LE(at + 32)));
    };
    for (let index = 0; sections && index < count; index++) {
      if (sections.readUInt32LE(index * SECTION + 4) !== SHT_SYMTAB) continue;
      const symbols = await contents(index);
      const names = await contents(sections.readUInt32LE(index * SECTION + 40));
      const place = names?.indexOf(Buffer.from(`\0${name}\0`, "latin1")) ?? -1;
      if (!symbols || place < 0) continue;
      for (let at = 0; at + SYMBOL <= symbols.length; at += SYMBOL) {
        if (symbols.readUInt32LE(at) === place + 1) return symbols.readBigUInt64LE(at + 8);
      }
    }
    return null;
  }
}

/** null if the file has no such place. */
async function bytes(file: FileHandle, offset: bigint, length: number): Promise<Buffer | null> {
  if (length > MAX_TABLE || offset > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, Number(offset));
  return bytesRead === length ? buffer : null;
}
