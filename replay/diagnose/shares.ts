/**
 * Who owns which bytes: the dead heap and the free pages are each explained by several causes, and no byte is given to two. What
 * is divided here is divided once, and the rules read their share.
 */
import type { GcFact } from "./collect.ts";
import type { Facts } from "./facts.ts";
import { fragmentedGrowth, isFragmented } from "./growth.ts";
import { median } from "./series.ts";
import { MiB } from "./text.ts";

/** One cycle by its result: what it found alive, and the goal that followed. */
interface Cycle {
  readonly t: number;
  readonly marked: number;
  /** Goal of the cycle after it. */
  readonly goal: number;
  readonly forced: boolean;
  /** What the GC found dead. */
  readonly dead: number;
  /** Bytes allocated per second between the GC before and this one; NaN for the first. */
  readonly rate: number;
}

export interface DeadShares {
  readonly cycles: readonly Cycle[];
  /** Live bytes of an ordinary cycle, and what is between them and its goal. */
  readonly typicalLive: number;
  readonly typicalRoom: number;
  /** Dead or new bytes at the peak of memory. */
  readonly atPeak: number;
  /** GCs go on at the end of the recording. */
  readonly active: boolean;
  /** The cycle that caught a burst alive, when the peak came after it. */
  readonly burst: (Cycle & { readonly before: number }) | null;
  /** What stays allocated because no GC comes: bytes, how long, and whether a GC later proved it. */
  readonly idle: {
    readonly bytes: number;
    readonly from: number;
    readonly length: number;
    readonly proved: boolean;
  } | null;
  /** Growth back after FreeOSMemory: calls and median height. */
  readonly regrowth: { readonly bytes: number; readonly calls: number } | null;
  /** By how much goals are over the container's limit; 0 where they are not, or a memory limit bounds them. */
  readonly beyondContainer: number;
  readonly headroom: number;
  readonly burstBytes: number;
}

const IDLE = 15e9;
/** A program that allocated so many times what it holds makes garbage; one that did not may just be loading its data. */
const CHURN = 4;

const known = new WeakMap<Facts, DeadShares>();

export function deadShares(facts: Facts): DeadShares {
  let shares = known.get(facts);
  if (!shares) {
    shares = divideDead(facts);
    known.set(facts, shares);
  }
  return shares;
}

function divideDead(facts: Facts): DeadShares {
  const highestAt = allocPeak(facts) - CLOCKS;
  const cycles = cyclesOf(facts);
  const markeds = cycles.map((c) => c.marked);
  const typicalLive = median(markeds);
  const rooms = cycles.map((c) => c.goal - c.marked).filter(Number.isFinite);
  const typicalRoom = rooms.length === 0 ? Number.NaN : Math.max(0, median(rooms));
  const atPeak = deadAtPeak(facts, cycles);

  let burst: DeadShares["burst"] = null;
  if (cycles.length >= 3) {
    let top = 0;
    for (let i = 1; i < cycles.length; i++) if (cycles[i]!.marked > cycles[top]!.marked) top = i;
    const most = cycles[top]!;
    const after = cycles.slice(top + 1);
    const before = cycles.slice(0, top);
    const base = Math.max(
      median(before.map((c) => c.marked)) || 0,
      after.length > 0 ? Math.min(...after.slice(0, 10_000).map((c) => c.marked)) : 0,
    );
    const fell = after.some((c) => c.marked < 0.6 * most.marked);
    const caught = [...cycles].reverse().find((c) => c.t <= highestAt);
    // The goal that the burst gave must have been what let the heap grow: else the peak is the burst itself.
    const filled = !caught || !Number.isFinite(caught.goal) || highest(facts) >= 0.85 * caught.goal;
    if (
      fell &&
      filled &&
      brief(cycles, most.marked, facts.endT) &&
      most.marked > 1.7 * base &&
      caught &&
      caught.marked >= 0.5 * most.marked &&
      grewByGarbage(cycles, caught)
    )
      burst = { ...caught, before: base };
  }

  const regrowth = regrowthOf(facts);
  const idle = idleOf(facts, cycles);
  const beyondContainer = beyond(facts);
  // A goal beyond the container is that cause's, with all the room that it gives.
  const taken = beyondContainer > 0 ? Number.POSITIVE_INFINITY : Math.max(idle?.bytes ?? 0, regrowth?.bytes ?? 0);
  // While GCs go on, pages that one frees are filled before the next: they are as much GOGC's as what is dead.
  const active = isActive(facts, cycles);
  const free = active ? facts.peak.free || 0 : 0;
  const room = Math.max(0, facts.peak.dead || 0) + free;
  // Room of the cycle at the peak where the heap came near its goal, else that of an ordinary cycle.
  const last = [...cycles].reverse().find((c) => c.t <= highestAt);
  const filled = last !== undefined && Number.isFinite(last.goal) && highest(facts) >= 0.85 * last.goal;
  const ofCycle = !burst && filled ? Math.max(typicalRoom, last.goal - last.marked) : typicalRoom;
  const headroomRaw = Number.isNaN(ofCycle) ? atPeak : Math.min(ofCycle, Math.max(room, burst ? 0 : atPeak));
  return {
    cycles,
    typicalLive,
    typicalRoom,
    atPeak,
    active,
    burst,
    idle,
    regrowth,
    beyondContainer,
    headroom: Math.max(0, Math.min(headroomRaw, recurring(cycles)) - taken),
    burstBytes: burst ? roomFilled(facts, cycles, burst) : 0,
  };
}

