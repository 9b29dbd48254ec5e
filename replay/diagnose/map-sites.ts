/**
 * Maps in a profile. Runtime frames are hidden in profiles, so a map shows as the function that made it; what gives it away is
 * how it grows: up to 1.23 one array of buckets that doubles, from 1.24 on groups of slots that double up to 128 to a table and
 * then come in tables of one size (internal/runtime/maps/table.go). Slices grow by a quarter beyond 256 elements.
 */
import type { HeapProfile } from "../../parsers/pprof/profile.ts";
import type { Facts } from "./facts.ts";
import type { Evidence } from "./rule.ts";
import { mib, percent } from "./text.ts";

const STEPS = 4;
/**
 * A table of 128 groups of 8 slots takes at least 128 * 8 * 2 bytes. When it is full it is split into two new ones, so that twice as
 * many have been made as are alive.
 */
/** Such tables in size classes: 1024 bytes and 4 more for each byte of a slot's key and value, of 4, 8, 12 ... bytes. */
const TABLE_SIZES = new Set([5376, 9472, 13568, 18432, 21760, 27264]);
const LARGE = 32768;

/** Beyond the size classes any whole page may be one. */
function isTable(size: number): boolean {
  return TABLE_SIZES.has(size) || (size > LARGE && size % 8192 === 0);
}

/** Made for each that is alive: two, for a table is split when it is full. Powers of two are more often buffers. */
function isSplit(size: number, live: number, made: number): boolean {
  const buffer = (size & (size - 1)) === 0;
  return live >= (buffer ? 2 : 1) * MANY_TABLES && Math.abs(made / live - 2) < OFF;
}
const MANY_TABLES = 32;
/** By how much the ratio may be off, for a profile estimates. */
const OFF = 0.4;
/** A profile estimates: more than this of what is alive by its bytes is not of the same moment. */
const MOST_OF = 1.2;

export interface MapSite {
  readonly name: string;
  readonly bytes: number;
  /** Doublings seen; 0: tables of one size, split in two as they filled. */
  readonly steps: number;
  /** Of such tables: all that were ever made, bytes; else NaN. */
  readonly made: number;
}

/** The place that holds most in blocks of sizes which double. */
export function doublingSite(profile: HeapProfile | undefined): MapSite | null {
  if (!profile) return null;
  const u = profile.unsampled();
  const bySite = new Map<string, Map<number, number>>();
  const tables = new Map<string, Map<number, { bytes: number; live: number; made: number }>>();
  for (let s = 0; s < profile.sampleCount; s++) {
    const size = u.size[s]!;
    if (size < 256) continue;
    const frame = profile.frames(s).find((f) => !/^(runtime\.|internal\/runtime\/)/.test(f.function));
    // Buffers double, too.
    if (!frame || /^(bytes|strings|bufio|io)\./.test(frame.function)) continue;
    let sizes = bySite.get(frame.function);
    if (!sizes) {
      sizes = new Map();
      bySite.set(frame.function, sizes);
    }
    sizes.set(size, (sizes.get(size) ?? 0) + u.inuseBytes[s]!);
    if (!isTable(size)) continue;
    let own = tables.get(frame.function);
    if (!own) {
      own = new Map();
      tables.set(frame.function, own);
    }
    const entry = own.get(size) ?? { bytes: 0, live: 0, made: 0 };
    entry.bytes += u.inuseBytes[s]!;
    entry.live += u.inuseObjects[s]!;
    entry.made += u.allocObjects[s]!;
    own.set(size, entry);
  }
  let best: MapSite | null = null;
  for (const [name, sizes] of bySite) {
    const sorted = [...sizes.keys()].sort((a, b) => a - b);
    for (const top of sorted) {
      let steps = 0;
      let bytes = 0;
      for (let want = top; ; want /= 2) {
        const found = sorted.find((size) => Math.abs(size / want - 1) < 0.08);
        if (found === undefined) break;
        bytes += sizes.get(found)!;
        steps++;
      }
      if (steps >= STEPS && (best === null || bytes > best.bytes)) best = { name, bytes, steps, made: Number.NaN };
    }
  }
  for (const [name, own] of tables) {
    let bytes = 0;
    let all = 0;
    for (const [size, { bytes: b, live, made }] of own) {
      if (!isSplit(size, live, made)) continue;
      bytes += b;
      all += made * size;
    }
    if (bytes > (best?.bytes ?? 0)) best = { name, bytes, steps: 0, made: all };
  }
  return best;
}

/** Of what was made so much may have been alive at once: half of a map's tables went as the others came. */
const AT_ONCE = 0.8;

/** Whether all that the place made may have been alive at once, as blocks of one size are of which half were dropped, and tables never. */
export function mayBeBlocks(facts: Facts, { made }: MapSite): boolean {
  return mostAlive(facts) >= AT_ONCE * made;
}

function mostAlive(facts: Facts): number {
  const live = facts.series("heap_live")?.max ?? 0;
  return facts.gcs.reduce((a, gc) => Math.max(a, gc.marked || 0), live);
}

/** Evidence that objects were freed while bytes that are alive stayed: entries went, their map did not. */
export function emptiedBy(facts: Facts, bytes: number): Evidence | null {
  const objects = facts.series("heap_objects");
  if (objects && objects.length >= 4 && objects.last < 0.6 * objects.max) {
    const at = objects.t[objects.peak]!;
    return facts.evidence(
      `objects fell from ${objects.max} to ${objects.last} while ${mib(bytes)} stayed alive`,
      objects.source,
      at,
    );
  }
  const live = facts.series("heap_live");
  const most = mostAlive(facts);
  const now = facts.gcs.at(-1)?.marked ?? live?.last ?? Number.NaN;
  // A profile of before the fall may show what has gone since.
  if (bytes > MOST_OF * now) return null;
  if (now < 0.85 * most && now - bytes < 0.5 * now) {
    return facts.evidence(
      `what is alive fell from ${mib(most)} to ${mib(now)}, of which this is ${percent(bytes / now)}`,
      facts.gcSource,
    );
  }
  return null;
}
