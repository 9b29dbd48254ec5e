/** Why is RSS high? Opens what there is of one run and holds every cause against it. */
import type { InputSummary, Note } from "../result.ts";
import { type Collected, collect, type DiagnoseOptions } from "./collect.ts";
import { Facts } from "./facts.ts";
import { ledgers, type MomentLedger } from "./ledger.ts";
import { type LiveSites, liveSites } from "./live-sites.ts";
import type { Rule, Verdict } from "./rule.ts";
import { RULES } from "./rules.ts";

export interface CauseVerdict extends Verdict {
  readonly id: string;
  readonly number: number;
  readonly title: string;
}

export interface Diagnosis {
  readonly inputs: readonly InputSummary[];
  readonly goVersion: string;
  /** What shares of the whole are shares of. */
  readonly scale: { readonly bytes: number | null; readonly is: string };
  readonly rssPeak: number | null;
  readonly rssFinal: number | null;
  readonly durationNs: number;
  readonly ledger: readonly MomentLedger[];
  /** Present first, then by bytes; then what is not known, then what is ruled out. */
  readonly causes: readonly CauseVerdict[];
  /** Who holds the live bytes; null without a heap profile. */
  readonly sites: LiveSites | null;
  readonly notes: readonly Note[];
  readonly partial: boolean;
}

/** Throws InputError, UnsupportedError (a trace that can't be replayed, alone), and the signal's reason. */
export async function diagnose(paths: readonly string[], options: DiagnoseOptions = {}): Promise<Diagnosis> {
  return diagnoseCollected(await collect(paths, options));
}

/** The command as that version of Go understands it: scavtrace came with 1.14. */
function capturedBy({ capture }: Verdict, facts: Facts): { capture?: string } {
  if (capture === undefined) return {};
  return { capture: facts.version.since(14) === false ? capture.replace(",scavtrace=1", "") : capture };
}

/**
 * That a profile is late explains why it shows less than there is, not why there is so much: where a cause of that is found, the bytes
 * are that cause's. (GOGC's room is in no profile in any case.)
 */
function aboutProfilesLast(causes: CauseVerdict[]): void {
  const others = causes.some(
    ({ id, verdict, bytes }) => verdict === "present" && bytes > 0 && id !== "stale-profile" && id !== "gogc-headroom",
  );
  const i = causes.findIndex(({ id, verdict }) => id === "stale-profile" && verdict === "present");
  if (others && i >= 0) causes[i] = { ...causes[i]!, bytes: 0 };
}

export function diagnoseCollected(collected: Collected, rules: readonly Rule[] = RULES): Diagnosis {
  const facts = new Facts(collected);
  const causes = rules.map((rule): CauseVerdict => {
    const { id, number, title } = rule.meta;
    const verdict = rule.audit(facts);
    return { id, number, title, ...verdict, ...capturedBy(verdict, facts) };
  });
  aboutProfilesLast(causes);
  const order = { present: 0, "not-enough-data": 1, "ruled-out": 2 };
  causes.sort((a, b) => order[a.verdict] - order[b.verdict] || b.bytes - a.bytes || a.number - b.number);
  const finite = (v: number) => (Number.isFinite(v) ? v : null);
  return {
    inputs: collected.inputs,
    goVersion: facts.version.text,
    scale: { bytes: finite(facts.scale), is: facts.scaleIs },
    rssPeak: facts.rss ? facts.rss.max : null,
    rssFinal: facts.rss ? facts.rss.last : null,
    durationNs: facts.endT,
    ledger: ledgers(facts),
    causes,
    sites: liveSites(facts),
    notes: collected.notes,
    partial: collected.partial,
  };
}