/**
 * Room for garbage is filled time and again: what so many GCs have found dead. A heap that grows as data is loaded is no such room,
 * though it is new since the last GC; and what one GC finds dead, once, was dropped at once.
 */
const RECURRING = 3;

function recurring(cycles: readonly Cycle[]): number {
  // What a GC that the program asked for finds is no room that was to be filled.
  const own = cycles.filter((c) => !c.forced);
  const dead = (own.length > 0 ? own : cycles).map((c) => c.dead).filter(Number.isFinite);
  if (cycles.length < RECURRING) return Number.POSITIVE_INFINITY;
  // The room may not have been filled to the last byte when the recording ended.
  return 1.25 * (dead.sort((a, b) => b - a)[RECURRING - 1] ?? 0);
}

/** How far the heap grew beyond what the cycle found alive, up to the next one. */
function roomFilled(facts: Facts, cycles: readonly Cycle[], caught: Cycle): number {
  const next = cycles.find((c) => c.t > caught.t);
  const found = next ? next.marked + next.dead : Number.NaN;
  const measured = facts.series("heap_alloc");
  const top = next || !measured ? found : Math.max(...measured.since(caught.t).slice(0, 100_000));
  return Math.max(0, top - caught.marked);
}

/** Ordinary cycles find so much of the heap dead. */
const GARBAGE_SHARE = 0.25;
/** A load fills the heap so many times faster than ordinary work does. */
const LOAD_RATE = 6;

/**
 * Whether ordinary work filled the heap after the cycle that caught the burst. The burst itself, still being loaded, grows the heap
 * faster, and where no cycle ever found garbage there is no ordinary work.
 */
function grewByGarbage(cycles: readonly Cycle[], caught: Cycle): boolean {
  const after = cycles.find((c) => c.t > caught.t);
  const ordinary = cycles.filter((c) => c !== after && !c.forced && c.dead > GARBAGE_SHARE * (c.marked + c.dead));
  if (ordinary.length < 2) return false;
  return !after || !(after.rate > LOAD_RATE * median(ordinary.map((c) => c.rate).filter(Number.isFinite)));
}

/** Share of a container's limit that GOMEMLIMIT is set to, so that the rest of the process has room (the advice of row 12). */
export const LIMIT_SHARE = 0.85;

/** The rest of the process needs room, too: a goal this near is too high. */
export const NEAR_CONTAINER = 0.95;
const LEAST_BEYOND = 0.05;

/** The highest heap goal that logs, traces or statistics tell; Infinity where there was none at some time. */
export function highestGoal(facts: Facts): number {
  const byGc = facts.gcs.reduce((most, gc) => Math.max(most, gc.goal || 0), 0);
  return Math.max(byGc, facts.series("next_gc")?.max || 0);
}

/** By how much the highest goal is over the container's limit; at least LEAST_BEYOND of that where it comes near. */
function beyond(facts: Facts): number {
  const container = facts.last("cgroup_limit");
  if (!Number.isFinite(container) || facts.limit !== null) return 0;
  const goal = highestGoal(facts);
  if (goal === Number.POSITIVE_INFINITY) return container;
  return goal < NEAR_CONTAINER * container ? 0 : Math.max(goal - container, LEAST_BEYOND * container);
}

