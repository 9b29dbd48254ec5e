/** What all rules look at, computed once. Figures are bytes, moments ns since the recording's start; NaN where unknown. */
import type { ObservationName } from "../../parsers/events.ts";
import type { HeapProfile, Site } from "../../parsers/pprof/profile.ts";
import { exactRetainedGoal } from "../retained-goal.ts";
import type { Collected, GcFact, ProfileFact, Settings } from "./collect.ts";
import type { Evidence } from "./rule.ts";
import { median, Series } from "./series.ts";
import { MiB, mib, seconds } from "./text.ts";
import type { GoVersion } from "./version.ts";

/** The heap at one moment. */
export interface HeapAt {
  readonly t: number;
  readonly rss: number;
  readonly live: number;
  readonly alloc: number;
  /** Allocated since the last GC or dead: alloc - live. */
  readonly dead: number;
  readonly inuse: number;
  /** Pages in use minus objects: room in spans. */
  readonly slack: number;
  /** Free and still backed: HeapIdle - HeapReleased. */
  readonly free: number;
  readonly released: number;
  readonly stacks: number;
  readonly metadata: number;
}

/** Below these a cause is not worth a person's time: a share of RSS at its peak, and bytes. */
const NOTABLE_SHARE = 0.08;
const NOTABLE_BYTES = 8 * MiB;

export class Facts {
  readonly input: Collected;
  readonly version: GoVersion;
  readonly settings: Settings;
  readonly gcs: readonly GcFact[];
  /** Measured RSS over time, else predicted; null when neither is there. */
  readonly rss: Series | null;
  readonly rssMeasured: boolean;
  /** What is measured against: RSS at its peak, else the nearest thing to it. */
  readonly gcSource: string;
  readonly scale: number;
  readonly scaleIs: string;
  readonly peakT: number;
  readonly endT: number;
  readonly #memo = new Map<string, unknown>();

  constructor(input: Collected) {
    this.input = input;
    this.version = input.version;
    this.settings = input.settings;
    this.gcs = input.gcs;
    this.gcSource = input.gcSource || this.input.series.get("num_gc")?.source || "";
    const measured = this.series("rss") ?? this.series("smaps_rss");
    const predicted = input.replay
      ? new Series(
          input.replay.timeline.map((row) => row.t),
          input.replay.timeline.map((row) => row.rss),
          "replay",
        )
      : null;
    this.rss = measured ?? (predicted && predicted.length > 0 ? predicted : null);
    this.rssMeasured = measured !== null;
    const inuse = this.series("heap_inuse");
    const along = this.rss && this.rss.length > 1 ? this.rss : (this.backed() ?? this.rss ?? inuse);
    this.endT = Math.max(0, this.gcs.at(-1)?.end ?? 0, ...[...input.series.values()].map((s) => s.lastT));
    this.peakT = along
      ? along.t[plateau(along)]!
      : (this.gcs.reduce<GcFact | null>((a, b) => (a && a.heapEnd >= b.heapEnd ? a : b), null)?.end ?? this.endT);
    const high = this.series("rss_peak")?.max ?? Number.NaN;
    const heapMost = Math.max(...this.gcs.slice(-MAX_SPREAD).map((gc) => gc.heapEnd), Number.NEGATIVE_INFINITY);
    const candidates: [number | undefined, string][] = [
      [
        this.rss && Math.max(this.rss.max, this.rssMeasured ? high || 0 : 0),
        this.rssMeasured ? "measured RSS at its peak" : "predicted RSS at its peak",
      ],
      [high, "the kernel's high-water mark of RSS"],
      [this.backed()?.max, "memory that Go had from the system at its peak"],
      [heapMost, "the heap at its peak"],
      [this.last("profile_live"), "what the heap profile shows"],
      [this.last("cgroup_usage"), "the cgroup's usage"],
    ].map(([v, is]) => [v as number | undefined, is as string]);
    const [scale, scaleIs] = candidates.find(([v]) => v !== undefined && Number.isFinite(v) && v > 0) ?? [
      Number.NaN,
      "nothing",
    ];
    this.scale = scale!;
    this.scaleIs = scaleIs;
  }

