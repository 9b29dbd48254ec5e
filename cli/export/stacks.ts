import { isCompanion } from "../../parsers/observation-source.ts";
import { openInputs } from "../../parsers/open.ts";
import type { HeapProfile } from "../../parsers/pprof/profile.ts";
import type { Ledger, LedgerPart } from "../../replay/result.ts";

/** RSS as stacks with weights: what profile viewers show. */

export interface StackFrame {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

export interface WeightedStack {
  /** Outermost first. */
  readonly frames: readonly StackFrame[];
  /** Bytes at each moment asked for. */
  readonly bytes: readonly number[];
}

const MAX_STACKS = 20_000;
/** Id of the ledger's part that a heap profile tells more about. */
const LIVE = "live";

/** The first heap profile among the inputs; null when there is none. Standard input is gone by now. */
export async function heapProfileOf(inputs: readonly string[]): Promise<HeapProfile | null> {
  const files = inputs.filter((path) => path !== "-" && !/^https?:/.test(path));
  if (files.length === 0) return null;
  const { sources } = await openInputs(files);
  try {
    for (const source of sources)
      if (isCompanion(source) && source.profile && !source.profile.isDelta) return source.profile;
    return null;
  } finally {
    await Promise.all(sources.map((source) => source.close()));
  }
}

/**
 * The parts of the ledgers (each of one moment) as stacks below "RSS". Live bytes are shared out among the profile's
 * stacks in the profile's proportions: it was taken at another moment, but knows the places.
 */
export function rssStacks(ledgers: readonly Ledger[], profile: HeapProfile | null): WeightedStack[] {
  const parts = new Map<string, LedgerPart>();
  for (const ledger of ledgers) for (const part of ledger.parts) if (!parts.has(part.id)) parts.set(part.id, part);
  const stacks: WeightedStack[] = [];
  for (const [id, { label, basis }] of parts) {
    const bytes = ledgers.map((ledger) => Math.round(ledger.parts.find((part) => part.id === id)?.bytes ?? 0));
    if (bytes.every((b) => b === 0)) continue;
    const frames = [frame("RSS"), { name: label, file: basis, line: 0 }];
    if (id === LIVE && profile) stacks.push(...sharedOut(frames, bytes, profile));
    else stacks.push({ frames, bytes });
  }
  return stacks;
}

function sharedOut(outer: StackFrame[], bytes: readonly number[], profile: HeapProfile): WeightedStack[] {
  const { inuseBytes } = profile.unsampled();
  let total = 0;
  for (const b of inuseBytes) if (b > 0) total += b;
  if (total === 0) return [{ frames: outer, bytes }];
  const heaviest = Array.from(inuseBytes.keys())
    .filter((s) => inuseBytes[s]! > 0)
    .sort((a, b) => inuseBytes[b]! - inuseBytes[a]!)
    .slice(0, MAX_STACKS);
  const left = [...bytes];
  const stacks = heaviest.map((sample): WeightedStack => {
    const share = bytes.map((b, i) => {
      const part = Math.floor(b * (inuseBytes[sample]! / total));
      left[i]! -= part;
      return part;
    });
    const inner = profile
      .frames(sample)
      .reverse()
      .map(({ function: name, file, line, address }) => ({
        name: name === "" ? `0x${address.toString(16)}` : name,
        file,
        line,
      }));
    return { frames: [...outer, ...inner], bytes: share };
  });
  // What rounding and the stacks left out leave over: the sum is the ledger's.
  if (left.some((b) => b !== 0)) stacks.push({ frames: [...outer, frame("(other)")], bytes: left });
  return stacks;
}

function frame(name: string): StackFrame {
  return { name, file: "", line: 0 };
}