/** Whether the last stretch of the recording has seen GCs come and go. */
function isActive(facts: Facts, cycles: readonly Cycle[]): boolean {
  let late = 0;
  for (const { t, forced } of cycles) if (t > 0.6 * facts.endT && !forced) late++;
  return late >= 2;
}

/** A burst is short: what is alive for a third of the time is a load, not a burst. */
function brief(cycles: readonly Cycle[], most: number, endT: number): boolean {
  let high = 0;
  for (let i = 0; i < cycles.length; i++) {
    if (cycles[i]!.marked >= 0.6 * most) high += (cycles[i + 1]?.t ?? endT) - cycles[i]!.t;
  }
  return high < 0.35 * endT;
}

function highest(facts: Facts): number {
  const byLog = facts.gcs.reduce((most, gc) => Math.max(most, gc.heapEnd || 0), 0);
  return Math.max(byLog, facts.series("heap_alloc")?.max ?? 0);
}

/** How far a log's times, rounded to ms, may be off those of samples or a trace, ns. */
const CLOCKS = 3e6;

/** The moment when most was allocated: before the cycle that ended it, where only cycles tell. */
function allocPeak(facts: Facts): number {
  const alloc = facts.series("heap_alloc");
  if (alloc && alloc.length > 1) return alloc.t[alloc.peak]!;
  const highest = facts.gcs.reduce<GcFact | null>((a, b) => (a && a.heapEnd >= b.heapEnd ? a : b), null);
  return highest && facts.rss === null ? highest.t : facts.peakT;
}

function cyclesOf(facts: Facts): Cycle[] {
  const { gcs } = facts;
  if (gcs.length > 0) {
    const next = facts.series("next_gc");
    return gcs
      .map((gc, i) => ({
        t: gc.end,
        marked: gc.marked,
        goal: gcs[i + 1]?.goal ?? next?.last ?? Number.NaN,
        forced: gc.forced,
        dead: Math.max(0, (gc.heapEnd || gc.heapStart) - gc.marked),
        rate: i === 0 ? Number.NaN : rateOf(gc.heapStart - gcs[i - 1]!.marked, gc.t - gcs[i - 1]!.end),
      }))
      .filter(({ marked }) => Number.isFinite(marked));
  }
  const count = facts.series("num_gc");
  if (!count || count.length < 3) return [];
  const out: Cycle[] = [];
  for (let i = 1; i < count.length; i++) {
    if (count.v[i]! <= count.v[i - 1]!) continue;
    const t = count.t[i]!;
    const marked = facts.liveAt(t);
    const before = facts.at("heap_alloc", count.t[i - 1]!);
    const last = out.at(-1);
    const rate = last ? rateOf(before - last.marked, t - last.t) : Number.NaN;
    const dead = Math.max(0, before - marked || 0);
    if (Number.isFinite(marked)) out.push({ t, marked, goal: facts.at("next_gc", t), forced: false, dead, rate });
  }
  return out;
}

/** Bytes per second; at least a millisecond is taken, for times of logs are rounded to that. */
function rateOf(bytes: number, ns: number): number {
  return Math.max(0, bytes) / (Math.max(1e6, ns) / 1e9);
}

/** What was not alive at the peak; if a GC came soon after, what it found alive counts, too. */
function deadAtPeak(facts: Facts, cycles: readonly Cycle[]): number {
  const t = allocPeak(facts);
  const { alloc, live } = facts.heapAt(t);
  if (Number.isFinite(alloc) && Number.isFinite(live)) {
    const next = cycles.find((c) => c.t > t);
    const alive = next ? Math.min(alloc, Math.max(live, next.marked)) : live;
    return Math.max(0, alloc - (next && next.marked < 0.6 * live ? live : alive));
  }
  let most = 0;
  let at = 0;
  for (const gc of facts.gcs) {
    if (gc.heapEnd > most) {
      most = gc.heapEnd;
      at = gc.heapEnd - gc.marked;
    }
  }
  return at;
}

