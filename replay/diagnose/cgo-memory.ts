import { bucketsOf } from "./buckets.ts";
import type { Facts } from "./facts.ts";
import { CAPTURE, type Evidence, notEnough, present, type Rule, ruledOut, suspected } from "./rule.ts";
import { METADATA } from "./survivors.ts";
import { MiB, mib } from "./text.ts";
import { stacksLikely, unseenBytes } from "./unseen.ts";

const ADVICE =
  "No Go profile shows it. Measure C's side (malloc_info, jemalloc's profiler, heaptrack); MALLOC_ARENA_MAX=2 bounds glibc's arenas; free what C.malloc, C.CString and mmap gave.";

/** What a Go program may have beside its largest heap and stacks: room in spans and free runs, as a share of that, and the rest. */
const BESIDE_SHARE = 0.5;
const BESIDE = 24 * MiB;

/**
 * With a log of GCs and no MemStats: anonymous memory far beyond the largest heap that the log shows is not the heap's. What the log's
 * model leaves unexplained is the amount. null where that can't be told: logs tell stacks since Go 1.18.
 */
function beyondLog(facts: Facts): { bytes: number; evidence: Evidence[] } | null {
  const anon = facts.series("rss_anon") ?? facts.series("smaps_anon");
  const { modelled } = facts.input;
  const { gcs } = facts;
  if (!anon || !modelled || gcs.length < 3 || gcs.some((gc) => Number.isNaN(gc.stacks))) return null;
  const heap = gcs.reduce((most, gc) => Math.max(most, gc.heapEnd), 0);
  const stacks = gcs.reduce((most, gc) => Math.max(most, gc.stacks), 0);
  // A GC scans what of a stack is in use, and halves one of which less than a quarter is (stack.go:shrinkstack).
  const most = (1 + BESIDE_SHARE) * heap + 4 * stacks + BESIDE;
  const bytes = anon.last - modelled.ledgerFinal.rss;
  if (anon.last < most || !facts.notable(bytes)) return null;
  return {
    bytes,
    evidence: [
      facts.evidence(`${mib(anon.last)} of anonymous memory are resident`, anon.source, anon.lastT),
      facts.evidence(`the heap was never larger than ${mib(heap)}, stacks than ${mib(stacks)}`, facts.gcSource),
    ],
  };
}

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
      const beyond = beyondLog(facts);
      if (beyond) return present(beyond.bytes, beyond.evidence, ADVICE);
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
      facts.version.between(12, 15) !== false && Number.isNaN(lazy) ? facts.last("heap_released") || 0 : 0;
    // What buckets take is in no series of a trace, and a profile tells it.
    const buckets = facts.series("sys") ? 0 : bucketsOf(facts);
    let bytes = excess.bytes - (lazy || 0) - huge - madvFree - buckets;
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
    const unseen = unseenBytes(facts);
    if (!dump && !facts.notable(bytes - unseen))
      return suspected(
        bytes - METADATA - (facts.series("stack_inuse") ? 0 : stacksLikely(facts)),
        CAPTURE.memstats,
        ...evidence,
        facts.evidence(
          `up to ${mib(unseen)} more may be Go's own: stacks, metadata, and pages that the model takes for returned`,
          "replay",
        ),
      );
    return present(bytes, evidence, ADVICE);
  },
};