  series(name: ObservationName): Series | null {
    return this.input.series.get(name) ?? null;
  }

  last(name: ObservationName): number {
    return this.series(name)?.last ?? Number.NaN;
  }

  max(name: ObservationName): number {
    return this.series(name)?.max ?? Number.NaN;
  }

  at(name: ObservationName, t: number): number {
    return this.series(name)?.at(t) ?? Number.NaN;
  }

  /** Where a figure comes from, for evidence. */
  source(name: ObservationName): string {
    return this.series(name)?.source ?? "";
  }

  /** Nothing but a log of GCs was given. */
  get onlyLog(): boolean {
    return (
      this.gcs.length > 0 &&
      this.input.replay === null &&
      this.input.series.size === 0 &&
      this.input.profiles.length === 0
    );
  }

  /** Heap statistics over time or at a moment. */
  get hasHeap(): boolean {
    return this.series("heap_inuse") !== null;
  }

  /** Heap statistics that a replay inferred without addresses: totals hold, what is free and what is room in spans it can't tell. */
  get inferredHeap(): boolean {
    return this.series("heap_inuse")?.source === "replay" && !this.exactReplay;
  }

  /** Replayed from a trace with addresses. */
  get exactReplay(): boolean {
    return (
      this.input.replay?.inputs.some(({ evidence, format }) => evidence === "exact" && format.startsWith("go-trace")) ??
      false
    );
  }

  /** Several moments of the heap. */
  get hasTimeline(): boolean {
    return (this.series("heap_inuse")?.length ?? 0) >= 8;
  }

  /** Worth naming, against the scale. */
  notable(bytes: number): boolean {
    return bytes >= this.threshold;
  }

  get threshold(): number {
    return Math.max(NOTABLE_BYTES, Number.isFinite(this.scale) ? this.scale * NOTABLE_SHARE : 0);
  }

  /** "1.2 MiB is less than 8 % of the measured RSS at its peak". */
  small(text: string, source: string, t?: number): Evidence {
    return {
      text: `${text}: too little to explain a high RSS (${this.scaleIs}: ${mib(this.scale)})`,
      source,
      ...(t === undefined ? {} : { t }),
    };
  }

