/** Which Go a program's file was built with. */
import type { FileHandle } from "node:fs/promises";
import { ElfFile } from "./elf.ts";

/**
 * debug/buildinfo: 14 bytes of magic, then pointer size and flags; with flag 2 the version follows at 32 (Go 1.18+), before
 * that (Go 1.13+) the address of the version's string stands at 16.
 */
const MAGIC = Buffer.from("\xff Go buildinf:", "latin1");
const ADDRESS_AT = 16;
const VERSION_AT = 32;
const INLINE = 2;
const PIECE = 1 << 20;
/** Where programs without build info (Go 1.11, 1.12) have it, unless their symbols are stripped. */
const SYMBOL = "runtime.buildVersion";
const MAX_LENGTH = 200;

/** "go1.27.0" of a Go program's file, which is closed then; null if it is none, or does not tell. */
export async function goVersionOf(file: FileHandle): Promise<string | null> {
  try {
    const info = await buildInfo(file);
    if (info && (info[MAGIC.length + 1]! & INLINE) !== 0) {
      return info.toString("latin1", VERSION_AT + 1, VERSION_AT + 1 + info[VERSION_AT]!) || null;
    }
    const elf = await ElfFile.open(file);
    const at = info ? info.readBigUInt64LE(ADDRESS_AT) : ((await elf?.symbol(SYMBOL)) ?? null);
    if (!elf || at === null) return null;
    // A Go string: address and length.
    const header = await elf.bytesAt(at, 16);
    const length = header?.readBigUInt64LE(8) ?? 0n;
    if (!header || length > MAX_LENGTH) return null;
    const version = (await elf.bytesAt(header.readBigUInt64LE(0), Number(length)))?.toString("latin1");
    return version?.startsWith("go") ? version : null;
  } catch {
    return null;
  } finally {
    await file.close();
  }
}

async function buildInfo(file: FileHandle): Promise<Buffer | null> {
  const piece = Buffer.alloc(PIECE + 128);
  // Build info is aligned to 16 bytes; pieces overlap by more than a version is long.
  for (let at = 0; ; at += PIECE) {
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    const found = piece.subarray(0, bytesRead).indexOf(MAGIC);
    if (found >= 0 && found < PIECE) return piece.subarray(found, bytesRead);
    if (bytesRead < piece.length) return null;
  }
}