function idleOf(facts: Facts, cycles: readonly Cycle[]): DeadShares["idle"] {
  // Proof: the GC that sysmon forces after two minutes found much of it dead.
  for (let i = facts.gcs.length - 1; i >= 0; i--) {
    const gc = facts.gcs[i]!;
    if (!gc.periodic) continue;
    const before = facts.gcs[i - 1];
    const bytes = gc.heapStart - gc.marked;
    if (facts.notable(bytes)) return { bytes, from: before?.end ?? 0, length: gc.t - (before?.end ?? 0), proved: true };
  }
  const allocated = facts.series("heap_alloc");
  if (allocated && allocated.length >= 8) {
    for (let i = cycles.length - 1; i > 0; i--) {
      const from = cycles[i - 1]!.t;
      const { t, dead } = cycles[i]!;
      if (t - from < IDLE || !facts.notable(dead)) continue;
      const half = allocated.at((from + t) / 2);
      if (Math.abs(allocated.at(t - CLOCKS) - half) <= 0.1 * half)
        return { bytes: dead, from, length: t - from, proved: true };
    }
  }
  const tail = facts.quietTail;
  if (!tail || tail.length < IDLE || cycles.length === 0) return null;
  const alloc = facts.settled(facts.series("heap_alloc"));
  const start = facts.at("heap_alloc", tail.from + tail.length / 2);
  if (!Number.isFinite(alloc) || Math.abs(alloc - start) > 0.1 * alloc + MiB) return null;
  // Of the last few, so that one that caught a burst does not decide.
  const live = median(cycles.slice(-3).map((c) => c.marked));
  const total = facts.last("total_alloc");
  const made = Number.isFinite(total) ? total : cycles.reduce((sum, c) => sum + Math.max(0, c.goal - c.marked || 0), 0);
  const bytes = alloc - live;
  // That it is garbage follows from what it did before: it allocated far more than it holds, or GCs found as much dead already.
  const usual = cycles.filter((c) => c.dead >= bytes / 2).length >= 2;
  if ((made < CHURN * alloc && !usual) || !facts.notable(bytes)) return null;
  return { bytes, from: tail.from, length: tail.length, proved: false };
}

function regrowthOf(facts: Facts): DeadShares["regrowth"] {
  const marks = facts.input.replay?.marks.filter(({ kind }) => kind === "return-forced") ?? [];
  const forcedScavs = facts.input.scavs.filter(({ forced }) => forced);
  // Each FreeOSMemory says so in the log of a scavtrace (1.14+): where that is on and says nothing, there was none.
  if (
    marks.length === 0 &&
    forcedScavs.length === 0 &&
    facts.input.scavs.length > 0 &&
    facts.version.since(14) === true
  )
    return null;
  const byLog = forcedScavs.map(({ afterGc }) => facts.gcs[afterGc]?.end ?? Number.NaN).filter(Number.isFinite);
  const forced = facts.gcs.filter((gc) => gc.forced && !gc.periodic).map((gc) => gc.end);
  const times = marks.length > 0 ? marks.map(({ t }) => t) : byLog.length > 0 ? byLog : forced;
  if (times.length < 3) return null;
  const { rss } = facts;
  const heights: number[] = [];
  for (let i = 0; i < times.length; i++) {
    const from = times[i]!;
    const to = times[i + 1] ?? facts.endT;
    if (rss && rss.length >= 8 && facts.rssMeasured) {
      const first = rss.indexAt(from) + 1;
      const last = rss.indexAt(to);
      let low = Number.POSITIVE_INFINITY;
      let high = 0;
      for (let j = first; j <= last && j < rss.length; j++) {
        const v = rss.v[j]!;
        if (v < low) {
          low = v;
          high = v;
        } else if (v > high) high = v;
      }
      if (high > low) heights.push(high - low);
    } else {
      const next = facts.gcs.find((gc) => gc.t > from);
      const own = facts.gcBefore(from + 1);
      if (next && own) heights.push(Math.max(0, next.heapStart - own.marked));
    }
  }
  // A forced GC that returns nothing to the system is runtime.GC(); it is no FreeOSMemory.
  if (marks.length === 0 && byLog.length === 0) {
    const released = facts.series("heap_released");
    if (!released || released.length < 8) return null;
    const jumps = times.filter((t) => released.at(t + 1e9) - released.at(t - 1e8) > facts.threshold / 2).length;
    if (jumps < Math.max(3, times.length / 2)) return null;
  }
  const bytes = median(heights);
  return facts.notable(bytes) ? { bytes, calls: times.length } : null;
}

export interface FreeShares {
  /** Free and backed at the moment looked at. */
  readonly free: number;
  readonly t: number;
  /** Still so at the end; false: it was returned later. */
  readonly atEnd: boolean;
  /** Up to the scavenger's goal: kept by design; less what the running GC cycle is about to fill, which is GOGC's. */
  readonly kept: number;
  readonly cycling: number;
  /** Over the goal. */
  readonly over: number;
  readonly goal: number;
  /** GCs that ended since the heap in use fell, the one that freed it included; NaN when nothing fell. */
  readonly gcsSince: number;
  /** How long free memory had been that large by then, ns. */
  readonly lasted: number;
}

