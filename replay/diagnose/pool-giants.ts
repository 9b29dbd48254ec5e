import type { Facts } from "./facts.ts";
import { doublingSite } from "./map-sites.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut, suspected } from "./rule.ts";
import { mib } from "./text.ts";

const ADVICE =
  "Do not Put what has grown beyond the usual: `if buf.Cap() > 64<<10 { return }` before pool.Put(buf). A pool empties over two GCs only where nothing takes from it.";

/** Bytes of what a pool makes itself, on average, from which on it is large. */
const POOLED = 64 << 10;
/** Bytes of a buffer that is an outlier in a pool. */
const GIANT = 256 << 10;

/** Whether anything in the profile, alive or not, was allocated on behalf of a pool. */
function poolUsed(facts: Facts): boolean {
  const { functions, strings } = facts.heaviestProfile!.profile.data;
  for (let f = 0; f < functions.count; f++) if (strings.get(functions.name[f]!).startsWith("sync.(*Pool)")) return true;
  return false;
}

/** Of the same blocks, as two rules add them up. */
const MOSTLY = 0.9;
/** Sizes that a buffer passes through as it grows to a giant; fewer are buffers made at their size. */
const STEPS = 6;

/** The function whose appends made buffers of ever larger sizes, of which giants are alive: most bytes first. */
function grownByAppend(facts: Facts): { name: string; bytes: number; objects: number } | null {
  const { profile } = facts.heaviestProfile!;
  const u = profile.unsampled();
  const sites = new Map<string, { name: string; bytes: number; objects: number; sizes: Set<number> }>();
  for (let s = 0; s < profile.sampleCount; s++) {
    const frame = profile.frames(s).find((f) => !/^(runtime\.|internal\/runtime\/)/.test(f.function));
    if (!frame) continue;
    const name = frame.function;
    const site = sites.get(name) ?? { name, bytes: 0, objects: 0, sizes: new Set<number>() };
    site.sizes.add(u.size[s]!);
    if (u.size[s]! >= GIANT) {
      site.bytes += u.inuseBytes[s]!;
      site.objects += u.inuseObjects[s]!;
    }
    sites.set(name, site);
  }
  const grown = [...sites.values()].filter(({ sizes, objects }) => sizes.size >= STEPS && objects >= 2);
  return grown.sort((a, b) => b.bytes - a.bytes)[0] ?? null;
}

export const poolGiants: Rule = {
  meta: { id: "pool-giants", number: 34, title: "A sync.Pool keeps its largest buffers", since: null, until: null },
  audit(facts: Facts) {
    const fact = facts.heaviestProfile;
    if (!fact) return notEnough(CAPTURE.profile, facts.evidence("no heap profile was given", ""));
    const live = fact.profile.totals().inuseBytes;
    const pool = facts.liveUnder(/^sync\.\(\*Pool\)\.(Get|getSlow|pinSlow)$/);
    const grown = facts.liveUnder(/^bytes\.(\(\*Buffer\)\.grow|growSlice)$/);
    const seen = facts.evidence(
      `${mib(pool.bytes)} of ${mib(live)} alive were made by a sync.Pool, ${mib(grown.bytes)} by growth of a bytes.Buffer`,
      fact.source,
    );
    // Buffers of an ordinary size are what a pool is for.
    const giants = pool.bytes >= POOLED * pool.objects;
    if (giants && facts.notable(pool.bytes) && pool.bytes >= 0.2 * live) return present(pool.bytes, [seen], ADVICE);
    if (facts.notable(grown.bytes) && grown.bytes >= 0.2 * live) {
      const mean = grown.bytes / Math.max(1, grown.objects);
      const size = facts.evidence(`${Math.round(grown.objects)} buffers of ${mib(mean)} on average`, fact.source);
      if (mean >= GIANT && poolUsed(facts)) return present(grown.bytes, [seen, size], ADVICE);
      return suspected(
        mean >= GIANT ? grown.bytes : 0,
        CAPTURE.everyAllocation,
        seen,
        size,
        facts.evidence("a pool shows as its buffers' growth: whether a pool holds them the code tells", ""),
      );
    }
    const append = grownByAppend(facts);
    // What doubles to its last size is a map of old (up to 1.23): beyond 256 elements slices grow by less.
    const map = doublingSite(facts.heaviestProfile!.profile);
    const isMap = map !== null && map.name === append?.name && map.bytes >= MOSTLY * append.bytes;
    if (append && !isMap && facts.notable(append.bytes) && append.bytes >= 0.4 * live) {
      const size = facts.evidence(
        `${append.name} made buffers grow, and ${Math.round(append.objects)} of ${mib(append.bytes / append.objects)} on average are alive`,
        fact.source,
      );
      if (poolUsed(facts)) return present(append.bytes, [seen, size], ADVICE);
      return suspected(
        append.bytes,
        CAPTURE.everyAllocation,
        size,
        facts.evidence("whether a pool holds them the code tells", ""),
      );
    }
    return ruledOut(seen);
  },
};
