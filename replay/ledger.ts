import { COL } from "./recorder.ts";
import type { Ledger, LedgerPart } from "./result.ts";

/** What a ledger needs to know of the run, beside a row. */
export interface LedgerContext {
  /** Spans carry addresses and objects are traced: in-use figures are the recording's own. */
  readonly exactSpans: boolean;
  readonly hasObjects: boolean;
  readonly baseline: number;
  readonly baselineUncertainty: number;
}

const SCAVENGER_UNCERTAINTY = 0.05;
const STACK_UNCERTAINTY = 0.25;

/**
 * Where RSS is at the moment of a row. The parts sum up to the row's rss; memory in use that nobody has touched yet is a
 * negative part, since the parts above it count whole pages.
 */
export function ledgerOf(row: Float64Array, context: LedgerContext): Ledger {
  const inUse = row[COL.heapInuse]!;
  const free = row[COL.heapFree]!;
  const manual = row[COL.manual]!;
  const marked = row[COL.marked]!;
  const untouched = row[COL.untouched]!;
  const metadata = row[COL.metadata]!;
  const spans = context.exactSpans ? "exact" : "inferred";
  const parts: LedgerPart[] = [];
  if (context.hasObjects) {
    const objects = row[COL.objects]!;
    const fresh = Math.min(row[COL.sinceMark]!, objects);
    const live = Math.min(marked, objects - fresh);
    const dead = objects - fresh - live;
    parts.push(
      part("live", "live at the last GC", live, "exact", 0, "bytes marked by the last GC"),
      part(
        "since-gc",
        "allocated since the last GC",
        fresh,
        "exact",
        0,
        "slots of objects allocated since; dead or alive, the next GC will tell",
      ),
      part("dead", "dead, not yet swept", dead, "exact", 0, "objects present that the last GC did not mark"),
      part("span-slack", "slack in spans", inUse - objects, "exact", 0, "pages of spans minus slots in use"),
    );
  } else {
    const live = Math.min(row[COL.heapLive]!, inUse);
    const reached = Math.min(marked, live);
    parts.push(
      part("live", "live at the last GC", reached, "exact", 0, "heap live after the last mark"),
      part(
        "since-gc",
        "allocated since the last GC",
        live - reached,
        spans,
        0,
        "growth of the runtime's live heap since the last GC",
      ),
      part(
        "span-slack",
        "dead and slack in spans",
        inUse - live,
        spans,
        inUse * 0.1,
        "pages of spans minus the runtime's live heap",
      ),
    );
  }
  parts.push(
    part(
      "free-backed",
      "free, not yet returned",
      free,
      "modelled",
      free * SCAVENGER_UNCERTAINTY,
      "pages freed and kept, by the model of the scavenger",
    ),
    part(
      "stacks",
      "stacks and work buffers",
      manual,
      spans,
      context.exactSpans ? 0 : manual * STACK_UNCERTAINTY,
      "pages of spans that hold no objects",
    ),
    part(
      "untouched",
      "mapped but never touched",
      -untouched,
      "modelled",
      Math.abs(untouched) / 2,
      "pages above that nobody has written to yet",
    ),
    part(
      "metadata",
      "the runtime's heap metadata",
      metadata,
      "modelled",
      metadata / 2,
      "span structures, bitmaps and summaries, by size of the heap",
    ),
    part(
      "binary",
      "program file, runtime and threads",
      context.baseline,
      "modelled",
      context.baselineUncertainty,
      "estimated: a recording of the heap does not show it",
    ),
  );
  return { t: row[COL.t]!, rss: row[COL.rss]!, parts };
}

function part(
  id: string,
  label: string,
  bytes: number,
  evidence: LedgerPart["evidence"],
  uncertainty: number,
  basis: string,
): LedgerPart {
  return { id, label, bytes, evidence, uncertainty, basis };
}
