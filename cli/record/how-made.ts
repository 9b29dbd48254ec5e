/** What a manifest tells of how a run was made, in the words that parsers/run-description.ts reads. */
import { readFileSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";

/** Variables that the Go runtime's memory management reads. */
const VARIABLES = ["GOGC", "GOMEMLIMIT", "GOMAXPROCS"] as const;
/** debug/buildinfo: 14 bytes of magic, then pointer size and flags; with flag 2 the version follows at 32 (Go 1.18+). */
const MAGIC = Buffer.from("\xff Go buildinf:", "latin1");
const VERSION_AT = 32;
const INLINE = 2;
const PIECE = 1 << 20;
/** AT_PAGESZ of <elf.h>. */
const AUXV_PAGE_SIZE = 6n;

/** Those of the variables that are set, and GODEBUG as the program gets it. */
export function environment(
  env: Readonly<Record<string, string | undefined>>,
  godebug: string,
): Record<string, string> {
  const set: Record<string, string> = { GODEBUG: godebug };
  for (const name of VARIABLES) if (env[name]) set[name] = env[name];
  return set;
}

/** "go1.27.0" of a Go program's file, which is closed then; null if it is none, or older than Go 1.18. */
export async function goVersionOf(file: FileHandle): Promise<string | null> {
  try {
    const piece = Buffer.alloc(PIECE + 128);
    // Build info is aligned to 16 bytes; pieces overlap by more than a version is long.
    for (let at = 0; ; at += PIECE) {
      const { bytesRead } = await file.read(piece, 0, piece.length, at);
      const found = piece.subarray(0, bytesRead).indexOf(MAGIC);
      if (found >= 0 && found < PIECE) {
        const info = piece.subarray(found, bytesRead);
        if ((info[MAGIC.length + 1]! & INLINE) === 0) return null;
        return info.toString("latin1", VERSION_AT + 1, VERSION_AT + 1 + info[VERSION_AT]!) || null;
      }
      if (bytesRead < piece.length) return null;
    }
  } catch {
    return null;
  } finally {
    await file.close();
  }
}

/** Bytes of a physical page here; null where /proc does not tell. */
export function physPageSize(): number | null {
  try {
    const auxv = readFileSync("/proc/self/auxv");
    for (let at = 0; at + 16 <= auxv.length; at += 16) {
      if (auxv.readBigUInt64LE(at) === AUXV_PAGE_SIZE) return Number(auxv.readBigUInt64LE(at + 8));
    }
  } catch {}
  return null;
}

/** The policy for transparent huge pages, "madvise" of "always [madvise] never"; null where there is none. */
export function hugePages(): string | null {
  try {
    return /\[(\w+)\]/.exec(readFileSync("/sys/kernel/mm/transparent_hugepage/enabled", "utf8"))?.[1] ?? null;
  } catch {
    return null;
  }
}
