import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { mib } from "./text.ts";

export const cgoMemory: Rule = {
  meta: {
    id: "cgo-memory",
    number: 27,
    title: "Memory that Go does not know: cgo, C libraries, mmap",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const { excess } = facts;
    if (!excess) {
      const backed = facts.backed() !== null;
      return notEnough(
        backed ? CAPTURE.status : CAPTURE.memstats,
        facts.evidence(
          backed
            ? "anonymous resident memory (RssAnon) is not in the inputs"
            : "Sys and HeapReleased are not in the inputs",
          "",
        ),
      );
    }
    const lazy = facts.last("lazyfree");
    const huge = Math.min(facts.last("anon_huge") || 0, Math.max(0, excess.bytes));
    // Without smaps, what MADV_FREE returned may all still be resident.
    const madvFree =
      facts.version.between(12, 15) === true && Number.isNaN(lazy) ? facts.last("heap_released") || 0 : 0;
    let bytes = excess.bytes - (lazy || 0) - huge - madvFree;
    const evidence = [
      facts.evidence(
        `${mib(excess.bytes)} of anonymous memory are resident beyond Sys - HeapReleased`,
        excess.source,
        excess.t,
      ),
    ];
    const dump = facts.input.smaps.findLast(({ smaps }) => smaps.classes.has("go-heap"));
    if (dump) {
      const sum = (name: "brk" | "anonymous") => dump.smaps.classes.get(name)?.Anonymous ?? 0;
      const metadata = dump.smaps.classes.has("go-metadata") ? 0 : facts.end.metadata || 0;
      const foreign = sum("brk") + sum("anonymous") - metadata;
      evidence.push(
        facts.evidence(
          `${mib(foreign)} lie in mappings that are not Go's (${mib(sum("brk"))} in C's heap)`,
          dump.source,
        ),
      );
      if (foreign > bytes) bytes = foreign;
    }
    if (!facts.notable(bytes)) return ruledOut(...evidence);
    return present(
      bytes,
      evidence,
      "No Go profile shows it. Measure C's side (malloc_info, jemalloc's profiler, heaptrack); MALLOC_ARENA_MAX=2 bounds glibc's arenas; free what C.malloc, C.CString and mmap gave.",
    );
  },
};