  /** Sys - HeapReleased over time: what Go had from the system. */
  backed(): Series | null {
    return this.#once("backed", () => {
      const sys = this.series("sys");
      const inuse = this.series("heap_inuse");
      const released = this.series("heap_released");
      if (sys && released)
        return new Series(
          sys.t,
          sys.v.map((v, i) => v - released.at(sys.t[i]!)),
          sys.source,
        );
      const idle = this.idle();
      if (!inuse || !idle || !released) return null;
      const stacks = this.series("stack_inuse");
      return new Series(
        inuse.t,
        inuse.v.map((v, i) => v + idle.at(inuse.t[i]!) - released.at(inuse.t[i]!) + (stacks?.at(inuse.t[i]!) ?? 0)),
        inuse.source,
      );
    });
  }

  idle(): Series | null {
    return this.#once("idle", () => {
      const idle = this.series("heap_idle");
      if (idle) return idle;
      const sys = this.series("heap_sys");
      const inuse = this.series("heap_inuse");
      return sys && inuse
        ? new Series(
            sys.t,
            sys.v.map((v, i) => v - inuse.at(sys.t[i]!)),
            sys.source,
          )
        : null;
    });
  }

  /** HeapIdle - HeapReleased over time. */
  free(): Series | null {
    return this.#once("free", () => {
      const idle = this.idle();
      const released = this.series("heap_released");
      return idle && released
        ? new Series(
            idle.t,
            idle.v.map((v, i) => Math.max(0, v - released.at(idle.t[i]!))),
            idle.source,
          )
        : null;
    });
  }

  /** The last GC cycle that had ended at `t`; null when there was none or nothing tells. */
  gcBefore(t: number): GcFact | null {
    let low = -1;
    let high = this.gcs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.gcs[middle]!.end <= t) low = middle;
      else high = middle - 1;
    }
    return low < 0 ? null : this.gcs[low]!;
  }

  /** GOGC, as set or as goals show it; null when nothing tells. */
  get gogc(): number | "off" | null {
    return this.#once("gogc", () => {
      if (this.settings.gogc !== null) return this.settings.gogc;
      const goals: number[] = [];
      for (let i = 0; i + 1 < this.gcs.length; i++) {
        const { marked, stacks } = this.gcs[i]!;
        const { goal } = this.gcs[i + 1]!;
        if (marked < 16 * MiB || !(goal > marked)) continue;
        goals.push(((goal - marked) / (marked + (stacks || 0))) * 100);
      }
      return goals.length < 3 ? null : Math.round(median(goals));
    });
  }

  /** Live bytes as of the last GC before `t`. */
  liveAt(t: number): number {
    const runtime = this.series("heap_live");
    if (runtime && runtime.max > 0) {
      const v = runtime.at(t);
      if (v > 0) return v;
    }
    const gc = this.gcBefore(t);
    if (gc && Number.isFinite(gc.marked)) return gc.marked;
    const goal = this.at("next_gc", t);
    const gogc = this.gogc ?? 100;
    // The goal follows from what was live: goal = live + (live + stacks) * GOGC/100 (mgcpacer.go, 1.18+; without the stacks before).
    if (
      Number.isFinite(goal) &&
      gogc !== "off" &&
      goal > 4.2 * MiB * Math.max(1, gogc / 100) &&
      this.settings.memoryLimit === null
    ) {
      const stacks = this.version.since(18) === false ? 0 : this.at("stack_inuse", t) || 0;
      return Math.max(0, (goal - (stacks * gogc) / 100) / (1 + gogc / 100));
    }
    return Number.NaN;
  }

  heapAt(t: number): HeapAt {
    const inuse = this.at("heap_inuse", t);
    const alloc = this.at("heap_alloc", t);
    const live = Math.min(this.liveAt(t), Number.isNaN(alloc) ? Number.POSITIVE_INFINITY : alloc);
    const sum = (...names: ObservationName[]) => {
      const values = names.map((name) => this.at(name, t)).filter((v) => !Number.isNaN(v));
      return values.length === 0 ? Number.NaN : values.reduce((a, b) => a + b);
    };
    return {
      t,
      rss: this.rss ? this.rss.at(t) : Number.NaN,
      live,
      alloc,
      dead: Math.max(0, alloc - live),
      inuse,
      slack: Math.max(0, inuse - alloc),
      free: this.free()?.at(t) ?? Number.NaN,
      released: this.at("heap_released", t),
      stacks: this.at("stack_inuse", t),
      metadata: sum("gc_sys", "mspan_sys", "mcache_sys", "buckhash_sys", "other_sys"),
    };
  }

  get peak(): HeapAt {
    return this.#once("peak", () => this.heapAt(this.peakT));
  }

  get end(): HeapAt {
    return this.#once("end", () => this.heapAt(this.endT));
  }

  /** RSS at the end; the median of the last tenth, so that one late sample does not decide. */
  get rssEnd(): number {
    return this.rss ? this.rss.medianSince(this.endT - this.endT / 10) : Number.NaN;
  }

  /** A figure at the end: the median of the last tenth of the recording. */
  settled(series: Series | null): number {
    return series ? series.medianSince(this.endT - this.endT / 10) : Number.NaN;
  }

  /**
   * Anonymous resident bytes beyond what Go had from the system (Sys - HeapReleased), at the end. Go's Sys also holds pages that
   * nobody touched, so the true figure is somewhat higher.
   */
  get excess(): { bytes: number; t: number; source: string } | null {
    return this.#once("excess", () => {
      const anon = this.series("rss_anon") ?? this.series("smaps_anon") ?? this.#rssWithoutFile();
      const backed = this.backed();
      if (!anon || !backed) return null;
      const t = anon.lastT;
      return { bytes: anon.last - backed.at(Math.min(t, backed.lastT)), t, source: anon.source };
    });
  }

  /** Most that a GC scanned of stacks (Go 1.18+), what is in use of them; null where no log tells. */
  get stacksScanned(): number | null {
    return this.#once("scanned", () => {
      const known = this.gcs.filter((gc) => !Number.isNaN(gc.stacks));
      return known.length === 0 ? null : known.reduce((most, gc) => Math.max(most, gc.stacks), 0);
    });
  }

  #rssWithoutFile(): Series | null {
    const rss = this.rssMeasured ? this.rss : null;
    const file = this.series("rss_file");
    return rss && file
      ? new Series(
          rss.t,
          rss.v.map((v, i) => v - file.at(rss.t[i]!)),
          rss.source,
        )
      : null;
  }

  /** What the background scavenger lets the heap keep at the end, by the last GC: mgcscavenge.go:gcPaceScavenger. */
  get retainedGoal(): { goal: number; t: number; gcs: number } | null {
    return this.#once("retained-goal", () => {
      const inuse = this.series("heap_inuse");
      const goals = this.series("next_gc");
      if (!inuse || !goals) return null;
      // The last two commits are the last two changes of the goal, or the last two cycles of a log.
      const changes: number[] = [];
      const count = this.series("num_gc");
      if (count) {
        for (let i = 1; i < count.length; i++) if (count.v[i]! > count.v[i - 1]!) changes.push(i);
        const i = changes.at(-1);
        if (i === undefined) return null;
        const before = count.t[i - 1]!;
        const at = count.t[i]!;
        const lastHeapInuse = Math.max(inuse.at(before), inuse.at(at));
        const heapGoal = goals.at(at);
        // Where more than one ended since the sample before, a log still has the goal of the last: what it was to end at.
        const ofLog = this.gcs.findLast((gc) => gc.end <= at && gc.goal > 0)?.goal;
        const lastHeapGoal = count.v[i]! - count.v[i - 1]! > 1 ? (ofLog ?? heapGoal) : goals.at(before);
        const physPageSize = this.settings.physPageSize ?? 4096;
        const goal = exactRetainedGoal({ lastHeapInuse, heapGoal, lastHeapGoal, physPageSize, retained: 0 });
        return { goal, t: at, gcs: count.v[i]! };
      }
      return null;
    });
  }

  /** Start of the last three GC cycles, or of the last third of the recording where there were fewer. */
  get lastCycles(): number {
    const count = this.series("num_gc");
    const third = (2 * this.endT) / 3;
    if (!count) return third;
    let i = count.length - 1;
    while (i > 0 && count.v[i]! > count.last - 3) i--;
    return i === 0 ? third : Math.min(third, count.t[i]!);
  }

  /**
   * The last big fall of heap in use: something was freed and from then on its pages are free. How many GCs have ended since,
   * the first of them being the one that freed it.
   */
  get fall(): { t: number; bytes: number; gcsSince: number; heapBefore: number } | null {
    return this.#once("fall", () => {
      const inuse = this.series("heap_inuse");
      if (!inuse || inuse.length < 3) return null;
      const peak = inuse.peak;
      const high = inuse.v[peak]!;
      let low = high;
      for (let i = peak; i < inuse.length; i++) low = Math.min(low, inuse.v[i]!);
      if (high - low < this.threshold) return null;
      const middle = (high + low) / 2;
      let at = inuse.length - 1;
      for (let i = peak; i < inuse.length; i++) {
        if (inuse.v[i]! < middle) {
          at = i;
          break;
        }
      }
      const t = inuse.t[at]!;
      const count = this.series("num_gc");
      const gcsSince = count ? count.last - count.at(t) : this.gcs.filter((gc) => gc.end > t).length;
      return { t, bytes: high - low, gcsSince, heapBefore: high };
    });
  }

  /** Objects allocated per second (bytes) over the last stretch in which no GC ended, and its length. */
  get quietTail(): { from: number; length: number } | null {
    return this.#once("quiet", () => {
      const count = this.series("num_gc");
      if (count && count.length >= 3) {
        let i = count.length - 1;
        while (i > 0 && count.v[i - 1] === count.last) i--;
        return { from: count.t[i]!, length: count.lastT - count.t[i]! };
      }
      const last = this.gcs.at(-1);
      return last && this.input.series.size > 0 ? { from: last.end, length: this.endT - last.end } : null;
    });
  }

  /** By how much what GCs find alive has grown, from the least to the end; NaN when nothing tells. */
  get liveGrowth(): number {
    const found = this.gcs.map((gc) => gc.marked).filter(Number.isFinite);
    if (found.length >= 2) return Math.max(0, found.at(-1)! - found.reduce((a, b) => Math.min(a, b)));
    const live = this.series("heap_live");
    return live && live.length >= 2 && live.max > 0 ? Math.max(0, live.last - live.min) : Number.NaN;
  }

  /** The heap profile taken last, and all of them. */
  get profile(): ProfileFact | null {
    return this.input.profiles.at(-1) ?? null;
  }

  get heaviestProfile(): ProfileFact | null {
    return this.#once("heaviest", () => {
      let best: ProfileFact | null = null;
      let most = -1;
      for (const fact of this.input.profiles) {
        const { inuseBytes } = fact.profile.totals();
        if (inuseBytes > most) {
          most = inuseBytes;
          best = fact;
        }
      }
      return best;
    });
  }

  /** Sites of the heaviest profile by live bytes. */
  get sites(): readonly Site[] {
    return this.#once("sites", () => this.heaviestProfile?.profile.sites(40, "inuseBytes") ?? []);
  }

  /** Live bytes of the profile whose stack holds a function that matches. */
  liveUnder(
    pattern: RegExp,
    profile: HeapProfile | null = this.heaviestProfile?.profile ?? null,
  ): { bytes: number; objects: number } {
    return this.#once(`under ${pattern} ${profile === this.heaviestProfile?.profile}`, () => {
      let bytes = 0;
      let objects = 0;
      if (!profile) return { bytes, objects };
      const u = profile.unsampled();
      for (let s = 0; s < profile.sampleCount; s++) {
        if (u.inuseBytes[s] === 0) continue;
        if (profile.frames(s).some((frame) => pattern.test(frame.function))) {
          bytes += u.inuseBytes[s]!;
          objects += u.inuseObjects[s]!;
        }
      }
      return { bytes, objects };
    });
  }

  get limit(): number | null {
    return this.settings.memoryLimit;
  }

  evidence(text: string, source: string, t?: number): Evidence {
    return { text: t === undefined ? text : `at ${seconds(t)}: ${text}`, source, ...(t === undefined ? {} : { t }) };
  }

  #once<T>(key: string, make: () => T): T {
    if (!this.#memo.has(key)) this.#memo.set(key, make());
    return this.#memo.get(key) as T;
  }
}

/** More arguments than a function call takes; the peak of the last so many cycles is near enough for a scale. */
const MAX_SPREAD = 50_000;

/** Where the highest level was first reached: a level that is held is as high at its beginning as at its end. */
function plateau(series: Series): number {
  const { max } = series;
  let i = 0;
  while (series.v[i]! < 0.995 * max) i++;
  return i;
}