/** Free memory that went back by the end is worth a word if it stayed for so long, ns: or, of a short recording, for so much of it. */
const LONG = 10e9;
const LONG_SHARE = 0.4;
const BRIEF = 3e9;

/** What is resident at the end beside objects bounds what a replay without addresses takes for free; Infinity where the heap was measured. */
function residentBeside(facts: Facts): number {
  const anon = facts.series("rss_anon") ?? facts.series("smaps_anon");
  if (!facts.inferredHeap || !facts.rssMeasured || !anon) return Number.POSITIVE_INFINITY;
  return Math.max(0, anon.last - (facts.last("heap_alloc") || 0));
}

/** null when free pages are not measured. */
export function freeShares(facts: Facts): FreeShares | null {
  const free = facts.free();
  if (!free) return null;
  let t = facts.endT;
  const growth = fragmentedGrowth(facts);
  // What fragmentation holds is not held by the scavenger's goals.
  const fragmented = growth && isFragmented(facts, growth) ? growth.free : 0;
  const { active } = deadShares(facts);
  // While GCs come and go, free pages are used again before the next: only what never is stays free.
  const stays = active ? Math.min(...free.since(facts.lastCycles).slice(0, 100_000)) : facts.settled(free);
  const freeNow = Math.min(free.last, residentBeside(facts));
  let bytes = Math.max(0, (free.length > 2 ? Math.min(stays, freeNow) : freeNow) - fragmented);
  let atEnd = true;
  const { fall } = facts;
  if (fall && !facts.notable(bytes)) {
    // It has gone by the end: how long was it there?
    const after = free.t.map((time, i) => [time, free.v[i]! - fragmented] as const).filter(([time]) => time >= fall.t);
    const high = Math.max(...after.slice(0, 100_000).map(([, v]) => v), 0);
    const stayed = after.filter(([, v]) => v > high / 2);
    let length = 0;
    for (let i = 0; i + 1 < after.length; i++) if (after[i]![1] > high / 2) length += after[i + 1]![0] - after[i]![0];
    if (facts.notable(high) && length > Math.min(LONG, Math.max(BRIEF, LONG_SHARE * facts.endT))) {
      bytes = median(stayed.map(([, v]) => v));
      t = stayed[stayed.length >> 1]![0];
      atEnd = false;
    }
  }
  const goal = facts.retainedGoal;
  const inuse = facts.at("heap_inuse", t);
  const kept =
    goal && Number.isFinite(goal.goal) && goal.t <= t ? Math.min(bytes, Math.max(0, goal.goal - inuse)) : Number.NaN;
  const toGoal = Math.max(0, facts.at("next_gc", t) - facts.at("heap_alloc", t));
  const cycling = active && Number.isFinite(toGoal) ? Math.min(bytes, toGoal) : 0;
  const gcs = facts.series("num_gc");
  // What held it for most of the time is asked for, not what it came to at last.
  const most = fall && atEnd ? (fall.t + t) / 2 : t;
  const gcsSince = fall ? (gcs ? gcs.at(most) - gcs.at(fall.t) + 1 : fall.gcsSince + 1) : Number.NaN;
  return {
    free: bytes,
    t,
    atEnd,
    kept: Number.isNaN(kept) ? 0 : Math.max(0, kept - cycling),
    cycling,
    over: Number.isNaN(kept) ? bytes - cycling : bytes - Math.max(kept, cycling),
    goal: goal?.goal ?? Number.NaN,
    gcsSince,
    lasted: fall ? t - fall.t : Number.NaN,
  };
}

/** The cause that owns what is free over the goal. */
export function ownerOfFree(facts: Facts): "age" | "big-pages" | "dense" | "background" | "unknown" | null {
  const shares = freeShares(facts);
  if (!shares || !facts.notable(shares.over)) return null;
  if (facts.version.since(13) === false) return "age";
  if ((facts.settings.physPageSize ?? 4096) > 8192) return "big-pages";
  const dense = facts.version.since(21);
  if (Number.isNaN(shares.gcsSince)) return dense === null ? "unknown" : "background";
  if (shares.gcsSince > 1) return "background";
  if (dense === null) return "unknown";
  return dense ? "dense" : "background";
}
