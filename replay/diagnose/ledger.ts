/** Where RSS is at a moment, by what was measured, and by the replay where nothing was. The parts sum up to RSS. */
import type { Ledger, LedgerPart } from "../result.ts";
import type { Facts } from "./facts.ts";

export interface MomentLedger extends Ledger {
  readonly moment: "peak" | "end" | "at";
  /** Whether rss was measured; else it is predicted, or Go's own count of what it has from the system. */
  readonly measured: boolean;
  /** Made up from a log alone, so that its totals agree with it; see Collected.modelled. */
  readonly modelled: boolean;
}

export function ledgers(facts: Facts): MomentLedger[] {
  const out: MomentLedger[] = [];
  const moments: [MomentLedger["moment"], number][] = [
    ["peak", facts.peakT],
    ["end", facts.endT],
  ];
  // Past the end there is nothing to tell: the moment shown is the last one.
  if (facts.input.at !== null) moments.push(["at", Math.min(facts.input.at, facts.endT)]);
  for (const [moment, t] of moments) {
    const ledger = ledgerAt(facts, moment, t);
    if (ledger) out.push(ledger);
  }
  return out;
}

export function ledgerAt(facts: Facts, moment: MomentLedger["moment"], t: number): MomentLedger | null {
  const measured = facts.rssMeasured && facts.rss ? facts.rss.at(t) : Number.NaN;
  const replay = facts.input.replay ?? facts.input.modelled;
  const inuse = facts.series("heap_inuse");
  if (replay && (!inuse || inuse.source === "replay")) {
    const base = moment === "peak" ? replay.ledgerPeak : moment === "end" ? replay.ledgerFinal : replay.ledgerAt(t);
    const modelled = facts.input.replay === null;
    const parts = base.parts
      .filter(({ bytes }) => bytes !== 0)
      .map((part) => (modelled && part.evidence === "inferred" ? { ...part, evidence: "modelled" as const } : part));
    if (Number.isNaN(measured)) return { moment, measured: false, modelled, ...base, parts };
    return close(moment, t, measured, modelled, parts);
  }
  const heap = facts.heapAt(t);
  const parts: LedgerPart[] = [];
  const add = (id: string, label: string, bytes: number, basis: string, evidence: LedgerPart["evidence"] = "exact") => {
    if (Number.isFinite(bytes) && bytes !== 0) parts.push({ id, label, bytes, evidence, uncertainty: 0, basis });
  };
  if (Number.isFinite(heap.alloc)) {
    add(
      "live",
      "live at the last GC",
      heap.live,
      "what the last GC before it found alive",
      facts.series("heap_live") ? "exact" : "inferred",
    );
    add(
      "dead",
      Number.isFinite(heap.live) ? "dead, or allocated since the last GC" : "heap objects, alive and dead",
      Number.isFinite(heap.live) ? heap.dead : heap.alloc,
      "HeapAlloc, less what is alive",
    );
    add("span-slack", "slack in spans", heap.inuse - heap.alloc, "HeapInuse - HeapAlloc");
  } else add("heap-inuse", "spans in use", heap.inuse, "HeapInuse");
  add("free-backed", "free, not yet returned", heap.free, "HeapIdle - HeapReleased");
  add("stacks", "stacks", heap.stacks, "StackInuse");
  const one = (name: Parameters<Facts["at"]>[0]) => facts.at(name, t);
  add("gc-metadata", "the GC's metadata", one("gc_sys"), "GCSys");
  add("span-metadata", "span structures", (one("mspan_sys") || 0) + (one("mcache_sys") || 0), "MSpanSys + MCacheSys");
  add("profiling", "profiling buckets", one("buckhash_sys"), "BuckHashSys");
  add("other", "other memory of the runtime", one("other_sys"), "OtherSys");
  add("files", "pages of files (the program itself, mapped files)", one("rss_file"), "RssFile and RssShmem");
  add("lazily-freed", "returned, and still resident (MADV_FREE)", one("lazyfree"), "LazyFree of smaps");
  if (parts.length === 0 && Number.isNaN(measured)) return null;
  if (Number.isNaN(measured)) {
    const rss = parts.reduce((sum, part) => sum + part.bytes, 0);
    return { moment, t, rss, measured: false, modelled: false, parts };
  }
  return close(moment, t, measured, false, parts);
}

/** Adds what the parts leave of RSS. It is never spread over them. */
function close(
  moment: MomentLedger["moment"],
  t: number,
  rss: number,
  modelled: boolean,
  parts: LedgerPart[],
): MomentLedger {
  const rest = rss - parts.reduce((sum, part) => sum + part.bytes, 0);
  if (rest !== 0) {
    parts.push({
      id: "unexplained",
      label: rest < 0 ? "counted, but never touched" : "unexplained",
      bytes: rest,
      evidence: "inferred",
      uncertainty: 0,
      basis:
        rest < 0
          ? "the parts above count whole pages; this much of them is not resident"
          : "resident, and in none of the parts above",
    });
  }
  return { moment, t, rss, measured: true, modelled, parts };
}
