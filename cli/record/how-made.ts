/** What a manifest tells of how a run was made, in the words that parsers/run-description.ts reads. */
import { readFileSync } from "node:fs";

/** Variables that the Go runtime's memory management reads. */
const VARIABLES = ["GOGC", "GOMEMLIMIT", "GOMAXPROCS"] as const;
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
