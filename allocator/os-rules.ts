/** What each Go version asks of the operating system about its heap: which calls, on which ranges. */
import { eraFor } from "./eras/index.ts";
import type { HeapConfig } from "./types.ts";

/**
 * How memory is given back. "dontneed": gone at once. "free": MADV_FREE, stays until the system needs memory.
 * "free-reusable": macOS, the same but no longer charged to the process. "decommit": Windows.
 */
export type Release = "dontneed" | "free" | "free-reusable" | "decommit";

/**
 * What a version says about transparent huge pages (mem_linux.go, mgcscavenge.go, mpagealloc.go).
 * "ends" (to 1.20): NOHUGEPAGE on the huge pages that a returned range cuts, HUGEPAGE on whole ones in a span used again.
 * "chunks" (1.21.0): HUGEPAGE on fresh memory and on a chunk of which 496 pages are in use, NOHUGEPAGE on one scavenged.
 * "collapse" (1.21.1-1.21.3): MADV_COLLAPSE of a chunk when it first has 496 pages in use. "none": left to the system.
 */
export type HugeAdvice = "ends" | "chunks" | "collapse" | "none";

export interface OsRules {
  readonly release: Release;
  readonly hugeAdvice: HugeAdvice;
  /** Windows to 1.12: a new arena is committed as a whole (mem_windows.go:sysMap); later a span is when it is used. */
  readonly commitsOnMap: boolean;
}

/** The rules of a version or era name ("go1.15", "1.21.2", "go1.12-dev"). */
export function osRulesFor(version: string, goos: HeapConfig["goos"]): OsRules {
  const [, minorText, patchText] = /^(?:go)?1\.(\d+)(?:\.(\d+))?/.exec(version.trim()) ?? [];
  const era = eraFor(version);
  const minor = Number(minorText);
  const patch = patchText === undefined ? (era.name === version ? 0 : Number.POSITIVE_INFINITY) : Number(patchText);
  if (goos === "windows") return { release: "decommit", hugeAdvice: "none", commitsOnMap: minor <= 12 };
  if (goos === "darwin") {
    return { release: minor <= 12 ? "free" : "free-reusable", hugeAdvice: "none", commitsOnMap: false };
  }
  let hugeAdvice: HugeAdvice = "none";
  if (minor <= 20) hugeAdvice = "ends";
  else if (era.name === "go1.21.0") hugeAdvice = patch === 0 ? "chunks" : "collapse";
  return { release: minor >= 12 && minor <= 15 ? "free" : "dontneed", hugeAdvice, commitsOnMap: false };
}
